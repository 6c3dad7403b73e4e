// The whole translation, the namespaces, and what this version refuses.
#include <linux/sched.h>

#include <boost/test/unit_test.hpp>
#include <functional>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy;
using namespace nucleus::policy::testing;

namespace {

struct Refusal {
    const char* name;
    std::function<void(spec::Spec&)> change;
    Errc code;
    std::string message;
};

void check(const std::vector<Refusal>& refusals) {
    for (const Refusal& refusal : refusals) {
        spec::Spec spec = sample_spec();
        refusal.change(spec);
        const Outcome outcome = translated(spec);
        BOOST_TEST_CONTEXT(refusal.name) {
            BOOST_TEST(outcome.refusal() == refusal.message);
            if (!outcome.result) BOOST_TEST((outcome.code() == refusal.code));
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(translate_whole)

BOOST_AUTO_TEST_CASE(translates_a_plain_bundle_without_warnings) {
    const Outcome outcome = translated(sample_spec());
    const ContainerPolicy& policy = outcome.policy();
    BOOST_TEST(outcome.warnings.empty());
    BOOST_TEST((policy.namespaces == NamespaceConfig::all()));
    BOOST_TEST(!policy.user_namespace.has_value());
    BOOST_TEST(policy.rootfs.path == "/bundle/rootfs");
    BOOST_TEST(!policy.rootfs.readonly);
    BOOST_TEST(policy.rootfs.propagation == 0U);
    BOOST_TEST(policy.process->args == std::vector<std::string>{"sh"});
    BOOST_TEST(policy.cgroup.path.empty());
    BOOST_TEST(!policy.seccomp.has_value());
    BOOST_TEST(policy.hooks.of(HookKind::poststop).empty());
}

BOOST_AUTO_TEST_CASE(is_pure_equal_specs_give_equal_policies_and_specs_stay_unchanged) {
    spec::Spec spec = sample_spec_with_user_namespace();
    spec.annotations = {{"a", "b"}};
    spec.linux_->sysctl = {{"net.core.somaxconn", "256"}};
    const spec::Spec before = spec;
    const Outcome first = translated(spec);
    const Outcome second = translated(spec);
    BOOST_TEST((spec == before));
    BOOST_TEST((first.policy() == second.policy()));
    spec.hostname = "other";
    BOOST_TEST((first.policy() != translated(spec).policy()));
}

BOOST_AUTO_TEST_CASE(carries_names_annotations_and_the_cgroup_path) {
    spec::Spec spec = sample_spec();
    spec.hostname = "web";
    spec.domainname = "example";
    spec.annotations = {{"key", "value"}};
    spec.linux_->cgroups_path = "/a/b";
    const Outcome outcome = translated(spec);
    BOOST_TEST(outcome.policy().hostname == "web");
    BOOST_TEST(outcome.policy().domainname == "example");
    BOOST_TEST(outcome.policy().annotations.at("key") == "value");
    BOOST_TEST(outcome.policy().cgroup.path == "/a/b");
}

BOOST_AUTO_TEST_CASE(a_bundle_without_the_section_linux_inherits_every_namespace) {
    spec::Spec spec = sample_spec();
    spec.linux_.reset();
    BOOST_TEST((translated(spec).policy().namespaces == NamespaceConfig()));
}

BOOST_AUTO_TEST_CASE(a_bundle_may_have_no_process) {
    spec::Spec spec = sample_spec();
    spec.process.reset();
    BOOST_TEST(!translated(spec).policy().process.has_value());
}

BOOST_AUTO_TEST_CASE(an_absolute_root_path_is_not_joined_to_the_bundle) {
    spec::Spec spec = sample_spec();
    spec.root = spec::Root{"/images/one", true};
    BOOST_TEST(translated(spec).policy().rootfs.path == "/images/one");
    BOOST_TEST(translated(spec).policy().rootfs.readonly);
}

BOOST_AUTO_TEST_CASE(refuses_a_missing_root) {
    check({
        {"no root", [](auto& spec) { spec.root.reset(); }, Errc::invalid_config,
         "config.json /root: is required"},
        {"empty", [](auto& spec) { spec.root->path.clear(); }, Errc::invalid_config,
         "config.json /root/path: is required"},
        {"NUL", [](auto& spec) { spec.root->path = std::string("a\0b", 3); }, Errc::invalid_config,
         "config.json /root/path: must not hold a NUL character"},
    });
}

BOOST_AUTO_TEST_CASE(refuses_what_namespaces_cannot_mean) {
    using Namespaces = std::vector<spec::Namespace>;
    const auto set = [](Namespaces namespaces) {
        return [namespaces](spec::Spec& spec) { spec.linux_->namespaces = namespaces; };
    };
    check({
        {"unknown", set({{"mount", ""}, {"bogus", ""}}), Errc::invalid_config,
         "config.json /linux/namespaces/1/type: unknown namespace 'bogus'"},
        {"the kernel's name", set({{"net", ""}}), Errc::invalid_config,
         "config.json /linux/namespaces/0/type: unknown namespace 'net'"},
        {"empty", set({{"", ""}}), Errc::invalid_config,
         "config.json /linux/namespaces/0/type: unknown namespace ''"},
        {"twice", set({{"pid", ""}, {"pid", "/proc/1/ns/pid"}}), Errc::invalid_config,
         "config.json /linux/namespaces/1/type: namespace 'pid' is listed twice"},
        {"relative", set({{"network", "netns"}}), Errc::invalid_config,
         "config.json /linux/namespaces/0/path: must be an absolute path, is 'netns'"},
        {"twice, the runtime's own first", set({{"uts", "/proc/self/ns/uts"}, {"uts", ""}}),
         Errc::invalid_config,
         "config.json /linux/namespaces/1/type: namespace 'uts' is listed "
         "twice"},
    });
}

BOOST_AUTO_TEST_CASE(joins_every_kind_by_path) {
    spec::Spec spec = sample_spec();
    spec.linux_->namespaces.clear();
    for (const NamespaceKind kind : kNamespaceKinds)
        if (kind != NamespaceKind::mnt)
            spec.linux_->namespaces.push_back(
                {std::string(names_of(kind).spec_name),
                 "/proc/7/ns/" + std::string(names_of(kind).proc_name)});
    spec.linux_->namespaces.push_back({"mount", ""});
    const Outcome outcome = translated(spec);
    const NamespaceConfig& config = outcome.policy().namespaces;
    BOOST_TEST(config.use(NamespaceKind::net).path == "/proc/7/ns/net");
    for (const NamespaceKind kind : kNamespaceKinds)
        BOOST_TEST(config.joins(kind) == (kind != NamespaceKind::mnt));
    BOOST_TEST(config.clone_flags() == std::uint64_t{CLONE_NEWNS});
}

BOOST_AUTO_TEST_CASE(a_path_of_the_runtimes_own_namespace_is_inherited) {
    spec::Spec spec = sample_spec();
    spec.linux_->namespaces = {{"network", "/proc/self/ns/net"}, {"mount", ""}};
    const Outcome outcome =
        translated(spec, {.bundle = "/b", .own_namespaces = std::uint64_t{CLONE_NEWNET}});
    BOOST_TEST(outcome.policy().namespaces.inherits(NamespaceKind::net));
    spec.linux_->sysctl = {{"net.ipv4.ip_forward", "1"}};
    BOOST_TEST(translated(spec, {.bundle = "/b", .own_namespaces = std::uint64_t{CLONE_NEWNET}})
                   .refusal()
                   .find("it inherits the runtime's") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_created_time_namespace_takes_its_offsets) {
    spec::Spec spec = sample_spec();
    spec.linux_->namespaces.push_back({"time", ""});
    spec.linux_->time_offsets = {{"monotonic", {86400, 7}}, {"boottime", {-5, 0}}};
    const std::vector<TimeOffset> expected{{TimeOffset::Clock::boottime, -5, 0},
                                           {TimeOffset::Clock::monotonic, 86400, 7}};
    BOOST_CHECK(translated(spec).policy().namespaces.time_offsets() == expected);
}

BOOST_AUTO_TEST_CASE(refuses_offsets_that_no_time_namespace_of_the_containers_own_has) {
    const auto offsets = [](const char* path, std::map<std::string, spec::TimeOffset> wanted) {
        return [=](spec::Spec& spec) {
            if (path != nullptr) spec.linux_->namespaces.push_back({"time", path});
            spec.linux_->time_offsets = wanted;
        };
    };
    check({
        {"no namespace", offsets(nullptr, {{"monotonic", {1, 0}}}), Errc::invalid_config,
         "config.json /linux/timeOffsets: offsets need a time namespace in linux.namespaces"},
        {"joined", offsets("/proc/7/ns/time", {{"monotonic", {1, 0}}}), Errc::invalid_config,
         "config.json /linux/timeOffsets: a time namespace that is joined keeps the offsets that "
         "it has"},
        {"clock", offsets("", {{"realtime", {1, 0}}}), Errc::invalid_config,
         "config.json /linux/timeOffsets/realtime: is no clock of a time namespace: monotonic and "
         "boottime are"},
        {"nanoseconds", offsets("", {{"boottime", {0, 1000000000}}}), Errc::invalid_config,
         "config.json /linux/timeOffsets/boottime/nanosecs: is not below 1000000000"},
        {"none", offsets(nullptr, {}), Errc::invalid_config, "accepted"},
    });
}

BOOST_AUTO_TEST_CASE(a_joined_user_namespace_must_be_the_one_that_is_described) {
    spec::Spec spec = sample_spec_with_user_namespace();
    for (auto& entry : spec.linux_->namespaces)
        if (entry.type == "user") entry.path = "/proc/7/ns/user";
    const auto actual = [](std::uint32_t host, bool denied = false) {
        return JoinedUserNamespace{
            *UserNamespaceConfig::custom({{0, host, 1000}}, {{0, host, 1000}},
                                         UserNamespaceConfig::HostRoot::allowed),
            denied};
    };
    const auto verdict = [&](const JoinedUserNamespace& joined) {
        const Outcome outcome = translated(spec);
        BOOST_TEST(!outcome.policy().user_namespace.has_value());
        const auto checked = check_joined_user_namespace(outcome.policy(), joined);
        return checked ? std::string("accepted") : checked.error().message();
    };
    const std::string differs =
        "config.json /linux/uidMappings: are not those of the user namespace that is joined: "
        "leave them out";
    BOOST_TEST(verdict(actual(100000)) == "accepted");
    BOOST_TEST(verdict(actual(200000)) == differs);
    spec.linux_->uid_mappings = spec.linux_->gid_mappings = {{0, 0, 1}};  // podman's
    BOOST_TEST(verdict(actual(200000)) == "accepted");
    spec.linux_->uid_mappings.clear();
    spec.linux_->gid_mappings.clear();
    BOOST_TEST(verdict(actual(200000)) == "accepted");
    spec.process->user.additional_gids = {5};
    BOOST_TEST(verdict(actual(200000)) == "accepted");
    BOOST_TEST(verdict(actual(200000, true)) ==
               "config.json /process/user/additionalGids: the user namespace that is joined denies "
               "setgroups(2)");
    spec.process->user.uid = 1000;
    BOOST_TEST(verdict(actual(200000)) ==
               "config.json /process/user/uid: is not mapped in the user namespace that is joined");
}

BOOST_AUTO_TEST_CASE(a_created_user_namespace_takes_its_mappings) {
    const Outcome outcome = translated(sample_spec_with_user_namespace());
    BOOST_TEST(outcome.policy().namespaces.creates(NamespaceKind::user));
    BOOST_TEST(outcome.policy().user_namespace->host_uid(5).value() == 100005U);
}

BOOST_AUTO_TEST_CASE(refuses_mappings_that_do_not_fit_the_user_namespace) {
    const auto user = [](spec::Spec& spec) -> spec::Linux& {
        spec = sample_spec_with_user_namespace();
        return *spec.linux_;
    };
    check({
        {"no namespace",
         [](auto& spec) {
             spec.linux_->uid_mappings = {{0, 1, 1}};
         },
         Errc::invalid_config,
         "config.json /linux/uidMappings: mappings need a user namespace in linux.namespaces"},
        {"no namespace, gids",
         [](auto& spec) {
             spec.linux_->gid_mappings = {{0, 1, 1}};
         },
         Errc::invalid_config,
         "config.json /linux/gidMappings: mappings need a user namespace in linux.namespaces"},
        {"no uids", [&](auto& spec) { user(spec).uid_mappings.clear(); }, Errc::invalid_config,
         "config.json /linux/uidMappings: a user namespace needs at least one mapping"},
        {"no gids", [&](auto& spec) { user(spec).gid_mappings.clear(); }, Errc::invalid_config,
         "config.json /linux/gidMappings: a user namespace needs at least one mapping"},
        {"overlap",
         [&](auto& spec) {
             user(spec).gid_mappings = {{0, 1000, 10}, {5, 3000, 10}};
         },
         Errc::invalid_config,
         "config.json /linux/gidMappings: gid mapping 1 overlaps mapping 0 on the container's "
         "side"},
        {"size 0",
         [&](auto& spec) {
             user(spec).uid_mappings = {{0, 1000, 0}};
         },
         Errc::invalid_config,
         "config.json /linux/uidMappings: uid mapping 0 maps nothing: its size must be at least 1"},
        {"uid unmapped", [&](auto& spec) { user(spec), spec.process->user.uid = 1000; },
         Errc::invalid_config,
         "config.json /process/user/uid: is not mapped in the container's user namespace"},
        {"gid unmapped", [&](auto& spec) { user(spec), spec.process->user.gid = 1000; },
         Errc::invalid_config,
         "config.json /process/user/gid: is not mapped in the container's user namespace"},
        {"group unmapped",
         [&](auto& spec) {
             user(spec), spec.process->user.additional_gids = {1, 1000};
         },
         Errc::invalid_config,
         "config.json /process/user/additionalGids/1: is not mapped in the container's user "
         "namespace"},
    });
}

BOOST_AUTO_TEST_CASE(host_root_is_mapped_only_where_the_runtime_may) {
    spec::Spec spec = sample_spec_with_user_namespace();
    spec.linux_->uid_mappings = {{0, 0, 1000}};
    BOOST_TEST(translated(spec, {"/b", true}).policy().user_namespace->host_uid(0).value() == 0U);
    BOOST_TEST(translated(spec, {"/b", false}).refusal() ==
               "config.json /linux/uidMappings: uid mapping 0 maps host id 0: only root may");
}

BOOST_AUTO_TEST_CASE(an_inherited_mount_namespace_takes_nothing_that_would_change_the_host) {
    const auto inherit = [](spec::Spec& spec) -> spec::Spec& {
        std::erase_if(spec.linux_->namespaces, [](auto& entry) { return entry.type == "mount"; });
        return spec;
    };
    const std::string why =
        ": needs a mount namespace of the container's own; it inherits the runtime's";
    check({
        {"mount",
         [&](auto& spec) {
             inherit(spec).mounts = {{"/proc", "proc", "proc", {}, {}, {}}};
         },
         Errc::invalid_config, "config.json /mounts" + why},
        {"masked", [&](auto& spec) { inherit(spec).linux_->masked_paths = {"/proc/kcore"}; },
         Errc::invalid_config, "config.json /linux/maskedPaths" + why},
        {"readonly", [&](auto& spec) { inherit(spec).linux_->readonly_paths = {"/proc/sys"}; },
         Errc::invalid_config, "config.json /linux/readonlyPaths" + why},
        {"root", [&](auto& spec) { inherit(spec).root->readonly = true; }, Errc::invalid_config,
         "config.json /root/readonly" + why},
        {"propagation", [&](auto& spec) { inherit(spec).linux_->rootfs_propagation = "slave"; },
         Errc::invalid_config, "config.json /linux/rootfsPropagation" + why},
        {"device",
         [&](auto& spec) {
             inherit(spec).linux_->devices = {{"p", "/dev/pipe", {}, {}, {}, {}, {}}};
         },
         Errc::invalid_config, "config.json /linux/devices" + why},
        {"mount, joined",
         [&](auto& spec) {
             inherit(spec).mounts = {{"/proc", "proc", "proc", {}, {}, {}}};
             spec.linux_->namespaces.push_back({"mount", "/proc/7/ns/mnt"});
         },
         Errc::invalid_config,
         "config.json /mounts: needs a mount namespace of the container's own; it joins another's"},
    });
    spec::Spec plain = sample_spec();
    BOOST_TEST(translated(inherit(plain)).refusal() == "accepted");
}

BOOST_AUTO_TEST_CASE(names_of_the_machine_need_a_uts_namespace) {
    const auto inherit = [](spec::Spec& spec) -> spec::Spec& {
        std::erase_if(spec.linux_->namespaces, [](auto& entry) { return entry.type == "uts"; });
        return spec;
    };
    const std::string why =
        ": needs a uts namespace of the container's own; it inherits the runtime's";
    check({
        {"hostname", [&](auto& spec) { inherit(spec).hostname = "a"; }, Errc::invalid_config,
         "config.json /hostname" + why},
        {"domainname", [&](auto& spec) { inherit(spec).domainname = "a"; }, Errc::invalid_config,
         "config.json /domainname" + why},
        {"long", [&](auto& spec) { spec.hostname = std::string(65, 'a'); }, Errc::invalid_config,
         "config.json /hostname: is longer than 64 bytes"},
        {"64", [&](auto& spec) { spec.hostname = std::string(64, 'a'); }, Errc::invalid_config,
         "accepted"},
    });
}

BOOST_AUTO_TEST_SUITE_END()
