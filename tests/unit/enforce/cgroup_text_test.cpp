// The texts of counters.
#include <boost/test/unit_test.hpp>

#include "enforce/cgroup_text.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

BOOST_AUTO_TEST_SUITE(cgroup_text)

BOOST_AUTO_TEST_CASE(numbers_and_lists) {
    BOOST_TEST(number_in("42\n") == 42U);
    BOOST_TEST(number_in("max\n") == 18446744073709551615U);
    BOOST_TEST(number_in("") == 0U);
    BOOST_TEST(signed_in("-1\n") == -1);
    BOOST_TEST(numbers_in("1 22  333 \n") == (std::vector<std::uint64_t>{1, 22, 333}),
               boost::test_tools::per_element());
    BOOST_TEST(list_in("0-2,5,7-8\n") == (std::vector<std::uint16_t>{0, 1, 2, 5, 7, 8}),
               boost::test_tools::per_element());
    BOOST_TEST(list_in("\n").empty());
    BOOST_TEST(list_in("65535-99999999999\n").size() == 1U);
}

BOOST_AUTO_TEST_CASE(keys_with_one_number) {
    const auto values = flat_keyed_in("anon 5\nfile 6\nodd\nthree 1 2\n");
    BOOST_TEST(values.size() == 2U);
    BOOST_TEST(values.at("file") == 6U);
}

BOOST_AUTO_TEST_CASE(block_devices_of_cgroup_v1_without_the_sum_of_all) {
    const auto entries = block_entries_in("8:16 Read 10\n8:16 Write 0\n8:0 7\nTotal 17\n");
    BOOST_TEST((entries ==
                BlockIoStats::Entries{{8, 16, "Read", 10}, {8, 16, "Write", 0}, {8, 0, "", 7}}));
}

BOOST_AUTO_TEST_CASE(block_devices_of_cgroup_v2) {
    BlockIoStats io;
    io_stat_in("254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:0 rbytes=9 cost=1\nx\n",
               io);
    BOOST_TEST((io.service_bytes == BlockIoStats::Entries{{254, 0, "Read", 1},
                                                          {254, 0, "Write", 2},
                                                          {254, 0, "Discard", 5},
                                                          {8, 0, "Read", 9}}));
    BOOST_TEST(
        (io.serviced ==
         BlockIoStats::Entries{{254, 0, "Read", 3}, {254, 0, "Write", 4}, {254, 0, "Discard", 6}}));
}

BOOST_AUTO_TEST_CASE(pressure) {
    const Pressure pressure = pressure_in(
        "some avg10=1.50 avg60=0.07 avg300=100.00 total=123\n"
        "full avg10=0.00 avg60=0.10 avg300=2.00 total=4\n");
    BOOST_TEST((pressure == Pressure{{150, 7, 10000, 123}, {0, 10, 200, 4}}));
}

BOOST_AUTO_TEST_CASE(usage_of_each_processor) {
    CpuStats cpu;
    usage_all_in("cpu user system\n0 5 6\n1 7 8\n", cpu);
    BOOST_TEST(cpu.per_cpu_user == (std::vector<std::uint64_t>{5, 7}),
               boost::test_tools::per_element());
    BOOST_TEST(cpu.per_cpu_kernel == (std::vector<std::uint64_t>{6, 8}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_line_of_schemata) {
    const std::string text = "    MB:0=100\n    L3:0=7ff;1=7ff\nL3CODE:0=1\n";
    BOOST_TEST(schema_in(text, "L3") == "L3:0=7ff;1=7ff");
    BOOST_TEST(schema_in(text, "MB") == "MB:0=100");
    BOOST_TEST(schema_in(text, "L2") == "");
}

BOOST_AUTO_TEST_SUITE_END()
