// Counters read where the record has their controllers.
#include <boost/test/unit_test.hpp>

#include "enforce/cgroup_stats.hpp"
#include "fake_cgroupfs.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

namespace {

ContainerStats stats_of(FakeCgroupfs& kernel, std::map<std::string, std::string> paths) {
    state::CgroupRecord record;
    record.paths = std::move(paths);
    auto stats = read_cgroup_stats(kernel, record);
    BOOST_TEST_REQUIRE(stats.has_value());
    return *std::move(stats);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cgroup_stats)

BOOST_AUTO_TEST_CASE(cgroup_v2_in_the_terms_of_v1) {
    FakeCgroupfs kernel;
    kernel.mount("/cg", {{"cpu.stat",
                          "usage_usec 9\nuser_usec 5\nsystem_usec 4\nnr_periods 3\n"
                          "nr_throttled 2\nthrottled_usec 1\n"},
                         {"cpu.pressure", "some avg10=0.50 avg60=0.00 avg300=0.00 total=7\n"},
                         {"cpuset.cpus.effective", "0-1\n"},
                         {"memory.stat", "anon 1\nfile 2\n"},
                         {"memory.current", "100\n"},
                         {"memory.max", "1000\n"},
                         {"memory.peak", "200\n"},
                         {"memory.swap.current", "10\n"},
                         {"memory.swap.max", "50\n"},
                         {"memory.events", "low 0\nmax 6\noom 1\noom_kill 1\n"},
                         {"pids.current", "3\n"},
                         {"pids.max", "max\n"},
                         {"io.stat", "8:0 rbytes=1 wbytes=2\n"}});
    const ContainerStats stats = stats_of(kernel, {{"", "/cg"}});
    BOOST_TEST(stats.cpu.total == 9000U);
    BOOST_TEST(stats.cpu.user == 5000U);
    BOOST_TEST(stats.cpu.kernel == 4000U);
    BOOST_TEST(stats.cpu.throttled_time == 1000U);
    BOOST_TEST(stats.cpu.pressure->some.avg10 == 50U);
    BOOST_TEST(!stats.memory.pressure.has_value());
    BOOST_TEST(stats.cpuset.cpus.size() == 2U);
    BOOST_TEST(stats.memory.cache == 2U);
    BOOST_TEST((stats.memory.usage == MemoryUse{1000, 100, 200, 6}));
    BOOST_TEST((stats.memory.swap == MemoryUse{1050, 110, 0, 0}));
    BOOST_TEST(stats.memory.events.at("oom_kill") == 1U);
    BOOST_TEST((stats.pids == PidsStats{3, 0}));
    BOOST_TEST(stats.block_io.service_bytes.size() == 2U);
}

BOOST_AUTO_TEST_CASE(each_controller_where_it_is) {
    FakeCgroupfs kernel;
    kernel.mount("/cpu", {{"cpuacct.usage", "5\n"},
                          {"cpuacct.stat", "user 2\nsystem 3\n"},
                          {"cpu.stat", "nr_periods 4\n"}});
    kernel.mount("/unified",
                 {{"pids.current", "8\n"}, {"pids.max", "9\n"}, {"cpu.stat", "usage_usec 7\n"}});
    const ContainerStats stats =
        stats_of(kernel, {{"cpu", "/cpu"}, {"cpuacct", "/cpu"}, {"", "/unified"}});
    BOOST_TEST(stats.cpu.total == 5U);
    BOOST_TEST(stats.cpu.user == 20'000'000U);
    BOOST_TEST(stats.cpu.kernel == 30'000'000U);
    BOOST_TEST(stats.cpu.periods == 4U);
    BOOST_TEST((stats.pids == PidsStats{8, 9}));
}

BOOST_AUTO_TEST_CASE(the_scheduler_counts_where_there_is_one_and_else_the_throttling_layer) {
    FakeCgroupfs kernel;
    kernel.mount("/blkio",
                 {{"blkio.bfq.io_serviced_recursive", "Total 0\n"},
                  {"blkio.throttle.io_serviced_recursive", "8:0 Read 3\nTotal 3\n"},
                  {"blkio.throttle.io_service_bytes_recursive", "8:0 Read 9\nTotal 9\n"}});
    BOOST_TEST(stats_of(kernel, {{"blkio", "/blkio"}}).block_io.service_bytes.at(0).value == 9U);
    kernel.contents["/blkio/blkio.bfq.io_serviced_recursive"] = "8:0 Read 5\n";
    const BlockIoStats io = stats_of(kernel, {{"blkio", "/blkio"}}).block_io;
    BOOST_TEST(io.serviced.at(0).value == 5U);
    BOOST_TEST(io.service_bytes.empty());
}

BOOST_AUTO_TEST_CASE(a_resctrl_group_with_its_monitors) {
    FakeCgroupfs kernel;
    kernel.mount("/resctrl", {{"schemata", "    L3:0=f\n    MB:0=50\n"}});
    kernel.make("/resctrl/c1");
    kernel.contents["/resctrl/schemata"] = "    L3:0=fff\n    MB:0=100\n";
    kernel.contents["/resctrl/info/L3/cbm_mask"] = "fff\n";
    kernel.contents["/resctrl/info/L3/min_cbm_bits"] = "1\n";
    kernel.contents["/resctrl/info/L3/num_closids"] = "16\n";
    kernel.contents["/resctrl/info/MB/bandwidth_gran"] = "10\n";
    for (const char* directory : {"/resctrl/c1/mon_data", "/resctrl/c1/mon_data/mon_L3_00",
                                  "/resctrl/c1/mon_data/mon_L3_01"})
        kernel.directories.insert(directory);
    kernel.contents["/resctrl/c1/mon_data/mon_L3_00/mbm_total_bytes"] = "7\n";
    kernel.contents["/resctrl/c1/mon_data/mon_L3_00/mbm_local_bytes"] = "6\n";
    kernel.contents["/resctrl/c1/mon_data/mon_L3_01/llc_occupancy"] = "5\n";
    const auto stats = read_resctrl_stats(kernel, {"/resctrl/c1", "", {}});
    BOOST_TEST_REQUIRE(stats.has_value());
    BOOST_TEST((stats->cache == IntelRdtStats::Cache{"fff", 1, 16}));
    BOOST_TEST(stats->bandwidth->bandwidth_gran == 10U);
    BOOST_TEST(stats->cache_schema_root == "L3:0=fff");
    BOOST_TEST(stats->cache_schema == "L3:0=f");
    BOOST_TEST(stats->bandwidth_schema == "MB:0=50");
    BOOST_TEST_REQUIRE(stats->bandwidth_use.size() == 1U);
    BOOST_TEST(stats->bandwidth_use[0].mbm_total_bytes == 7U);
    BOOST_TEST((stats->cache_use == std::vector<std::uint64_t>{5}));
}

BOOST_AUTO_TEST_SUITE_END()
