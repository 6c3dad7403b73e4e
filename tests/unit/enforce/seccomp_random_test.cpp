// The compiled program against a second reading of the policy: thousands of random policies and
// system calls through a BPF interpreter.
#include <boost/test/unit_test.hpp>

#include <array>
#include <cerrno>
#include <optional>
#include <random>

#include "seccomp_programs.hpp"

using namespace nucleus;
using namespace nucleus::enforce::testing;
using nucleus::enforce::compile_seccomp;

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

BOOST_AUTO_TEST_CASE(equal_policies_give_equal_programs) {
    Random one(7);
    Random two(7);
    Warnings warnings;
    const auto first = compile_seccomp(one.policy(), warnings);
    const auto second = compile_seccomp(two.policy(), warnings);
    BOOST_TEST_REQUIRE(first.has_value());
    BOOST_TEST((*first == *second));
}

BOOST_AUTO_TEST_SUITE_END()
