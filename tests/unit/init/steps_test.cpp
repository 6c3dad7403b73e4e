// Single steps on scripted answers: what each does when the image, the host or the kernel is not as
// one would wish.
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/mount.h>

#include <algorithm>

#include "../plan/sample.hpp"
#include "recorder.hpp"

using namespace nucleus;
using namespace nucleus::init::testing;
using wire::Op;

namespace {

struct Fixture {
    Recorder recorder;

    void check_calls(const std::vector<std::string>& expected) const {
        BOOST_TEST(recorder.texts() == expected, boost::test_tools::per_element());
    }
};

plan::Step mount(const char* type, const char* target) {
    return {.op = Op::mount_filesystem, .target = target, .source = type, .type = type};
}

plan::Step null_node() {
    return {.op = Op::make_device,
            .target = "/dev/null",
            .value = std::uint64_t{1} << 32 | 3,
            .mode = 0020666};
}

plan::LaunchPlan one_step(plan::Step step) {
    plan::LaunchPlan plan;
    plan.steps.push_back(std::move(step));
    plan.argv = {"sh"};
    return plan;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(root_step, Fixture)

BOOST_AUTO_TEST_CASE(
    a_rootfs_is_copied_and_put_on_its_own_path_before_the_hosts_null_device_is_held) {
    BOOST_TEST(recorder.step({.op = Op::attach_rootfs, .source = "/b/rootfs"}) == 0);
    check_calls({"open_tree <cwd> '/b/rootfs' 0x88001",
                 "move_mount </b/rootfs> '' <cwd> '/b/rootfs' 0x4", "statx </b/rootfs> ''",
                 "openat <cwd> '/dev/null' 0x2a0000", "statx </dev/null> ''"});
}

BOOST_AUTO_TEST_CASE(a_rootfs_that_is_no_directory_is_refused) {
    recorder.modes["/b/rootfs"] = 0100644;
    BOOST_TEST(recorder.step({.op = Op::attach_rootfs, .source = "/b/rootfs"}) == -ENOTDIR);
}

BOOST_AUTO_TEST_CASE(a_null_device_of_the_host_that_is_none_is_refused) {  // CVE-2025-31133
    for (const auto& [major, minor] : {std::pair{1U, 5U}, std::pair{5U, 3U}}) {
        recorder.devices["/dev/null"] = {major, minor};
        BOOST_TEST(recorder.step({.op = Op::attach_rootfs, .source = "/b/rootfs"}) == -EINVAL);
        BOOST_TEST(recorder.detail().find("not the null device") != std::string::npos);
    }
    recorder.modes["/dev/null"] = 0100666;
    BOOST_TEST(recorder.step({.op = Op::attach_rootfs, .source = "/b/rootfs"}) == -EINVAL);
}

BOOST_AUTO_TEST_CASE(the_old_root_is_made_a_slave_before_it_is_taken_off) {
    BOOST_TEST(recorder.step({.op = Op::pivot_root}) == 0);
    check_calls({"openat <cwd> '/' 0x290000", "fchdir <root>", "pivot_root '.' '.'", "fchdir </>",
                 "mount '.' 0x84000", "umount2 '.' 0x2", "close </>", "chdir '/'"});
}

BOOST_AUTO_TEST_CASE(without_a_pivot_the_root_is_moved_and_entered) {
    BOOST_TEST(recorder.step({.op = Op::move_root}) == 0);
    check_calls({"move_mount <root> '' <cwd> '/' 0x4", "fchdir <root>", "chroot '.'", "chdir '/'"});
}

BOOST_AUTO_TEST_CASE(a_shared_parent_of_the_rootfs_is_made_private_on_the_way_up) {
    recorder.answer("mount '/b/rootfs'", {-EINVAL});
    recorder.answer("mount '/b'", {-EINVAL});
    BOOST_TEST(
        recorder.step({.op = Op::set_propagation, .target = "/b/rootfs", .flags = MS_SHARED}) == 0);
    check_calls({"mount '/' 0x100000", "mount '/b/rootfs' 0x40000", "mount '/b' 0x40000",
                 "mount '/' 0x40000"});
}

BOOST_AUTO_TEST_SUITE_END()

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

BOOST_FIXTURE_TEST_SUITE(mount_step, Fixture)

BOOST_AUTO_TEST_CASE(a_file_system_is_made_apart_and_put_on_the_descriptor_of_its_target) {
    plan::Step step = mount("tmpfs", "/dev");
    step.options = {"mode=755", "size=64k"};
    step.attributes_set = MOUNT_ATTR_NOSUID;
    BOOST_TEST(recorder.step(step) == 0);
    check_calls({"openat2 <root> '/dev' 0x280000 resolve 0x12", "fsopen 'tmpfs' 0x1",
                 "fsconfig <fs tmpfs> 1 'source' 'tmpfs'", "fsconfig <fs tmpfs> 1 'mode' '755'",
                 "fsconfig <fs tmpfs> 1 'size' '64k'", "fsconfig <fs tmpfs> 6 null null",
                 "fsmount <fs tmpfs> 0x1 0x2", "close <fs tmpfs>",
                 "move_mount <mount of fs tmpfs> '' </dev> '' 0x44", "close </dev>",
                 "close <mount of fs tmpfs>"});
}

BOOST_AUTO_TEST_CASE(
    an_instance_that_is_refused_is_bound_from_the_host_only_where_the_plan_says_so) {
    plan::Step step = mount("sysfs", "/sys");
    step.attributes_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
    recorder.answer("fsmount", {-EPERM});
    BOOST_TEST(recorder.step(step) == -EPERM);
    BOOST_TEST(!recorder.has("open_tree"));
    step.mode = wire::kBindIfRefused;
    recorder.answer("fsmount", {-EACCES});
    BOOST_TEST(recorder.step(step) == -EACCES);
    BOOST_TEST(!recorder.has("open_tree"));
    recorder.answer("fsmount", {-EPERM});
    BOOST_TEST(recorder.step(step) == 0);
    BOOST_TEST(recorder.has("open_tree <cwd> '/sys' 0x88001"));
    BOOST_TEST(recorder.has("mount_setattr </sys>"));
}

BOOST_AUTO_TEST_CASE(a_link_in_the_place_of_proc_or_sys_is_refused) {  // CVE-2023-27561
    for (const char* type : {"proc", "sysfs"}) {
        recorder.answer("openat2 ", {-ELOOP});
        BOOST_TEST(recorder.step(mount(type, "/proc")) == -ELOOP);
        BOOST_TEST(recorder.detail() == "must be mounted on ordinary directory");
        BOOST_TEST(recorder.has("openat2 <root> '/proc' 0x280000 resolve 0x16"));
        BOOST_TEST(!recorder.has("fsopen"));
    }
}

BOOST_AUTO_TEST_CASE(a_target_that_is_missing_is_made_below_the_root) {
    recorder.answer("openat2 <root> '/a/b'", {-ENOENT, -ENOENT});
    BOOST_TEST(recorder.step(mount("mqueue", "/a/b")) == 0);
    BOOST_TEST(recorder.has("mkdirat </a/> 'b' 0755"));
    BOOST_TEST(recorder.has("openat </a/> 'b' 0x2a0000"));
}

BOOST_AUTO_TEST_CASE(a_neighbour_of_a_target_that_was_made_is_made_without_another_walk) {
    recorder.answer("openat2 </r> '/a/b'", {-ENOENT});
    recorder.answer("openat2 </r> '/a/e'", {-ENOENT});
    recorder.answer("mkdirat </a/> 'd'", {-EEXIST});
    plan::LaunchPlan plan;
    plan.steps.push_back({.op = Op::attach_rootfs, .source = "/r"});
    // What is mounted on /a hides the directory in which b and c were made.
    for (const char* target : {"/a/b", "/a/c", "/a/d", "/a", "/a/e"})
        plan.steps.push_back(mount("mqueue", target));
    recorder.run(plan, -1);
    BOOST_TEST(recorder.has("mkdirat </a/> 'c' 0755"));
    BOOST_TEST(!recorder.has("openat2 </r> '/a/c'"));
    BOOST_TEST(recorder.has("openat2 </r> '/a/d'"));
    BOOST_TEST(recorder.has("openat2 </r> '/a/e'"));
}

BOOST_AUTO_TEST_CASE(a_flag_that_fsconfig_has_no_word_for_goes_through_mount_on_the_held_target) {
    plan::Step step = mount("ext4", "/data");
    step.flags = MS_SILENT;
    step.attributes_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOATIME;
    step.recursive_set = MOUNT_ATTR_NOSYMFOLLOW;
    BOOST_TEST(recorder.step(step) == 0);
    check_calls({"openat2 <root> '/data' 0x280000 resolve 0x12", "fchdir </data>",
                 "mount '.' 0x8502", "chdir '/'", "close </data>"});
}

BOOST_AUTO_TEST_CASE(a_mount_by_flags_that_fails_leaves_its_target_again) {
    recorder.answer("mount '.'", {-EINVAL});
    plan::Step step = mount("ext4", "/data");
    step.flags = MS_I_VERSION;
    BOOST_TEST(recorder.step(step) == -EINVAL);
    BOOST_TEST(recorder.detail() == "ext4");
    BOOST_TEST(recorder.has("chdir '/'"));
    BOOST_TEST(recorder.has("close </data>"));
    step.options = {std::string(5000, 'x')};
    BOOST_TEST(recorder.step(step) == -ENAMETOOLONG);
}

BOOST_AUTO_TEST_CASE(a_read_only_tmpfs_that_is_filled_is_sealed_after_it) {
    plan::Step step = mount("tmpfs", "/data");
    step.flags = MS_RDONLY;
    step.attributes_set = MOUNT_ATTR_RDONLY;
    step.mode = wire::kCopyUp;
    BOOST_TEST(recorder.step(step) == 0);
    BOOST_TEST(recorder.has("fsmount <fs tmpfs> 0x1 0x0"));
    BOOST_TEST(!recorder.has("fsconfig <fs tmpfs> 0 'ro'"));
    BOOST_TEST(recorder.has("fspick <mount of fs tmpfs> ''"));
    const auto texts = recorder.texts();
    const auto place = [&](const char* part) {
        return std::ranges::find_if(
            texts, [&](const std::string& text) { return text.find(part) != std::string::npos; });
    };
    BOOST_CHECK(place("getdents64") < place("fspick"));
    BOOST_CHECK(place("fspick") < place("mount_setattr"));
    BOOST_CHECK(place("mount_setattr") < place("move_mount"));
}

BOOST_AUTO_TEST_CASE(what_the_file_system_says_of_a_refusal_is_told) {
    recorder.contents["fs tmpfs"] = "e tmpfs: Unknown parameter 'x'\n";
    recorder.answer("fsconfig <fs tmpfs> 0 'x'", {-EINVAL});
    plan::Step step = mount("tmpfs", "/dev");
    step.options = {"x"};
    BOOST_TEST(recorder.step(step) == -EINVAL);
    BOOST_TEST(recorder.detail().find("tmpfs: Unknown parameter 'x'") == 0U);
    BOOST_TEST(!recorder.has("move_mount"));
}

BOOST_AUTO_TEST_CASE(a_bind_of_a_file_gets_a_file_to_stand_on) {
    recorder.modes["/host/file"] = 0100644;
    recorder.answer("openat2 <root> '/data'", {-ENOENT, -ENOENT});
    BOOST_TEST(recorder.step({.op = Op::mount_bind, .target = "/data", .source = "/host/file"}) ==
               0);
    BOOST_TEST(recorder.has("openat </> 'data' 0xa00c1"));
    BOOST_TEST(!recorder.has("mkdirat"));
}

BOOST_AUTO_TEST_CASE(a_bind_gets_its_attributes_before_it_is_seen) {
    BOOST_TEST(recorder.step({.op = Op::mount_bind,
                              .target = "/data",
                              .source = "/host",
                              .mode = 1,
                              .attributes_set = MOUNT_ATTR_RDONLY,
                              .recursive_set = MOUNT_ATTR_NOSUID}) == 0);
    const auto texts = recorder.texts();
    BOOST_TEST_REQUIRE(texts.size() > 3U);
    BOOST_TEST(texts[0] == "open_tree <cwd> '/host' 0x88001");
    BOOST_TEST(texts[1] == "mount_setattr </host> '' 0x9000 set 0x2 clear 0x0 propagation 0x0");
    BOOST_TEST(texts[2] == "mount_setattr </host> '' 0x1000 set 0x1 clear 0x0 propagation 0x0");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(hiding_step, Fixture)

BOOST_AUTO_TEST_CASE(a_path_that_the_image_has_not_got_needs_no_hiding) {
    for (const int error : {ENOENT, ENOTDIR}) {
        for (const Op op : {Op::mask_path, Op::make_readonly}) {
            recorder.answer("openat2 ", {-error});
            BOOST_TEST(recorder.step({.op = op, .target = "/proc/x"}) == 0);
            BOOST_TEST(recorder.calls().size() == 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_path_that_cannot_be_looked_up_is_a_failure) {
    for (const Op op : {Op::mask_path, Op::make_readonly}) {
        recorder.answer("openat2 ", {-EACCES});
        BOOST_TEST(recorder.step({.op = op, .target = "/proc/x"}) == -EACCES);
    }
}

BOOST_AUTO_TEST_CASE(a_directory_is_covered_by_an_empty_read_only_one) {
    BOOST_TEST(recorder.step({.op = Op::mask_path, .target = "/sys/firmware"}) == 0);
    BOOST_TEST(recorder.has("fsconfig <fs tmpfs> 0 'ro' null"));
    BOOST_TEST(recorder.has("fsmount <fs tmpfs> 0x1 0x1"));
    BOOST_TEST(recorder.has("move_mount <mount of fs tmpfs> '' </sys/firmware> '' 0x44"));
}

BOOST_AUTO_TEST_CASE(a_file_is_not_masked_without_a_null_device) {
    BOOST_TEST(recorder.step({.op = Op::mask_path, .target = "/proc/kcore"}) < 0);
    BOOST_TEST(recorder.detail() == "the host has no /dev/null");
    BOOST_TEST(!recorder.has("move_mount"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(device_step, Fixture)

BOOST_AUTO_TEST_CASE(a_node_is_made_in_the_directory_of_its_descriptor) {
    BOOST_TEST(recorder.step(null_node()) == 0);
    BOOST_TEST(recorder.has("mknodat </dev/> 'null' 020666 0x103"));
}

BOOST_AUTO_TEST_CASE(the_same_device_may_stand_there_already_and_nothing_else_may) {
    recorder.modes["null"] = 0020666;
    recorder.devices["null"] = {1, 3};
    recorder.answer("mknodat ", {-EEXIST});
    BOOST_TEST(recorder.step(null_node()) == 0);
    BOOST_TEST(recorder.has("openat </dev/> 'null' 0x2a0000"));

    recorder.devices["null"] = {1, 5};
    recorder.answer("mknodat ", {-EEXIST});
    BOOST_TEST(recorder.step(null_node()) == -EEXIST);
    for (const unsigned mode : {0100666U, 0120777U, 0060666U}) {
        recorder.devices["null"] = {1, 3};
        recorder.modes["null"] = mode;
        recorder.answer("mknodat ", {-EEXIST});
        BOOST_TEST(recorder.step(null_node()) == -EEXIST);
        BOOST_TEST(recorder.detail() == "exists and is something else");
    }
}

BOOST_AUTO_TEST_CASE(a_link_of_the_image_stays_unless_it_must_be_replaced) {
    const auto link = [&](std::uint32_t mode) {
        recorder.contents["ptmx"] = "/host/ptmx";
        recorder.answer("symlinkat ", {-EEXIST});
        return recorder.step(
            {.op = Op::make_link, .target = "/dev/ptmx", .source = "pts/ptmx", .mode = mode});
    };
    BOOST_TEST(link(wire::kLinkAlways) == 0);
    BOOST_TEST(!recorder.has("unlinkat"));
    BOOST_TEST(link(wire::kLinkReplaces) == 0);
    BOOST_TEST(recorder.has("unlinkat </dev/> 'ptmx'"));
    BOOST_TEST(recorder.calls().back().text.starts_with("close "));
}

BOOST_AUTO_TEST_CASE(stdio_goes_to_the_process_but_the_null_device_stays_the_machines) {
    recorder.modes["2"] = 0020666;
    recorder.devices["2"] = {1, 3};
    recorder.owners["1"] = 7;
    BOOST_TEST(recorder.step({.op = Op::own_stdio, .uid = 7}) == 0);
    BOOST_TEST(recorder.has("fchown <0> 7 -1"));
    BOOST_TEST(!recorder.has("fchown <1>"));
    BOOST_TEST(!recorder.has("fchown <2>"));
    // O_NOCTTY: what the image has there may be a terminal.
    BOOST_TEST(recorder.has("openat <cwd> '/dev/null' 0xa0102"));
    BOOST_TEST(recorder.has("dup3 </dev/null> 2"));  // the container's own, to be reopened
}

BOOST_AUTO_TEST_CASE(a_terminal_comes_from_a_real_devpts_only) {  // CVE-2025-52565
    recorder.answer("fstatfs ", {-EIO});
    BOOST_TEST(recorder.step({.op = Op::open_console, .target = "/dev/pts"}) == -EIO);
    BOOST_TEST(!recorder.has("openat "));
    BOOST_TEST(recorder.step({.op = Op::open_console, .target = "/dev/pts"}) == 0);
    BOOST_TEST(recorder.has("openat </dev/pts> 'ptmx' 0xa0102"));
    BOOST_TEST(recorder.has("ioctl <ptmx> 0x5441"));
    BOOST_TEST_REQUIRE(recorder.reports().size() == 1U);
    BOOST_CHECK(recorder.reports()[0].kind == wire::Report::Kind::descriptor);
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
