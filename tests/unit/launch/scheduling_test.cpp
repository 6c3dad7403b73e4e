// What the host asks of the kernel for a process's scheduler and I/O priority, and its words when
// the kernel has not got it.
#include "launch/scheduling.hpp"

#include <boost/test/unit_test.hpp>

#include <errno.h>

#include "../fake_kernel.hpp"

using namespace nucleus;
using nucleus::testing::FakeKernel;
using policy::SchedulerPolicy;

namespace {

struct Fixture {
    FakeKernel kernel;
    pid_t pid = 0;

    Fixture() {
        kernel.make_file("/bin/program", "");
        char name[] = "program";
        char* argv[] = {name, nullptr};
        char* envp[] = {nullptr};
        sys::SpawnRequest request{};
        request.executable_fd = -1;
        request.path = "/bin/program";
        request.argv = argv;
        request.envp = envp;
        request.stdio[0] = request.stdio[1] = request.stdio[2] = -1;
        request.cgroup_fd = -1;
        pid = kernel.spawn(request);
        kernel.recorded.clear();
        kernel.begin();
    }

    Error refusal(const SchedulerPolicy& wanted, int errnum, std::size_t call = 1) {
        kernel.begin();
        kernel.fail_call(call, errnum);
        auto done = launch::set_scheduler(kernel, pid, wanted);
        BOOST_TEST_REQUIRE(!done.has_value());
        return std::move(done).error();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scheduling, Fixture)

BOOST_AUTO_TEST_CASE(a_fair_policy_takes_the_nice_value_itself) {
    for (const auto& [name, number] :
         {std::pair("SCHED_OTHER", 0U), std::pair("SCHED_BATCH", 3U)}) {
        kernel.recorded.clear();
        SchedulerPolicy wanted{.name = name, .policy = number, .nice = 5};
        BOOST_TEST(launch::set_scheduler(kernel, pid, wanted).has_value());
        BOOST_TEST(kernel.recorded ==
                       std::vector<std::string>{"scheduler " + std::to_string(number) + " 0"},
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(any_other_leaves_the_nice_value_to_a_call_of_its_own) {
    SchedulerPolicy wanted{.name = "SCHED_FIFO", .policy = 1, .nice = -3, .priority = 50};
    BOOST_TEST(launch::set_scheduler(kernel, pid, wanted).has_value());
    BOOST_TEST(kernel.recorded == (std::vector<std::string>{"scheduler 1 50", "nice -3"}),
               boost::test_tools::per_element());
    BOOST_TEST(refusal(wanted, EACCES, 2).message() == "process.scheduler.nice: permission denied");
}

BOOST_AUTO_TEST_CASE(parameters_that_are_kept_include_the_nice_value) {
    SchedulerPolicy wanted{.name = "SCHED_IDLE", .policy = 5, .flags = 0x10};
    BOOST_TEST(launch::set_scheduler(kernel, pid, wanted).has_value());
    BOOST_TEST(kernel.recorded == std::vector<std::string>{"scheduler 5 0"},
               boost::test_tools::per_element());
    // A policy that is kept may be one that does not take it.
    kernel.recorded.clear();
    wanted = {.name = "SCHED_OTHER", .policy = 0, .flags = 0x08, .nice = 1};
    BOOST_TEST(launch::set_scheduler(kernel, pid, wanted).has_value());
    BOOST_TEST(kernel.recorded == (std::vector<std::string>{"scheduler 0 0", "nice 1"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_io_priority_is_the_process_groups) {
    BOOST_TEST(launch::set_io_priority(kernel, pid, 2U << 13 | 4).has_value());
    BOOST_TEST(kernel.recorded == std::vector<std::string>{"I/O priority 2 16388"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_the_kernel_has_not_got_is_named) {
    const SchedulerPolicy iso{.name = "SCHED_ISO", .policy = 4};
    Error error = refusal(iso, EINVAL);
    BOOST_TEST(error.message() ==
               "process.scheduler 'SCHED_ISO': policy: this kernel has no policy SCHED_ISO");
    BOOST_CHECK(error.code() == Errc::unsupported);
    const SchedulerPolicy other{.name = "SCHED_OTHER", .policy = 0, .flags = 0x20};
    error = refusal(other, EOPNOTSUPP);
    BOOST_TEST(error.message() ==
               "process.scheduler 'SCHED_OTHER': flags: this kernel has no "
               "utilization clamping (CONFIG_UCLAMP_TASK)");
    BOOST_CHECK(error.code() == Errc::unsupported);
    BOOST_TEST(refusal(other, ENOSYS).message() ==
               "process.scheduler 'SCHED_OTHER': this kernel has no sched_setattr");
    BOOST_TEST(refusal(other, EINVAL).message() ==
               "process.scheduler 'SCHED_OTHER': invalid argument");
    kernel.begin();
    kernel.fail_call(1, ENOSYS);
    const auto io = launch::set_io_priority(kernel, pid, 2U << 13);
    BOOST_TEST_REQUIRE(!io.has_value());
    BOOST_TEST(io.error().message() ==
               "process.ioPriority: this kernel has no block devices (CONFIG_BLOCK)");
    BOOST_CHECK(io.error().code() == Errc::unsupported);
}

BOOST_AUTO_TEST_CASE(what_the_machine_cannot_spare_is_explained) {
    const SchedulerPolicy deadline{.name = "SCHED_DEADLINE", .policy = 6};
    BOOST_TEST(refusal(deadline, EBUSY).message().find("have not so much time left") !=
               std::string::npos);
    BOOST_TEST(refusal(deadline, EPERM).message().find("every processor") != std::string::npos);
    for (const auto& [name, number] : {std::pair("SCHED_FIFO", 1U), std::pair("SCHED_RR", 2U)}) {
        const Error error = refusal({.name = name, .policy = number, .priority = 1}, EPERM);
        BOOST_TEST(error.message().find("realtimeRuntime") != std::string::npos);
        BOOST_CHECK(error.code() == Errc::permission_denied);
    }
}

BOOST_AUTO_TEST_SUITE_END()
