// The global options, and what they come to together with the settings file and the defaults.
#pragma once

#include <optional>
#include <string>

#include "cli/log.hpp"
#include "cli/options.hpp"
#include "cli/root.hpp"
#include "cli/settings.hpp"
#include "nucleus/error.hpp"
#include "nucleus/runtime.hpp"
#include "sys/kernel.hpp"

namespace nucleus::cli {

// What of the environment decides anything; empty and unset are one, but for USER.
struct Environment {
    std::string_view xdg_runtime_dir;
    std::optional<std::string_view> user;
    std::string_view listen_fds, listen_pid;       // sd_listen_fds(3)
    std::string_view notify_socket;                // sd_notify(3)
    std::string_view system_bus{}, session_bus{};  // DBUS_*_BUS_ADDRESS
};

// Settings::system_bus and user_bus: what the environment says of D-Bus, else where systemd and its
// bus have their sockets (sd_bus_default(3), the XDG base directories).
std::string system_bus_of(const Environment& environment);
std::string user_bus_of(const Environment& environment);

void describe_globals(OptionTable& table);

// The global options as given, words checked.
struct Globals {
    std::string root, settings;  // absolute, or empty
    std::optional<LogTarget> log;
    LogFormat log_format = LogFormat::text;
    std::optional<LogLevel> log_level;
    std::optional<runtime::CgroupManager> cgroup_manager;
    std::optional<bool> rootless;
};
// On failure `globals` still says where the log is, so that the failure can be told there.
Result<void> parse_globals(const Options& options, Globals& globals);

// Command line before settings file before default.
Result<runtime::Settings> merge(const Globals& globals, const SettingsFile& file,
                                const Environment& environment, sys::Kernel& kernel);

}  // namespace nucleus::cli
