// Messages with descriptors, and addresses of paths that sun_path has no room for.
#include "sys/unix_socket.hpp"

#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>
#include <vector>

#include "../fake_kernel.hpp"

using namespace nucleus;
using nucleus::testing::FakeKernel;

namespace {

struct Fixture {
    FakeKernel kernel;
    int ends[2] = {-1, -1};

    Fixture() {
        kernel.socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends);
        kernel.begin();
    }
    ~Fixture() {
        for (const int end : ends) base::UniqueFd closed(end);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(unix_socket, Fixture)

BOOST_AUTO_TEST_CASE(a_message_is_resumed_where_it_was_interrupted) {
    kernel.fail_call(1, EINTR);
    BOOST_TEST(sys::send_with_descriptors(kernel, ends[0], "three", {}) == 5);
    BOOST_TEST(kernel.calls().size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_error_is_handed_on) {
    kernel.fail_call(1, EPIPE);
    BOOST_TEST(sys::send_with_descriptors(kernel, ends[0], "three", {}) == -EPIPE);
}

BOOST_AUTO_TEST_CASE(more_descriptors_than_a_message_takes_are_refused_before_the_kernel_is_asked) {
    const std::vector<int> many(sys::kMaxDescriptorsPerMessage + 1, ends[1]);
    BOOST_TEST(sys::send_with_descriptors(kernel, ends[0], "x", many) == -EINVAL);
    BOOST_TEST(kernel.calls().empty());
}

BOOST_AUTO_TEST_CASE(a_path_however_long_is_reached_through_a_descriptor) {
    const std::string directory = "/run/" + std::string(200, 'd');
    kernel.make_directory(directory);
    kernel.make_listener(directory + "/agent.sock");
    BOOST_TEST(sys::connect_unix(kernel, directory + "/agent.sock").has_value());
    const auto missing = sys::connect_unix(kernel, directory + "/none.sock");
    BOOST_TEST_REQUIRE(!missing.has_value());
    BOOST_TEST(missing.error().errnum() == ENOENT);
}

BOOST_AUTO_TEST_CASE(an_address_may_name_what_stands_in_a_directory) {
    BOOST_TEST(std::string(sys::unix_address(7).sun_path) == "/proc/self/fd/7");
    BOOST_TEST(std::string(sys::unix_address(7, "start.sock").sun_path) ==
               "/proc/self/fd/7/start.sock");
}

BOOST_AUTO_TEST_SUITE_END()
