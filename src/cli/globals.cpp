#include "cli/globals.hpp"

namespace nucleus::cli {

namespace {

Error unknown_word(const char* option, const std::string& word, const char* known) {
    return Error(Errc::invalid_argument,
                 "invalid value \"" + word + "\" for flag --" + option + ": not " + known);
}

Result<void> parse_log(const Options& options, Globals& globals) {
    if (options.given("log")) {
        LogTarget target = log_target_of(options.text("log"));
        if (target.kind == LogTarget::Kind::file) {
            NUCLEUS_TRY(target.name, absolute_path(target.name));
        }
        // An empty name is none, as callers leave options empty.
        if (!target.name.empty()) globals.log = std::move(target);
    }
    if (options.given("log-format")) {
        const auto format = log_format_of(options.text("log-format"));
        if (!format) return unknown_word("log-format", options.text("log-format"), "text or json");
        globals.log_format = *format;
    }
    return {};
}

Result<void> parse_words(const Options& options, Globals& globals) {
    if (options.given("log-level")) {
        globals.log_level = log_level_of(options.text("log-level"));
        if (!globals.log_level)
            return unknown_word("log-level", options.text("log-level"), "error, warning or debug");
    }
    if (options.given("cgroup-manager")) {
        globals.cgroup_manager = cgroup_manager_of(options.text("cgroup-manager"));
        if (!globals.cgroup_manager)
            return unknown_word("cgroup-manager", options.text("cgroup-manager"),
                                "cgroupfs, systemd or disabled");
    }
    if (options.given("rootless") && options.text("rootless") != "auto") {
        globals.rootless = parse_truth(options.text("rootless"));
        if (!globals.rootless)
            return unknown_word("rootless", options.text("rootless"), "true, false or auto");
    }
    return {};
}

// D-Bus specification, "Server Addresses": other bytes are escaped.
std::string escaped_path(std::string_view path) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                           std::string_view("-_/.*").find(c) != std::string_view::npos;
        if (plain)
            out += c;
        else
            ((out += '%') += kHex[byte >> 4]) += kHex[byte & 15];
    }
    return out;
}

std::string sockets_in(const std::string& directory, const char* bus) {
    return "unix:path=" + directory + bus + ";unix:path=" + directory + "/systemd/private";
}

}  // namespace

std::string system_bus_of(const Environment& environment) {
    if (!environment.system_bus.empty()) return std::string(environment.system_bus);
    return sockets_in("/run", "/dbus/system_bus_socket");
}

std::string user_bus_of(const Environment& environment) {
    std::string bus(environment.session_bus);
    if (!environment.xdg_runtime_dir.starts_with('/')) return bus;
    if (!bus.empty()) bus += ';';
    return bus + sockets_in(escaped_path(environment.xdg_runtime_dir), "/bus");
}

void describe_globals(OptionTable& table) {
    table.text("root", "DIR", "directory of the containers' state")
        .text("log", "TARGET", "[file:]FILE, journald:IDENTIFIER or syslog:IDENTIFIER")
        .text("log-format", "FORMAT", "text (the default) or json")
        .text("log-level", "LEVEL", "error, warning (the default) or debug")
        .flag("debug", "same as --log-level debug")
        .flag("systemd-cgroup", "same as --cgroup-manager systemd, which decides if both are given")
        .text("cgroup-manager", "MANAGER", "cgroupfs (the default), systemd or disabled")
        .text("rootless", "WHEN", "true, false or auto: accepted, always auto")
        .text("settings", "FILE", "settings instead of /etc/nucleus/nucleus.yaml")
        .text("criu", "PATH", nullptr)  // of runc until 1.3, whose callers still give it
        .flag("version,v", "print the version")
        .flag("V", nullptr)  // crun's letter for the same
        .flag("help,h", "print this help");
}

Result<void> parse_globals(const Options& options, Globals& globals) {
    NUCLEUS_CHECK(parse_log(options, globals));
    NUCLEUS_CHECK(parse_words(options, globals));
    if (options.flag("debug")) globals.log_level = LogLevel::debug;
    if (options.flag("systemd-cgroup") && !globals.cgroup_manager)
        globals.cgroup_manager = runtime::CgroupManager::systemd;
    NUCLEUS_TRY(globals.root, absolute_path(options.text("root")));
    NUCLEUS_TRY(globals.settings, absolute_path(options.text("settings")));
    if (options.given("root") && is_root_directory(globals.root))
        return Error(Errc::invalid_argument, "--root must not be '" + options.text("root") + "'");
    return {};
}

Result<runtime::Settings> merge(const Globals& globals, const SettingsFile& file,
                                const Environment& environment, sys::Kernel& kernel) {
    runtime::Settings settings;
    settings.rootless = globals.rootless;
    if (globals.cgroup_manager)
        settings.cgroup_manager = *globals.cgroup_manager;
    else if (file.cgroup_manager)
        settings.cgroup_manager = *file.cgroup_manager;
    if (settings.cgroup_manager == runtime::CgroupManager::systemd) {
        settings.system_bus = system_bus_of(environment);
        settings.user_bus = user_bus_of(environment);
    }
    if (!globals.root.empty() || file.root) {
        settings.root = globals.root.empty() ? join_path("/", *file.root) : globals.root;
        settings.root_chosen = true;
        if (is_root_directory(settings.root))
            return Error(Errc::invalid_config, "settings: root must not be '" + *file.root + "'");
        return settings;
    }
    RootFacts facts;
    facts.euid = kernel.geteuid();
    facts.xdg_runtime_dir = environment.xdg_runtime_dir;
    facts.user = environment.user;
    // Asked only where the answer can matter: root's callers mostly leave XDG_RUNTIME_DIR empty.
    if (facts.euid == 0 && !facts.xdg_runtime_dir.empty())
        facts.in_user_namespace = in_user_namespace(kernel);
    settings.root = default_root(facts);
    return settings;
}

}  // namespace nucleus::cli
