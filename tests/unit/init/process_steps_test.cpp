// Single steps on scripted answers, those of the process: what each does when the image, the host
// or the kernel is not as one would wish.
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/mount.h>

#include <algorithm>

#include "../plan/sample.hpp"
#include "fixture.hpp"

using namespace nucleus;
using namespace nucleus::init::testing;
using wire::Op;

namespace {

plan::LaunchPlan one_step(plan::Step step) {
    plan::LaunchPlan plan;
    plan.steps.push_back(std::move(step));
    plan.argv = {"sh"};
    return plan;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(namespace_step, Fixture)

BOOST_AUTO_TEST_CASE(a_namespace_that_may_not_be_joined_yet_waits_for_the_user_namespace) {
    const plan::LaunchPlan plan = [] {
        plan::LaunchPlan made;
        for (const auto& [flags, mode] : {std::pair{CLONE_NEWNET, wire::kJoinOrWait},
                                          {CLONE_NEWUTS, wire::kJoinOrWait},
                                          {CLONE_NEWUSER, wire::kJoinNow},
                                          {CLONE_NEWNET, wire::kJoinIfWaiting},
                                          {CLONE_NEWUTS, wire::kJoinIfWaiting}})
            made.steps.push_back({.op = Op::join_namespace,
                                  .flags = static_cast<std::uint64_t>(flags),
                                  .mode = mode,
                                  .fd = 40});
        made.steps.push_back({.op = Op::execute});
        made.argv = {"sh"};
        return made;
    }();
    recorder.answer("setns", {-EPERM, 0, 0, 0});
    recorder.run(plan);
    std::vector<std::string> joins;
    for (const std::string& text : recorder.texts())
        if (text.starts_with("setns")) joins.push_back(text.substr(text.rfind(' ') + 1));
    const std::vector<std::string> expected{"0x40000000", "0x4000000", "0x10000000", "0x40000000"};
    BOOST_TEST(joins == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(another_failure_to_join_does_not_wait) {
    recorder.answer("setns", {-EINVAL});
    BOOST_TEST(recorder.step(
                   {.op = Op::join_namespace, .flags = CLONE_NEWNET, .mode = wire::kJoinOrWait}) ==
               -EINVAL);
    recorder.answer("setns", {-EPERM});
    BOOST_TEST(recorder.step({.op = Op::join_namespace, .flags = CLONE_NEWNET}) == -EPERM);
}

BOOST_AUTO_TEST_CASE(an_id_0_that_is_not_mapped_is_not_taken_and_the_process_stays_hidden) {
    recorder.answer("setresgid", {-EINVAL});
    BOOST_TEST(recorder.step({.op = Op::become_root}) == 0);
    BOOST_TEST(!recorder.has("setresuid"));
    BOOST_TEST(recorder.has("prctl"));
    recorder.answer("setresgid", {-EPERM});
    BOOST_TEST(recorder.step({.op = Op::become_root}) == -EPERM);
}

BOOST_AUTO_TEST_CASE(the_program_is_executed_again_as_root_of_the_user_namespace_only) {
    plan::LaunchPlan plan;
    plan.steps = {{.op = Op::unshare_user, .mode = wire::kVisible},
                  {.op = Op::become_root},
                  {.op = Op::execute_again},
                  {.op = Op::execute}};
    plan.argv = {"sh"};
    recorder.run(plan);
    BOOST_TEST(recorder.has("execveat"));
    Recorder unmapped;
    unmapped.answer("setresgid", {-EINVAL});
    unmapped.run(plan);
    BOOST_TEST(!unmapped.has("execveat"));
    const std::vector<std::string> texts = recorder.texts();
    const auto shown = std::ranges::find(texts, "prctl 4 1");
    const auto hidden = std::ranges::find(texts, "prctl 4 0");
    const auto again = std::ranges::find_if(
        texts, [](const std::string& text) { return text.starts_with("execveat"); });
    BOOST_CHECK(shown < hidden && hidden < again);
}

BOOST_AUTO_TEST_CASE(a_kernel_without_time_namespaces_is_named) {
    recorder.answer("unshare", {-EINVAL});
    BOOST_TEST(recorder.step({.op = Op::unshare_time}) == -EINVAL);
    BOOST_TEST(recorder.detail().find("CONFIG_TIME_NS") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(groups_that_are_denied_are_left_only_where_none_are_asked_for) {
    wire::Order denied;
    denied.kind = wire::Order::Kind::proceed;
    denied.flags = wire::kGroupsDenied;
    plan::LaunchPlan plan;
    plan.steps = {{.op = Op::check_id_maps}, {.op = Op::set_groups}, {.op = Op::execute}};
    plan.argv = {"sh"};
    recorder.orders = {denied};
    recorder.run(plan);
    BOOST_TEST(!recorder.has("setgroups"));
    Recorder asked;
    plan.groups = {5};
    asked.orders = {denied};
    asked.run(plan);
    BOOST_TEST(asked.has("setgroups"));
    Recorder allowed;
    plan.groups.clear();
    allowed.run(plan);
    BOOST_TEST(allowed.has("setgroups"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(process_step, Fixture)

BOOST_AUTO_TEST_CASE(a_directory_outside_of_the_root_is_refused) {  // CVE-2024-21626
    recorder.working_directory = "(unreachable)/etc";
    BOOST_TEST(recorder.step({.op = Op::change_directory, .source = "/proc/self/fd/7"}) == -ENOENT);
    BOOST_TEST(recorder.detail() == "the directory is outside of the container's root");
}

BOOST_AUTO_TEST_CASE(the_bounding_set_loses_all_but_what_is_kept) {
    BOOST_TEST(recorder.step({.op = Op::drop_bounding_set, .value = 1U << 5 | 1U << 21}) == 0);
    int dropped = 0;
    for (const Call& call : recorder.calls())
        dropped += call.text.starts_with("prctl 24 ") && call.result == 0;
    BOOST_TEST(dropped == 41 - 2);
    BOOST_TEST(!recorder.has("prctl 24 5"));
    BOOST_TEST(!recorder.has("prctl 24 21"));
    BOOST_TEST(recorder.has("prctl 24 40"));
    BOOST_TEST(!recorder.has("prctl 24 42"));  // the kernel has said that 41 is none
}

BOOST_AUTO_TEST_CASE(capabilities_are_kept_across_the_change_of_ids_and_groups_come_before_users) {
    BOOST_TEST(recorder.step({.op = Op::set_ids, .uid = 7, .gid = 8}) == 0);
    check_calls({"prctl 8 1", "setresgid 8 8 8", "setresuid 7 7 7"});
}

BOOST_AUTO_TEST_CASE(only_capabilities_that_are_there_are_given) {
    plan::LaunchPlan tables;
    tables.capabilities = {
        .effective = 0xff, .permitted = 0xff, .inheritable = 0xf, .ambient = 0x3};
    recorder.permitted = 0x6;
    BOOST_TEST(recorder.step({.op = Op::set_capabilities}, tables) == 0);
    BOOST_TEST(recorder.has("capset effective 0x6 permitted 0x6 inheritable 0x6"));
    BOOST_TEST(recorder.has("prctl 47 4"));  // PR_CAP_AMBIENT_CLEAR_ALL
    int raised = 0;
    for (const Call& call : recorder.calls()) raised += call.text == "prctl 47 2";
    BOOST_TEST(raised == 1);  // bit 1; bit 0 is not permitted
}

BOOST_AUTO_TEST_CASE(a_session_keyring_is_searchable_by_its_owner_and_none_is_needed) {
    BOOST_TEST(recorder.step({.op = Op::new_keyring, .source = "_ses.c1"}) == 0);
    check_calls({"keyctl 1", "keyctl 5"});
    recorder.answer("keyctl 1", {-ENOSYS});
    BOOST_TEST(recorder.step({.op = Op::new_keyring, .source = "_ses.c1"}) == 0);
    recorder.answer("keyctl 1", {-EDQUOT});
    BOOST_TEST(recorder.step({.op = Op::new_keyring, .source = "_ses.c1"}) == -EDQUOT);
}

BOOST_AUTO_TEST_CASE(a_process_enters_every_cgroup_by_itself) {
    BOOST_TEST(recorder.step({.op = Op::enter_cgroup}) == 0);
    check_calls(
        {"write <tasks 80> '0'", "close <tasks 80>", "write <tasks 81> '0'", "close <tasks 81>"});
}

BOOST_AUTO_TEST_CASE(a_sysctl_is_written_through_a_procfs_that_nobody_else_can_reach) {
    BOOST_TEST(recorder.step({.op = Op::set_sysctl, .target = "net/x", .source = "64"}) == 0);
    BOOST_TEST(recorder.has("fsopen 'proc'"));
    BOOST_TEST(recorder.has("openat <mount of fs proc> 'sys' 0x2b0000"));
    // RESOLVE_BENEATH, NO_SYMLINKS, NO_XDEV.
    BOOST_TEST(recorder.has("openat2 <sys> 'net/x' 0x80001 resolve 0xd"));
    BOOST_TEST(recorder.has("write <net/x> '64'"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(label_step, Fixture)

plan::LaunchPlan labelling(plan::Step step) {
    plan::LaunchPlan plan;
    plan.steps = {{.op = Op::open_proc}, std::move(step), {.op = Op::execute}};
    plan.argv = {"sh"};
    return plan;
}

BOOST_AUTO_TEST_CASE(a_profile_is_written_to_the_process_own_file_of_the_hosts_procfs) {
    recorder.run(labelling({.op = Op::set_apparmor_profile, .source = "box"}));
    BOOST_TEST(recorder.has("openat <cwd> '/proc' 0x2b0000"));
    // RESOLVE_BENEATH, NO_MAGICLINKS, NO_XDEV.
    BOOST_TEST(recorder.has("openat2 </proc> 'self/attr/apparmor/exec' 0x80001 resolve 0xb"));
    BOOST_TEST(recorder.has("write <self/attr/apparmor/exec> 'exec box'"));
    BOOST_TEST(recorder.has("close </proc>"));
}

BOOST_AUTO_TEST_CASE(a_kernel_without_files_for_each_module_has_one_for_all) {
    recorder.answer("openat2 </proc> 'self/attr/apparmor/exec'", {-ENOENT});
    recorder.run(labelling({.op = Op::set_apparmor_profile, .source = "box"}));
    BOOST_TEST(recorder.has("write <self/attr/exec> 'exec box'"));
}

BOOST_AUTO_TEST_CASE(a_selinux_label_is_written_as_it_is) {
    recorder.run(labelling({.op = Op::set_selinux_label, .source = "u:r:t"}));
    BOOST_TEST(recorder.has("openat2 </proc> 'self/attr/exec' 0x80001 resolve 0xb"));
    BOOST_TEST(recorder.has("write <self/attr/exec> 'u:r:t'"));
    BOOST_TEST(recorder.has("close </proc>"));
}

BOOST_AUTO_TEST_CASE(the_keyring_gets_the_label_of_the_process) {
    recorder.run(labelling({.op = Op::set_key_label, .source = "u:r:t"}));
    BOOST_TEST(recorder.has("write <self/attr/keycreate> 'u:r:t'"));
    BOOST_TEST(!recorder.has("close </proc>"));
}

BOOST_AUTO_TEST_CASE(a_proc_that_is_no_procfs_is_refused) {  // CVE-2019-16884
    recorder.fake_proc = true;
    BOOST_TEST(recorder.step({.op = Op::open_proc}) == -EINVAL);
    BOOST_TEST(recorder.detail() == "/proc is no procfs");
    BOOST_TEST(recorder.has("close </proc>"));
}

BOOST_AUTO_TEST_CASE(the_root_of_a_shared_file_system_is_labelled_by_itself) {
    BOOST_TEST(recorder.step({.op = Op::label_mount, .target = "/dev/mqueue", .source = "u:r:m"}) ==
               0);
    BOOST_TEST(recorder.has("fsetxattr <.> 'security.selinux' 'u:r:m'"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(command_step, Fixture)

plan::LaunchPlan with_path(std::vector<std::string> env, bool needs_home = false) {
    plan::LaunchPlan tables;
    tables.argv = {"tool", "argument"};
    tables.env = std::move(env);
    tables.needs_home = needs_home;
    return tables;
}

int find(Recorder& recorder, const char* name, std::vector<std::string> env = {"PATH=/a:/b"}) {
    return recorder.step({.op = Op::find_command, .source = name}, with_path(std::move(env)));
}

BOOST_AUTO_TEST_CASE(a_name_is_looked_for_along_the_path_of_the_container) {
    recorder.modes["/b/tool"] = 0100755;
    BOOST_TEST(find(recorder, "tool") == 0);
    BOOST_TEST(std::string(recorder.init().command) == "/b/tool");
    BOOST_TEST(find(recorder, "tool", {}) == -ENOENT);
    BOOST_TEST(find(recorder, "") == -ENOENT);
}

BOOST_AUTO_TEST_CASE(one_that_may_not_be_executed_decides_if_no_other_can) {
    recorder.modes["/a/tool"] = recorder.modes["/b/tool"] = 0100755;
    recorder.answer("faccessat <cwd> '/a/tool'", {-EACCES});
    BOOST_TEST(find(recorder, "tool") == 0);
    recorder.modes.erase("/b/tool");
    recorder.answer("faccessat <cwd> '/a/tool'", {-EACCES});
    recorder.answer("openat <cwd> '/b/tool'", {-ENOENT});
    BOOST_TEST(find(recorder, "tool") == -EACCES);
}

BOOST_AUTO_TEST_CASE(a_path_is_taken_as_it_is) {
    recorder.modes["/x/tool"] = 0100755;
    BOOST_TEST(find(recorder, "/x/tool") == 0);
    recorder.modes["/x/tool"] = 0040755;
    BOOST_TEST(find(recorder, "/x/tool") == -EISDIR);
    recorder.modes["/x/tool"] = 0010644;
    BOOST_TEST(find(recorder, "/x/tool") == -EACCES);
    recorder.answer("openat <cwd> '/x/tool'", {-ENOTDIR});
    BOOST_TEST(find(recorder, "/x/tool") == -ENOTDIR);
}

BOOST_AUTO_TEST_CASE(home_comes_from_the_containers_own_passwd) {
    const auto home = [&](std::uint32_t uid) {
        recorder.modes["/bin/tool"] = 0100755;
        plan::LaunchPlan plan = with_path({"A=b"}, true);
        plan.uid = uid;
        plan.steps = {{.op = Op::use_host_root, .source = "/"},
                      {.op = Op::find_command, .source = "/bin/tool"},
                      {.op = Op::execute, .source = "/bin/tool"}};
        BOOST_TEST(recorder.run(plan).executed);
        BOOST_TEST_REQUIRE(recorder.environment().size() == 2U);
        return recorder.environment()[1];
    };
    recorder.contents["/etc/passwd"] =
        "broken\n:x:7\nroot:x:0:0::/root:/bin/sh\nu:x:7:7:User:/home/u:/bin/sh\ne:x:8:8:::\n";
    BOOST_TEST(home(0) == "HOME=/root");
    BOOST_TEST(home(7) == "HOME=/home/u");
    BOOST_TEST(home(8) == "HOME=/");          // empty there
    BOOST_TEST(home(70) == "HOME=/");         // not there
    recorder.modes["/etc/passwd"] = 0010644;  // a FIFO is not read
    BOOST_TEST(home(7) == "HOME=/");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(wait_step, Fixture)

BOOST_AUTO_TEST_CASE(a_signal_that_would_end_a_process_ends_it_while_it_waits) {
    for (const unsigned signal : {15U, 2U, 1U, 10U}) {
        recorder.signals = {signal};
        const Ended ended = recorder.run(one_step({.op = Op::wait_for_start}));
        BOOST_TEST(!ended.executed);
        BOOST_TEST(ended.status == 128 + static_cast<long>(signal));
    }
}

BOOST_AUTO_TEST_CASE(harmless_signals_are_taken_and_forgotten) {
    recorder.signals = {17, 18, 20, 28};
    BOOST_TEST(recorder.step({.op = Op::wait_for_start}) == 0);
    BOOST_TEST(recorder.signals.empty());
    BOOST_TEST(recorder.name_of(recorder.init().channel) == "starter");
}

BOOST_AUTO_TEST_CASE(who_only_looks_whether_somebody_waits_starts_nothing) {
    recorder.starters_that_leave = 3;
    BOOST_TEST(recorder.step({.op = Op::wait_for_start}) == 0);
    int accepted = 0, left = 0;
    for (const Call& call : recorder.calls()) {
        accepted += call.text.starts_with("accept4 ");
        left += call.text == "close <leaving starter>";
    }
    BOOST_TEST(accepted == 4);
    BOOST_TEST(left == 3);
}

BOOST_AUTO_TEST_CASE(the_creator_is_let_go_and_the_gate_closed_behind_the_starter) {
    BOOST_TEST(recorder.step({.op = Op::wait_for_start}) == 0);
    BOOST_TEST(recorder.has("close <channel>"));
    BOOST_TEST(recorder.has("close <gate>"));
    BOOST_TEST(recorder.calls().back().text == "rt_sigprocmask 2");
}

BOOST_AUTO_TEST_CASE(a_starter_whose_word_cannot_be_heard_is_told) {
    plan::LaunchPlan plan = one_step({.op = Op::wait_for_start});
    recorder.answer("recvmsg <starter>", {-ENOMEM});
    const Ended ended = recorder.run(plan);
    BOOST_TEST(ended.status == 1);
    BOOST_TEST_REQUIRE(recorder.reports().size() == 1U);
    BOOST_TEST(recorder.reports()[0].errnum == ENOMEM);
    BOOST_TEST(recorder.has("sendmsg <starter>"));
}

BOOST_AUTO_TEST_SUITE_END()
