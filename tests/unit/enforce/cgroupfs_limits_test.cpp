// Limits and device rules, on cgroup file systems in memory.
#include <linux/bpf.h>
#include <boost/test/unit_test.hpp>

#include "cgroup_hosts.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

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

BOOST_AUTO_TEST_CASE(takes_unified_files_of_controllers_that_a_hybrid_host_has_on_v2) {
    Hybrid host;
    auto policy = at("/x");
    policy.resources.unified = {{"hugetlb.2MB.max", "4096"}};
    host.kernel.on_write["/cg/unified/cgroup.subtree_control"] = [&](const std::string&) {
        host.kernel.contents["/cg/unified/x/cgroup.controllers"] = "hugetlb\n";
        return 0;
    };
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    check_ok(backend->apply(policy, {}, warnings));
    check_writes(host.kernel, "/cg/unified/cgroup.subtree_control", {"+hugetlb"});
    check_writes(host.kernel, "/cg/unified/x/hugetlb.2MB.max", {"4096"});
}

BOOST_AUTO_TEST_CASE(says_that_a_network_class_needs_a_v1_hierarchy) {
    Pure host;
    auto policy = at("/x");
    policy.resources.network.emplace().class_id = 1;
    check_refused(host.open(policy)->create(policy, warnings), Errc::unsupported,
                  "/linux/resources/network/classID: no net_cls controller here: it is cgroup "
                  "v1's, and no hierarchy of it is mounted");
}

BOOST_AUTO_TEST_CASE(writes_a_network_class_beside_limits_of_v2) {
    Pure host;
    host.hand_down("/cg", "/cg/x");
    host.kernel.mount("/net",
                      with_core({{"net_cls.classid", "0\n"}, {"net_prio.ifpriomap", "lo 0\n"}}));
    host.layout.v1 = {{"/net", {"net_cls", "net_prio"}, ""}};
    auto policy = at("/x");
    policy.resources.pids_limit = 7;
    policy.resources.network.emplace().class_id = 1048577;
    policy.resources.network->priorities = {{"lo", 5}, {"eth0", 6}};
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    check_ok(backend->apply(policy, {}, warnings));
    check_writes(host.kernel, "/net/x/net_cls.classid", {"1048577"});
    check_writes(host.kernel, "/net/x/net_prio.ifpriomap", {"lo 5", "eth0 6"});
    check_writes(host.kernel, "/cg/x/pids.max", {"7"});
    check_writes(host.kernel, "/cg/cgroup.subtree_control", {"+cpu +cpuset +io +memory +pids"});
}

// No machine of these tests has an RDMA device: the file is a fake one.
BOOST_AUTO_TEST_CASE(writes_rdma_limits_to_a_fake_file) {
    Pure host;
    host.kernel.mount("/cg", with_core({{"cgroup.controllers", "\n"},
                                        {"cgroup.subtree_control", "\n"},
                                        {"rdma.max", ""}}));
    host.kernel.contents["/cg/cgroup.controllers"] = "rdma\n";
    host.hand_down("/cg", "/cg/x");
    auto policy = at("/x");
    policy.resources.rdma = {{"mlx5_1", {3, 10000}}, {"rxe3", {std::nullopt, 7}}};
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    check_ok(backend->apply(policy, {}, warnings));
    check_writes(host.kernel, "/cg/x/rdma.max",
                 {"mlx5_1 hca_handle=3 hca_object=10000", "rxe3 hca_object=7"});
}

BOOST_AUTO_TEST_CASE(writes_weights_to_both_files_and_needs_one) {
    Pure host;
    host.hand_down("/cg", "/cg/x");
    auto policy = at("/x");
    policy.resources.block_io.emplace().weight_device = {{8, 0, std::uint16_t{500}, {}}};
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    auto& kernel = host.kernel;
    kernel.contents["/cg/x/io.bfq.weight"] = "default 100\n";
    check_ok(backend->apply(policy, {}, warnings));
    check_writes(kernel, "/cg/x/io.bfq.weight", {"8:0 500"});
    check_writes(kernel, "/cg/x/io.weight", {"8:0 4950"});
    const auto refuses = [](const std::string&) { return -EOPNOTSUPP; };
    kernel.on_write["/cg/x/io.bfq.weight"] = refuses;
    check_ok(backend->apply(policy, {}, warnings));
    kernel.on_write["/cg/x/io.weight"] = refuses;
    check_refused(backend->apply(policy, {}, warnings), Errc::system,
                  "/linux/resources/blockIO/weightDevice/0/weight");
    kernel.on_write.erase("/cg/x/io.bfq.weight");
    check_ok(backend->apply(policy, {}, warnings));
    kernel.contents.erase("/cg/x/io.bfq.weight");
    kernel.contents.erase("/cg/x/io.weight");
    check_refused(backend->apply(policy, {}, warnings), Errc::unsupported,
                  "neither 'io.bfq.weight' nor 'io.weight'");
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
    record.manager = "elogind";
    BOOST_TEST(!open_cgroup(kernel, record));
}

BOOST_AUTO_TEST_SUITE_END()
