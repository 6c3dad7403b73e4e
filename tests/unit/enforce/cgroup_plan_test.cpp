// Where the container's cgroup will be.
#include <boost/test/unit_test.hpp>

#include "cgroup_hosts.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

BOOST_AUTO_TEST_SUITE(cgroupfs_plan)

BOOST_AUTO_TEST_CASE(puts_an_absolute_path_below_every_mount_point) {
    Hybrid host;
    const auto record = host.plan(at("/pod//./x/"));
    BOOST_TEST(record.paths.at("cpu") == "/cg/cpu,cpuacct/pod/x");
    BOOST_TEST(record.paths.at("cpuacct") == "/cg/cpu,cpuacct/pod/x");
    BOOST_TEST(record.paths.at("memory") == "/cg/memory/pod/x");
    BOOST_TEST(record.paths.at("") == "/cg/unified/pod/x");
    BOOST_TEST(record.paths.size() == 8U);
}

BOOST_AUTO_TEST_CASE(puts_a_relative_path_below_the_runtimes_own_cgroup) {
    Hybrid host;
    const auto record = host.plan(at("pod/x"));
    BOOST_TEST(record.paths.at("memory") == "/cg/memory/own/pod/x");
    BOOST_TEST(record.paths.at("pids") == "/cg/pids/pod/x");
}

BOOST_AUTO_TEST_CASE(takes_the_id_for_an_empty_path) {
    Hybrid host;
    BOOST_TEST(host.plan(at("")).paths.at("memory") == "/cg/memory/own/c1");
}

BOOST_AUTO_TEST_CASE(stands_beside_the_runtimes_own_cgroup_on_pure_v2) {
    Pure host("/user/session");
    const auto record = plan_cgroup(host.kernel, host.layout, at(""), "c1");
    BOOST_REQUIRE(record);
    BOOST_TEST(record->paths.at("") == "/cg/user/c1");
    const auto absolute = plan_cgroup(host.kernel, host.layout, at("/x"), "c1");
    BOOST_TEST(absolute->paths.at("") == "/cg/x");
}

BOOST_AUTO_TEST_CASE(names_what_does_not_exist_parents_first) {
    Hybrid host;
    host.kernel.make("/cg/pids/pod");
    const auto record = host.plan(at("/pod/x"));
    const auto made = [&](const std::string& directory) {
        return std::ranges::find(record.made, directory) - record.made.begin();
    };
    const auto none = static_cast<std::ptrdiff_t>(record.made.size());
    BOOST_TEST(made("/cg/pids/pod") == none);
    BOOST_TEST(made("/cg/pids/pod/x") < none);
    BOOST_TEST(made("/cg/memory/pod") + 1 == made("/cg/memory/pod/x"));
    BOOST_TEST(record.made.size() == 13U);
}

BOOST_AUTO_TEST_CASE(refuses_paths_that_leave_the_hierarchy_or_name_its_root) {
    Hybrid host;
    for (const char* path : {"/../x", "a/../../b", "..", "/", "/."}) {
        const auto record = plan_cgroup(host.kernel, host.layout, at(path), "c1");
        BOOST_REQUIRE(!record);
        BOOST_TEST((record.error().code() == Errc::invalid_config));
        BOOST_TEST(record.error().message().starts_with("/linux/cgroupsPath"));
    }
}

BOOST_AUTO_TEST_CASE(leaves_out_what_a_rootless_runtime_may_not_write) {
    Hybrid host;
    host.kernel.on_access = {{"/cg/memory/own", -EACCES}, {"/cg/cpuset", -EROFS}};
    const auto record = host.plan(at(""), {.rootless = true});
    BOOST_TEST(!record.paths.contains("memory"));
    BOOST_TEST(!record.paths.contains("cpuset"));
    BOOST_TEST(record.paths.contains("pids"));
    BOOST_TEST(host.plan(at("/x"), {.rootless = true})
                   .paths.contains("memory"));  // asked for: to fail, not to vanish
}

BOOST_AUTO_TEST_SUITE_END()
