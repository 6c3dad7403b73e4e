// `update`: flags and documents as the runtime gets them.
#include <boost/test/unit_test.hpp>

#include "cli/quantities.hpp"
#include "recording_runtime.hpp"

using namespace nucleus::cli;
using namespace nucleus::cli::test;

namespace {

std::string request(std::vector<std::string> arguments) {
    Script script;
    arguments.insert(arguments.begin(), "update");
    const Outcome outcome = run(script, arguments);
    if (outcome.status != 0) return outcome.complaint;
    BOOST_TEST_REQUIRE(script.calls.size() == 1U);
    return script.calls.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(update)

BOOST_AUTO_TEST_CASE(sizes_have_units_of_1024s) {
    const std::pair<const char*, std::int64_t> sizes[] = {{"0", 0},
                                                          {"-1", -1},
                                                          {"4096", 4096},
                                                          {"512M", 512 << 20},
                                                          {"512m", 512 << 20},
                                                          {"1.5g", 3LL << 29},
                                                          {"64 MiB", 64 << 20},
                                                          {"100kb", 102400},
                                                          {"2B", 2},
                                                          {"3TB", 3LL << 40},
                                                          {"0.5k", 512},
                                                          {"7EB", 0}};
    for (const auto& [text, bytes] : sizes) {
        const auto size = parse_size(text);
        if (std::string(text) == "7EB")
            BOOST_TEST(!size.has_value());
        else
            BOOST_TEST((size == bytes), text);
    }
    for (const char* text : {"", "M", "-2", "-1M", "1x", "1MM", "1 M ", " 1", "1..2", "1.M", "0x10",
                             "9223372036854775808", "9007199254740992k", "1e3"})
        BOOST_TEST(!parse_size(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(every_flag_is_its_property) {
    const std::pair<const char*, const char*> flags[] = {
        {"--blkio-weight=100", R"({"blockIO":{"weight":100}})"},
        {"--cpu-period=5", R"({"cpu":{"period":5}})"},
        {"--cpu-quota=-1", R"({"cpu":{"quota":-1}})"},
        {"--cpu-share=7", R"({"cpu":{"shares":7}})"},
        {"--cpu-burst=0", R"({"cpu":{"burst":0}})"},
        {"--cpu-idle=1", R"({"cpu":{"idle":1}})"},
        {"--cpu-rt-period=8", R"({"cpu":{"realtimePeriod":8}})"},
        {"--cpu-rt-runtime=9", R"({"cpu":{"realtimeRuntime":9}})"},
        {"--cpuset-cpus=0-3", R"({"cpu":{"cpus":"0-3"}})"},
        {"--cpuset-mems=1", R"({"cpu":{"mems":"1"}})"},
        {"--memory=1k", R"({"memory":{"limit":1024}})"},
        {"--memory-reservation=2k", R"({"memory":{"reservation":2048}})"},
        {"--memory-swap=-1", R"({"memory":{"swap":-1}})"},
        {"--kernel-memory=1k", R"({"memory":{"kernel":1024}})"},
        {"--kernel-memory-tcp=1k", R"({"memory":{"kernelTCP":1024}})"},
        {"--pids-limit=0", R"({"pids":{"limit":0}})"},
    };
    for (const auto& [flag, resources] : flags)
        BOOST_TEST(request({flag, "c"}) == std::string("update id=c resources=") + resources);
    BOOST_TEST(request({"--l3-cache-schema", "L3:0=f", "--mem-bw-schema=MB:0=9", "c"}) ==
               "update id=c resources={} l3=L3:0=f mb=MB:0=9");
    BOOST_TEST(request({"--memory", "", "--pids-limit=", "c"}) == "update id=c resources={}");
}

BOOST_AUTO_TEST_CASE(flags_stand_over_the_document) {
    const TemporaryDirectory directory;
    write_file(directory / "r.json", R"({"memory":{"limit":5,"swap":6},"pids":{"limit":3}})");
    BOOST_TEST(request({"c", "--memory=4", "-r", directory / "r.json"}) ==
               R"(update id=c resources={"memory":{"limit":4,"swap":6},"pids":{"limit":3}})");
}

BOOST_AUTO_TEST_CASE(values_that_are_none_are_refused_by_the_flags_name) {
    BOOST_TEST(request({"--memory=1x", "c"}) ==
               "nucleus: update 'c': invalid value \"1x\" for flag --memory: not a size such as "
               "1048576, 512M or -1\n");
    BOOST_TEST(request({"--pids-limit=1k", "c"}) ==
               "nucleus: update 'c': invalid value \"1k\" for flag --pids-limit: not a whole "
               "number\n");
    BOOST_TEST(request({"--cpu-share=-1", "c"}) ==
               "nucleus: update 'c': invalid value \"-1\" for flag --cpu-share: not a whole number "
               "from 0 on\n");
    BOOST_TEST(request({"--blkio-weight=65636", "c"}) ==
               "nucleus: update 'c': invalid value \"65636\" for flag --blkio-weight: not a weight "
               "of 10 to 1000\n");
    BOOST_TEST(request({"c", "d"}) ==
               "nucleus: update: too many arguments (usage: nucleus update ID)\n");
}

BOOST_AUTO_TEST_CASE(obsolete_flags_are_not_offered) {
    Script script;
    const std::string help = run(script, {"update", "--help"}).output;
    BOOST_TEST(help.find("--memory-swap") != std::string::npos);
    BOOST_TEST(help.find("kernel-memory") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
