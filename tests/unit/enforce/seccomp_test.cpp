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

#include <algorithm>
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

// What this machine can run, its own architecture first; numbers from the kernel's tables, a column
// for each.
struct Architecture {
    const char* name;
    std::uint32_t audit;
    std::uint32_t bit;  // x32's mark
    bool narrow;
};
struct Syscall {
    const char* name;
    std::array<std::uint32_t, 3> numbers;
};
#if defined(__x86_64__)
constexpr std::uint32_t kX32 = 0x40000000;
constexpr Architecture kArchitectures[] = {{"SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64, 0, false},
                                           {"SCMP_ARCH_X86", AUDIT_ARCH_I386, 0, true},
                                           {"SCMP_ARCH_X32", AUDIT_ARCH_X86_64, kX32, true}};
constexpr Syscall kSyscalls[] = {{"read", {0, 3, 0}},      {"write", {1, 4, 1}},
                                 {"close", {3, 6, 3}},     {"getpid", {39, 20, 39}},
                                 {"kill", {62, 37, 62}},   {"personality", {135, 136, 135}},
                                 {"dup", {32, 41, 32}},    {"umask", {95, 60, 95}},
                                 {"sync", {162, 36, 162}}, {"setns", {308, 346, 308}}};
#else
constexpr Architecture kArchitectures[] = {
#if defined(__aarch64__)
    {"SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64, 0, false}, {"SCMP_ARCH_ARM", AUDIT_ARCH_ARM, 0, true}
#else
    {"SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64, 0, false}
#endif
};
constexpr Syscall kSyscalls[] = {{"read", {63, 3, 0}},   {"write", {64, 4, 0}},
                                 {"close", {57, 6, 0}},  {"getpid", {172, 20, 0}},
                                 {"kill", {129, 37, 0}}, {"personality", {92, 136, 0}},
                                 {"dup", {23, 41, 0}},   {"umask", {166, 60, 0}},
                                 {"sync", {81, 36, 0}},  {"setns", {268, 375, 0}}};
#endif

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

std::optional<std::size_t> column_of(const seccomp_data& data) {
    for (std::size_t column = 0; column < std::size(kArchitectures); ++column) {
        const Architecture& architecture = kArchitectures[column];
        const bool marked = (static_cast<std::uint32_t>(data.nr) & 0x40000000U) != 0;
        if (architecture.audit == data.arch && marked == (architecture.bit != 0)) return column;
    }
    return std::nullopt;
}

bool names(const SeccompRule& rule, std::size_t column, std::uint32_t number) {
    for (const std::string& name : rule.syscalls) {
        for (const Syscall& syscall : kSyscalls) {
            if (syscall.name == name && syscall.numbers[column] == number) return true;
        }
    }
    return false;
}

bool arguments_match(const SeccompRule& rule, const seccomp_data& data, bool narrow) {
    const std::uint64_t mask = narrow ? 0xffffffffU : ~0ULL;
    for (const SeccompArg& arg : rule.args) {
        if (!compares(arg, data.args[arg.index], mask)) return false;
    }
    return true;
}

std::optional<std::uint32_t> highest_named(const SeccompPolicy& policy, std::size_t column) {
    std::optional<std::uint32_t> highest;
    for (const Syscall& syscall : kSyscalls) {
        for (const SeccompRule& rule : policy.rules) {
            if (!names(rule, column, syscall.numbers[column])) continue;
            highest = std::max(highest.value_or(0), syscall.numbers[column]);
        }
    }
    return highest;
}

// What the policy says: the first rule without arguments, else the first that matches, else ENOSYS
// for what is newer than the profile, else the default.
std::uint32_t expected(const SeccompPolicy& policy, const seccomp_data& data) {
    const auto column = column_of(data);
    if (!column) return SECCOMP_RET_KILL_THREAD;
    const Architecture& architecture = kArchitectures[*column];
    const std::uint32_t number = static_cast<std::uint32_t>(data.nr) & ~architecture.bit;
    std::optional<std::uint32_t> match;
    for (const SeccompRule& rule : policy.rules) {
        if (rule.action == policy.default_action || !names(rule, *column, number)) continue;
        if (rule.args.empty()) return return_value(rule.action);
        if (!match && arguments_match(rule, data, architecture.narrow)) {
            match = return_value(rule.action);
        }
    }
    if (match) return *match;
    const bool asks = policy.default_action.kind == Kind::allow ||
                      policy.default_action.kind == Kind::log ||
                      policy.default_action.kind == Kind::trace;
    const auto highest = highest_named(policy, *column);
    if (!asks && highest && number > *highest) return SECCOMP_RET_ERRNO | std::uint32_t{ENOSYS};
    return return_value(policy.default_action);
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
        for (const Architecture& architecture : kArchitectures) {
            policy.architectures.emplace_back(architecture.name);
        }
        for (std::size_t count = below(60); count > 0; --count) {
            const Syscall& syscall = kSyscalls[below(std::size(kSyscalls))];
            policy.rules.push_back({{syscall.name}, action(), {}});
            if (!one_in(40)) policy.rules.back().args = arguments();
        }
        return policy;
    }

    seccomp_data data() {
        seccomp_data data{};
        const std::size_t column = below(std::size(kArchitectures));
        data.arch = one_in(20) ? std::uint32_t{AUDIT_ARCH_S390X} : kArchitectures[column].audit;
        const std::size_t number =
            one_in(8) ? below(500) : kSyscalls[below(std::size(kSyscalls))].numbers[column];
        data.nr = static_cast<int>(number | kArchitectures[column].bit);
        for (auto& argument : data.args) {
            argument = value();
            if (kArchitectures[column].narrow) argument &= 0xffffffffU;
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
    seccomp_data data{number, kArchitectures[0].audit, 0, {}};
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

BOOST_AUTO_TEST_CASE(random_policies_decide_as_they_are_written_on_every_architecture) {
    Random random(20261124);
    std::size_t compared = 0;
    std::size_t not_default = 0;
    std::size_t longest = 0;
    for (int round = 0; round < 300; ++round) {
        const SeccompPolicy policy = random.policy();
        const std::vector<sock_filter> program = compiled(policy);
        longest = std::max(longest, program.size());
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
    BOOST_TEST(longest > 2 * 255U);  // twice what a conditional jump reaches
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
BOOST_AUTO_TEST_CASE(x32_calls_kill_unless_x32_is_listed) {
    SeccompPolicy policy;
    policy.default_action = {Kind::allow, 0};
    BOOST_TEST(native_verdict(policy, static_cast<int>(kX32 | 1U)) == SECCOMP_RET_KILL_THREAD);
    policy.architectures = {"SCMP_ARCH_X32"};
    BOOST_TEST(native_verdict(policy, static_cast<int>(kX32 | 1U)) == SECCOMP_RET_ALLOW);
}

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
