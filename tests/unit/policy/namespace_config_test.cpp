#define BOOST_TEST_MODULE policy
#include "nucleus/namespace_config.hpp"

#include <linux/sched.h>

#include <boost/test/unit_test.hpp>

using nucleus::kNamespaceKinds;
using nucleus::names_of;
using nucleus::namespace_by_spec_name;
using nucleus::NamespaceConfig;
using nucleus::NamespaceKind;
using nucleus::NamespaceUse;

namespace {

constexpr std::uint64_t kCloneFlagsOfAll =
    CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP;

bool is_on_in_seed_factories(NamespaceKind kind) {
    return kind != NamespaceKind::user && kind != NamespaceKind::time;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(namespace_config)

BOOST_AUTO_TEST_CASE(default_constructed_config_inherits_every_namespace) {
    const NamespaceConfig config;
    for (const NamespaceKind kind : kNamespaceKinds) {
        BOOST_TEST(config.inherits(kind));
        BOOST_TEST(!config.creates(kind));
        BOOST_TEST(!config.joins(kind));
        BOOST_TEST(!config.separate(kind));
    }
    BOOST_TEST(config.clone_flags() == 0U);
}

BOOST_AUTO_TEST_CASE(all_creates_six_kinds_and_leaves_user_and_time_off) {
    const NamespaceConfig config = NamespaceConfig::all();
    for (const NamespaceKind kind : kNamespaceKinds) {
        BOOST_TEST(config.creates(kind) == is_on_in_seed_factories(kind));
    }
    BOOST_TEST(config.clone_flags() == kCloneFlagsOfAll);
}

BOOST_AUTO_TEST_CASE(minimal_creates_six_kinds_and_leaves_user_and_time_off) {
    const NamespaceConfig config = NamespaceConfig::minimal();
    for (const NamespaceKind kind : kNamespaceKinds) {
        BOOST_TEST(config.creates(kind) == is_on_in_seed_factories(kind));
    }
    BOOST_TEST(config.clone_flags() == kCloneFlagsOfAll);
}

BOOST_AUTO_TEST_CASE(default_config_is_all) {
    BOOST_TEST((NamespaceConfig::default_config() == NamespaceConfig::all()));
}

BOOST_AUTO_TEST_CASE(with_cgroup_namespace_switches_only_the_cgroup_namespace) {
    const NamespaceConfig without = NamespaceConfig::all().with_cgroup_namespace(false);
    BOOST_TEST(without.inherits(NamespaceKind::cgroup));
    BOOST_TEST(without.clone_flags() == (kCloneFlagsOfAll & ~std::uint64_t{CLONE_NEWCGROUP}));
    BOOST_TEST((without.with_cgroup_namespace(true) == NamespaceConfig::all()));
}

BOOST_AUTO_TEST_CASE(with_time_namespace_switches_only_the_time_namespace) {
    const NamespaceConfig with = NamespaceConfig::all().with_time_namespace(true);
    BOOST_TEST(with.creates(NamespaceKind::time));
    BOOST_TEST(with.clone_flags() == (kCloneFlagsOfAll | CLONE_NEWTIME));
    BOOST_TEST((with.with_time_namespace(false) == NamespaceConfig::all()));
}

BOOST_AUTO_TEST_CASE(with_functions_leave_the_original_unchanged) {
    const NamespaceConfig original = NamespaceConfig::all();
    const NamespaceConfig changed = original.with_joined(NamespaceKind::net, "/run/netns/a");
    BOOST_TEST(original.creates(NamespaceKind::net));
    BOOST_TEST(changed.joins(NamespaceKind::net));
    BOOST_TEST((original == NamespaceConfig::all()));
    BOOST_TEST((original != changed));
}

BOOST_AUTO_TEST_CASE(joined_namespace_keeps_its_path_and_is_separate_but_not_cloned) {
    const NamespaceConfig config =
        NamespaceConfig().with_joined(NamespaceKind::pid, "/proc/7/ns/pid");
    BOOST_TEST(config.use(NamespaceKind::pid).path == "/proc/7/ns/pid");
    BOOST_TEST(config.separate(NamespaceKind::pid));
    BOOST_TEST(!config.creates(NamespaceKind::pid));
    BOOST_TEST(config.clone_flags() == 0U);
}

BOOST_AUTO_TEST_CASE(equality_sees_the_joined_path) {
    const NamespaceConfig a = NamespaceConfig().with_joined(NamespaceKind::ipc, "/a");
    BOOST_TEST((a == NamespaceConfig().with_joined(NamespaceKind::ipc, "/a")));
    BOOST_TEST((a != NamespaceConfig().with_joined(NamespaceKind::ipc, "/b")));
    BOOST_TEST((a != NamespaceConfig().with_joined(NamespaceKind::uts, "/a")));
}

BOOST_AUTO_TEST_CASE(clone_flags_are_the_union_of_each_created_kind) {
    std::uint64_t expected = 0;
    NamespaceConfig config;
    for (const NamespaceKind kind : kNamespaceKinds) {
        BOOST_TEST(NamespaceConfig().with_created(kind).clone_flags() == names_of(kind).clone_flag);
        expected |= names_of(kind).clone_flag;
        config = config.with_created(kind);
    }
    BOOST_TEST(config.clone_flags() == expected);
}

BOOST_AUTO_TEST_CASE(every_kind_has_its_names_and_its_own_flag) {
    struct Row {
        NamespaceKind kind;
        std::string_view spec_name, proc_name;
        std::uint64_t flag;
    };
    // Written out a second time: config-linux.md#namespaces, namespaces(7).
    const Row rows[] = {
        {NamespaceKind::user, "user", "user", 0x10000000},
        {NamespaceKind::cgroup, "cgroup", "cgroup", 0x02000000},
        {NamespaceKind::ipc, "ipc", "ipc", 0x08000000},
        {NamespaceKind::uts, "uts", "uts", 0x04000000},
        {NamespaceKind::net, "network", "net", 0x40000000},
        {NamespaceKind::pid, "pid", "pid", 0x20000000},
        {NamespaceKind::mnt, "mount", "mnt", 0x00020000},
        {NamespaceKind::time, "time", "time", 0x00000080},
    };
    for (const Row& row : rows) {
        BOOST_TEST(names_of(row.kind).spec_name == row.spec_name);
        BOOST_TEST(names_of(row.kind).proc_name == row.proc_name);
        BOOST_TEST(names_of(row.kind).clone_flag == row.flag);
        BOOST_TEST_REQUIRE(namespace_by_spec_name(row.spec_name) != nullptr);
        BOOST_TEST((namespace_by_spec_name(row.spec_name)->kind == row.kind));
    }
}

BOOST_AUTO_TEST_CASE(unknown_spec_names_have_no_kind) {
    for (const std::string_view name : {"", "net", "mnt", "PID", "bogus"}) {
        BOOST_TEST(namespace_by_spec_name(name) == nullptr);
    }
}

BOOST_AUTO_TEST_SUITE_END()
