// Entering, listing, freezing, signalling and removing, on cgroup file systems in memory.
#include <boost/test/unit_test.hpp>

#include <csignal>

#include "cgroup_hosts.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

BOOST_AUTO_TEST_SUITE(cgroupfs_processes)

BOOST_AUTO_TEST_CASE(attaches_once_in_every_hierarchy) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    check_ok(backend->attach(42));
    for (const char* hierarchy :
         {"cpu,cpuacct", "cpuset", "memory", "pids", "devices", "freezer", "unified"})
        check_writes(host.kernel, "/cg/" + std::string(hierarchy) + "/x/cgroup.procs", {"42"});
}

BOOST_AUTO_TEST_CASE(attaches_beside_a_member_where_the_own_cgroup_takes_none) {
    Pure host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    host.kernel.make("/cg/x/a");
    host.kernel.make("/cg/x/b");
    host.kernel.contents["/cg/x/b/cgroup.procs"] = "7\n8\n";
    check_ok(backend->attach_beside(42, 8));
    check_writes(host.kernel, "/cg/x/cgroup.procs", {"42"});
    host.kernel.on_write["/cg/x/cgroup.procs"] = [](const std::string&) { return -EBUSY; };
    check_refused(backend->attach(43), Errc::system, "cgroup.procs");
    check_ok(backend->attach_beside(43, 8));
    check_writes(host.kernel, "/cg/x/b/cgroup.procs", {"43"});
    check_refused(backend->attach_beside(44, 9), Errc::system, "find process 9");
}

BOOST_AUTO_TEST_CASE(opens_what_a_process_enters_by) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    BOOST_TEST(!backend->open_entry());  // a cgroup without its files
    for (const char* hierarchy : {"cpu,cpuacct", "cpuset", "memory", "pids", "devices", "freezer"})
        host.kernel.contents["/cg/" + std::string(hierarchy) + "/x/tasks"] = "";
    const auto entry = backend->open_entry();
    BOOST_REQUIRE(entry);
    BOOST_TEST(entry->tasks.size() == 6U);
    BOOST_TEST(static_cast<bool>(entry->unified));
}

BOOST_AUTO_TEST_CASE(lists_the_processes_below_too) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    host.kernel.make("/cg/freezer/x/a");
    host.kernel.make("/cg/freezer/x/a/b");
    host.kernel.contents["/cg/freezer/x/cgroup.procs"] = "10\n11\n";
    host.kernel.contents["/cg/freezer/x/a/b/cgroup.procs"] = "12\n0\n";
    const auto pids = backend->pids();
    BOOST_REQUIRE(pids);
    BOOST_TEST(std::set<pid_t>(pids->begin(), pids->end()) == (std::set<pid_t>{10, 11, 12}));
}

BOOST_AUTO_TEST_CASE(waits_until_v1_is_frozen_and_tells_it_again) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    const std::string file = "/cg/freezer/x/freezer.state";
    host.kernel.on_sleep = [&] {
        host.kernel.contents[file] = host.kernel.sleeps < 3 ? "FREEZING\n" : "FROZEN\n";
    };
    int told = 0;
    host.kernel.on_write[file] = [&](const std::string&) {
        ++told;
        return 0;
    };
    host.kernel.contents[file] = "FREEZING\n";
    const auto frozen = backend->freeze();
    check_ok(frozen);
    BOOST_TEST(told >= 1);
    BOOST_TEST(*backend->frozen());
}

BOOST_AUTO_TEST_CASE(thaws_again_when_freezing_takes_too_long) {
    Pure host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    check_refused(backend->freeze(), Errc::system, "did not come to a stop");
    check_writes(host.kernel, "/cg/x/cgroup.freeze", {"1", "0"});
}

BOOST_AUTO_TEST_CASE(kills_through_the_kernel_where_it_can_and_thaws_v1) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    check_ok(backend->signal_all(SIGKILL));
    check_writes(host.kernel, "/cg/unified/x/cgroup.kill", {"1"});
    check_writes(host.kernel, "/cg/freezer/x/freezer.state", {"THAWED"});
    BOOST_TEST(host.kernel.kills.empty());
}

BOOST_AUTO_TEST_CASE(kills_round_by_round_without_cgroup_kill) {
    Pure host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    host.kernel.contents["/cg/x/cgroup.procs"] = "10\n11\n";
    host.kernel.on_write["/cg/x/cgroup.freeze"] = [&](const std::string& text) {
        host.kernel.contents["/cg/x/cgroup.events"] = "populated 1\nfrozen " + text + "\n";
        return 0;
    };
    host.kernel.on_sleep = [&] {
        host.kernel.contents["/cg/x/cgroup.procs"] = host.kernel.sleeps < 2 ? "11\n" : "";
    };
    check_ok(backend->signal_all(SIGKILL));
    BOOST_TEST(host.kernel.kills.front().first == 10);
    BOOST_TEST(host.kernel.kills.back().first == 11);
    BOOST_TEST(host.kernel.kills.size() == 3U);
    BOOST_TEST(host.kernel.written_to("/cg/x/cgroup.freeze").back() == "0");
}

BOOST_AUTO_TEST_CASE(says_how_many_processes_did_not_end) {
    Pure host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    host.kernel.contents["/cg/x/cgroup.procs"] = "10\n";
    check_refused(backend->signal_all(SIGKILL), Errc::system, "1 process(es) did not end");
}

BOOST_AUTO_TEST_CASE(signals_a_paused_container_without_waking_it) {
    Pure host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    host.kernel.contents["/cg/x/cgroup.procs"] = "10\n";
    host.kernel.contents["/cg/x/cgroup.events"] = "populated 1\nfrozen 1\n";
    check_ok(backend->signal_all(SIGTERM));
    BOOST_TEST(host.kernel.kills.size() == 1U);
    BOOST_TEST(host.kernel.written_to("/cg/x/cgroup.freeze").empty());
}

BOOST_AUTO_TEST_CASE(waits_for_processes_that_are_about_to_be_gone) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    host.kernel.contents["/cg/pids/x/cgroup.procs"] = "10\n";
    host.kernel.on_sleep = [&] { host.kernel.contents["/cg/pids/x/cgroup.procs"].clear(); };
    check_ok(backend->destroy());
    BOOST_TEST(host.kernel.sleeps == 1);
    BOOST_TEST(!host.kernel.directories.contains("/cg/pids/x"));
}

BOOST_AUTO_TEST_CASE(reports_what_is_left_and_removes_the_rest) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    host.kernel.contents["/cg/pids/x/cgroup.procs"] = "10\n";
    check_refused(backend->destroy(), Errc::system,
                  "remove cgroup '/cg/pids/x' (still in it: process 10)");
    BOOST_TEST(!host.kernel.directories.contains("/cg/memory/x"));
    BOOST_TEST(!host.kernel.directories.contains("/cg/unified/x"));
}

BOOST_AUTO_TEST_CASE(removes_the_containers_own_cgroups_below_it) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    for (const char* directory : {"/cg/unified/x/a", "/cg/unified/x/a/b", "/cg/unified/x/c"})
        host.kernel.make(directory);
    check_ok(backend->destroy());
    BOOST_TEST(!host.kernel.directories.contains("/cg/unified/x"));
}

BOOST_AUTO_TEST_CASE(leaves_a_parent_that_another_container_uses_by_now) {
    Hybrid host;
    const auto backend = host.open(at("/pod/x"));
    check_ok(backend->create(at("/pod/x"), warnings));
    host.kernel.make("/cg/pids/pod/y");
    check_ok(backend->destroy());
    BOOST_TEST(host.kernel.directories.contains("/cg/pids/pod/y"));
    BOOST_TEST(!host.kernel.directories.contains("/cg/memory/pod"));
    BOOST_TEST(host.kernel.sleeps == 0);
}

BOOST_AUTO_TEST_CASE(destroys_twice_without_complaint) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    check_ok(backend->destroy());
    check_ok(backend->destroy());
    const auto pids = backend->pids();
    BOOST_TEST((pids && pids->empty()));
    BOOST_TEST(!*backend->frozen());
}

BOOST_AUTO_TEST_SUITE_END()
