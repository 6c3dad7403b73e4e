// Making cgroups, on cgroup file systems in memory.
#include <boost/test/unit_test.hpp>

#include <set>

#include "cgroup_hosts.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

BOOST_AUTO_TEST_SUITE(cgroupfs_create)

BOOST_AUTO_TEST_CASE(makes_what_it_planned_and_removes_just_that) {
    Hybrid host;
    host.kernel.make("/cg/pids/pod");
    const auto before = host.kernel.directories;
    const auto backend = host.open(at("/pod/x"));
    check_ok(backend->create(at("/pod/x"), warnings));
    for (const char* hierarchy :
         {"cpu,cpuacct", "cpuset", "memory", "pids", "devices", "freezer", "unified"})
        BOOST_TEST(host.kernel.directories.contains("/cg/" + std::string(hierarchy) + "/pod/x"),
                   hierarchy);
    check_ok(backend->destroy());
    BOOST_TEST(host.kernel.directories == before);
}

BOOST_AUTO_TEST_CASE(fills_empty_cpusets_from_the_parents) {
    Hybrid host;
    host.kernel.make("/cg/cpuset/pod");  // somebody made it and did not fill it
    check_ok(host.open(at("/pod/a/x"))->create(at("/pod/a/x"), warnings));
    for (const char* directory : {"/cg/cpuset/pod", "/cg/cpuset/pod/a", "/cg/cpuset/pod/a/x"}) {
        check_writes(host.kernel, directory + std::string("/cpuset.cpus"), {"0-3"});
        check_writes(host.kernel, directory + std::string("/cpuset.mems"), {"0"});
    }
}

BOOST_AUTO_TEST_CASE(refuses_a_cgroup_that_holds_processes) {
    Hybrid host;
    host.kernel.make("/cg/pids/x");
    host.kernel.make("/cg/pids/x/below");
    host.kernel.contents["/cg/pids/x/cgroup.procs"] = "12\n";
    host.kernel.contents["/cg/pids/x/below/cgroup.procs"] = "13\n";
    const auto backend = host.open(at("/x"));
    check_refused(backend->create(at("/x"), warnings), Errc::wrong_state,
                  "container's cgroup is not empty: 2 process(es) found");
    BOOST_TEST(!host.kernel.directories.contains("/cg/memory/x"));
}

BOOST_AUTO_TEST_CASE(refuses_a_cgroup_that_is_frozen) {
    Hybrid host;
    host.kernel.make("/cg/freezer/x");
    host.kernel.contents["/cg/freezer/x/freezer.state"] = "FROZEN\n";
    check_refused(host.open(at("/x"))->create(at("/x"), warnings), Errc::wrong_state,
                  "unexpectedly frozen");
    Pure v2;
    v2.kernel.make("/cg/x");
    v2.kernel.contents["/cg/x/cgroup.events"] = "populated 0\nfrozen 1\n";
    check_refused(v2.open(at("/x"))->create(at("/x"), warnings), Errc::wrong_state,
                  "unexpectedly frozen");
}

BOOST_AUTO_TEST_CASE(keeps_an_empty_cgroup_that_was_there_before) {
    Hybrid host;
    host.kernel.make("/cg/pids/x");
    host.kernel.make("/cg/pids/x/below");
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    check_ok(backend->destroy());
    BOOST_TEST(host.kernel.directories.contains("/cg/pids/x"));
    BOOST_TEST(!host.kernel.directories.contains("/cg/pids/x/below"));
    BOOST_TEST(!host.kernel.directories.contains("/cg/memory/x"));
}

BOOST_AUTO_TEST_CASE(makes_a_parent_again_that_another_delete_took) {
    Hybrid host;
    host.kernel.make("/cg/pids/pod");
    const auto backend = host.open(at("/pod/x"));
    host.kernel.unlinkat(AT_FDCWD, "/cg/pids/pod", AT_REMOVEDIR);
    check_ok(backend->create(at("/pod/x"), warnings));
    BOOST_TEST(host.kernel.directories.contains("/cg/pids/pod/x"));
}

BOOST_AUTO_TEST_CASE(reports_a_directory_that_cannot_be_made) {
    Hybrid host;
    host.kernel.on_mkdir["/cg/pids/x"] = -ENOSPC;
    check_refused(host.open(at("/x"))->create(at("/x"), warnings), Errc::system,
                  "make cgroup '/cg/pids/x'");
}

BOOST_AUTO_TEST_CASE(hands_controllers_down_the_path_on_v2) {
    Pure host;
    host.hand_down("/cg", "/cg/pod");
    host.hand_down("/cg/pod", "/cg/pod/x");
    check_ok(host.open(at("/pod/x"))->create(at("/pod/x"), warnings));
    check_writes(host.kernel, "/cg/cgroup.subtree_control", {"+cpu +cpuset +io +memory +pids"});
    check_writes(host.kernel, "/cg/pod/cgroup.subtree_control", {"+cpu +cpuset +io +memory +pids"});
}

BOOST_AUTO_TEST_CASE(writes_no_subtree_control_where_all_is_handed_down_already) {
    Pure host;
    host.kernel.make("/cg/pod");
    host.kernel.make("/cg/pod/x");
    host.kernel.contents["/cg/pod/x/cgroup.controllers"] = "cpuset cpu io memory pids\n";
    check_ok(host.open(at("/pod/x"))->create(at("/pod/x"), warnings));
    BOOST_TEST(host.kernel.writes.empty());
}

BOOST_AUTO_TEST_CASE(goes_on_without_a_controller_that_nothing_needs) {
    Pure host;
    host.kernel.on_write["/cg/cgroup.subtree_control"] = [&](const std::string& text) {
        if (text.find("cpu") != std::string::npos) return -EINVAL;
        host.kernel.contents["/cg/x/cgroup.controllers"] += " " + text.substr(1);
        return 0;
    };
    auto policy = at("/x");
    policy.resources.pids_limit = 5;
    check_ok(host.open(policy)->create(policy, warnings));
    policy.resources.cpu.emplace().quota = 1000;
    check_refused(host.open(policy)->create(policy, warnings), Errc::unsupported,
                  "/linux/resources/cpu/quota: no cpu");
}

BOOST_AUTO_TEST_SUITE_END()
