// Single steps on scripted answers, those of the file system: what each does when the image, the
// host or the kernel is not as one would wish.
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

plan::Step mount(const char* type, const char* target) {
    return {.op = Op::mount_filesystem, .target = target, .source = type, .type = type};
}

plan::Step null_node() {
    return {.op = Op::make_device,
            .target = "/dev/null",
            .value = std::uint64_t{1} << 32 | 3,
            .mode = 0020666};
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
    // No flag that would follow a link there.
    BOOST_TEST(recorder.has("move_mount <mount of fs mqueue> '' </a/> 'b' 0x4"));
}

BOOST_AUTO_TEST_CASE(
    a_tmpfs_takes_the_mode_of_what_was_there_before_it_and_of_nothing_that_was_made) {
    BOOST_TEST(recorder.step(mount("tmpfs", "/a/b/c")) == 0);
    BOOST_TEST(recorder.has("fchmod"));
    for (const bool deep : {false, true}) {
        recorder.answer("openat2 <root> '/a/b/c'", {-ENOENT, -ENOENT});
        if (deep) {
            recorder.answer("openat2 <root> '/a/b/' ", {-ENOENT});
            recorder.answer("openat2 <root> '/a/b/c'", {-ENOENT});
        }
        BOOST_TEST(recorder.step(mount("tmpfs", "/a/b/c")) == 0);
        BOOST_TEST(!recorder.has("fchmod"));
    }
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
