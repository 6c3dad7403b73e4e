#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "cli/default_bundle.hpp"
#include "nucleus/policy.hpp"
#include "recording_runtime.hpp"
#include "spec/parse.hpp"

using namespace nucleus;
using namespace nucleus::cli;
using namespace nucleus::cli::test;

namespace {

policy::ContainerPolicy meaning(const std::string& config, bool host_root) {
    const auto spec = spec::parse(config);
    BOOST_REQUIRE_MESSAGE(spec.has_value(), (spec ? "" : spec.error().message()));
    Warnings warnings;
    auto policy = policy::translate(*spec, {"/bundle", host_root}, warnings);
    BOOST_REQUIRE_MESSAGE(policy.has_value(), (policy ? "" : policy.error().message()));
    BOOST_TEST(warnings.empty());
    return *std::move(policy);
}

const spec::Mount& mount_at(const spec::Spec& spec, const std::string& destination) {
    const auto mount = std::find_if(spec.mounts.begin(), spec.mounts.end(), [&](const auto& each) {
        return each.destination == destination;
    });
    BOOST_REQUIRE(mount != spec.mounts.end());
    return *mount;
}

bool has_option(const spec::Mount& mount, const std::string& option) {
    return std::find(mount.options.begin(), mount.options.end(), option) != mount.options.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(default_bundle)

BOOST_AUTO_TEST_CASE(means_a_shell_that_is_isolated_in_all_but_user_and_time) {
    const auto policy = meaning(default_config(std::nullopt), true);
    BOOST_TEST((policy.namespaces == NamespaceConfig::all()));
    BOOST_TEST(!policy.user_namespace.has_value());
    BOOST_TEST(policy.rootfs.path == "/bundle/rootfs");
    BOOST_TEST(policy.rootfs.readonly);
    BOOST_TEST(policy.process->args == std::vector<std::string>{"sh"});
    BOOST_TEST(policy.process->terminal);
    BOOST_TEST(policy.process->no_new_privileges);
    BOOST_TEST(policy.hostname == "nucleus");
}

BOOST_AUTO_TEST_CASE(grants_three_capabilities_and_none_that_are_inherited) {
    const auto capabilities =
        meaning(default_config(std::nullopt), true).process->capabilities.value();
    // CAP_KILL 5, CAP_NET_BIND_SERVICE 10, CAP_AUDIT_WRITE 29 (linux/capability.h)
    const std::uint64_t three = 1U << 5 | 1U << 10 | 1U << 29;
    BOOST_TEST(capabilities.bounding == three);
    BOOST_TEST(capabilities.effective == three);
    BOOST_TEST(capabilities.permitted == three);
    BOOST_TEST(capabilities.inheritable == 0U);
    BOOST_TEST(capabilities.ambient == 0U);
}

BOOST_AUTO_TEST_CASE(of_an_ordinary_user_maps_his_own_ids_and_asks_for_nothing_he_may_not_have) {
    const std::string config = default_config(RootlessIds{1000, 100});
    const auto policy = meaning(config, false);
    BOOST_TEST(policy.namespaces.creates(NamespaceKind::user));
    BOOST_TEST(policy.namespaces.inherits(NamespaceKind::net));
    BOOST_TEST(policy.user_namespace->host_uid(0).value() == 1000U);
    BOOST_TEST(policy.user_namespace->host_gid(0).value() == 100U);
    const auto spec = spec::parse(config);
    BOOST_TEST(!has_option(mount_at(*spec, "/dev/pts"), "gid=5"));
    BOOST_TEST(mount_at(*spec, "/sys").source == "/sys");
    BOOST_TEST(has_option(mount_at(*spec, "/sys"), "rbind"));
    BOOST_TEST(!spec->linux_->resources.has_value());
}

BOOST_AUTO_TEST_CASE(is_written_where_asked_and_never_over_another) {
    TemporaryDirectory directory;
    Script script;
    Outcome outcome = run(script, {"spec", "--bundle", directory.path()});
    BOOST_TEST(outcome.status == 0);
    BOOST_TEST(outcome.output + outcome.complaint == "");
    BOOST_TEST(contents(directory / "config.json") == default_config(std::nullopt));
    outcome = run(script, {"spec", "-b", directory.path(), "--rootless"});
    BOOST_TEST(outcome.status == 1);
    BOOST_TEST(outcome.complaint == "nucleus: spec: File config.json exists. Remove it first\n");
    BOOST_TEST(contents(directory / "config.json") == default_config(std::nullopt));
    BOOST_TEST(unlink((directory / "config.json").c_str()) == 0);
    BOOST_TEST(run(script, {"spec", "-b", directory.path(), "--rootless"}).status == 0);
    BOOST_TEST(contents(directory / "config.json") ==
               default_config(RootlessIds{geteuid(), getegid()}));
    BOOST_TEST(run(script, {"spec", "-b", directory.path(), "-f", "other.json"}).status == 0);
    BOOST_TEST(run(script, {"spec", "--file", directory / "other.json"}).complaint ==
               "nucleus: spec: File " + (directory / "other.json") + " exists. Remove it first\n");
    BOOST_TEST(contents(directory / "other.json") == default_config(std::nullopt));
    BOOST_TEST(run(script, {"spec", "-b", directory / "none"}).complaint ==
               "nucleus: spec: open '" + (directory / "none") + "': no such file\n");
    BOOST_TEST(script.calls.empty());
}

BOOST_AUTO_TEST_SUITE_END()
