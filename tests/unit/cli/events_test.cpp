// `events`: what it asks of the runtime, and the lines it prints.
#include <boost/test/unit_test.hpp>

#include "cli/event_text.hpp"
#include "cli/quantities.hpp"
#include "recording_runtime.hpp"

using namespace nucleus;
using namespace nucleus::cli;
using namespace nucleus::cli::test;

namespace {

std::string request(std::vector<std::string> arguments) {
    Script script;
    arguments.insert(arguments.begin(), "events");
    const Outcome outcome = run(script, arguments);
    if (outcome.status != 0) return outcome.complaint;
    BOOST_TEST_REQUIRE(script.calls.size() == 1U);
    return script.calls.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(events)

BOOST_AUTO_TEST_CASE(times_are_as_go_writes_them) {
    const std::pair<const char*, std::int64_t> times[] = {{"5s", 5'000'000'000},
                                                          {"1m30s", 90'000'000'000},
                                                          {"250ms", 250'000'000},
                                                          {"1.5h", 5400'000'000'000},
                                                          {"10us", 10'000},
                                                          {"7ns", 7},
                                                          {"2h0.5s", 7200'500'000'000},
                                                          {"0s", 0}};
    for (const auto& [text, nanoseconds] : times) {
        const auto time = parse_duration(text);
        BOOST_TEST_REQUIRE(time.has_value(), text);
        BOOST_TEST(time->count() == nanoseconds, text);
    }
    for (const char* text : {"", "5", "s", "-5s", "5 s", "5d", "1.s", "1s2", "99999999h"})
        BOOST_TEST(!parse_duration(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(flags_become_the_request) {
    BOOST_TEST(request({"c"}) == "events id=c interval=5000000000ns");
    BOOST_TEST(request({"--stats", "c"}) == "events id=c once=yes interval=5000000000ns");
    BOOST_TEST(request({"--interval", "1ms", "--memory-pressure=medium", "c"}) ==
               "events id=c interval=1000000ns pressure=medium");
    BOOST_TEST(request({"--interval", "0s", "c"}) ==
               "nucleus: events 'c': duration interval must be greater than 0\n");
    BOOST_TEST(
        request({"--interval", "5", "c"}) ==
        "nucleus: events 'c': invalid value \"5\" for flag --interval: not a time such as 5s, "
        "500ms or 1m30s\n");
    BOOST_TEST(request({"--memory-pressure", "high", "c"}) ==
               "nucleus: events 'c': invalid value \"high\" for flag --memory-pressure: not low, "
               "medium or critical\n");
}

BOOST_AUTO_TEST_CASE(notices_are_short_lines) {
    BOOST_TEST(event_line("c", {.kind = runtime::Event::Kind::oom}) ==
               "{\"type\":\"oom\",\"id\":\"c\"}\n");
    BOOST_TEST(event_line("c", {.kind = runtime::Event::Kind::pressure,
                                .stats = {},
                                .pressure = runtime::PressureLevel::critical}) ==
               "{\"type\":\"pressure\",\"id\":\"c\",\"data\":{\"level\":\"critical\"}}\n");
}

BOOST_AUTO_TEST_CASE(statistics_have_the_names_that_callers_know) {
    ContainerStats stats;
    stats.cpu.total = 5;
    stats.cpu.per_cpu = {2, 3};
    stats.cpu.periods = 1;
    stats.cpu.pressure = Pressure{{150, 7, 10000, 9}, {}};
    stats.cpuset.cpus = {0, 1};
    stats.cpuset.sched_relax_domain_level = -1;
    stats.memory.usage = {18446744073709551615U, 7, 8, 0};
    stats.memory.raw = {{"anon", 0}};
    stats.memory.events = {{"oom_kill", 2}, {"low", 0}};
    stats.pids = {1, 2};
    stats.block_io.service_bytes = {{8, 0, "Read", 3}};
    stats.hugetlb = {{"2MB", {1, 2, 3}}};
    stats.intel_rdt.cache = IntelRdtStats::Cache{"f", 1, 4};
    stats.intel_rdt.cache_schema = "L3:0=f";
    stats.intel_rdt.bandwidth_use = {{5, 4}};
    stats.intel_rdt.cache_use = {6};
    const std::string none = R"({"limit":0,"failcnt":0})";
    BOOST_TEST(
        event_line("c", {.stats = stats}) ==
        R"({"type":"stats","id":"c","data":{"cpu":{"usage":{"total":5,"percpu":[2,3],"kernel":0,)"
        R"("user":0},"throttling":{"periods":1},"psi":{"some":{"avg10":1.5,"avg60":0.07,)"
        R"("avg300":100,"total":9},"full":{"avg10":0,"avg60":0,"avg300":0,"total":0}}},)"
        R"("cpuset":{"cpus":[0,1],"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,)"
        R"("memory_migrate":0,"memory_spread_page":0,"memory_spread_slab":0,"memory_pressure":0,)"
        R"("sched_load_balance":0,"sched_relax_domain_level":-1},"memory":{"usage":{"limit":)"
        R"(18446744073709551615,"usage":7,"max":8,"failcnt":0},"swap":)" +
            none + R"(,"kernel":)" + none + R"(,"kernelTCP":)" + none +
            R"(,"raw":{"anon":0},"event_count":{"oom_kill":2}},"pids":{"current":1,"limit":2},)"
            R"("blkio":{"ioServiceBytesRecursive":[{"major":8,"op":"Read","value":3}]},)"
            R"("hugetlb":{"2MB":{"usage":1,"max":2,"failcnt":3}},"intel_rdt":{"l3_cache_info":)"
            R"({"cbm_mask":"f","min_cbm_bits":1,"num_closids":4},"l3_cache_schema":"L3:0=f",)"
            R"("mbm_stats":[{"mbm_total_bytes":5,"mbm_local_bytes":4}],)"
            R"("cmt_stats":[{"llc_occupancy":6}]},"network_interfaces":null}})" +
            "\n");
}

BOOST_AUTO_TEST_SUITE_END()
