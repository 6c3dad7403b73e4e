#include "plan/process.hpp"

#include <linux/capability.h>
#include <linux/seccomp.h>

#include <algorithm>

namespace nucleus::plan {

using wire::Op;

namespace {

// Where memory comes from, how programs are executed, when they run. The memory policy after the
// cgroup, whose cpuset says which nodes there are. The scheduler and the I/O priority are the
// host's to set, since the kernel asks for CAP_SYS_NICE in the initial user namespace; before the
// ids are taken, so that a runtime without that right still owns the process (sched(7)).
void add_surroundings(LaunchPlan& plan, const policy::ProcessPolicy& process) {
    const auto add = [&](Step step) { plan.steps.push_back(std::move(step)); };
    if (const auto& memory = process.memory_policy)
        add({.op = Op::set_memory_policy,
             .source = memory->nodes.text.empty() ? memory->name
                                                  : memory->name + " " + memory->nodes.text,
             .value = memory->mode,
             .mask = memory->nodes.mask});
    if (const auto& personality = process.personality)
        add({.op = Op::set_personality, .source = personality->name, .value = personality->value});
    plan.scheduler = process.scheduler;
    if (plan.scheduler) add({.op = Op::set_scheduler, .source = plan.scheduler->name});
    if (const auto& priority = process.io_priority)
        add({.op = Op::set_io_priority, .source = priority->io_class, .value = priority->value});
}

}  // namespace

void add_process_steps(LaunchPlan& plan, const policy::ProcessPolicy& process,
                       const std::optional<policy::SeccompPolicy>& seccomp, Limiter limiter) {
    plan.argv = process.args;
    plan.env = process.env;
    plan.groups = process.additional_gids;
    plan.uid = process.uid;
    plan.needs_home =
        std::none_of(process.env.begin(), process.env.end(),
                     [](const std::string& entry) { return entry.starts_with("HOME="); });
    const policy::CapabilityPolicy sets = process.capabilities.value_or(policy::CapabilityPolicy{});
    plan.capabilities = {sets.effective, sets.permitted, sets.inheritable, sets.ambient};
    if (seccomp) {
        plan.needs_seccomp = true;
        plan.seccomp_flags = seccomp->filter_flags;
        if (seccomp->notifies()) {
            plan.seccomp_flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
            // The only way in which the kernel takes both: the result is a descriptor then, and
            // never the id of a thread that could not follow.
            if ((plan.seccomp_flags & SECCOMP_FILTER_FLAG_TSYNC) != 0)
                plan.seccomp_flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
        }
    }
    const auto add = [&](Step step) { plan.steps.push_back(std::move(step)); };
    add({.op = Op::own_stdio, .uid = process.uid});
    add({.op = Op::change_directory, .source = process.cwd});
    for (const policy::Rlimit& limit : process.rlimits)
        plan.rlimits.push_back({limit.resource, 0, limit.soft, limit.hard});
    if (!plan.rlimits.empty() && limiter == Limiter::init) add({.op = Op::limit_resources});
    add_surroundings(plan, process);
    add({.op = Op::drop_bounding_set, .value = sets.bounding});
    add({.op = Op::set_groups});
    add({.op = Op::set_ids, .uid = process.uid, .gid = process.gid});
    // A filter loads with no_new_privs or with CAP_SYS_ADMIN (seccomp(2)); the execve takes the
    // latter away again.
    const bool needs_admin = seccomp && !process.no_new_privileges;
    add({.op = Op::set_capabilities, .value = needs_admin ? 1ULL << CAP_SYS_ADMIN : 0});
    add({.op = Op::set_umask, .mode = process.umask.value_or(~0U /* the caller's */)});
    // Without arguments it can only wait: the bundle has no process.
    if (!process.args.empty()) add({.op = Op::find_command, .source = process.args.front()});
    // They take effect at the next execve, the program's.
    if (!process.apparmor_profile.empty())
        add({.op = Op::set_apparmor_profile, .source = process.apparmor_profile});
    if (!process.selinux_label.empty())
        add({.op = Op::set_selinux_label, .source = process.selinux_label});
    if (!plan.rlimits.empty() && limiter == Limiter::host) add({.op = Op::set_rlimits});
}

void add_start_steps(LaunchPlan& plan, const policy::ProcessPolicy& process) {
    plan.steps.push_back({.op = Op::wait_for_start});
    if (process.args.empty()) return;
    if (process.no_new_privileges) plan.steps.push_back({.op = Op::set_no_new_privileges});
    if ((plan.seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0)
        plan.steps.push_back({.op = Op::take_listener});
    if (plan.needs_seccomp) plan.steps.push_back({.op = Op::load_seccomp});
    plan.steps.push_back({.op = Op::execute, .source = process.args.front()});
}

}  // namespace nucleus::plan
