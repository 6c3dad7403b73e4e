#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "probe.hpp"

extern char** environ;

namespace probe {
namespace {

// In the order of their numbers, linux/capability.h.
constexpr std::array<const char*, 41> kCapabilities = {"CHOWN",
                                                       "DAC_OVERRIDE",
                                                       "DAC_READ_SEARCH",
                                                       "FOWNER",
                                                       "FSETID",
                                                       "KILL",
                                                       "SETGID",
                                                       "SETUID",
                                                       "SETPCAP",
                                                       "LINUX_IMMUTABLE",
                                                       "NET_BIND_SERVICE",
                                                       "NET_BROADCAST",
                                                       "NET_ADMIN",
                                                       "NET_RAW",
                                                       "IPC_LOCK",
                                                       "IPC_OWNER",
                                                       "SYS_MODULE",
                                                       "SYS_RAWIO",
                                                       "SYS_CHROOT",
                                                       "SYS_PTRACE",
                                                       "SYS_PACCT",
                                                       "SYS_ADMIN",
                                                       "SYS_BOOT",
                                                       "SYS_NICE",
                                                       "SYS_RESOURCE",
                                                       "SYS_TIME",
                                                       "SYS_TTY_CONFIG",
                                                       "MKNOD",
                                                       "LEASE",
                                                       "AUDIT_WRITE",
                                                       "AUDIT_CONTROL",
                                                       "SETFCAP",
                                                       "MAC_OVERRIDE",
                                                       "MAC_ADMIN",
                                                       "SYSLOG",
                                                       "WAKE_ALARM",
                                                       "BLOCK_SUSPEND",
                                                       "AUDIT_READ",
                                                       "PERFMON",
                                                       "BPF",
                                                       "CHECKPOINT_RESTORE"};

struct NamedLimit {
    const char* name;
    int resource;
};
constexpr NamedLimit kLimits[] = {
    {"AS", RLIMIT_AS},           {"CORE", RLIMIT_CORE},         {"CPU", RLIMIT_CPU},
    {"DATA", RLIMIT_DATA},       {"FSIZE", RLIMIT_FSIZE},       {"LOCKS", RLIMIT_LOCKS},
    {"MEMLOCK", RLIMIT_MEMLOCK}, {"MSGQUEUE", RLIMIT_MSGQUEUE}, {"NICE", RLIMIT_NICE},
    {"NOFILE", RLIMIT_NOFILE},   {"NPROC", RLIMIT_NPROC},       {"RSS", RLIMIT_RSS},
    {"RTPRIO", RLIMIT_RTPRIO},   {"RTTIME", RLIMIT_RTTIME},     {"SIGPENDING", RLIMIT_SIGPENDING},
    {"STACK", RLIMIT_STACK}};

void write_set(Json& json, const char* name, std::uint64_t bits) {
    json.key(name);
    json.begin_array();
    for (unsigned int bit = 0; bit < 64; ++bit) {
        if ((bits >> bit & 1U) != 0) {
            json.string(bit < kCapabilities.size() ? "CAP_" + std::string(kCapabilities[bit])
                                                   : "CAP_" + std::to_string(bit));
        }
    }
    json.end_array();
}

// Asks prctl about each number until the kernel knows no more (EINVAL).
std::uint64_t ask_set(int option, int argument) {
    std::uint64_t bits = 0;
    for (unsigned int bit = 0; bit < 64; ++bit) {
        const int answer =
            argument < 0 ? prctl(option, bit, 0, 0, 0) : prctl(option, argument, bit, 0, 0);
        if (answer < 0) {
            break;
        }
        bits |= static_cast<std::uint64_t>(answer) << bit;
    }
    return bits;
}

std::string status_field(const std::string& name) {
    for (const std::string& line : split(read_file("/proc/self/status"), '\n')) {
        if (line.compare(0, name.size() + 1, name + ":") == 0) {
            const std::size_t start = line.find_first_not_of(" \t", name.size() + 1);
            return start == std::string::npos ? "" : line.substr(start);
        }
    }
    return "";
}

void write_lines(Json& json, const char* name, const std::string& path) {
    json.key(name);
    json.begin_array();
    for (const std::string& line : split(read_file(path), '\n')) {
        std::string packed;
        for (const std::string& word : split(line, ' ')) {
            packed += (packed.empty() ? "" : " ") + word;
        }
        json.string(packed);
    }
    json.end_array();
}

}  // namespace

void report_namespaces(Json& json, const Request&) {
    json.begin_object();
    for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time",
                             "time_for_children", "user", "uts"}) {
        struct stat status {};
        if (stat((std::string("/proc/self/ns/") + name).c_str(), &status) == 0) {
            json.member(name, static_cast<std::uint64_t>(status.st_ino));
        }
    }
    json.end_object();
}

void report_capabilities(Json& json, const Request&) {
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    syscall(SYS_capget, &header, data);
    const auto join = [&](auto member) {
        return static_cast<std::uint64_t>(data[1].*member) << 32 | data[0].*member;
    };
    json.begin_object();
    write_set(json, "bounding", ask_set(PR_CAPBSET_READ, -1));
    write_set(json, "effective", join(&__user_cap_data_struct::effective));
    write_set(json, "permitted", join(&__user_cap_data_struct::permitted));
    write_set(json, "inheritable", join(&__user_cap_data_struct::inheritable));
    write_set(json, "ambient", ask_set(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET));
    json.member("securebits", prctl(PR_GET_SECUREBITS));
    json.end_object();
}

void report_rlimits(Json& json, const Request&) {
    json.begin_object();
    for (const NamedLimit& limit : kLimits) {
        rlimit value{};
        getrlimit(static_cast<__rlimit_resource_t>(limit.resource), &value);
        json.key(limit.name);
        json.begin_array();
        for (const rlim_t bound : {value.rlim_cur, value.rlim_max}) {
            json.string(bound == RLIM_INFINITY ? "unlimited" : std::to_string(bound));
        }
        json.end_array();
    }
    json.end_object();
}

void report_ids(Json& json, const Request&) {
    uid_t uids[3] = {};
    gid_t gids[3] = {};
    getresuid(&uids[0], &uids[1], &uids[2]);
    getresgid(&gids[0], &gids[1], &gids[2]);
    json.begin_object();
    json.key("uid");
    json.begin_array();
    for (const uid_t uid : uids) json.number(uid);
    json.number(setfsuid(static_cast<uid_t>(-1)));
    json.end_array();
    json.key("gid");
    json.begin_array();
    for (const gid_t gid : gids) json.number(gid);
    json.number(setfsgid(static_cast<gid_t>(-1)));
    json.end_array();
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
    getgroups(static_cast<int>(groups.size()), groups.data());
    std::sort(groups.begin(), groups.end());
    json.key("groups");
    json.begin_array();
    for (const gid_t group : groups) json.number(group);
    json.end_array();
    const mode_t mask = umask(0);
    umask(mask);
    json.member("umask", octal(mask));
    write_lines(json, "uid_map", "/proc/self/uid_map");
    write_lines(json, "gid_map", "/proc/self/gid_map");
    write_lines(json, "setgroups", "/proc/self/setgroups");
    json.end_object();
}

void report_security(Json& json, const Request&) {
    int death_signal = 0;
    int subreaper = 0;
    prctl(PR_GET_PDEATHSIG, &death_signal);
    prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
    json.begin_object();
    json.member("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    json.member("seccomp_mode", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
    json.member("seccomp_filters", status_field("Seccomp_filters"));
    json.member("dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    json.member("personality", personality(0xffffffff));
    json.member("death_signal", death_signal);
    json.member("child_subreaper", subreaper);
    json.member("keep_capabilities", prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
    json.member("thp_disabled", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    json.member("speculation_store_bypass", status_field("Speculation_Store_Bypass"));
    json.member("speculation_indirect_branch", status_field("SpeculationIndirectBranch"));
    json.end_object();
}

void report_process(Json& json, const Request& request) {
    char directory[4096];
    json.begin_object();
    const bool known = getcwd(directory, sizeof directory) != nullptr;
    json.member("cwd", known ? std::string(directory) : error_name(errno));
    json.member("exe", link_target("/proc/self/exe"));
    json.member("comm", split(read_file("/proc/self/comm"), '\n').empty()
                            ? ""
                            : split(read_file("/proc/self/comm"), '\n')[0]);
    json.key("arguments");
    json.begin_array();
    for (const std::string& argument : request.arguments) json.string(argument);
    json.end_array();
    json.key("environment");
    json.begin_array();
    for (char** entry = environ; *entry != nullptr; ++entry) json.string(*entry);
    json.end_array();
    json.end_object();
}

// Only with a pid namespace of its own is the list short enough to say something.
void report_processes(Json& json, const Request&) {
    constexpr std::size_t kMost = 16;
    std::vector<std::string> pids;
    for (const std::string& name : directory_names("/proc")) {
        if (name.find_first_not_of("0123456789") == std::string::npos) pids.push_back(name);
    }
    if (pids.size() > kMost) {
        json.string("many");
        return;
    }
    json.begin_array();
    for (const std::string& pid : pids) {
        const std::vector<std::string> comm = split(read_file("/proc/" + pid + "/comm"), '\n');
        json.begin_object();
        json.member("pid", pid);
        json.member("comm", comm.empty() ? "" : comm[0]);
        json.end_object();
    }
    json.end_array();
}

}  // namespace probe
