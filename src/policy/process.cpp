// process (config.md#process), of the container and of exec.
#include <algorithm>
#include <limits>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

constexpr std::uint32_t kNoId =
    std::numeric_limits<std::uint32_t>::max();    // (uid_t) -1, setresuid(2)
constexpr std::uint32_t kMaximumUmask = 0777;     // umask(2)
constexpr std::int32_t kMinimumOomScore = -1000;  // proc(5), oom_score_adj
constexpr std::int32_t kMaximumOomScore = 1000;

Result<void> check_command(const spec::Process& process, const Location& where) {
    if (process.args.empty()) return where.at("args").invalid("must hold at least the program");
    NUCLEUS_CHECK(where.at("args").each_without_nul(process.args));
    NUCLEUS_CHECK(where.at("env").each_without_nul(process.env));
    if (process.cwd.empty()) return where.at("cwd").invalid("is required");
    return where.at("cwd").absolute_path(process.cwd);
}

Result<void> check_user(const spec::User& user, const Location& where) {
    if (user.uid == kNoId) return where.at("uid").invalid("4294967295 is no id");
    if (user.gid == kNoId) return where.at("gid").invalid("4294967295 is no id");
    for (std::size_t index = 0; index < user.additional_gids.size(); ++index) {
        if (user.additional_gids[index] == kNoId) {
            return where.at("additionalGids").at(index).invalid("4294967295 is no id");
        }
    }
    if (user.umask && *user.umask > kMaximumUmask) {
        return where.at("umask").invalid("is larger than 0777");
    }
    return {};
}

// A window's rows and columns are 16 bits wide (ioctl_tty(2), struct winsize).
Result<void> check_console_size(const spec::Box& size, const Location& where) {
    constexpr std::uint32_t kMaximum = std::numeric_limits<std::uint16_t>::max();
    if (size.height > kMaximum) return where.at("height").invalid("is larger than 65535");
    if (size.width > kMaximum) return where.at("width").invalid("is larger than 65535");
    return {};
}

Result<void> translate_scheduling(const spec::Process& process, const Location& where,
                                  ProcessPolicy& policy) {
    if (process.scheduler) {
        NUCLEUS_TRY(policy.scheduler,
                    translate_scheduler(*process.scheduler, where.at("scheduler")));
    }
    if (process.io_priority) {
        NUCLEUS_TRY(policy.io_priority,
                    translate_io_priority(*process.io_priority, where.at("ioPriority")));
    }
    if (process.exec_cpu_affinity) {
        NUCLEUS_TRY(policy.exec_cpu_affinity,
                    translate_affinity(*process.exec_cpu_affinity, where.at("execCPUAffinity")));
    }
    return {};
}

}  // namespace

Result<ProcessPolicy> translate_process_at(const spec::Process& process, const Location& where,
                                           Warnings& warnings) {
    NUCLEUS_CHECK(check_command(process, where));
    NUCLEUS_CHECK(check_user(process.user, where.at("user")));
    if (process.oom_score_adj &&
        (*process.oom_score_adj < kMinimumOomScore || *process.oom_score_adj > kMaximumOomScore)) {
        return where.at("oomScoreAdj").invalid("is not in -1000..1000");
    }

    NUCLEUS_CHECK(where.at("apparmorProfile").without_nul(process.apparmor_profile));
    NUCLEUS_CHECK(where.at("selinuxLabel").without_nul(process.selinux_label));

    ProcessPolicy policy;
    policy.terminal = process.terminal;
    // config.md#process: consoleSize is ignored unless terminal is true.
    if (process.terminal && process.console_size) {
        NUCLEUS_CHECK(check_console_size(*process.console_size, where.at("consoleSize")));
        policy.console_size = process.console_size;
    }
    policy.uid = process.user.uid;
    policy.gid = process.user.gid;
    policy.additional_gids = process.user.additional_gids;
    policy.umask = process.user.umask;
    policy.args = process.args;
    policy.env = process.env;
    policy.cwd = process.cwd;
    if (process.capabilities) {
        policy.capabilities =
            translate_capabilities(*process.capabilities, where.at("capabilities"), warnings);
    }
    NUCLEUS_TRY(policy.rlimits, translate_rlimits(process.rlimits, where.at("rlimits")));
    policy.no_new_privileges = process.no_new_privileges;
    policy.oom_score_adj = process.oom_score_adj;
    NUCLEUS_CHECK(translate_scheduling(process, where, policy));
    // An empty string counts as absent: callers write it for "none".
    policy.apparmor_profile = process.apparmor_profile;
    policy.selinux_label = process.selinux_label;
    return policy;
}

Result<ProcessPolicy> translate_process(const spec::Process& process,
                                        const ContainerPolicy& container, Warnings& warnings) {
    const Location where("process");
    NUCLEUS_TRY(ProcessPolicy policy, translate_process_at(process, where, warnings));
    if (container.user_namespace) {
        NUCLEUS_CHECK(check_ids_are_mapped(policy, *container.user_namespace, where,
                                           "is not mapped in the container's user namespace"));
    }
    if (container.process) {
        policy.memory_policy = container.process->memory_policy;
        policy.personality = container.process->personality;
    }
    return policy;
}

// user_namespaces(7): an id that has no mapping cannot be taken.
Result<void> check_ids_are_mapped(const ProcessPolicy& process, const UserNamespaceConfig& mappings,
                                  const Location& where, std::string_view why) {
    const Location user = where.at("user");
    if (!mappings.maps_uid(process.uid)) return user.at("uid").invalid(why);
    if (!mappings.maps_gid(process.gid)) return user.at("gid").invalid(why);
    for (std::size_t index = 0; index < process.additional_gids.size(); ++index) {
        if (!mappings.maps_gid(process.additional_gids[index])) {
            return user.at("additionalGids").at(index).invalid(why);
        }
    }
    return {};
}

}  // namespace nucleus::policy
