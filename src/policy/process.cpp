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

// What this version does not act on. An empty string counts as absent: callers write it for "none".
Result<void> refuse_unsupported(const spec::Process& process, const Location& where) {
    if (!process.apparmor_profile.empty()) {
        return where.at("apparmorProfile").unsupported("an AppArmor profile");
    }
    if (!process.selinux_label.empty()) {
        return where.at("selinuxLabel").unsupported("a SELinux label");
    }
    if (process.scheduler) return where.at("scheduler").unsupported("a scheduler");
    if (process.io_priority) return where.at("ioPriority").unsupported("an I/O priority");
    if (process.exec_cpu_affinity) {
        return where.at("execCPUAffinity").unsupported("a CPU affinity of exec");
    }
    return {};
}

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

}  // namespace

Result<ProcessPolicy> translate_process_at(const spec::Process& process, const Location& where,
                                           Warnings& warnings) {
    NUCLEUS_CHECK(refuse_unsupported(process, where));
    NUCLEUS_CHECK(check_command(process, where));
    NUCLEUS_CHECK(check_user(process.user, where.at("user")));
    if (process.oom_score_adj &&
        (*process.oom_score_adj < kMinimumOomScore || *process.oom_score_adj > kMaximumOomScore)) {
        return where.at("oomScoreAdj").invalid("is not in -1000..1000");
    }

    ProcessPolicy policy;
    policy.terminal = process.terminal;
    // config.md#process: consoleSize is ignored unless terminal is true.
    if (process.terminal) policy.console_size = process.console_size;
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
    return policy;
}

Result<ProcessPolicy> translate_process(const spec::Process& process, Warnings& warnings) {
    return translate_process_at(process, Location("process"), warnings);
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
