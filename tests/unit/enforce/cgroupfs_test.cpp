// Planning, making, limiting, signalling and removing cgroups, on cgroup file systems in memory.
#include <linux/bpf.h>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <set>

#include "enforce/cgroup.hpp"
#include "fake_cgroupfs.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

namespace {

const FakeCgroupfs::Files kCore{{"cgroup.procs", ""}};

FakeCgroupfs::Files with_core(FakeCgroupfs::Files files) {
    files.insert(kCore.begin(), kCore.end());
    return files;
}

// A v1 host whose huge pages are on the unified hierarchy, as the machines of this project's tests
// have it.
struct Hybrid {
    FakeCgroupfs kernel;
    CgroupLayout layout;

    Hybrid() {
        kernel.mount("/cg/cpu,cpuacct", with_core({{"cpu.shares", "1024\n"},
                                                   {"cpu.cfs_period_us", "100000\n"},
                                                   {"cpu.cfs_quota_us", "-1\n"}}));
        kernel.mount("/cg/cpuset", with_core({{"cpuset.cpus", "\n"}, {"cpuset.mems", "\n"}}));
        kernel.contents["/cg/cpuset/cpuset.cpus"] = "0-3\n";
        kernel.contents["/cg/cpuset/cpuset.mems"] = "0\n";
        kernel.mount("/cg/memory", with_core({{"memory.limit_in_bytes", ""},
                                              {"memory.memsw.limit_in_bytes", ""},
                                              {"memory.usage_in_bytes", "4096\n"}}));
        kernel.mount("/cg/pids", with_core({{"pids.max", "max\n"}}));
        kernel.mount("/cg/devices", with_core({{"devices.allow", ""}, {"devices.deny", ""}}));
        kernel.mount("/cg/freezer", with_core({{"freezer.state", "THAWED\n"}}));
        kernel.mount("/cg/unified", with_core({{"cgroup.controllers", "\n"},
                                               {"cgroup.subtree_control", "\n"},
                                               {"cgroup.kill", ""},
                                               {"hugetlb.2MB.max", "max\n"}}));
        kernel.contents["/cg/unified/cgroup.controllers"] = "hugetlb\n";
        layout.v1 = {{"/cg/cpu,cpuacct", {"cpu", "cpuacct"}, ""},
                     {"/cg/cpuset", {"cpuset"}, ""},
                     {"/cg/memory", {"memory"}, "/own"},
                     {"/cg/pids", {"pids"}, ""},
                     {"/cg/devices", {"devices"}, ""},
                     {"/cg/freezer", {"freezer"}, ""}};
        layout.unified = CgroupHierarchy{"/cg/unified", {}, ""};
        kernel.make("/cg/memory/own");
        kernel.writes.clear();
    }

    state::CgroupRecord plan(const policy::CgroupPolicy& policy, CgroupRights rights = {}) {
        auto record = plan_cgroup(kernel, layout, policy, "c1", rights);
        BOOST_REQUIRE(record);
        return *record;
    }
    std::unique_ptr<CgroupBackend> open(const policy::CgroupPolicy& policy,
                                        CgroupRights rights = {}) {
        auto backend = open_cgroup(kernel, plan(policy, rights), rights);
        BOOST_REQUIRE(backend);
        return std::move(*backend);
    }
};

struct Pure {
    FakeCgroupfs kernel;
    CgroupLayout layout;

    explicit Pure(const std::string& own = "") {
        kernel.mount("/cg", with_core({{"cgroup.controllers", "\n"},
                                       {"cgroup.subtree_control", "\n"},
                                       {"cgroup.events", "populated 0\nfrozen 0\n"},
                                       {"cgroup.freeze", "0\n"},
                                       {"cpu.max", "max 100000\n"},
                                       {"memory.max", "max\n"},
                                       {"memory.swap.max", "max\n"},
                                       {"memory.high", "max\n"},
                                       {"io.weight", "default 100\n"},
                                       {"pids.max", "max\n"}}));
        kernel.contents["/cg/cgroup.controllers"] = "cpuset cpu io memory pids\n";
        layout.unified = CgroupHierarchy{"/cg", {}, own};
    }

    // What a write to subtree_control gives to the children, as the kernel does.
    void hand_down(const std::string& parent, const std::string& child) {
        kernel.on_write[parent + "/cgroup.subtree_control"] = [this,
                                                               child](const std::string& text) {
            std::string names = text;
            std::erase(names, '+');
            kernel.contents[child + "/cgroup.controllers"] = names + "\n";
            return 0;
        };
    }

    std::unique_ptr<CgroupBackend> open(const policy::CgroupPolicy& policy,
                                        CgroupRights rights = {}) {
        auto record = plan_cgroup(kernel, layout, policy, "c1", rights);
        BOOST_REQUIRE(record);
        auto backend = open_cgroup(kernel, *record, rights);
        BOOST_REQUIRE(backend);
        return std::move(*backend);
    }
};

policy::CgroupPolicy at(std::string path) {
    policy::CgroupPolicy policy;
    policy.path = std::move(path);
    return policy;
}

void check_ok(const Result<void>& result) {
    BOOST_TEST(result.has_value(), (result ? "" : result.error().message()));
}

void check_refused(const Result<void>& result, Errc code, const std::string& part) {
    BOOST_REQUIRE(!result);
    BOOST_TEST((result.error().code() == code), result.error().message());
    BOOST_TEST(result.error().message().find(part) != std::string::npos, result.error().message());
}

using Strings = std::vector<std::string>;
void check_writes(const FakeCgroupfs& kernel, const std::string& path, const Strings& expected) {
    const Strings written = kernel.written_to(path);
    BOOST_TEST(written == expected, boost::test_tools::per_element());
}

Warnings warnings;

}  // namespace

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

BOOST_AUTO_TEST_SUITE(cgroupfs_apply)

BOOST_AUTO_TEST_CASE(writes_each_limit_where_its_controller_is) {
    Hybrid host;
    auto policy = at("/x");
    policy.resources.memory.emplace().limit = 1000;
    policy.resources.pids_limit = 7;
    policy.resources.cpu.emplace().shares = 512;
    policy.resources.hugepage_limits = {{"2MB", 4096}};
    host.kernel.on_write["/cg/unified/cgroup.subtree_control"] = [&](const std::string& text) {
        host.kernel.contents["/cg/unified/x/cgroup.controllers"] = text.substr(1);
        return 0;
    };
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    check_ok(backend->apply(policy, {}, warnings));
    check_writes(host.kernel, "/cg/memory/x/memory.limit_in_bytes", {"1000"});
    check_writes(host.kernel, "/cg/pids/x/pids.max", {"7"});
    check_writes(host.kernel, "/cg/cpu,cpuacct/x/cpu.shares", {"512"});
    check_writes(host.kernel, "/cg/unified/cgroup.subtree_control", {"+hugetlb"});
    check_writes(host.kernel, "/cg/unified/x/hugetlb.2MB.max", {"4096"});
}

BOOST_AUTO_TEST_CASE(names_the_property_of_a_controller_that_is_not_there) {
    Hybrid host;
    std::erase_if(host.layout.v1, [](const auto& h) { return h.controllers[0] == "memory"; });
    auto policy = at("/x");
    policy.resources.memory.emplace().limit = 1000;
    check_refused(host.open(policy)->create(policy, warnings), Errc::unsupported,
                  "/linux/resources/memory/limit: no memory controller here");
    policy = at("/x");
    policy.resources.block_io.emplace().weight = 100;
    check_refused(host.open(policy)->create(policy, warnings), Errc::unsupported,
                  "/linux/resources/blockIO/weight");
}

BOOST_AUTO_TEST_CASE(refuses_the_unified_map_on_a_v1_host) {
    Hybrid host;
    auto policy = at("/x");
    policy.resources.unified = {{"memory.max", "1"}};
    check_refused(host.open(policy)->create(policy, warnings), Errc::unsupported,
                  "/linux/resources/unified");
}

BOOST_AUTO_TEST_CASE(raises_memory_and_swap_before_memory_where_the_kernel_wants_it) {
    Hybrid host;
    auto policy = at("/x");
    policy.resources.memory.emplace().limit = 2000;
    policy.resources.memory->swap = 3000;
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    long sum = 1000;
    host.kernel.on_write["/cg/memory/x/memory.limit_in_bytes"] = [&](const std::string& text) {
        return std::stol(text) > sum ? -EINVAL : 0;
    };
    host.kernel.on_write["/cg/memory/x/memory.memsw.limit_in_bytes"] =
        [&](const std::string& text) {
            sum = std::stol(text);
            return 0;
        };
    check_ok(backend->apply(policy, {}, warnings));
    check_writes(host.kernel, "/cg/memory/x/memory.limit_in_bytes", {"2000"});
}

BOOST_AUTO_TEST_CASE(gives_up_on_a_value_that_the_kernel_never_takes) {
    Hybrid host;
    auto policy = at("/x");
    policy.resources.cpu.emplace().shares = 1;
    policy.resources.pids_limit = 1;
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    host.kernel.on_write["/cg/cpu,cpuacct/x/cpu.shares"] = [](const std::string&) {
        return -EINVAL;
    };
    check_refused(backend->apply(policy, {}, warnings), Errc::system,
                  "/linux/resources/cpu/shares: write '1' to");
}

BOOST_AUTO_TEST_CASE(says_which_file_the_kernel_lacks) {
    Hybrid host;
    auto policy = at("/x");
    policy.resources.cpu.emplace().burst = 10;
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    check_refused(backend->apply(policy, {}, warnings), Errc::unsupported,
                  "/linux/resources/cpu/burst: this kernel has no 'cpu.cfs_burst_us'");
}

BOOST_AUTO_TEST_CASE(checks_the_memory_in_use_before_an_update_that_asks_for_it) {
    Hybrid host;
    auto policy = at("/x");
    policy.resources.memory.emplace().limit = 4095;
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    policy.resources.memory->check_before_update = true;
    check_refused(backend->apply(policy, {}, warnings), Errc::wrong_state,
                  "/linux/resources/memory/limit");
    policy.resources.memory->limit = 4096;
    check_ok(backend->apply(policy, {}, warnings));
}

BOOST_AUTO_TEST_CASE(writes_the_device_list_through_v1) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    policy::DevicePolicy devices;
    devices.rules = {{false, 'a', std::nullopt, std::nullopt, "rwm"},
                     {true, 'c', 1, 3, "rwm"},
                     {true, 'c', 1, 5, "r"}};
    check_ok(backend->apply(at("/x"), devices, warnings));
    check_writes(host.kernel, "/cg/devices/x/devices.deny", {"a"});
    check_writes(host.kernel, "/cg/devices/x/devices.allow", {"c 1:3 rwm", "c 1:5 r"});
    BOOST_TEST(host.kernel.bpf_commands.empty());
}

BOOST_AUTO_TEST_CASE(attaches_a_filter_on_v2) {
    Pure host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    policy::DevicePolicy devices;
    devices.rules = {{false, 'a', std::nullopt, std::nullopt, "rwm"}};
    check_ok(backend->apply(at("/x"), devices, warnings));
    BOOST_TEST(host.kernel.bpf_commands ==
                   (std::vector<int>{BPF_PROG_QUERY, BPF_PROG_LOAD, BPF_PROG_ATTACH}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(leaves_devices_alone_when_rootless_and_when_no_rule_is_given) {
    for (const bool rootless : {true, false}) {
        Pure host;
        const auto backend = host.open(at("/x"), {.rootless = rootless});
        check_ok(backend->create(at("/x"), warnings));
        policy::DevicePolicy devices;
        if (rootless) devices.rules = {{false, 'a', std::nullopt, std::nullopt, "rwm"}};
        check_ok(backend->apply(at("/x"), devices, warnings));
        BOOST_TEST(host.kernel.bpf_commands.empty());
    }
}

BOOST_AUTO_TEST_CASE(takes_the_other_file_where_bfq_is_not_there) {
    Pure host;
    host.hand_down("/cg", "/cg/x");
    auto policy = at("/x");
    policy.resources.block_io.emplace().weight = 500;
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    check_ok(backend->apply(policy, {}, warnings));
    check_writes(host.kernel, "/cg/x/io.weight", {"4950"});
}

BOOST_AUTO_TEST_CASE(keeps_the_quota_in_force_when_only_the_period_changes) {
    Pure host;
    host.hand_down("/cg", "/cg/x");
    auto policy = at("/x");
    policy.resources.cpu.emplace().period = 50000;
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    host.kernel.contents["/cg/x/cpu.max"] = "2000 100000\n";
    check_ok(backend->apply(policy, {}, warnings));
    check_writes(host.kernel, "/cg/x/cpu.max", {"2000 50000"});
}

BOOST_AUTO_TEST_CASE(lets_the_unified_map_have_the_last_word) {
    Pure host;
    host.hand_down("/cg", "/cg/x");
    auto policy = at("/x");
    policy.resources.memory.emplace().limit = 1000;
    policy.resources.unified = {{"memory.high", "500"}, {"memory.max", "2000"}};
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    check_ok(backend->apply(policy, {}, warnings));
    check_writes(host.kernel, "/cg/x/memory.max", {"1000", "2000"});
    check_writes(host.kernel, "/cg/x/memory.high", {"500"});
    policy.resources.unified = {{"memory.nothing", "1"}};
    check_refused(backend->apply(policy, {}, warnings), Errc::unsupported,
                  "/linux/resources/unified/memory.nothing");
}

BOOST_AUTO_TEST_CASE(does_nothing_at_all_when_cgroups_are_disabled) {
    FakeCgroupfs kernel;
    state::CgroupRecord record;
    record.manager = "disabled";
    auto backend = open_cgroup(kernel, record);
    BOOST_REQUIRE(backend);
    auto policy = at("/x");
    policy.resources.memory.emplace().limit = 1000;
    check_ok((*backend)->create(policy, warnings));
    check_ok((*backend)->apply(policy, {}, warnings));
    check_ok((*backend)->attach(5));
    check_ok((*backend)->destroy());
    check_refused((*backend)->freeze(), Errc::unsupported, "no freezer");
    BOOST_TEST(kernel.writes.empty());
}

BOOST_AUTO_TEST_CASE(refuses_a_cgroup_manager_that_it_does_not_have) {
    FakeCgroupfs kernel;
    state::CgroupRecord record;
    record.manager = "systemd";
    BOOST_TEST(!open_cgroup(kernel, record));
}

BOOST_AUTO_TEST_SUITE_END()

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
