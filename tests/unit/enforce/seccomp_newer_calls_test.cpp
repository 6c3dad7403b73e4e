// ENOSYS for system calls that are newer than the profile.
#include <sys/syscall.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "seccomp_programs.hpp"

using namespace nucleus;
using namespace nucleus::enforce::testing;

BOOST_AUTO_TEST_SUITE(seccomp_compiler)

BOOST_AUTO_TEST_CASE(a_call_above_the_highest_that_the_profile_names_is_not_implemented) {
    constexpr std::uint32_t kNotImplemented = SECCOMP_RET_ERRNO | std::uint32_t{ENOSYS};
    SeccompPolicy policy;
    policy.rules = {rule("getpid", {Kind::allow, 0}),
                    rule("setns", {Kind::allow, 0}, {{0, Op::eq, 1, 0}})};
    for (const SeccompAction action :
         {SeccompAction{Kind::error, EPERM}, SeccompAction{Kind::error, EDOM},
          SeccompAction{Kind::trap, 0}, SeccompAction{Kind::kill_thread, 0},
          SeccompAction{Kind::kill_process, 0}}) {
        policy.default_action = action;
        const std::uint32_t refused = return_value(action);
        BOOST_TEST(native_verdict(policy, SYS_setns + 1) == kNotImplemented);
        BOOST_TEST(native_verdict(policy, 9999) == kNotImplemented);
        BOOST_TEST(native_verdict(policy, SYS_setns, {2}) == refused);  // named, whatever it says
        BOOST_TEST(native_verdict(policy, SYS_setns - 1) == refused);
        BOOST_TEST(native_verdict(policy, SYS_getppid) == refused);
        BOOST_TEST(native_verdict(policy, -1) == refused);
    }
    for (const Kind kind : {Kind::allow, Kind::log, Kind::trace, Kind::notify}) {
        policy.default_action = {kind, 0};
        BOOST_TEST(native_verdict(policy, 9999) == return_value(policy.default_action));
    }
}

BOOST_AUTO_TEST_CASE(a_rule_that_repeats_the_default_action_names_its_call_all_the_same) {
    SeccompPolicy policy;
    policy.default_action = {Kind::error, EPERM};
    policy.rules = {rule("getpid", {Kind::allow, 0}), rule("setns", {Kind::error, EPERM})};
    BOOST_TEST(native_verdict(policy, SYS_setns) == (SECCOMP_RET_ERRNO | std::uint32_t{EPERM}));
    BOOST_TEST(native_verdict(policy, SYS_setns + 1) ==
               (SECCOMP_RET_ERRNO | std::uint32_t{ENOSYS}));
}

BOOST_AUTO_TEST_CASE(a_profile_that_names_no_call_has_only_its_default_action) {
    SeccompPolicy policy;
    policy.default_action = {Kind::error, EPERM};
    BOOST_TEST(native_verdict(policy, SYS_getpid) == (SECCOMP_RET_ERRNO | std::uint32_t{EPERM}));
    BOOST_TEST(native_verdict(policy, 9999) == (SECCOMP_RET_ERRNO | std::uint32_t{EPERM}));
}

BOOST_AUTO_TEST_CASE(a_call_that_a_tracer_skips_gets_the_default_action) {
    SeccompPolicy policy;
    policy.default_action = {Kind::error, 7};
    policy.rules = {rule("getpid", {Kind::allow, 0})};
    BOOST_TEST(native_verdict(policy, -1) == (SECCOMP_RET_ERRNO | 7U));
}

#if defined(__x86_64__)
BOOST_AUTO_TEST_CASE(what_is_newer_is_judged_for_each_architecture_by_itself) {
    const auto verdict = [](const SeccompPolicy& policy, std::uint32_t audit,
                            std::uint32_t number) {
        const seccomp_data data{static_cast<int>(number), audit, 0, {}};
        return run_program(compiled(policy), data);
    };
    constexpr std::uint32_t kNotImplemented = SECCOMP_RET_ERRNO | std::uint32_t{ENOSYS};
    constexpr std::uint32_t kRefused = SECCOMP_RET_ERRNO | std::uint32_t{EDOM};
    SeccompPolicy policy;
    policy.default_action = {Kind::error, EDOM};
    policy.architectures = {"SCMP_ARCH_X86", "SCMP_ARCH_X32"};
    // x86-64 alone has both; i386's are 308 and 346; x32 numbers ptrace 521 and setns 308.
    policy.rules = {rule("setns", {Kind::allow, 0}), rule("ptrace", {Kind::allow, 0})};
    BOOST_TEST(verdict(policy, AUDIT_ARCH_X86_64, 308) == SECCOMP_RET_ALLOW);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_X86_64, 309) == kNotImplemented);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_X86_64, 307) == kRefused);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_X86_64, kX32 - 1) == kNotImplemented);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_I386, 346) == SECCOMP_RET_ALLOW);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_I386, 309) == kRefused);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_I386, 347) == kNotImplemented);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_I386, kX32 | 1U) == kNotImplemented);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_X86_64, kX32) == kRefused);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_X86_64, kX32 | 309U) == kRefused);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_X86_64, kX32 | 521U) == SECCOMP_RET_ALLOW);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_X86_64, kX32 | 522U) == kNotImplemented);
    policy.architectures = {};
    BOOST_TEST(verdict(policy, AUDIT_ARCH_X86_64, kX32 | 522U) == SECCOMP_RET_KILL_THREAD);
    BOOST_TEST(verdict(policy, AUDIT_ARCH_I386, 347) == SECCOMP_RET_KILL_THREAD);
}

BOOST_AUTO_TEST_CASE(direct_socket_calls_of_i386_count_as_named) {
    SeccompPolicy policy;
    policy.default_action = {Kind::error, EDOM};
    policy.architectures = {"SCMP_ARCH_X86"};
    policy.rules = {rule("shutdown", {Kind::allow, 0})};  // 373, and a call of socketcall, 102
    const seccomp_data below{372, AUDIT_ARCH_I386, 0, {}};
    const seccomp_data above{374, AUDIT_ARCH_I386, 0, {}};
    BOOST_TEST(run_program(compiled(policy), below) == (SECCOMP_RET_ERRNO | std::uint32_t{EDOM}));
    BOOST_TEST(run_program(compiled(policy), above) == (SECCOMP_RET_ERRNO | std::uint32_t{ENOSYS}));
}
#endif

BOOST_AUTO_TEST_SUITE_END()
