// Limits of config.json as texts for cgroup files.
#include "enforce/cgroup_limits.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace nucleus;
using namespace nucleus::enforce;

namespace {

// "file=value" of each write, in order.
std::vector<std::string> texts(const Result<std::vector<LimitWrite>>& writes) {
    BOOST_REQUIRE(writes);
    std::vector<std::string> lines;
    for (const LimitWrite& write : *writes) lines.push_back(write.file + "=" + write.value);
    return lines;
}

void check_equal(const Result<std::vector<LimitWrite>>& writes,
                 const std::vector<std::string>& expected) {
    const auto lines = texts(writes);
    BOOST_TEST(lines == expected, boost::test_tools::per_element());
}

void check_refused(const Result<std::vector<LimitWrite>>& writes, Errc code,
                   const std::string& pointer) {
    BOOST_REQUIRE(!writes);
    BOOST_TEST((writes.error().code() == code));
    BOOST_TEST(writes.error().message().starts_with(pointer), writes.error().message());
}

spec::Resources with_memory(spec::Memory memory) {
    spec::Resources resources;
    resources.memory = memory;
    return resources;
}

spec::Resources with_cpu(spec::Cpu cpu) {
    spec::Resources resources;
    resources.cpu = cpu;
    return resources;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cgroup_limits)

BOOST_AUTO_TEST_CASE(maps_shares_onto_weights) {
    for (const auto& [shares, weight] : std::map<std::uint64_t, std::uint64_t>{{1, 1},
                                                                               {2, 1},
                                                                               {1024, 100},
                                                                               {2000, 170},
                                                                               {100000, 4340},
                                                                               {262144, 10000},
                                                                               {1U << 30, 10000}})
        BOOST_TEST(cpu_weight_from_shares(shares) == weight);
}

BOOST_AUTO_TEST_CASE(maps_blkio_weights_onto_io_weights) {
    for (const auto& [blkio, io] : std::map<std::uint64_t, std::uint64_t>{
             {1, 1}, {10, 1}, {100, 910}, {500, 4950}, {1000, 10000}})
        BOOST_TEST(io_weight_from_blkio(blkio) == io);
}

BOOST_AUTO_TEST_CASE(takes_memory_out_of_memory_and_swap) {
    struct Row {
        std::int64_t limit, sum;
        std::string swap_max;
    };
    for (const Row& row : {Row{0, 0, ""}, Row{100, 0, ""}, Row{-1, 0, "max"}, Row{100, -1, "max"},
                           Row{0, -1, "max"}, Row{100, 100, "0"}, Row{100, 300, "200"}}) {
        const auto result = swap_max_from_memory_and_swap(row.limit, row.sum);
        BOOST_REQUIRE(result);
        BOOST_TEST(*result == row.swap_max);
    }
}

BOOST_AUTO_TEST_CASE(refuses_a_sum_of_memory_and_swap_that_has_no_meaning) {
    BOOST_TEST(!swap_max_from_memory_and_swap(0, 100));
    BOOST_TEST(!swap_max_from_memory_and_swap(-1, 100));
    BOOST_TEST(!swap_max_from_memory_and_swap(200, 100));
}

BOOST_AUTO_TEST_CASE(writes_v1_cpu_limits) {
    spec::Cpu cpu;
    cpu.shares = 512;
    cpu.quota = 50000;
    cpu.period = 100000;
    cpu.burst = 1000;
    cpu.realtime_runtime = 900;
    cpu.realtime_period = 1000;
    check_equal(cpu_v1(with_cpu(cpu)),
                {"cpu.shares=512", "cpu.cfs_period_us=100000", "cpu.cfs_quota_us=50000",
                 "cpu.cfs_burst_us=1000", "cpu.rt_period_us=1000", "cpu.rt_runtime_us=900"});
}

BOOST_AUTO_TEST_CASE(takes_zero_as_not_set_where_callers_write_it_so) {
    spec::Cpu cpu;
    cpu.shares = 0;
    cpu.quota = 0;
    cpu.period = 0;
    cpu.realtime_runtime = 0;
    check_equal(cpu_v1(with_cpu(cpu)), {});
    check_equal(cpu_v2(with_cpu(cpu)), {});
    spec::Memory memory;
    memory.limit = 0;
    memory.swap = 0;
    memory.reservation = 0;
    check_equal(memory_v1(with_memory(memory)), {});
    check_equal(memory_v2(with_memory(memory)), {});
}

BOOST_AUTO_TEST_CASE(leaves_the_shares_of_an_idle_cgroup_out) {
    spec::Cpu cpu;
    cpu.shares = 512;
    cpu.idle = 1;
    check_equal(cpu_v1(with_cpu(cpu)), {"cpu.idle=1"});
    check_equal(cpu_v2(with_cpu(cpu)), {"cpu.idle=1"});
    cpu.idle = 0;
    check_equal(cpu_v1(with_cpu(cpu)), {"cpu.idle=0", "cpu.shares=512"});
}

BOOST_AUTO_TEST_CASE(writes_v2_cpu_limits) {
    spec::Cpu cpu;
    cpu.shares = 1024;
    cpu.quota = 50000;
    cpu.period = 100000;
    cpu.burst = 1000;
    check_equal(cpu_v2(with_cpu(cpu)),
                {"cpu.weight=100", "cpu.max=50000 100000", "cpu.max.burst=1000"});
    cpu = {};
    cpu.quota = -1;
    check_equal(cpu_v2(with_cpu(cpu)), {"cpu.max=max"});
    cpu = {};
    cpu.period = 200000;
    check_equal(cpu_v2(with_cpu(cpu)), {"cpu.max=max 200000"});
    BOOST_TEST(cpu_v2(with_cpu(cpu))->front().keeps_first_word);
}

BOOST_AUTO_TEST_CASE(refuses_realtime_on_v2) {
    spec::Cpu cpu;
    cpu.realtime_runtime = 1;
    check_refused(cpu_v2(with_cpu(cpu)), Errc::unsupported, "/linux/resources/cpu/realtimeRuntime");
    cpu = {};
    cpu.realtime_period = 1;
    check_refused(cpu_v2(with_cpu(cpu)), Errc::unsupported, "/linux/resources/cpu/realtimePeriod");
}

BOOST_AUTO_TEST_CASE(writes_cpusets_alike_on_both) {
    spec::Cpu cpu;
    cpu.cpus = "0-1";
    cpu.mems = "0";
    check_equal(cpuset_v1(with_cpu(cpu)), {"cpuset.cpus=0-1", "cpuset.mems=0"});
    check_equal(cpuset_v2(with_cpu(cpu)), {"cpuset.cpus=0-1", "cpuset.mems=0"});
}

BOOST_AUTO_TEST_CASE(writes_v1_memory_limits) {
    spec::Memory memory;
    memory.limit = 1000;
    memory.swap = 2000;
    memory.reservation = 500;
    memory.swappiness = 10;
    memory.disable_oom_killer = true;
    check_equal(memory_v1(with_memory(memory)),
                {"memory.limit_in_bytes=1000", "memory.memsw.limit_in_bytes=2000",
                 "memory.soft_limit_in_bytes=500", "memory.swappiness=10", "memory.oom_control=1"});
}

BOOST_AUTO_TEST_CASE(lifts_the_limit_of_swap_with_that_of_memory) {
    spec::Memory memory;
    memory.limit = -1;
    check_equal(memory_v1(with_memory(memory)),
                {"memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"});
    check_equal(memory_v2(with_memory(memory)), {"memory.swap.max=max", "memory.max=max"});
    BOOST_TEST((memory_v1(with_memory(memory))->at(1).missing == LimitWrite::Missing::is_fine));
}

BOOST_AUTO_TEST_CASE(writes_v2_memory_limits) {
    spec::Memory memory;
    memory.limit = 1000;
    memory.swap = 3000;
    memory.reservation = 500;
    memory.disable_oom_killer = false;
    check_equal(memory_v2(with_memory(memory)),
                {"memory.swap.max=2000", "memory.max=1000", "memory.low=500"});
}

BOOST_AUTO_TEST_CASE(refuses_memory_properties_that_v2_has_no_file_for) {
    spec::Memory memory;
    memory.swappiness = 0;
    check_refused(memory_v2(with_memory(memory)), Errc::unsupported,
                  "/linux/resources/memory/swappiness");
    memory = {};
    memory.disable_oom_killer = true;
    check_refused(memory_v2(with_memory(memory)), Errc::unsupported,
                  "/linux/resources/memory/disableOOMKiller");
}

BOOST_AUTO_TEST_CASE(takes_zero_pids_as_a_limit_and_less_as_none) {
    spec::Resources resources;
    check_equal(pids_any(resources), {});
    for (const auto& [limit, text] :
         std::map<std::int64_t, std::string>{{-1, "max"}, {0, "0"}, {7, "7"}}) {
        resources.pids_limit = limit;
        check_equal(pids_any(resources), {"pids.max=" + text});
    }
}

BOOST_AUTO_TEST_CASE(writes_block_io_limits) {
    spec::Resources resources;
    spec::BlockIo io;
    io.weight = 500;
    io.weight_device = {{8, 0, std::uint16_t{100}, std::nullopt}};
    io.throttle_read_bps = {{8, 0, 1048576}};
    io.throttle_write_bps = {{8, 16, 0}};
    io.throttle_read_iops = {{8, 0, 10}};
    io.throttle_write_iops = {{8, 0, 20}};
    resources.block_io = io;
    check_equal(
        blkio_v1(resources),
        {"blkio.weight=500", "blkio.weight_device=8:0 100",
         "blkio.throttle.read_bps_device=8:0 1048576", "blkio.throttle.write_bps_device=8:16 0",
         "blkio.throttle.read_iops_device=8:0 10", "blkio.throttle.write_iops_device=8:0 20"});
    check_equal(io_v2(resources),
                {"io.bfq.weight=500", "io.bfq.weight=8:0 100", "io.max=8:0 rbps=1048576",
                 "io.max=8:16 wbps=max", "io.max=8:0 riops=10", "io.max=8:0 wiops=20"});
    const auto weight = io_v2(resources)->front();
    BOOST_TEST(weight.other_file == "io.weight");
    BOOST_TEST(weight.other_value == "4950");
    io.weight_device = {{8, 0, std::uint16_t{0}, std::nullopt}};
    resources.block_io = io;
    BOOST_TEST((*io_v2(resources))[1].other_value == "8:0 default");
}

BOOST_AUTO_TEST_CASE(writes_leaf_weights_on_v1) {
    spec::Resources resources;
    resources.block_io.emplace().leaf_weight = 20;
    resources.block_io->weight_device = {{8, 0, std::nullopt, std::uint16_t{30}}};
    check_equal(blkio_v1(resources), {"blkio.leaf_weight=20", "blkio.leaf_weight_device=8:0 30"});
}

BOOST_AUTO_TEST_CASE(writes_network_classes_and_priorities) {
    spec::Resources resources;
    resources.network.emplace().class_id = 1048577;
    resources.network->priorities = {{"eth0", 500}, {"eth1", 1000}};
    check_equal(net_cls_v1(resources), {"net_cls.classid=1048577"});
    check_equal(net_prio_v1(resources),
                {"net_prio.ifpriomap=eth0 500", "net_prio.ifpriomap=eth1 1000"});
}

BOOST_AUTO_TEST_CASE(writes_rdma_limits_of_either_kind_and_of_both) {
    spec::Resources resources;
    resources.rdma = {{"mlx4_0", {std::nullopt, 1000}}, {"mlx5_1", {3, 10000}}, {"rxe3", {4, {}}}};
    check_equal(rdma_any(resources),
                {"rdma.max=mlx4_0 hca_object=1000", "rdma.max=mlx5_1 hca_handle=3 hca_object=10000",
                 "rdma.max=rxe3 hca_handle=4"});
}

BOOST_AUTO_TEST_CASE(refuses_leaf_weights_on_v2) {
    spec::Resources resources;
    resources.block_io.emplace().leaf_weight = 10;
    check_refused(io_v2(resources), Errc::unsupported, "/linux/resources/blockIO/leafWeight");
}

BOOST_AUTO_TEST_CASE(limits_huge_pages_in_use_and_reserved) {
    spec::Resources resources;
    resources.hugepage_limits = {{"2MB", 4194304}};
    check_equal(hugetlb_v1(resources),
                {"hugetlb.2MB.limit_in_bytes=4194304", "hugetlb.2MB.rsvd.limit_in_bytes=4194304"});
    check_equal(hugetlb_v2(resources), {"hugetlb.2MB.max=4194304", "hugetlb.2MB.rsvd.max=4194304"});
}

BOOST_AUTO_TEST_CASE(writes_a_unified_value_line_by_line) {
    spec::Resources resources;
    resources.unified = {{"io.max", "8:0 rbps=1\n8:16 wbps=2"}, {"memory.high", "max"}};
    check_equal(unified_limits(resources),
                {"io.max=8:0 rbps=1", "io.max=8:16 wbps=2", "memory.high=max"});
    BOOST_TEST(unified_limits(resources)->front().controller == "io");
    resources.unified = {{"cpuset.cpus", ""}};
    check_equal(unified_limits(resources), {"cpuset.cpus=\n"});
}

BOOST_AUTO_TEST_CASE(refuses_unified_names_that_are_no_file_of_a_cgroup) {
    for (const char* name : {"../memory.max", "sub/memory.max", "memory", ".max", ""}) {
        spec::Resources resources;
        resources.unified = {{name, "1"}};
        check_refused(unified_limits(resources), Errc::invalid_config, "/linux/resources/unified/");
    }
}

BOOST_AUTO_TEST_SUITE_END()
