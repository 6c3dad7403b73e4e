// The plans of programs that enter a container which is there: exec, and hooks in its namespaces.
#include <sched.h>

#include <algorithm>

#include "plan/launch_plan.hpp"
#include "plan/process.hpp"

namespace nucleus::plan {

using wire::Op;

LaunchPlan compile_exec(const policy::ProcessPolicy& process, const ExecFacts& facts) {
    LaunchPlan plan;
    const auto add = [&](Step step) { plan.steps.push_back(std::move(step)); };
    // The host's, before the container's is in sight.
    if (has_labels(process)) add({.op = Op::open_proc});
    const auto affinity = process.exec_cpu_affinity.value_or(policy::ExecCpuAffinity{});
    if (!affinity.initial.mask.empty())
        add({.op = Op::set_initial_affinity,
             .source = affinity.initial.text,
             .mask = affinity.initial.mask});
    // Under nsdelegate nobody may be born into a cgroup out of the parent's cgroup namespace
    // (cgroup-v2.rst, "Delegation Containment"): who enters by itself joins that one afterwards.
    const std::uint64_t late =
        facts.cgroup_entry == CgroupEntry::by_itself ? facts.namespaces & CLONE_NEWCGROUP : 0;
    if (facts.namespaces != late)
        add({.op = Op::join_namespace, .source = "container", .flags = facts.namespaces & ~late});
    if (facts.become_root) add({.op = Op::become_root});
    // The pid namespace holds for children only.
    add({.op = Op::clone_container});
    if (facts.cgroup_entry == CgroupEntry::by_itself) add({.op = Op::enter_cgroup});
    add({.op = Op::adopt});
    if (facts.cgroup_entry == CgroupEntry::from_outside) add({.op = Op::attach_cgroup});
    if (process.oom_score_adj)
        add({.op = Op::set_oom_score_adj,
             .value = static_cast<std::uint64_t>(std::int64_t{*process.oom_score_adj})});
    if (facts.resctrl) add({.op = Op::attach_resctrl});
    add({.op = Op::new_session});
    // config.md#linux-process: without `final` the kernel alone decides what the cgroup leaves of
    // the initial affinity.
    if (!process.exec_cpu_affinity)
        add({.op = Op::reset_affinity});
    else if (!affinity.final.mask.empty())
        add({.op = Op::set_final_affinity,
             .source = affinity.final.text,
             .mask = affinity.final.mask});
    if (facts.new_keyring && !process.selinux_label.empty())
        add({.op = Op::set_key_label, .source = process.selinux_label});
    if (facts.new_keyring) add({.op = Op::new_keyring, .source = "_ses." + facts.id});
    if (late != 0) add({.op = Op::join_namespace, .source = "container", .flags = late});
    if (facts.root_by_descriptor) {
        add({.op = Op::use_host_root, .mode = wire::kRootByDescriptor});
        add({.op = Op::change_root});
    } else {
        add({.op = Op::use_host_root, .source = "/"});
    }
    if (process.terminal) {
        const auto size = process.console_size.value_or(spec::Box{});
        add({.op = Op::open_console,
             .target = "/dev/pts",
             .value = std::uint64_t{size.height & 0xffff} << 16 | (size.width & 0xffff)});
        add({.op = Op::send_console});
    }
    add_process_steps(plan, process, facts.seccomp,
                      (facts.namespaces & CLONE_NEWUSER) != 0 ? Limiter::host : Limiter::init);
    add({.op = Op::commit});
    add_start_steps(plan, process);
    plan.preserve_fds = facts.preserve_fds;
    if (facts.groups_denied && plan.groups.empty())
        std::erase_if(plan.steps, [](const Step& step) { return step.op == Op::set_groups; });
    if (facts.command.empty()) return plan;
    // A hook: its environment is what it says, no more (config.md#posix-platform-hooks).
    plan.needs_home = false;
    for (Step& step : plan.steps)
        if (step.op == Op::find_command || step.op == Op::execute) step.source = facts.command;
    const auto wait = std::find_if(plan.steps.begin(), plan.steps.end(),
                                   [](const Step& step) { return step.op == Op::wait_for_start; });
    plan.steps.insert(wait + 1, {.op = Op::end_with_runtime});
    return plan;
}

LaunchPlan compile_namespace_hook(const spec::Hook& hook, std::uint64_t namespaces,
                                  const std::string& directory) {
    LaunchPlan plan;
    const auto add = [&](Step step) { plan.steps.push_back(std::move(step)); };
    add({.op = Op::join_namespace, .source = "container", .flags = namespaces});
    add({.op = Op::clone_container});
    add({.op = Op::adopt});
    add({.op = Op::attach_cgroup});
    add({.op = Op::new_session});
    add({.op = Op::use_host_root, .source = "/"});
    add({.op = Op::change_directory, .source = directory});
    add({.op = Op::set_umask, .mode = ~0U /* the caller's */});
    add({.op = Op::find_command, .source = hook.path});
    add({.op = Op::commit});
    add({.op = Op::wait_for_start});
    add({.op = Op::end_with_runtime});
    add({.op = Op::execute, .source = hook.path});
    plan.argv = hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
    plan.env = hook.env;
    return plan;
}

}  // namespace nucleus::plan
