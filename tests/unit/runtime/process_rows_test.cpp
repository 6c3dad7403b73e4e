// What of ps(1)'s table is a container's.
#include "runtime/process_rows.hpp"

#include <boost/test/unit_test.hpp>

using namespace nucleus;
using namespace nucleus::runtime;

BOOST_AUTO_TEST_SUITE(rows_of_ps)

BOOST_AUTO_TEST_CASE(keep_the_heading_and_the_containers_own) {
    const auto rows = process_rows(
        "UID        PID  PPID CMD\n"
        "root         1     0 init\n"
        "root        12     1 sleep 34\n"
        "root       123    12 12\n"
        "root        34    12 tail -f\n",
        {12, 34});
    BOOST_TEST_REQUIRE(rows.has_value());
    BOOST_TEST(*rows ==
               "UID        PID  PPID CMD\n"
               "root        12     1 sleep 34\n"
               "root        34    12 tail -f\n");
}

BOOST_AUTO_TEST_CASE(find_the_column_wherever_ps_was_told_to_put_it) {
    for (const char* const heading : {"PID COMMAND", "  PID\tCOMMAND", "PID"}) {
        const auto rows = process_rows(std::string(heading) + "\n  7 a\n 8 b\n8\n", {8});
        BOOST_TEST_REQUIRE(rows.has_value());
        BOOST_TEST(*rows == std::string(heading) + "\n 8 b\n8\n");
    }
    const auto last = process_rows("COMMAND PID\n8 7\n7 8\n", {8});
    BOOST_TEST(*last == "COMMAND PID\n7 8\n");
}

BOOST_AUTO_TEST_CASE(leave_out_what_is_no_row) {
    const auto rows =
        process_rows("Warning: bad syntax\nPPID PID\n1 8x\n1\n\n1 99999999999\n1 8", {8});
    BOOST_TEST_REQUIRE(rows.has_value());
    BOOST_TEST(*rows == "PPID PID\n1 8\n");
    BOOST_TEST(*process_rows("PID\n1\n", {}) == "PID\n");
}

BOOST_AUTO_TEST_CASE(cannot_be_told_without_a_column_of_process_ids) {
    for (const char* const table : {"", "COMMAND\nsh\n", "PPID\n8\n"}) {
        const auto rows = process_rows(table, {8});
        BOOST_TEST_REQUIRE(!rows.has_value());
        BOOST_TEST(rows.error().message() == "what ps printed has no column PID");
    }
}

BOOST_AUTO_TEST_SUITE_END()
