#define BOOST_TEST_MODULE sys
// A file that appears whole, and what a command that ends half-way leaves of it.
#include "sys/files.hpp"

#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <fcntl.h>

#include "../fake_kernel.hpp"

using namespace nucleus;
using nucleus::testing::FakeKernel;

namespace {

struct Fixture {
    FakeKernel kernel;
    base::UniqueFd directory;

    Fixture() {
        kernel.make_directory("/run/pids");
        directory = std::move(sys::open_at(kernel, AT_FDCWD, "/run/pids", O_PATH)).value();
        kernel.begin();
    }

    Result<void> place(const std::string& bytes) {
        return sys::place_file(kernel, directory.get(), "pid", bytes, 0644);
    }

    std::vector<std::string> names() const { return kernel.names_in("/run/pids"); }
};

const std::vector<std::string> kOne{"pid"};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(placing_a_file, Fixture)

BOOST_AUTO_TEST_CASE(it_appears_with_its_content) {
    BOOST_TEST(place("42").has_value());
    BOOST_TEST(kernel.content("/run/pids/pid") == "42");
    BOOST_TEST(names() == kOne, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(it_takes_the_place_of_a_longer_one) {
    kernel.make_file("/run/pids/pid", "123456");
    BOOST_TEST(place("42").has_value());
    BOOST_TEST(kernel.content("/run/pids/pid") == "42");
    BOOST_TEST(names() == kOne, boost::test_tools::per_element());
}

// A command that is killed makes no further call: what stands before each of them is what it would
// leave.
BOOST_AUTO_TEST_CASE(no_other_name_stands_at_any_point) {
    BOOST_TEST(place("42").has_value());
    const std::size_t calls = kernel.calls().size();
    for (std::size_t call = 1; call <= calls; ++call) {
        Fixture other;
        other.kernel.fail_call(call, ENOSPC);
        BOOST_TEST(!other.place("42").has_value());
        BOOST_TEST(other.names().empty());
        for (const auto& made : other.kernel.calls()) BOOST_TEST(made.name != "renameat");
    }
}

BOOST_AUTO_TEST_CASE(where_a_file_system_has_no_unnamed_files_it_is_renamed_into_place) {
    for (const int errnum : {EOPNOTSUPP, EISDIR}) {
        Fixture other;
        other.kernel.fail_call(1, errnum);
        BOOST_TEST(other.place("42").has_value());
        BOOST_TEST(other.kernel.content("/run/pids/pid") == "42");
        BOOST_TEST(other.names() == kOne, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(an_error_names_the_file) {
    kernel.fail_call(1, EACCES);
    const auto placed = place("42");
    BOOST_TEST_REQUIRE(!placed.has_value());
    BOOST_TEST(placed.error().message() == "make 'pid': permission denied");
}

BOOST_AUTO_TEST_SUITE_END()
