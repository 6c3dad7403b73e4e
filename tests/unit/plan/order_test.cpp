// The order of steps that makes a container secure (ARCHITECTURE.md, "The step list"), held against
// every sample plan: whatever else a plan becomes, these stay.
#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <algorithm>
#include <set>

#include "plan/process.hpp"
#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::plan;
using namespace nucleus::plan::testing;
using wire::Op;
using wire::Side;

namespace {

std::vector<std::size_t> places(const LaunchPlan& plan, Op op) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < plan.steps.size(); ++i)
        if (plan.steps[i].op == op) found.push_back(i);
    return found;
}

std::size_t count(const LaunchPlan& plan, Op op) { return places(plan, op).size(); }

// Every step of `first` comes before every one of `then`; nothing to say where one is missing.
void check_before(const LaunchPlan& plan, Op first, Op then) {
    const auto earlier = places(plan, first), later = places(plan, then);
    if (earlier.empty() || later.empty()) return;
    BOOST_TEST(earlier.back() < later.front(),
               wire::operation(first).name << " comes after " << wire::operation(then).name);
}

void check_all_before(const LaunchPlan& plan, std::vector<Op> firsts, std::vector<Op> thens) {
    for (const Op first : firsts)
        for (const Op then : thens) check_before(plan, first, then);
}

template <class Check>
void for_each_plan(Check check) {
    for (const NamedPlan& sample : sample_plans()) {
        BOOST_TEST_CONTEXT("plan " << sample.name) check(sample.plan);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(order)

BOOST_AUTO_TEST_CASE(every_plan_clones_adopts_commits_waits_and_executes_once) {
    for_each_plan([](const LaunchPlan& plan) {
        for (const Op op :
             {Op::adopt, Op::commit, Op::find_command, Op::wait_for_start, Op::execute})
            BOOST_TEST(count(plan, op) == 1U, wire::operation(op).name);
        // By a step, or by the spawn itself.
        BOOST_TEST(count(plan, Op::clone_container) == (plan.spawned_with ? 0U : 1U));
        BOOST_CHECK(plan.steps.back().op == Op::execute);
    });
}

BOOST_AUTO_TEST_CASE(a_process_without_arguments_is_looked_for_nowhere_and_only_waits) {
    LaunchPlan plan;
    policy::ProcessPolicy process;
    process.cwd = "/";
    add_process_steps(plan, process, std::nullopt, Limiter::init);
    add_start_steps(plan, process);
    BOOST_TEST(count(plan, Op::find_command) == 0U);
    BOOST_TEST(count(plan, Op::execute) == 0U);
    BOOST_CHECK(plan.steps.back().op == Op::wait_for_start);
}

BOOST_AUTO_TEST_CASE(the_process_is_in_its_cgroup_before_its_cgroup_namespace_is_made) {
    for_each_plan([](const LaunchPlan& plan) {
        check_all_before(
            plan,
            {Op::clone_container, Op::adopt, Op::enter_cgroup, Op::attach_cgroup, Op::start_unit},
            {Op::unshare_cgroup});
        BOOST_TEST(count(plan, Op::enter_cgroup) + count(plan, Op::attach_cgroup) +
                       count(plan, Op::start_unit) <=
                   1U);
    });
}

BOOST_AUTO_TEST_CASE(the_process_is_adopted_before_it_does_anything_but_enter_its_cgroup) {
    for_each_plan([](const LaunchPlan& plan) {
        const auto cloned = places(plan, Op::clone_container);
        std::size_t next = cloned.empty() ? 0 : cloned.front() + 1;
        if (plan.steps[next].op == Op::enter_cgroup) ++next;
        BOOST_CHECK(plan.steps[next].op == Op::adopt);
    });
}

BOOST_AUTO_TEST_CASE(the_spawn_makes_the_process_only_where_nothing_comes_before_it) {
    for_each_plan([](const LaunchPlan& plan) {
        const auto joins = places(plan, Op::join_namespace);
        const bool needs_a_stage_before =
            (!joins.empty() && joins.front() < places(plan, Op::adopt).front()) ||
            count(plan, Op::unshare_user) + count(plan, Op::unshare_time) > 0;
        BOOST_TEST(plan.spawned_with.has_value() == !needs_a_stage_before);
    });
}

BOOST_AUTO_TEST_CASE(the_process_enters_its_cgroup_in_the_way_that_it_is_told_to) {
    for (const CgroupEntry entry :
         {CgroupEntry::none, CgroupEntry::by_itself, CgroupEntry::from_outside}) {
        CreateFacts facts = default_facts();
        facts.cgroup_entry = entry;
        ExecFacts exec = default_exec();
        exec.cgroup_entry = entry;
        for (const LaunchPlan& plan : {compile_create(default_policy(), facts),
                                       compile_exec(*default_policy().process, exec)}) {
            BOOST_TEST(count(plan, Op::enter_cgroup) == (entry == CgroupEntry::by_itself));
            BOOST_TEST(count(plan, Op::attach_cgroup) == (entry == CgroupEntry::from_outside));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_cgroup_namespace_is_joined_by_a_process_that_has_entered_its_cgroup) {
    for_each_plan([](const LaunchPlan& plan) {
        for (const std::size_t at : places(plan, Op::join_namespace))
            if ((plan.steps[at].flags & CLONE_NEWCGROUP) != 0 && count(plan, Op::enter_cgroup) != 0)
                BOOST_TEST(places(plan, Op::enter_cgroup).front() < at);
    });
    policy::ContainerPolicy policy = default_policy();
    ExecFacts exec = default_exec();
    exec.namespaces = CLONE_NEWNS | CLONE_NEWCGROUP;
    const auto entering = compile_exec(*policy.process, exec);
    BOOST_TEST(count(entering, Op::join_namespace) == 2U);
    BOOST_TEST(entering.steps[places(entering, Op::join_namespace).back()].flags ==
               std::uint64_t{CLONE_NEWCGROUP});
    exec.cgroup_entry = CgroupEntry::from_outside;
    BOOST_TEST(count(compile_exec(*policy.process, exec), Op::join_namespace) == 1U);
}

BOOST_AUTO_TEST_CASE(systemd_is_given_a_process_that_waits) {
    CreateFacts facts = default_facts();
    facts.cgroup_entry = CgroupEntry::by_systemd;
    const LaunchPlan plan = compile_create(default_policy(), facts);
    BOOST_TEST(count(plan, Op::start_unit) == 1U);
    BOOST_TEST(plan.unawaited == 0U);
    check_all_before(plan, {Op::adopt}, {Op::start_unit});
    check_all_before(plan, {Op::start_unit}, {Op::set_oom_score_adj, Op::new_session});
}

BOOST_AUTO_TEST_CASE(no_clone_makes_a_user_cgroup_or_time_namespace) {
    for_each_plan([](const LaunchPlan& plan) {
        constexpr std::uint64_t kNever = CLONE_NEWUSER | CLONE_NEWCGROUP | 0x80 /* NEWTIME */;
        for (const std::size_t at : places(plan, Op::clone_container))
            BOOST_TEST((plan.steps[at].flags & kNever) == 0U);
        BOOST_TEST((plan.spawned_with.value_or(0) & kNever) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(the_host_writes_the_id_maps_between_the_user_namespace_and_its_root) {
    for_each_plan([](const LaunchPlan& plan) {
        BOOST_TEST(count(plan, Op::unshare_user) == count(plan, Op::write_id_maps));
        check_all_before(plan, {Op::join_namespace}, {Op::unshare_user});
        check_all_before(plan, {Op::unshare_user}, {Op::write_id_maps});
        check_all_before(plan, {Op::write_id_maps, Op::check_id_maps}, {Op::become_root});
        check_all_before(plan, {Op::become_root, Op::write_id_maps}, {Op::clone_container});
    });
}

BOOST_AUTO_TEST_CASE(a_time_namespace_is_the_user_namespaces_and_has_its_offsets_before_a_process) {
    for_each_plan([](const LaunchPlan& plan) {
        check_all_before(plan, {Op::unshare_user, Op::write_id_maps}, {Op::unshare_time});
        check_all_before(plan, {Op::unshare_time}, {Op::write_time_offsets});
        check_all_before(plan, {Op::unshare_time, Op::write_time_offsets}, {Op::clone_container});
    });
}

BOOST_AUTO_TEST_CASE(what_belongs_to_a_joined_user_namespace_is_tried_again_from_within) {
    const LaunchPlan plan = compile_create(joined_user_policy(), default_facts());
    std::vector<std::pair<std::uint64_t, std::uint32_t>> joins;
    for (const std::size_t at : places(plan, Op::join_namespace))
        joins.emplace_back(plan.steps[at].flags, plan.steps[at].mode);
    const std::vector<std::pair<std::uint64_t, std::uint32_t>> expected{
        {CLONE_NEWNET, wire::kJoinOrWait},   {CLONE_NEWNS, wire::kJoinOrWait},
        {CLONE_NEWUSER, wire::kJoinNow},     {CLONE_NEWNET, wire::kJoinIfWaiting},
        {CLONE_NEWNS, wire::kJoinIfWaiting},
    };
    BOOST_CHECK(joins == expected);
}

BOOST_AUTO_TEST_CASE(masks_and_read_only_paths_are_made_before_the_pivot_and_after_every_mount) {
    for_each_plan([](const LaunchPlan& plan) {
        const std::vector<Op> hiding{Op::mask_path, Op::make_readonly};
        check_all_before(plan, hiding, {Op::pivot_root, Op::move_root, Op::change_root});
        check_all_before(plan,
                         {Op::mount_filesystem, Op::mount_bind, Op::remount, Op::make_device,
                          Op::bind_device, Op::make_link},
                         hiding);
    });
}

BOOST_AUTO_TEST_CASE(nothing_spreads_to_the_host_since_propagation_comes_first) {
    for_each_plan([](const LaunchPlan& plan) {
        check_all_before(plan, {Op::set_propagation}, {Op::open_sources, Op::attach_rootfs});
        check_all_before(plan, {Op::open_sources}, {Op::attach_rootfs});
        check_all_before(plan, {Op::attach_rootfs},
                         {Op::mount_filesystem, Op::mount_bind, Op::remount});
        if (count(plan, Op::attach_rootfs) != 0) BOOST_TEST(count(plan, Op::set_propagation) == 1U);
    });
}

BOOST_AUTO_TEST_CASE(sysctls_are_written_before_the_bundle_can_mount_anything) {
    for_each_plan([](const LaunchPlan& plan) {
        check_all_before(plan, {Op::set_sysctl}, {Op::mount_filesystem, Op::mount_bind});
    });
}

BOOST_AUTO_TEST_CASE(hooks_run_in_the_order_of_the_specification_before_the_pivot) {
    for_each_plan([](const LaunchPlan& plan) {
        check_before(plan, Op::run_prestart_hooks, Op::run_create_runtime_hooks);
        check_before(plan, Op::run_create_runtime_hooks, Op::run_create_container_hooks);
        check_all_before(
            plan,
            {Op::run_prestart_hooks, Op::run_create_runtime_hooks, Op::run_create_container_hooks},
            {Op::pivot_root, Op::move_root, Op::change_root});
        check_all_before(plan, {Op::mount_filesystem, Op::mount_bind, Op::make_device},
                         {Op::run_prestart_hooks});
    });
}

BOOST_AUTO_TEST_CASE(the_process_enters_one_root_before_it_gives_its_rights_away) {
    for_each_plan([](const LaunchPlan& plan) {
        const std::size_t roots =
            count(plan, Op::pivot_root) + count(plan, Op::move_root) + count(plan, Op::change_root);
        if (count(plan, Op::join_namespace) == 0) BOOST_TEST(roots == 1U);
        check_all_before(plan, {Op::pivot_root, Op::move_root, Op::change_root},
                         {Op::change_directory, Op::drop_bounding_set, Op::set_ids});
    });
}

BOOST_AUTO_TEST_CASE(ids_and_capabilities_are_given_away_in_the_order_that_the_kernel_demands) {
    for_each_plan([](const LaunchPlan& plan) {
        check_before(plan, Op::own_stdio, Op::set_ids);
        check_before(plan, Op::limit_resources, Op::drop_bounding_set);
        check_before(plan, Op::drop_bounding_set, Op::set_ids);
        check_before(plan, Op::set_groups, Op::set_ids);
        check_before(plan, Op::set_ids, Op::set_capabilities);
        // With the process's own rights: what it may not execute is not found.
        check_all_before(plan, {Op::set_ids, Op::set_capabilities, Op::change_directory},
                         {Op::find_command});
    });
}

BOOST_AUTO_TEST_CASE(a_process_gives_all_its_rights_away_unless_it_is_a_hook_of_the_hosts) {
    for (const NamedPlan& sample : sample_plans()) {
        const std::size_t wanted = sample.name == "create-container-hook" ? 0 : 1;
        BOOST_TEST_CONTEXT("plan " << sample.name)
        for (const Op op :
             {Op::drop_bounding_set, Op::set_groups, Op::set_ids, Op::set_capabilities})
            // Where setgroups(2) is denied there is nothing to set.
            if (op != Op::set_groups || sample.name != "exec-user-namespace")
                BOOST_TEST(count(sample.plan, op) == wanted, wire::operation(op).name);
    }
}

BOOST_AUTO_TEST_CASE(the_commit_comes_after_the_limits_and_all_that_can_be_known_to_fail) {
    for_each_plan([](const LaunchPlan& plan) {
        const std::size_t commit = places(plan, Op::commit).front();
        const std::set<Op> later{Op::wait_for_start,        Op::end_with_runtime,
                                 Op::set_no_new_privileges, Op::take_listener,
                                 Op::load_seccomp,          Op::execute};
        for (std::size_t i = 0; i < plan.steps.size(); ++i)
            BOOST_TEST((i > commit) == later.contains(plan.steps[i].op), describe(plan));
    });
}

BOOST_AUTO_TEST_CASE(a_hook_ends_with_the_runtime_and_no_other_program_does) {
    for (const NamedPlan& sample : sample_plans()) {
        const bool hook = sample.name.ends_with("-hook");
        BOOST_TEST_CONTEXT("plan " << sample.name) {
            BOOST_TEST(count(sample.plan, Op::end_with_runtime) == (hook ? 1U : 0U));
            check_before(sample.plan, Op::set_capabilities, Op::end_with_runtime);
            check_before(sample.plan, Op::wait_for_start, Op::end_with_runtime);
        }
    }
}

BOOST_AUTO_TEST_CASE(nothing_but_the_execution_follows_the_seccomp_filter) {
    for_each_plan([](const LaunchPlan& plan) {
        BOOST_TEST(count(plan, Op::load_seccomp) == (plan.needs_seccomp ? 1U : 0U));
        for (const std::size_t at : places(plan, Op::load_seccomp)) {
            BOOST_TEST(at + 2 == plan.steps.size());
            BOOST_CHECK(plan.steps[at + 1].op == Op::execute);
        }
        check_before(plan, Op::set_no_new_privileges, Op::load_seccomp);
        check_before(plan, Op::wait_for_start, Op::set_no_new_privileges);
    });
}

BOOST_AUTO_TEST_CASE(the_host_takes_the_listener_of_a_filter_that_notifies_and_of_no_other) {
    for (const NamedPlan& sample : sample_plans()) {
        const bool notifies = sample.name == "seccomp-notify";
        BOOST_TEST_CONTEXT("plan " << sample.name)
        BOOST_TEST(count(sample.plan, Op::take_listener) == (notifies ? 1U : 0U));
    }
    const LaunchPlan plan = compile_create(notify_policy(), default_facts());
    BOOST_TEST(places(plan, Op::take_listener).front() + 1 ==
               places(plan, Op::load_seccomp).front());
    // NEW_LISTENER, and TSYNC with the TSYNC_ESRCH that the kernel asks for.
    BOOST_TEST(plan.seccomp_flags == 0x19U);
}

BOOST_AUTO_TEST_CASE(a_filter_without_no_new_privs_keeps_the_right_to_load_it) {
    for_each_plan([](const LaunchPlan& plan) {
        constexpr std::uint64_t kSysAdmin = 1U << 21;
        const bool needed = plan.needs_seccomp && count(plan, Op::set_no_new_privileges) == 0;
        for (const std::size_t at : places(plan, Op::set_capabilities))
            BOOST_TEST(plan.steps[at].value == (needed ? kSysAdmin : 0U));
    });
}

BOOST_AUTO_TEST_CASE(limits_are_set_by_the_one_side_that_has_the_right_to) {
    for_each_plan([](const LaunchPlan& plan) {
        const std::size_t wanted = plan.rlimits.empty() ? 0 : 1;
        BOOST_TEST(count(plan, Op::limit_resources) + count(plan, Op::set_rlimits) == wanted);
    });
    const auto plan = compile_create(user_namespace_policy(), default_facts());
    BOOST_TEST(count(plan, Op::set_rlimits) == 1U);
}

BOOST_AUTO_TEST_CASE(the_scheduler_is_set_while_the_process_is_still_the_runtimes_user) {
    for_each_plan([](const LaunchPlan& plan) {
        BOOST_TEST(count(plan, Op::set_scheduler) == (plan.scheduler ? 1U : 0U));
        check_all_before(plan, {Op::set_scheduler, Op::set_io_priority}, {Op::set_ids, Op::commit});
        // Its cpuset says what it may have; the session, whose group is the I/O priority's.
        check_all_before(plan, {Op::enter_cgroup, Op::attach_cgroup, Op::new_session},
                         {Op::set_scheduler, Op::set_io_priority, Op::set_memory_policy});
    });
}

BOOST_AUTO_TEST_CASE(an_executed_process_has_one_affinity_before_its_cgroup_and_one_after) {
    for_each_plan([](const LaunchPlan& plan) {
        check_all_before(plan, {Op::set_initial_affinity},
                         {Op::join_namespace, Op::clone_container, Op::enter_cgroup});
        check_all_before(plan, {Op::enter_cgroup, Op::attach_cgroup},
                         {Op::reset_affinity, Op::set_final_affinity});
        BOOST_TEST(count(plan, Op::reset_affinity) + count(plan, Op::set_final_affinity) <= 1U);
    });
    // config.md#linux-process: "not applicable to the container's init process".
    const auto create = compile_create(scheduled_policy(), default_facts());
    BOOST_TEST(count(create, Op::set_initial_affinity) == 0U);
    BOOST_TEST(count(create, Op::reset_affinity) == 1U);
    const auto exec = compile_exec(*scheduled_policy().process, default_exec());
    BOOST_CHECK(exec.steps.front().op == Op::set_initial_affinity);
    BOOST_TEST(count(exec, Op::set_final_affinity) == 1U);
}

BOOST_AUTO_TEST_CASE(each_source_that_the_host_opens_is_used_by_one_step) {
    for_each_plan([](const LaunchPlan& plan) {
        std::vector<std::int32_t> slots;
        for (const Step& step : plan.steps)
            if (step.slot >= 0) slots.push_back(step.slot);
        std::sort(slots.begin(), slots.end());
        BOOST_TEST(slots.size() == plan.sources.size());
        for (std::size_t i = 0; i < slots.size(); ++i)
            BOOST_TEST(slots[i] == static_cast<std::int32_t>(i));
        BOOST_TEST(count(plan, Op::open_sources) == (plan.sources.empty() ? 0U : 1U));
    });
}

BOOST_AUTO_TEST_CASE(in_a_user_namespace_every_host_tree_comes_from_the_host_and_no_node_is_made) {
    const auto plan = compile_create(user_namespace_policy(), default_facts());
    BOOST_TEST(count(plan, Op::make_device) == 0U);
    for (const Step& step : plan.steps)
        if (step.op == Op::mount_bind || step.op == Op::bind_device || step.op == Op::attach_rootfs)
            BOOST_TEST(step.slot >= 0);
}

BOOST_AUTO_TEST_CASE(an_inherited_mount_namespace_is_changed_in_nothing) {
    const auto plan = compile_create(inherited_mounts_policy(), default_facts());
    for (const Op op :
         {Op::set_propagation, Op::attach_rootfs, Op::mount_filesystem, Op::mount_bind, Op::remount,
          Op::mask_path, Op::make_readonly, Op::pivot_root, Op::move_root, Op::set_root_propagation,
          Op::make_device, Op::make_link, Op::make_directory})
        BOOST_TEST(count(plan, op) == 0U, wire::operation(op).name);
    BOOST_TEST(count(plan, Op::change_root) == 1U);
}

BOOST_AUTO_TEST_CASE(mounts_keep_the_order_of_the_bundle) {
    const auto policy = rare_policy();
    const auto plan = compile_create(policy, default_facts());
    std::size_t at = places(plan, Op::attach_rootfs).front();
    for (const auto& mount : policy.rootfs.mounts) {
        const auto found =
            std::find_if(plan.steps.begin() + static_cast<std::ptrdiff_t>(at) + 1, plan.steps.end(),
                         [&](const Step& step) { return step.target == mount.destination; });
        BOOST_TEST_REQUIRE((found != plan.steps.end()), mount.destination);
        at = static_cast<std::size_t>(found - plan.steps.begin());
    }
}

// Where the plan makes the file system read-only afterwards; 0: nowhere.
std::size_t sealing(const LaunchPlan& plan, std::string_view target) {
    for (const std::size_t at : places(plan, Op::remount))
        if (plan.steps[at].target == target) return at;
    return 0;
}

BOOST_AUTO_TEST_CASE(a_read_only_tmpfs_that_is_filled_is_sealed_when_all_stands) {
    auto policy = default_policy();
    for (auto& mount : policy.rootfs.mounts)
        if (mount.destination == "/dev") {
            mount.attributes_set |= MOUNT_ATTR_RDONLY;
            mount.superblock_flags |= MS_RDONLY;
        }
    const auto plan = compile_create(policy, default_facts());
    const std::size_t seal = sealing(plan, "/dev");
    BOOST_TEST_REQUIRE(seal != 0U);
    for (const Step& step : plan.steps) {
        if (step.target != "/dev") continue;
        const bool seals = step.op == Op::remount;
        BOOST_TEST(((step.attributes_set & MOUNT_ATTR_RDONLY) != 0) == seals);
        BOOST_TEST(((step.flags & MS_RDONLY) != 0) == seals);
    }
    for (const Op op : {Op::mount_filesystem, Op::mount_bind, Op::make_device, Op::make_link})
        for (const std::size_t at : places(plan, op)) BOOST_TEST(at < seal);
}

BOOST_AUTO_TEST_CASE(a_read_only_tmpfs_that_takes_nothing_is_born_so) {
    auto policy = default_policy();
    policy::MountPolicy mount{.destination = "/data", .type = "tmpfs"};
    mount.attributes_set = MOUNT_ATTR_RDONLY;
    policy.rootfs.mounts.push_back(mount);
    BOOST_TEST(sealing(compile_create(policy, default_facts()), "/data") == 0U);
    mount.destination = "/data/inner";
    policy.rootfs.mounts.push_back(mount);
    BOOST_TEST(sealing(compile_create(policy, default_facts()), "/data") != 0U);
    BOOST_TEST(sealing(compile_create(policy, default_facts()), "/data/inner") == 0U);
    mount.destination = "/data";  // covers both
    policy.rootfs.mounts.push_back(mount);
    BOOST_TEST(sealing(compile_create(policy, default_facts()), "/data") == 0U);
}

BOOST_AUTO_TEST_CASE(hooks_that_a_plan_does_not_run_are_not_in_it) {
    auto policy = hooks_policy();
    using nucleus::policy::HookKind;
    policy.hooks.hooks.erase(HookKind::create_runtime);
    const auto plan = compile_create(policy, default_facts());
    BOOST_TEST(count(plan, Op::run_prestart_hooks) == 1U);
    BOOST_TEST(count(plan, Op::run_create_runtime_hooks) == 0U);
    BOOST_TEST(count(plan, Op::run_create_container_hooks) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
