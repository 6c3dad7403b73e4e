// The versions that nucleus reports: its own and the specification's.
#pragma once

#include <string_view>

namespace nucleus {

inline constexpr std::string_view kVersion = "0.1.0";
// The runtime-spec version whose clauses nucleus implements (config.md#specification-version).
inline constexpr std::string_view kSpecVersion = "1.3.0";
inline constexpr std::string_view kSpecVersionMin = "1.0.0";

// The commit that the binary was built from, or "unknown".
std::string_view build_commit();

}  // namespace nucleus
