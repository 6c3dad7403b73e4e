#include "cli/default_bundle.hpp"

#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/json_writer.hpp"
#include "nucleus/version.hpp"

namespace nucleus::cli {

namespace {

using base::JsonWriter;
using Words = std::vector<std::string_view>;

void write_words(JsonWriter& json, std::string_view name, const Words& words) {
    json.key(name).begin_array();
    for (const std::string_view word : words) json.value(word);
    json.end_array();
}

// Neither inheritable nor ambient: what a program gets by its file capabilities alone is nothing
// (CVE-2022-29162).
void write_capabilities(JsonWriter& json) {
    const Words granted = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
    json.key("capabilities").begin_object();
    for (const char* const set : {"bounding", "effective", "permitted"})
        write_words(json, set, granted);
    json.end_object();
}

void write_process(JsonWriter& json) {
    json.key("process").begin_object();
    json.member("terminal", true);
    json.key("user").begin_object().member("uid", 0).member("gid", 0).end_object();
    write_words(json, "args", {"sh"});
    write_words(
        json, "env",
        {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"});
    json.member("cwd", "/");
    write_capabilities(json);
    json.key("rlimits").begin_array().begin_object();
    json.member("type", "RLIMIT_NOFILE").member("hard", 1024).member("soft", 1024);
    json.end_object().end_array();
    json.member("noNewPrivileges", true);
    json.end_object();
}

struct Mount {
    std::string_view destination, type, source;
    Words options;
};

std::vector<Mount> mounts(bool rootless) {
    std::vector<Mount> mounts = {
        {"/proc", "proc", "proc", {}},
        {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
        {"/dev/pts",
         "devpts",
         "devpts",
         {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}},
        {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
        {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
    };
    if (rootless) {
        // sysfs belongs to a network namespace, and this container has the host's (sysfs(5),
        // user_namespaces(7)).
        mounts.push_back({"/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}});
    } else {
        mounts[2].options.push_back("gid=5");  // group tty, which a map of one id lacks
        mounts.push_back({"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}});
    }
    mounts.push_back(
        {"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}});
    return mounts;
}

void write_mounts(JsonWriter& json, bool rootless) {
    json.key("mounts").begin_array();
    for (const Mount& mount : mounts(rootless)) {
        json.begin_object();
        json.member("destination", mount.destination);
        json.member("type", mount.type);
        json.member("source", mount.source);
        if (!mount.options.empty()) write_words(json, "options", mount.options);
        json.end_object();
    }
    json.end_array();
}

void write_mapping(JsonWriter& json, std::string_view name, std::uint32_t host_id) {
    json.key(name).begin_array().begin_object();
    json.member("containerID", 0).member("hostID", host_id).member("size", 1);
    json.end_object().end_array();
}

void write_linux(JsonWriter& json, const std::optional<RootlessIds>& rootless) {
    json.key("linux").begin_object();
    Words namespaces = {"pid", "ipc", "uts", "mount", "cgroup"};
    if (rootless) {
        // Nobody could put an interface into a network namespace of an ordinary user: it keeps the
        // host's.
        namespaces.push_back("user");
        write_mapping(json, "uidMappings", rootless->uid);
        write_mapping(json, "gidMappings", rootless->gid);
    } else {
        namespaces.insert(namespaces.begin() + 1, "network");
        json.key("resources").begin_object().key("devices").begin_array().begin_object();
        json.member("allow", false).member("access", "rwm");
        json.end_object().end_array().end_object();
    }
    json.key("namespaces").begin_array();
    for (const std::string_view type : namespaces)
        json.begin_object().member("type", type).end_object();
    json.end_array();
    write_words(json, "maskedPaths",
                {"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                 "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
                 "/sys/firmware", "/sys/devices/virtual/powercap"});
    write_words(json, "readonlyPaths",
                {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"});
    json.end_object();
}

}  // namespace

std::string default_config(std::optional<RootlessIds> rootless) {
    JsonWriter json(JsonWriter::Style::indented);
    json.begin_object();
    json.member("ociVersion", kSpecVersion);
    write_process(json);
    json.key("root").begin_object().member("path", "rootfs").member("readonly", true).end_object();
    json.member("hostname", "nucleus");
    write_mounts(json, rootless.has_value());
    write_linux(json, rootless);
    json.end_object();
    return std::move(json).text() + "\n";
}

}  // namespace nucleus::cli
