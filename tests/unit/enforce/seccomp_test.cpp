// The seccomp compiler: which rule decides, what is left out, and what the kernel makes of it.
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <functional>

#include "seccomp_programs.hpp"

using namespace nucleus;
using namespace nucleus::enforce::testing;
using nucleus::enforce::compile_seccomp;

namespace {

// The exit status of `body` in a child on which the policy is in force; 100 and more: it could not
// be loaded.
int status_under(const SeccompPolicy& policy, const std::function<int()>& body) {
    auto program = compiled(policy);
    const sock_fprog loaded{static_cast<unsigned short>(program.size()), program.data()};
    const pid_t child = fork();
    if (child == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(100);
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) != 0) _exit(101);
        _exit(body());
    }
    int status = 0;
    BOOST_TEST_REQUIRE(waitpid(child, &status, 0) == child);
    return status;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seccomp_compiler)

BOOST_AUTO_TEST_CASE(a_rule_without_arguments_decides_over_rules_with_arguments) {
    SeccompPolicy policy;
    policy.default_action = {Kind::allow, 0};
    policy.rules = {rule("getpid", {Kind::error, 1}, {{0, Op::eq, 5, 0}}),
                    rule("getpid", {Kind::error, 2}), rule("getpid", {Kind::error, 3}),
                    rule("getpid", {Kind::error, 4}, {{0, Op::eq, 6, 0}})};
    BOOST_TEST(native_verdict(policy, SYS_getpid, {5}) == (SECCOMP_RET_ERRNO | 2U));
    BOOST_TEST(native_verdict(policy, SYS_getpid, {6}) == (SECCOMP_RET_ERRNO | 2U));
    BOOST_TEST(native_verdict(policy, SYS_getpid) == (SECCOMP_RET_ERRNO | 2U));
}

BOOST_AUTO_TEST_CASE(of_two_rules_with_arguments_the_earlier_that_matches_decides) {
    SeccompPolicy policy;
    policy.default_action = {Kind::allow, 0};
    policy.rules = {rule("getpid", {Kind::error, 1}, {{0, Op::ge, 5, 0}}),
                    rule("getpid", {Kind::error, 2}, {{0, Op::le, 5, 0}})};
    BOOST_TEST(native_verdict(policy, SYS_getpid, {5}) == (SECCOMP_RET_ERRNO | 1U));
    BOOST_TEST(native_verdict(policy, SYS_getpid, {4}) == (SECCOMP_RET_ERRNO | 2U));
}

BOOST_AUTO_TEST_CASE(all_arguments_of_a_rule_must_match) {
    // libseccomp 2.5.4 merges these two wrongly and lets the last call through.
    SeccompPolicy policy;
    policy.default_action = {Kind::error, 1};
    policy.rules = {
        rule("close", {Kind::allow, 0},
             {{0, Op::gt, 0x7fffffff, 0}, {4, Op::le, 0x100000000, 0}, {5, Op::ne, 0xffffffff, 0}}),
        rule(
            "close", {Kind::allow, 0},
            {{0, Op::lt, 0x100000001, 0}, {1, Op::ne, 0x26d92493, 0}, {4, Op::eq, 0xfffffffe, 0}})};
    BOOST_TEST(native_verdict(policy, SYS_close, {0x80000000, 0, 0, 0, 1, 0}) == SECCOMP_RET_ALLOW);
    BOOST_TEST(native_verdict(policy, SYS_close, {1, 0, 0, 0, 0xfffffffe, 0}) == SECCOMP_RET_ALLOW);
    BOOST_TEST(native_verdict(policy, SYS_close, {1, 0xbb62054f, 0, 0, 1, 0x1ffffffff}) ==
               (SECCOMP_RET_ERRNO | 1U));
}

BOOST_AUTO_TEST_CASE(an_argument_compared_twice_matches_by_either_comparison) {
    SeccompPolicy policy;
    policy.default_action = {Kind::error, 1};
    policy.rules = {rule("personality", {Kind::allow, 0}, {{0, Op::eq, 0, 0}, {0, Op::eq, 8, 0}})};
    BOOST_TEST(native_verdict(policy, SYS_personality, {0}) == SECCOMP_RET_ALLOW);
    BOOST_TEST(native_verdict(policy, SYS_personality, {8}) == SECCOMP_RET_ALLOW);
    BOOST_TEST(native_verdict(policy, SYS_personality, {9}) == (SECCOMP_RET_ERRNO | 1U));
}

BOOST_AUTO_TEST_CASE(a_rule_that_repeats_the_default_action_changes_nothing) {
    SeccompPolicy policy;
    policy.default_action = {Kind::error, ENOSYS};
    policy.rules = {rule("getpid", {Kind::error, ENOSYS}), rule("getppid", {Kind::error, EPERM})};
    BOOST_TEST(native_verdict(policy, SYS_getpid) == (SECCOMP_RET_ERRNO | std::uint32_t{ENOSYS}));
    BOOST_TEST(native_verdict(policy, SYS_getppid) == (SECCOMP_RET_ERRNO | std::uint32_t{EPERM}));
}

BOOST_AUTO_TEST_CASE(unknown_system_calls_are_left_out_with_one_warning) {
    SeccompPolicy policy;
    policy.default_action = {Kind::allow, 0};
    policy.rules = {rule("no_such_call", {Kind::error, 1}), rule("getpid", {Kind::error, 1}),
                    rule("nor_this", {Kind::error, 1})};
    Warnings warnings;
    const auto program = compile_seccomp(policy, warnings);
    BOOST_TEST_REQUIRE(program.has_value());
    const std::vector<std::string> expected_warnings{
        "seccomp: system calls that libseccomp does not know are left out: no_such_call, nor_this"};
    BOOST_TEST(warnings == expected_warnings, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(architectures_that_the_machine_cannot_have_are_left_out_with_a_warning) {
    SeccompPolicy policy;
    policy.default_action = {Kind::allow, 0};
    policy.architectures = {"SCMP_ARCH_S390X", "SCMP_ARCH_PPC"};
    Warnings warnings;
    BOOST_TEST_REQUIRE(compile_seccomp(policy, warnings).has_value());
    const std::vector<std::string> expected_warnings{
        "seccomp: architectures that this machine cannot have are left out: SCMP_ARCH_S390X, "
        "SCMP_ARCH_PPC"};
    BOOST_TEST(warnings == expected_warnings, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_architectures_only_the_machines_own_is_covered) {
    SeccompPolicy policy;
    policy.default_action = {Kind::allow, 0};
    BOOST_TEST(native_verdict(policy, SYS_getpid) == SECCOMP_RET_ALLOW);
    for (const std::uint32_t audit : {AUDIT_ARCH_I386 + 0U, AUDIT_ARCH_ARM + 0U}) {
        const seccomp_data foreign{3, audit, 0, {}};
        BOOST_TEST(run_program(compiled(policy), foreign) == SECCOMP_RET_KILL_THREAD);
    }
}

#if defined(__x86_64__)
BOOST_AUTO_TEST_CASE(x32_calls_kill_unless_x32_is_listed) {
    SeccompPolicy policy;
    policy.default_action = {Kind::allow, 0};
    BOOST_TEST(native_verdict(policy, static_cast<int>(kX32 | 1U)) == SECCOMP_RET_KILL_THREAD);
    policy.architectures = {"SCMP_ARCH_X32"};
    BOOST_TEST(native_verdict(policy, static_cast<int>(kX32 | 1U)) == SECCOMP_RET_ALLOW);
}

BOOST_AUTO_TEST_CASE(i386_calls_are_met_directly_and_multiplexed) {
    const auto verdict = [](const SeccompPolicy& policy, int number, std::uint64_t first) {
        const seccomp_data data{number, AUDIT_ARCH_I386, 0, {first, 0, 0, 0, 0, 0}};
        return run_program(compiled(policy), data);
    };
    constexpr int kSocketcall = 102;
    constexpr int kIpc = 117;
    const std::uint32_t denied = SECCOMP_RET_ERRNO | 1U;
    SeccompPolicy policy;
    policy.default_action = {Kind::error, 1};
    policy.architectures = {"SCMP_ARCH_X86"};
    policy.rules = {rule("socket", {Kind::allow, 0}), rule("accept", {Kind::allow, 0}),
                    rule("shmget", {Kind::allow, 0}),
                    rule("bind", {Kind::allow, 0}, {{0, Op::eq, 3, 0}})};
    BOOST_TEST(verdict(policy, 359, 0) == SECCOMP_RET_ALLOW);          // socket
    BOOST_TEST(verdict(policy, kSocketcall, 1) == SECCOMP_RET_ALLOW);  // SYS_SOCKET
    BOOST_TEST(verdict(policy, kSocketcall, 5) == SECCOMP_RET_ALLOW);  // SYS_ACCEPT
    BOOST_TEST(verdict(policy, kSocketcall, 3) == denied);             // SYS_CONNECT
    BOOST_TEST(verdict(policy, 361, 3) == SECCOMP_RET_ALLOW);          // bind
    BOOST_TEST(verdict(policy, 361, 4) == denied);
    BOOST_TEST(verdict(policy, kSocketcall, 2) == denied);  // SYS_BIND: its arguments are unseen
    BOOST_TEST(verdict(policy, 395, 0) == SECCOMP_RET_ALLOW);
    BOOST_TEST(verdict(policy, kIpc, 23) == SECCOMP_RET_ALLOW);  // SHMGET
    BOOST_TEST(verdict(policy, kIpc, 24) == denied);             // SHMCTL

    policy.default_action = {Kind::allow, 0};
    policy.rules = {rule("shmget", {Kind::error, 1}),
                    rule("bind", {Kind::error, 1}, {{0, Op::eq, 3, 0}})};
    BOOST_TEST(verdict(policy, kIpc, 23) == denied);
    BOOST_TEST(verdict(policy, kIpc, 0x10017) == denied);  // with a version
    BOOST_TEST(verdict(policy, kIpc, 24) == SECCOMP_RET_ALLOW);
    BOOST_TEST(verdict(policy, kSocketcall, 2) == denied);
}

// Each name on its own against what is known from asm/unistd_32.h.
BOOST_AUTO_TEST_CASE(i386_direct_numbers_of_multiplexed_calls) {
    const struct {
        const char* name;
        int number;
    } rows[] = {
        {"socket", 359},      {"socketpair", 360},  {"bind", 361},       {"connect", 362},
        {"listen", 363},      {"accept4", 364},     {"getsockopt", 365}, {"setsockopt", 366},
        {"getsockname", 367}, {"getpeername", 368}, {"sendto", 369},     {"sendmsg", 370},
        {"recvfrom", 371},    {"recvmsg", 372},     {"shutdown", 373},   {"recvmmsg", 337},
        {"sendmmsg", 345},    {"semget", 393},      {"semctl", 394},     {"shmget", 395},
        {"shmctl", 396},      {"shmat", 397},       {"shmdt", 398},      {"msgget", 399},
        {"msgsnd", 400},      {"msgrcv", 401},      {"msgctl", 402}};
    for (const auto& row : rows) {
        SeccompPolicy policy;
        policy.default_action = {Kind::error, 1};
        policy.architectures = {"SCMP_ARCH_X86"};
        policy.rules = {rule(row.name, {Kind::allow, 0})};
        const auto program = compiled(policy);
        for (int number = 0; number < 500; ++number) {
            const seccomp_data data{number, AUDIT_ARCH_I386, 0, {}};
            const bool allowed = run_program(program, data) == SECCOMP_RET_ALLOW;
            BOOST_TEST(allowed == (number == row.number), row.name << ' ' << number);
        }
    }
}
#endif

BOOST_AUTO_TEST_CASE(the_kernel_takes_the_program_and_acts_on_it) {
    SeccompPolicy policy;
    policy.default_action = {Kind::allow, 0};
    policy.rules = {rule("getppid", {Kind::error, EDOM}),
                    rule("personality", {Kind::error, ERANGE}, {{0, Op::eq, 0xffffffff, 0}})};
    const int status = status_under(policy, [] {
        if (syscall(SYS_getppid) != -1 || errno != EDOM) return 1;
        if (syscall(SYS_personality, 0xffffffffUL) != -1 || errno != ERANGE) return 2;
        if (syscall(SYS_personality, 0x1ffffffffUL) < 0) return 3;
        if (syscall(SYS_getpid) < 0) return 4;
        return 42;
    });
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 42);
}

BOOST_AUTO_TEST_CASE(the_kernel_kills_for_a_call_that_the_program_kills_for) {
    SeccompPolicy policy;
    policy.default_action = {Kind::allow, 0};
    policy.rules = {rule("getppid", {Kind::kill_process, 0})};
    const int status = status_under(policy, [] {
        syscall(SYS_getppid);
        return 42;
    });
    BOOST_TEST(WIFSIGNALED(status));
    BOOST_TEST(WTERMSIG(status) == SIGSYS);
}

BOOST_AUTO_TEST_SUITE_END()
