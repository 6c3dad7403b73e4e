// The compiled program against a second reading of the policy: thousands of random policies and
// system calls through a BPF interpreter, and one that the kernel runs.
#include "enforce/seccomp.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <functional>
#include <optional>
#include <random>

#include "bpf_interpreter.hpp"

using namespace nucleus;
using namespace nucleus::enforce::testing;
using nucleus::enforce::compile_seccomp;
using policy::SeccompAction;
using policy::SeccompArg;
using policy::SeccompPolicy;
using policy::SeccompRule;
using Kind = SeccompAction::Kind;
using Op = SeccompArg::Op;

namespace {

constexpr std::array<std::uint32_t, 3> kArchitectures{AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
                                                      AUDIT_ARCH_AARCH64};

// Numbers from the kernel's tables, in the order of kArchitectures.
struct Syscall {
    const char* name;
    std::array<int, 3> numbers;
};
constexpr Syscall kSyscalls[] = {
    {"read", {0, 3, 63}},       {"write", {1, 4, 64}},           {"close", {3, 6, 57}},
    {"getpid", {39, 20, 172}},  {"personality", {135, 136, 92}}, {"kill", {62, 37, 129}},
    {"dup", {32, 41, 23}},      {"umask", {95, 60, 166}},        {"sync", {162, 36, 81}},
    {"setns", {308, 346, 268}},
};

std::uint32_t return_value(const SeccompAction& action) {
    switch (action.kind) {
        case Kind::kill_thread:
            return SECCOMP_RET_KILL_THREAD;
        case Kind::kill_process:
            return SECCOMP_RET_KILL_PROCESS;
        case Kind::trap:
            return SECCOMP_RET_TRAP;
        case Kind::error:
            return SECCOMP_RET_ERRNO | action.value;
        case Kind::trace:
            return SECCOMP_RET_TRACE | action.value;
        case Kind::log:
            return SECCOMP_RET_LOG;
        case Kind::allow:
            return SECCOMP_RET_ALLOW;
        case Kind::notify:
            return SECCOMP_RET_USER_NOTIF;
    }
    throw std::runtime_error("no action");
}

bool compares(const SeccompArg& arg, std::uint64_t value, std::uint64_t mask) {
    const std::uint64_t actual = value & mask;
    const std::uint64_t wanted = arg.value & mask;
    switch (arg.op) {
        case Op::ne:
            return actual != wanted;
        case Op::lt:
            return actual < wanted;
        case Op::le:
            return actual <= wanted;
        case Op::eq:
            return actual == wanted;
        case Op::ge:
            return actual >= wanted;
        case Op::gt:
            return actual > wanted;
        case Op::masked_eq:
            return (actual & wanted) == (arg.value_two & wanted);
    }
    throw std::runtime_error("no operator");
}

bool names(const SeccompRule& rule, std::size_t architecture, int number) {
    for (const std::string& name : rule.syscalls) {
        for (const Syscall& syscall : kSyscalls) {
            if (syscall.name == name && syscall.numbers[architecture] == number) return true;
        }
    }
    return false;
}

bool matches(const SeccompRule& rule, const seccomp_data& data, std::size_t architecture) {
    if (!names(rule, architecture, data.nr)) return false;
    // A 32-bit architecture has 32-bit arguments.
    const std::uint64_t mask =
        kArchitectures[architecture] == AUDIT_ARCH_I386 ? 0xffffffffU : ~0ULL;
    for (const SeccompArg& arg : rule.args) {
        if (!compares(arg, data.args[arg.index], mask)) return false;
    }
    return true;
}

// What the policy says, for policies whose rules for one system call share one action.
std::uint32_t expected(const SeccompPolicy& policy, const seccomp_data& data) {
    for (std::size_t architecture = 0; architecture < kArchitectures.size(); ++architecture) {
        if (kArchitectures[architecture] != data.arch) continue;
        for (const SeccompRule& rule : policy.rules) {
            if (matches(rule, data, architecture)) return return_value(rule.action);
        }
        return return_value(policy.default_action);
    }
    return SECCOMP_RET_KILL_THREAD;
}

class Random {
public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}

    std::size_t below(std::size_t end) {
        return std::uniform_int_distribution<std::size_t>(0, end - 1)(engine_);
    }
    bool one_in(std::size_t count) { return below(count) == 0; }

    // Values around the places where comparing halves of 64 bits goes wrong.
    std::uint64_t value() {
        constexpr std::uint64_t kEdges[] = {
            0,          1,          2,           7,           0x7fffffff,  0x80000000,
            0xfffffffe, 0xffffffff, 0x100000000, 0x100000001, 0x1ffffffff, 0xffffffff00000000,
            ~0ULL};
        if (one_in(4)) return engine_();
        return kEdges[below(std::size(kEdges))];
    }

    SeccompAction action() {
        const SeccompAction actions[] = {
            {Kind::kill_thread, 0}, {Kind::kill_process, 0}, {Kind::trap, 0}, {Kind::error, EPERM},
            {Kind::error, ENOSYS},  {Kind::trace, 9},        {Kind::log, 0},  {Kind::allow, 0}};
        return actions[below(std::size(actions))];
    }

    std::vector<SeccompArg> arguments() {
        std::vector<SeccompArg> args;
        for (std::uint32_t index = 0; index < 6; ++index) {
            if (!one_in(4)) continue;
            args.push_back({index, static_cast<Op>(below(7)), value(), value()});
        }
        return args;
    }

    SeccompPolicy policy() {
        SeccompPolicy policy;
        policy.default_action = action();
        policy.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"};
        for (const Syscall& syscall : kSyscalls) {
            if (one_in(3)) continue;
            const SeccompAction shared = action();
            const std::size_t rules = 1;
            for (std::size_t rule = 0; rule < rules; ++rule) {
                policy.rules.push_back(
                    {{syscall.name}, shared, one_in(3) ? std::vector<SeccompArg>() : arguments()});
            }
        }
        return policy;
    }

    seccomp_data data() {
        seccomp_data data{};
        const std::size_t architecture = below(kArchitectures.size());
        data.arch = one_in(20) ? std::uint32_t{AUDIT_ARCH_S390X} : kArchitectures[architecture];
        data.nr = one_in(8) ? static_cast<int>(below(500))
                            : kSyscalls[below(std::size(kSyscalls))].numbers[architecture];
        for (auto& argument : data.args) {
            argument = value();
            if (data.arch == AUDIT_ARCH_I386) argument &= 0xffffffffU;
        }
        return data;
    }

private:
    std::mt19937 engine_;
};

std::vector<sock_filter> compiled(const SeccompPolicy& policy) {
    Warnings warnings;
    auto program = compile_seccomp(policy, warnings);
    if (!program) throw std::runtime_error(program.error().message());
    BOOST_TEST(warnings.empty());
    return instructions_of(*program);
}

SeccompRule rule(std::string name, SeccompAction action, std::vector<SeccompArg> args = {}) {
    return {{std::move(name)}, action, std::move(args)};
}

std::uint32_t native_verdict(const SeccompPolicy& policy, int number,
                             std::array<std::uint64_t, 6> args = {}) {
#if defined(__x86_64__)
    seccomp_data data{number, AUDIT_ARCH_X86_64, 0, {}};
#elif defined(__aarch64__)
    seccomp_data data{number, AUDIT_ARCH_AARCH64, 0, {}};
#elif defined(__riscv) && __riscv_xlen == 64
    seccomp_data data{number, AUDIT_ARCH_RISCV64, 0, {}};
#endif
    std::copy(args.begin(), args.end(), data.args);
    return run_program(compiled(policy), data);
}

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

BOOST_AUTO_TEST_CASE(random_policies_decide_as_they_are_written_on_three_architectures) {
    Random random(20261124);
    std::size_t compared = 0;
    std::size_t not_default = 0;
    for (int round = 0; round < 300; ++round) {
        const SeccompPolicy policy = random.policy();
        const std::vector<sock_filter> program = compiled(policy);
        for (int call = 0; call < 200; ++call) {
            const seccomp_data data = random.data();
            const std::uint32_t wanted = expected(policy, data);
            const std::uint32_t actual = run_program(program, data);
            ++compared;
            if (wanted != return_value(policy.default_action)) ++not_default;
            if (actual == wanted) continue;
            BOOST_ERROR("round " << round << " arch " << std::hex << data.arch << std::dec << " nr "
                                 << data.nr << ": " << std::hex << actual << " instead of "
                                 << wanted);
        }
    }
    BOOST_TEST(compared == 60000U);
    BOOST_TEST(not_default > compared / 5);
}

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

BOOST_AUTO_TEST_CASE(of_two_rules_with_the_same_arguments_the_earlier_decides) {
    SeccompPolicy policy;
    policy.default_action = {Kind::allow, 0};
    policy.rules = {rule("getpid", {Kind::error, 1}, {{0, Op::eq, 5, 0}}),
                    rule("getpid", {Kind::error, 2}, {{0, Op::eq, 5, 0}})};
    BOOST_TEST(native_verdict(policy, SYS_getpid, {5}) == (SECCOMP_RET_ERRNO | 1U));
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
    policy.architectures = {"SCMP_ARCH_S390X", "SCMP_ARCH_PPC"};  // big-endian
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
    const seccomp_data foreign{3, AUDIT_ARCH_I386, 0, {}};
    BOOST_TEST(run_program(compiled(policy), foreign) == SECCOMP_RET_KILL_THREAD);
}

BOOST_AUTO_TEST_CASE(equal_policies_give_equal_programs) {
    Random one(7);
    Random two(7);
    Warnings warnings;
    const auto first = compile_seccomp(one.policy(), warnings);
    const auto second = compile_seccomp(two.policy(), warnings);
    BOOST_TEST_REQUIRE(first.has_value());
    BOOST_TEST((*first == *second));
}

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
