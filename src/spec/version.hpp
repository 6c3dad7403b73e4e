// ociVersion: SemVer 2.0.0 (config.md#specification-version).
#pragma once

#include <optional>
#include <string_view>

namespace nucleus::spec {

// The major version, as written, of a version in SemVer 2.0.0 form; nothing if it is not of that
// form.
std::optional<std::string_view> semver_major(std::string_view version);

}  // namespace nucleus::spec
