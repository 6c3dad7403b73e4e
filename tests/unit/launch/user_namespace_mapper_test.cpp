// The id maps of a process in a new user namespace, as user_namespaces(7) wants them written.
#include "launch/user_namespace_mapper.hpp"

#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <linux/capability.h>

#include <algorithm>

#include "../fake_kernel.hpp"

using namespace nucleus;
using namespace nucleus::launch;
using nucleus::testing::FakeKernel;

namespace {

UserNamespaceConfig sample_maps() {
    auto maps = UserNamespaceConfig::custom({{0, 100000, 1000}, {1000, 5, 1}}, {{0, 200000, 70000}},
                                            UserNamespaceConfig::HostRoot::refused);
    if (!maps) BOOST_FAIL(maps.error().message());
    return *maps;
}

struct Fixture {
    FakeKernel kernel;

    Fixture() {
        for (const char* name : {"uid_map", "gid_map", "setgroups"})
            kernel.make_file(std::string("/proc/77/") + name, "")->of_kernel = true;
        kernel.begin();
    }

    std::vector<std::string> writes() const {
        std::vector<std::string> found;
        for (const std::string& each : kernel.recorded)
            if (each.starts_with("write ")) found.push_back(each);
        return found;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(user_namespace_mapper, Fixture)

BOOST_AUTO_TEST_CASE(writes_one_line_a_mapping) {
    BOOST_TEST(UserNamespaceMapper::map_text({{0, 100000, 65536}}) == "0 100000 65536\n");
    BOOST_TEST(UserNamespaceMapper::map_text({{0, 1, 2}, {3, 4294967294, 1}}) ==
               "0 1 2\n3 4294967294 1\n");
    BOOST_TEST(UserNamespaceMapper::map_text({}) == "");
}

BOOST_AUTO_TEST_CASE(writes_each_map_whole_in_one_call_and_users_before_groups) {
    const UserNamespaceMapper mapper(kernel, sample_maps());
    BOOST_TEST(mapper.write_maps(77).has_value());
    const std::vector<std::string> expected{"write uid_map 0 100000 1000\n1000 5 1\n",
                                            "write gid_map 0 200000 70000\n"};
    BOOST_TEST(writes() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(denies_setgroups_only_where_the_kernel_demands_it) {
    const UserNamespaceMapper mapper(kernel, sample_maps());
    BOOST_TEST(mapper.write_maps(77).has_value());
    BOOST_TEST(kernel.content("/proc/77/setgroups") == "");

    BOOST_TEST(!*mapper.write_maps(77));

    kernel.capabilities = ~(std::uint64_t{1} << CAP_SETGID);
    kernel.uid = 1000;
    kernel.recorded.clear();
    const UserNamespaceMapper own(kernel, UserNamespaceConfig::rootless(1000, 1000));
    const auto denied = own.write_maps(77);
    BOOST_TEST_REQUIRE(denied.has_value());
    BOOST_TEST(*denied);
    const std::vector<std::string> expected{"write uid_map 0 1000 1\n", "write setgroups deny",
                                            "write gid_map 0 1000 1\n"};
    BOOST_TEST(writes() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(has_a_setuid_program_write_what_an_ordinary_user_may_not) {
    kernel.capabilities = 0;
    kernel.uid = 1000;
    const UserNamespaceMapper mapper(kernel, sample_maps());
    const auto missing = mapper.write_maps(77);
    BOOST_TEST_REQUIRE(!missing.has_value());
    BOOST_CHECK(missing.error().code() == Errc::unsupported);
    BOOST_TEST(missing.error().message() ==
               "to map ids that are not the caller's own needs newuidmap, which is not installed");

    for (const char* program : {"newuidmap", "newgidmap"}) {
        kernel.make_file(std::string("/usr/bin/") + program, "");
        kernel.exit_status[std::string("/usr/bin/") + program] = 0;
    }
    kernel.make_file("/proc/77/setgroups", "allow\n");
    const auto written = mapper.write_maps(77);
    BOOST_TEST_REQUIRE(written.has_value(), (written ? "" : written.error().message()));
    BOOST_TEST(!*written);
    BOOST_TEST(writes().empty());

    kernel.exit_status["/usr/bin/newgidmap"] = 1;
    const auto refused = mapper.write_maps(77);
    BOOST_TEST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message() == "/usr/bin/newgidmap: it failed");
    BOOST_TEST(kernel.open_descriptors().empty());
}

BOOST_AUTO_TEST_CASE(says_what_could_not_be_written) {
    const UserNamespaceMapper mapper(kernel, sample_maps());
    BOOST_TEST(mapper.write_maps(77).has_value());
    const auto calls = kernel.calls();
    for (std::size_t n = 1; n <= calls.size(); ++n) {
        kernel.fail_call(n, EPERM);
        const auto written = mapper.write_maps(77);
        BOOST_TEST_CONTEXT(calls[n - 1].name << " " << calls[n - 1].object) {
            BOOST_TEST_REQUIRE(!written.has_value());
            BOOST_TEST(written.error().errnum() == EPERM);
            const bool named =
                written.error().message().find(calls[n - 1].object) != std::string::npos;
            BOOST_TEST(named, written.error().message());
        }
    }
    BOOST_TEST(kernel.open_descriptors().empty());
}

BOOST_AUTO_TEST_CASE(takes_a_map_that_was_only_partly_written_for_a_failure) {
    const UserNamespaceMapper mapper(kernel, sample_maps());
    BOOST_TEST(mapper.write_maps(77).has_value());
    const auto calls = kernel.calls();
    for (std::size_t n = 1; n <= calls.size(); ++n) {
        if (calls[n - 1].name != "write") continue;
        kernel.shorten_call(n);
        BOOST_TEST(!mapper.write_maps(77).has_value());
    }
}

BOOST_AUTO_TEST_CASE(resumes_where_a_signal_interrupts) {
    const UserNamespaceMapper mapper(kernel, sample_maps());
    BOOST_TEST(mapper.write_maps(77).has_value());
    const auto calls = kernel.calls();
    for (std::size_t n = 1; n <= calls.size(); ++n) {
        if (calls[n - 1].name != "write" && calls[n - 1].name != "openat") continue;
        kernel.fail_call(n, EINTR);
        BOOST_TEST(mapper.write_maps(77).has_value());
    }
}

BOOST_AUTO_TEST_CASE(tells_of_a_process_that_is_gone) {
    const UserNamespaceMapper mapper(kernel, sample_maps());
    const auto written = mapper.write_maps(78);
    BOOST_TEST_REQUIRE(!written.has_value());
    BOOST_TEST(written.error().message() == "open '/proc/78': no such file");
}

BOOST_AUTO_TEST_SUITE_END()
