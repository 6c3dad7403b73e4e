// What only a process of its own can be put through: closed standard streams, a file system that
// takes nothing more.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "cli/standard_streams.hpp"
#include "recording_runtime.hpp"

using namespace nucleus::cli;
using namespace nucleus::cli::test;

namespace {

// The exit status of `body` in a child.
template <class Body>
int in_child(Body body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

bool is_null_device(int fd) {
    struct stat file {};
    return fstat(fd, &file) == 0 && S_ISCHR(file.st_mode) && file.st_rdev == makedev(1, 3);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(own_process)

BOOST_AUTO_TEST_CASE(fills_exactly_the_closed_standard_streams_with_the_null_device) {
    for (const unsigned closed : {0U, 1U, 2U, 4U, 5U, 7U}) {
        const int wrong = in_child([closed] {
            nucleus::sys::LinuxKernel kernel;
            int pipes[2];
            if (pipe(pipes) != 0) return 100;
            const int spare = fcntl(pipes[0], F_DUPFD, 10);
            for (int fd = 0; fd < 3; ++fd) {
                if (dup2(spare, fd) < 0) return 101;
                if ((closed >> fd & 1U) != 0) close(fd);
            }
            if (!open_standard_streams(kernel)) return 102;
            for (int fd = 0; fd < 3; ++fd)
                if (is_null_device(fd) != ((closed >> fd & 1U) != 0)) return 1 + fd;
            return 0;
        });
        BOOST_TEST(wrong == 0, "closed " << closed << ": " << wrong);
    }
}

BOOST_AUTO_TEST_CASE(takes_half_a_written_config_away_again) {
    TemporaryDirectory directory;
    const int wrong = in_child([&] {
        const rlimit none{100, 100};
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &none) != 0) return 100;
        Script script;
        const Outcome outcome = run(script, {"spec", "--bundle", directory.path()});
        if (outcome.status != 1) return 1;
        return outcome.complaint == "nucleus: spec: write 'config.json': file too large\n" ? 0 : 2;
    });
    BOOST_TEST(wrong == 0);
    BOOST_TEST(access((directory / "config.json").c_str(), F_OK) != 0);
    BOOST_TEST(access(directory.path().c_str(), F_OK) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
