// The administrator's defaults: /etc/nucleus/nucleus.yaml, or the file that --settings names. The
// command line beats them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/log.hpp"
#include "nucleus/error.hpp"
#include "nucleus/runtime.hpp"
#include "sys/kernel.hpp"

namespace nucleus::cli {

inline constexpr const char* kSettingsFile = "/etc/nucleus/nucleus.yaml";

struct SettingsFile {
    std::optional<std::string> root;
    std::optional<runtime::CgroupManager> cgroup_manager;
    std::optional<std::string> log;
    std::optional<LogLevel> log_level;
};

// `text` is the whole file; `name` is what errors call it: `NAME:LINE: unknown key 'rot'`.
Result<SettingsFile> parse_settings(const std::string& text, const std::string& name);

// The file as one JSON object with every value a string, for its schema; keys as they stand,
// repeated ones too.
Result<std::string> settings_json(const std::string& text, const std::string& name);

enum class Missing { allowed, refused };
// Run as root, a file is refused that others than root could have written (its directory decides
// too). Where a missing one is allowed it costs one failing open.
Result<SettingsFile> read_settings(sys::Kernel& kernel, const std::string& path, Missing missing);

std::optional<runtime::CgroupManager> cgroup_manager_of(std::string_view word);

}  // namespace nucleus::cli
