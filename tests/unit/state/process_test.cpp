#include "state/process.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "faulty_kernel.hpp"

using namespace nucleus::state;
using nucleus::Errc;
using nucleus::state::test::FaultyKernel;

namespace {

// A child that sleeps until it is killed; `name` becomes its name in /proc/PID/stat.
class Child {
public:
    explicit Child(const char* name = "child") {
        int ready[2];
        BOOST_TEST_REQUIRE(pipe(ready) == 0);
        pid_ = fork();
        BOOST_TEST_REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            prctl(PR_SET_NAME, name);
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)!write(ready[1], "", 1);
            for (;;) pause();
        }
        char byte;
        BOOST_TEST_REQUIRE(read(ready[0], &byte, 1) == 1);
        close(ready[0]);
        close(ready[1]);
    }
    ~Child() {
        end();
        reap();
    }

    // Dead, but not reaped: a zombie.
    void end() {
        if (ended_) return;
        ended_ = true;
        kill(pid_, SIGKILL);
        siginfo_t info;
        waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    }
    void reap() {
        if (!reaped_) waitpid(pid_, nullptr, 0);
        reaped_ = true;
    }
    pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
    bool ended_ = false, reaped_ = false;
};

struct Fixture {
    FaultyKernel kernel;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(process, Fixture)

BOOST_AUTO_TEST_CASE(identifies_a_process_the_same_way_twice) {
    const auto first = identify(kernel, getpid());
    BOOST_TEST_REQUIRE(first.has_value());
    BOOST_TEST(first->pid == getpid());
    BOOST_TEST(first->start_time > 0U);
    BOOST_CHECK(*identify(kernel, getpid()) == *first);
    BOOST_TEST(alive(kernel, *first));
}

BOOST_AUTO_TEST_CASE(reads_past_a_name_with_parentheses_and_spaces) {
    Child child(") Z 1 (x");
    const auto id = identify(kernel, child.pid());
    BOOST_TEST_REQUIRE(id.has_value());
    BOOST_TEST(id->start_time >= identify(kernel, getpid())->start_time);
    BOOST_TEST(alive(kernel, *id));
}

BOOST_AUTO_TEST_CASE(a_zombie_is_dead) {
    Child child;
    const auto id = identify(kernel, child.pid());
    BOOST_TEST_REQUIRE(id.has_value());
    BOOST_TEST(alive(kernel, *id));
    child.end();
    BOOST_TEST(identify(kernel, child.pid()).has_value());  // its pid is not free yet
    BOOST_TEST(!alive(kernel, *id));
}

BOOST_AUTO_TEST_CASE(a_reaped_process_is_gone) {
    Child child;
    const auto id = identify(kernel, child.pid());
    BOOST_TEST_REQUIRE(id.has_value());
    child.end();
    child.reap();
    BOOST_TEST(!alive(kernel, *id));
    const auto again = identify(kernel, child.pid());
    BOOST_TEST_REQUIRE(!again.has_value());
    BOOST_CHECK(again.error().code() == Errc::not_running);
}

BOOST_AUTO_TEST_CASE(a_recycled_pid_is_another_process) {
    auto id = identify(kernel, getpid());
    BOOST_TEST_REQUIRE(id.has_value());
    ++id->start_time;
    BOOST_TEST(!alive(kernel, *id));
}

BOOST_AUTO_TEST_CASE(a_stopped_process_is_alive) {
    Child child;
    kill(child.pid(), SIGSTOP);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED);
    BOOST_TEST(alive(kernel, *identify(kernel, child.pid())));
}

BOOST_AUTO_TEST_CASE(a_process_counts_as_alive_while_the_kernel_does_not_answer) {
    const auto id = identify(kernel, getpid());
    BOOST_TEST_REQUIRE(id.has_value());
    kernel.fail_call(1, EMFILE);
    BOOST_TEST(alive(kernel, *id));
    kernel.fail_call(2, ESRCH);  // ended between open and read
    BOOST_TEST(!alive(kernel, *id));
}

BOOST_AUTO_TEST_SUITE_END()
