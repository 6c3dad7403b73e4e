// mounts: the table of options, the kinds, the paths, the propagation of the root.
#include <linux/mount.h>

#include <algorithm>
#include <functional>

#include <boost/test/unit_test.hpp>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy;
using namespace nucleus::policy::testing;
using Kind = MountPolicy::Kind;

namespace {

struct MountOutcome {
    Outcome outcome;
    const MountPolicy& mount() const { return outcome.policy().rootfs.mounts.at(0); }
};

MountOutcome mounted(const spec::Mount& mount) {
    spec::Spec spec = sample_spec();
    spec.mounts = {mount};
    return {translated(spec)};
}

MountPolicy tmpfs(std::vector<std::string> options) {
    return mounted({"/t", "tmpfs", "tmpfs", std::move(options), {}, {}}).mount();
}

MountPolicy bind(std::vector<std::string> options) {
    options.insert(options.begin(), "bind");
    return mounted({"/t", "none", "/src", std::move(options), {}, {}}).mount();
}

std::string refusal_of(const spec::Mount& mount) { return mounted(mount).outcome.refusal(); }

// What an option alone makes of a tmpfs; all else must stay as it was.
struct OptionRow {
    const char* option;
    std::uint64_t set, clear;                      // attributes
    std::uint64_t recursive_set, recursive_clear;  // the tree's
    std::uint64_t superblock, superblock_clear;    // MS_*
};

// Numbers of linux/mount.h, written out: mount_setattr(2), mount(2).
constexpr std::uint64_t kAtimeField = 0x70;
const OptionRow kOptionRows[] = {
    {"defaults", 0, 0, 0, 0, 0, 0},
    {"ro", 0x1, 0, 0, 0, 1, 0},
    {"rw", 0, 0x1, 0, 0, 0, 1},
    {"nosuid", 0x2, 0, 0, 0, 0, 0},
    {"suid", 0, 0x2, 0, 0, 0, 0},
    {"nodev", 0x4, 0, 0, 0, 0, 0},
    {"dev", 0, 0x4, 0, 0, 0, 0},
    {"noexec", 0x8, 0, 0, 0, 0, 0},
    {"exec", 0, 0x8, 0, 0, 0, 0},
    {"nosymfollow", 0x200000, 0, 0, 0, 0, 0},
    {"symfollow", 0, 0x200000, 0, 0, 0, 0},
    {"nodiratime", 0x80, 0, 0, 0, 0, 0},
    {"diratime", 0, 0x80, 0, 0, 0, 0},
    {"noatime", 0x10, kAtimeField, 0, 0, 0, 0},
    {"atime", 0, kAtimeField, 0, 0, 0, 0},
    {"relatime", 0, kAtimeField, 0, 0, 0, 0},
    {"norelatime", 0, kAtimeField, 0, 0, 0, 0},
    {"strictatime", 0x20, kAtimeField, 0, 0, 0, 0},
    {"nostrictatime", 0, kAtimeField, 0, 0, 0, 0},
    {"rro", 0, 0, 0x1, 0, 0, 0},
    {"rrw", 0, 0, 0, 0x1, 0, 0},
    {"rnosuid", 0, 0, 0x2, 0, 0, 0},
    {"rsuid", 0, 0, 0, 0x2, 0, 0},
    {"rnodev", 0, 0, 0x4, 0, 0, 0},
    {"rdev", 0, 0, 0, 0x4, 0, 0},
    {"rnoexec", 0, 0, 0x8, 0, 0, 0},
    {"rexec", 0, 0, 0, 0x8, 0, 0},
    {"rnosymfollow", 0, 0, 0x200000, 0, 0, 0},
    {"rsymfollow", 0, 0, 0, 0x200000, 0, 0},
    {"rnodiratime", 0, 0, 0x80, 0, 0, 0},
    {"rdiratime", 0, 0, 0, 0x80, 0, 0},
    {"rnoatime", 0, 0, 0x10, kAtimeField, 0, 0},
    {"ratime", 0, 0, 0, kAtimeField, 0, 0},
    {"rrelatime", 0, 0, 0, kAtimeField, 0, 0},
    {"rnorelatime", 0, 0, 0, kAtimeField, 0, 0},
    {"rstrictatime", 0, 0, 0x20, kAtimeField, 0, 0},
    {"rnostrictatime", 0, 0, 0, kAtimeField, 0, 0},
    {"sync", 0, 0, 0, 0, 16, 0},
    {"async", 0, 0, 0, 0, 0, 16},
    {"mand", 0, 0, 0, 0, 64, 0},
    {"nomand", 0, 0, 0, 0, 0, 64},
    {"dirsync", 0, 0, 0, 0, 128, 0},
    {"nodirsync", 0, 0, 0, 0, 0, 128},
    {"silent", 0, 0, 0, 0, 1 << 15, 0},
    {"loud", 0, 0, 0, 0, 0, 1 << 15},
    {"iversion", 0, 0, 0, 0, 1 << 23, 0},
    {"noiversion", 0, 0, 0, 0, 0, 1 << 23},
    {"lazytime", 0, 0, 0, 0, 1 << 25, 0},
    {"nolazytime", 0, 0, 0, 0, 0, 1 << 25},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(mounts)

BOOST_AUTO_TEST_CASE(every_attribute_option_does_what_its_row_says_and_nothing_else) {
    for (const OptionRow& row : kOptionRows) {
        BOOST_TEST_CONTEXT(row.option) {
            const MountPolicy mount = tmpfs({row.option});
            BOOST_TEST(mount.attributes_set == row.set);
            BOOST_TEST(mount.attributes_clear == row.clear);
            BOOST_TEST(mount.recursive_set == row.recursive_set);
            BOOST_TEST(mount.recursive_clear == row.recursive_clear);
            BOOST_TEST(mount.superblock_flags == row.superblock);
            BOOST_TEST(mount.superblock_flags_clear == row.superblock_clear);
            BOOST_TEST(mount.propagation.empty());
            BOOST_TEST(mount.filesystem_options.empty());
            BOOST_TEST((mount.kind == Kind::filesystem));
            BOOST_TEST(!mount.recursive);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_propagation_option_gives_its_flag) {
    const struct {
        const char* option;
        std::uint64_t flag;
    } rows[] = {
        {"unbindable", 1 << 17},
        {"private", 1 << 18},
        {"slave", 1 << 19},
        {"shared", 1 << 20},
        {"runbindable", 1 << 17 | 16384},
        {"rprivate", 1 << 18 | 16384},
        {"rslave", 1 << 19 | 16384},
        {"rshared", 1 << 20 | 16384},
    };
    for (const auto& row : rows) {
        BOOST_TEST_CONTEXT(row.option) {
            const MountPolicy mount = tmpfs({row.option});
            BOOST_TEST(mount.propagation == std::vector<std::uint64_t>{row.flag});
            BOOST_TEST(mount.attributes_set == 0U);
            BOOST_TEST(mount.superblock_flags == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(propagation_options_keep_their_order) {
    const std::vector<std::uint64_t> expected{MS_SLAVE | MS_REC, MS_SHARED};
    BOOST_TEST(tmpfs({"rslave", "shared"}).propagation == expected);
}

BOOST_AUTO_TEST_CASE(the_last_of_opposite_options_wins) {
    BOOST_TEST(tmpfs({"ro", "rw"}).attributes_set == 0U);
    BOOST_TEST(tmpfs({"ro", "rw"}).attributes_clear == std::uint64_t{MOUNT_ATTR_RDONLY});
    BOOST_TEST(tmpfs({"ro", "rw"}).superblock_flags == 0U);
    BOOST_TEST(tmpfs({"exec", "noexec"}).attributes_set == std::uint64_t{MOUNT_ATTR_NOEXEC});
    BOOST_TEST(tmpfs({"exec", "noexec"}).attributes_clear == 0U);
    BOOST_TEST(tmpfs({"sync", "async"}).superblock_flags == 0U);
}

BOOST_AUTO_TEST_CASE(the_last_access_time_mode_replaces_the_earlier) {
    const MountPolicy mount = tmpfs({"noatime", "strictatime"});
    BOOST_TEST(mount.attributes_set == std::uint64_t{MOUNT_ATTR_STRICTATIME});
    BOOST_TEST(mount.attributes_clear == std::uint64_t{MOUNT_ATTR__ATIME});
    BOOST_TEST(tmpfs({"strictatime", "relatime"}).attributes_set == 0U);
}

BOOST_AUTO_TEST_CASE(a_negated_access_time_mode_takes_back_only_itself) {
    BOOST_TEST(tmpfs({"noatime", "atime"}).attributes_set == 0U);
    BOOST_TEST(tmpfs({"noatime", "norelatime"}).attributes_set ==
               std::uint64_t{MOUNT_ATTR_NOATIME});
    BOOST_TEST(tmpfs({"strictatime", "atime"}).attributes_set ==
               std::uint64_t{MOUNT_ATTR_STRICTATIME});
    BOOST_TEST(tmpfs({"strictatime", "nostrictatime"}).attributes_set == 0U);
    BOOST_TEST(tmpfs({"rnoatime", "rnostrictatime"}).recursive_set ==
               std::uint64_t{MOUNT_ATTR_NOATIME});
}

BOOST_AUTO_TEST_CASE(attributes_of_the_mount_and_of_the_tree_are_kept_apart) {
    const MountPolicy mount = bind({"ro", "rrw", "rnosuid"});
    BOOST_TEST(mount.attributes_set == std::uint64_t{MOUNT_ATTR_RDONLY});
    BOOST_TEST(mount.recursive_clear == std::uint64_t{MOUNT_ATTR_RDONLY});
    BOOST_TEST(mount.recursive_set == std::uint64_t{MOUNT_ATTR_NOSUID});
}

BOOST_AUTO_TEST_CASE(unknown_options_belong_to_the_file_system_in_their_order) {
    const MountPolicy mount = tmpfs({"size=64k", "nosuid", "mode=755", "", "newinstance"});
    const std::vector<std::string> expected{"size=64k", "mode=755", "newinstance"};
    BOOST_TEST(mount.filesystem_options == expected, boost::test_tools::per_element());
    BOOST_TEST(mount.attributes_set == std::uint64_t{MOUNT_ATTR_NOSUID});
}

BOOST_AUTO_TEST_CASE(the_list_of_options_is_sorted_and_names_each_row_that_acts_once) {
    const std::vector<std::string_view> names = policy::mount_options();
    BOOST_TEST((std::ranges::adjacent_find(names, std::ranges::greater_equal()) == names.end()));
    for (const OptionRow& row : kOptionRows) {
        BOOST_TEST((std::ranges::find(names, row.option) != names.end()), row.option);
    }
    for (const char* name :
         {"bind", "rbind", "remount", "rshared", "runbindable", "tmpcopyup", "idmap", "ridmap"}) {
        BOOST_TEST((std::ranges::find(names, name) != names.end()), name);
    }
    BOOST_TEST((std::ranges::find(names, "copy-symlink") == names.end()));
    BOOST_TEST((std::ranges::find(names, "size=64k") == names.end()));
}

BOOST_AUTO_TEST_CASE(refuses_options_that_this_version_does_not_carry_out_by_name) {
    const struct {
        const char* option;
        const char* name;
    } rows[] = {
        {"copy-symlink", "copy-symlink"},
        {"src-nofollow", "src-nofollow"},
        {"dest-nofollow", "dest-nofollow"},
    };
    for (const auto& row : rows) {
        const auto outcome =
            mounted({"/t", "tmpfs", "tmpfs", {"nosuid", row.option}, {}, {}}).outcome;
        BOOST_TEST(outcome.refusal() ==
                   std::string("config.json /mounts/0/options: mount option '") + row.name +
                       "' is not supported by this version");
        BOOST_TEST((outcome.code() == Errc::unsupported));
    }
}

BOOST_AUTO_TEST_CASE(type_and_options_decide_the_kind) {
    const struct {
        const char* type;
        std::vector<std::string> options;
        Kind kind;
        bool recursive;
    } rows[] = {
        {"proc", {}, Kind::filesystem, false},
        {"overlay", {"lowerdir=/a"}, Kind::filesystem, false},
        {"bind", {}, Kind::bind, false},
        {"bind", {"rbind"}, Kind::bind, true},
        {"bind", {"bind"}, Kind::bind, false},
        {"", {"bind"}, Kind::bind, false},
        {"none", {"rbind"}, Kind::bind, true},
        {"tmpfs", {"bind"}, Kind::bind, false},
        {"cgroup", {"ro"}, Kind::cgroup, false},
        {"cgroup2", {}, Kind::cgroup, false},
        {"cgroup", {"rbind"}, Kind::bind, true},
        {"tmpfs", {"remount", "ro"}, Kind::remount, false},
        {"", {"remount", "bind", "ro"}, Kind::remount, false},
    };
    for (const auto& row : rows) {
        BOOST_TEST_CONTEXT(row.type << ' ' << (row.options.empty() ? "" : row.options.front())) {
            const auto mount = mounted({"/t", row.type, "/src", row.options, {}, {}}).mount();
            BOOST_TEST((mount.kind == row.kind));
            BOOST_TEST(mount.recursive == row.recursive);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_mount_without_type_must_be_a_bind) {
    BOOST_TEST(refusal_of({"/t", "", "/src", {"ro"}, {}, {}}) ==
               "config.json /mounts/0/type: is required where the options have no bind");
}

BOOST_AUTO_TEST_CASE(a_bind_needs_a_source) {
    BOOST_TEST(refusal_of({"/t", "bind", "", {"bind"}, {}, {}}) ==
               "config.json /mounts/0/source: is required for a bind mount");
}

BOOST_AUTO_TEST_CASE(relative_bind_sources_are_joined_to_the_bundle_and_others_are_kept) {
    const auto source_of = [](const char* type, const char* source) {
        return mounted({"/t", type, source, {}, {}, {}}).mount().source;
    };
    BOOST_TEST(source_of("bind", "volume") == "/bundle/volume");
    BOOST_TEST(source_of("bind", "/volume") == "/volume");
    BOOST_TEST(source_of("tmpfs", "shm") == "shm");
    BOOST_TEST(source_of("tmpfs", "") == "");
}

BOOST_AUTO_TEST_CASE(relative_destinations_start_at_the_root) {
    BOOST_TEST(mounted({"data/x", "tmpfs", "", {}, {}, {}}).mount().destination == "/data/x");
    BOOST_TEST(mounted({"/data", "tmpfs", "", {}, {}, {}}).mount().destination == "/data");
    BOOST_TEST(refusal_of({"", "tmpfs", "", {}, {}, {}}) ==
               "config.json /mounts/0/destination: is required");
}

BOOST_AUTO_TEST_CASE(refuses_a_mount_on_the_root_itself_however_it_is_written) {
    for (const char* destination : {"/", "//", ".", "/./", "..", "a/..", "/a/b/../.."}) {
        BOOST_TEST(refusal_of({destination, "tmpfs", "", {}, {}, {}}) ==
                       "config.json /mounts/0/destination: is the root itself, which root.path "
                       "names",
                   destination);
        BOOST_TEST(refusal_of({destination, "", "", {"remount", "ro"}, {}, {}}) == "accepted");
    }
    for (const char* destination : {"/a", "../a", "a/../b", "/a/./b/.."})
        BOOST_TEST(refusal_of({destination, "tmpfs", "", {}, {}, {}}) == "accepted", destination);
}

BOOST_AUTO_TEST_CASE(refuses_tmpcopyup_of_anything_but_a_new_tmpfs) {
    const std::string why =
        "config.json /mounts/0/options: tmpcopyup is for a new file system of type tmpfs";
    BOOST_TEST(refusal_of({"/t", "ramfs", "", {"tmpcopyup"}, {}, {}}) == why);
    BOOST_TEST(refusal_of({"/t", "tmpfs", "/s", {"bind", "tmpcopyup"}, {}, {}}) == why);
    BOOST_TEST(refusal_of({"/t", "tmpfs", "", {"remount", "tmpcopyup"}, {}, {}}) == why);
    BOOST_TEST(tmpfs({"tmpcopyup"}).copy_up);
}

BOOST_AUTO_TEST_CASE(refuses_what_only_the_flags_of_mount_could_do_to_an_existing_file_system) {
    const std::string at = "config.json /mounts/0/options: ";
    for (const char* option : {"iversion", "noiversion"})
        BOOST_TEST(refusal_of({"/t", "", "", {"remount", option}, {}, {}}) ==
                   at + "iversion or noiversion in a remount is not supported by this version");
    BOOST_TEST(refusal_of({"/t", "", "", {"remount", "nodirsync"}, {}, {}}) ==
               at + "nodirsync in a remount: the kernel cannot take dirsync back");
    for (const char* option : {"silent", "loud", "sync", "nolazytime", "dirsync"})
        BOOST_TEST(refusal_of({"/t", "", "", {"remount", option}, {}, {}}) == "accepted", option);
    for (const char* option : {"iversion", "silent"})
        BOOST_TEST(refusal_of({"/t", "tmpfs", "", {option, "tmpcopyup"}, {}, {}}) ==
                   at + "silent or iversion together with tmpcopyup or idmap is not supported by "
                        "this version");
}

BOOST_AUTO_TEST_CASE(a_cgroup_mount_warns_of_options_for_the_instance) {
    const auto outcome = mounted({"/c", "cgroup", "cgroup", {"ro", "sync", "x=y"}, {}, {}}).outcome;
    BOOST_TEST(outcome.policy().rootfs.mounts.at(0).superblock_flags == 0U);
    BOOST_TEST_REQUIRE(outcome.warnings.size() == 1U);
    BOOST_TEST(outcome.warnings.front() ==
               "config.json /mounts/0/options: a cgroup mount ignores options 'x=y'");
}

BOOST_AUTO_TEST_CASE(refuses_nul_characters_in_strings_for_the_kernel) {
    const std::string nul("a\0b", 3);
    const std::string why = ": must not hold a NUL character";
    BOOST_TEST(refusal_of({"/" + nul, "tmpfs", "", {}, {}, {}}) ==
               "config.json /mounts/0/destination" + why);
    BOOST_TEST(refusal_of({"/t", nul, "", {}, {}, {}}) == "config.json /mounts/0/type" + why);
    BOOST_TEST(refusal_of({"/t", "tmpfs", nul, {}, {}, {}}) ==
               "config.json /mounts/0/source" + why);
    BOOST_TEST(refusal_of({"/t", "tmpfs", "", {"ro", nul}, {}, {}}) ==
               "config.json /mounts/0/options/1" + why);
}

BOOST_AUTO_TEST_CASE(a_bind_changes_only_the_mount_and_warns_of_options_for_the_instance) {
    const auto outcome =
        mounted({"/t", "bind", "/s", {"bind", "ro", "size=1k", "sync"}, {}, {}}).outcome;
    const MountPolicy& mount = outcome.policy().rootfs.mounts.at(0);
    BOOST_TEST(mount.attributes_set == std::uint64_t{MOUNT_ATTR_RDONLY});
    BOOST_TEST(mount.superblock_flags == 0U);
    BOOST_TEST(mount.filesystem_options.empty());
    BOOST_TEST_REQUIRE(outcome.warnings.size() == 1U);
    BOOST_TEST(outcome.warnings.front() ==
               "config.json /mounts/0/options: a bind mount ignores options 'size=1k'");
    BOOST_TEST(mounted({"/t", "bind", "/s", {"rbind", "ro", "rprivate"}, {}, {}})
                   .outcome.warnings.empty());
}

BOOST_AUTO_TEST_CASE(remount_changes_the_instance_too_unless_bind_is_given) {
    const auto flags_of = [](std::vector<std::string> options) {
        return mounted({"/t", "", "", std::move(options), {}, {}}).mount().superblock_flags;
    };
    BOOST_TEST(flags_of({"remount", "ro"}) == std::uint64_t{MS_RDONLY});
    BOOST_TEST(flags_of({"remount", "bind", "ro"}) == 0U);
}

BOOST_AUTO_TEST_CASE(a_cgroup_mount_is_read_only_by_its_attribute) {
    const auto mount =
        mounted({"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "ro"}, {}, {}})
            .mount();
    BOOST_TEST(mount.attributes_set == 0xFU);
    BOOST_TEST(mount.superblock_flags == 0U);
}

BOOST_AUTO_TEST_CASE(mounts_keep_their_order_and_know_their_pointer) {
    spec::Spec spec = sample_spec();
    spec.mounts = {{"/proc", "proc", "proc", {}, {}, {}}, {"/dev", "tmpfs", "tmpfs", {}, {}, {}}};
    const Outcome outcome = translated(spec);
    const auto& mounts = outcome.policy().rootfs.mounts;
    BOOST_TEST(mounts.at(0).destination == "/proc");
    BOOST_TEST(mounts.at(1).destination == "/dev");
    BOOST_TEST(mounts.at(1).pointer == "/mounts/1");
}

BOOST_AUTO_TEST_CASE(rootfs_propagation_means_the_whole_tree) {
    const struct {
        const char* word;
        std::uint64_t flag;
    } rows[] = {
        {"", 0},
        {"shared", MS_SHARED | MS_REC},
        {"rshared", MS_SHARED | MS_REC},
        {"slave", MS_SLAVE | MS_REC},
        {"rslave", MS_SLAVE | MS_REC},
        {"private", MS_PRIVATE | MS_REC},
        {"rprivate", MS_PRIVATE | MS_REC},
        {"unbindable", MS_UNBINDABLE | MS_REC},
        {"runbindable", MS_UNBINDABLE | MS_REC},
    };
    for (const auto& row : rows) {
        spec::Spec spec = sample_spec();
        spec.linux_->rootfs_propagation = row.word;
        BOOST_TEST(translated(spec).policy().rootfs.propagation == row.flag, row.word);
    }
    spec::Spec spec = sample_spec();
    spec.linux_->rootfs_propagation = "both";
    BOOST_TEST(translated(spec).refusal() ==
               "config.json /linux/rootfsPropagation: unknown propagation 'both'");
}

BOOST_AUTO_TEST_CASE(masked_and_readonly_paths_must_be_absolute) {
    spec::Spec spec = sample_spec();
    spec.linux_->masked_paths = {"/proc/kcore"};
    spec.linux_->readonly_paths = {"/proc/sys"};
    BOOST_TEST(translated(spec).policy().rootfs.masked_paths == spec.linux_->masked_paths);
    BOOST_TEST(translated(spec).policy().rootfs.readonly_paths == spec.linux_->readonly_paths);
    spec.linux_->readonly_paths = {"/proc/sys", "proc"};
    BOOST_TEST(translated(spec).refusal() ==
               "config.json /linux/readonlyPaths/1: must be an absolute path, is 'proc'");
    spec.linux_->masked_paths = {"proc"};
    BOOST_TEST(translated(spec).refusal() ==
               "config.json /linux/maskedPaths/0: must be an absolute path, is 'proc'");
}

BOOST_AUTO_TEST_SUITE_END()
