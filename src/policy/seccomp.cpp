// linux.seccomp (config-linux.md#seccomp): words → values. What they become as a program is
// enforce's.
#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "policy/translation.hpp"
#include "policy/vocabulary.hpp"

namespace nucleus::policy {
namespace {

template <class Value>
struct Word {
    std::string_view name;
    Value value;
};

using ActionKind = SeccompAction::Kind;

constexpr auto kActions = std::to_array<Word<ActionKind>>({
    {"SCMP_ACT_KILL", ActionKind::kill_thread},
    {"SCMP_ACT_KILL_THREAD", ActionKind::kill_thread},
    {"SCMP_ACT_KILL_PROCESS", ActionKind::kill_process},
    {"SCMP_ACT_TRAP", ActionKind::trap},
    {"SCMP_ACT_ERRNO", ActionKind::error},
    {"SCMP_ACT_TRACE", ActionKind::trace},
    {"SCMP_ACT_LOG", ActionKind::log},
    {"SCMP_ACT_ALLOW", ActionKind::allow},
    {"SCMP_ACT_NOTIFY", ActionKind::notify},
});

constexpr auto kOperators = std::to_array<Word<SeccompArg::Op>>({
    {"SCMP_CMP_NE", SeccompArg::Op::ne},
    {"SCMP_CMP_LT", SeccompArg::Op::lt},
    {"SCMP_CMP_LE", SeccompArg::Op::le},
    {"SCMP_CMP_EQ", SeccompArg::Op::eq},
    {"SCMP_CMP_GE", SeccompArg::Op::ge},
    {"SCMP_CMP_GT", SeccompArg::Op::gt},
    {"SCMP_CMP_MASKED_EQ", SeccompArg::Op::masked_eq},
});

constexpr auto kFlags = std::to_array<Word<std::uint64_t>>({
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
});

constexpr auto kArchitectures = std::to_array<std::string_view>({
    "SCMP_ARCH_X86",         "SCMP_ARCH_X86_64",      "SCMP_ARCH_X32",      "SCMP_ARCH_ARM",
    "SCMP_ARCH_AARCH64",     "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",     "SCMP_ARCH_MIPS",
    "SCMP_ARCH_MIPS64",      "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",   "SCMP_ARCH_MIPSEL64",
    "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC",
    "SCMP_ARCH_PPC64",       "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_RISCV64",  "SCMP_ARCH_S390",
    "SCMP_ARCH_S390X",       "SCMP_ARCH_SH",          "SCMP_ARCH_SHEB",
});

constexpr std::uint32_t kMaximumErrno = 4095;  // MAX_ERRNO: the kernel cuts larger ones down to it
constexpr std::uint32_t kMaximumTraceValue = 0xffff;  // SECCOMP_RET_DATA
constexpr std::uint32_t kArguments = 6;

Result<SeccompAction> translate_action(std::string_view name,
                                       const std::optional<std::uint32_t>& errno_ret,
                                       const Location& where, std::string_view action_key,
                                       std::string_view errno_key) {
    const auto* row = std::ranges::find(kActions, name, &Word<ActionKind>::name);
    if (row == kActions.end()) {
        return where.at(action_key).invalid("unknown seccomp action " + quoted(name));
    }
    const bool is_error = row->value == ActionKind::error;
    if (!is_error && row->value != ActionKind::trace) {
        // "When the action doesn't support an errno, the runtime MUST print an error and fail."
        if (errno_ret) {
            return where.at(errno_key).invalid("action " + quoted(name) + " takes no errno");
        }
        return SeccompAction{row->value, 0};
    }
    const std::uint32_t value = errno_ret.value_or(EPERM);
    if (value > (is_error ? kMaximumErrno : kMaximumTraceValue)) {
        return where.at(errno_key).invalid(std::to_string(value) + " is too large");
    }
    return SeccompAction{row->value, static_cast<std::uint16_t>(value)};
}

Result<SeccompArg> translate_arg(const spec::SeccompArg& arg, const Location& where) {
    if (arg.index >= kArguments) {
        return where.at("index").invalid("a system call has the arguments 0..5, not " +
                                         std::to_string(arg.index));
    }
    const auto* row = std::ranges::find(kOperators, arg.op, &Word<SeccompArg::Op>::name);
    if (row == kOperators.end()) {
        return where.at("op").invalid("unknown seccomp operator " + quoted(arg.op));
    }
    return SeccompArg{arg.index, row->value, arg.value, arg.value_two};
}

Result<SeccompRule> translate_rule(const spec::SeccompRule& rule, const Location& where) {
    const Location names = where.at("names");
    if (rule.names.empty()) return names.invalid("must name at least one system call");
    NUCLEUS_CHECK(names.each_without_nul(rule.names));
    SeccompRule translated;
    translated.syscalls = rule.names;
    NUCLEUS_TRY(translated.action,
                translate_action(rule.action, rule.errno_ret, where, "action", "errnoRet"));
    translated.args.reserve(rule.args.size());
    for (std::size_t index = 0; index < rule.args.size(); ++index) {
        NUCLEUS_TRY(const SeccompArg arg,
                    translate_arg(rule.args[index], where.at("args").at(index)));
        translated.args.push_back(arg);
    }
    return translated;
}

Result<std::uint64_t> translate_flags(const std::vector<std::string>& flags, bool notifies,
                                      const Location& where, Warnings& warnings) {
    std::uint64_t bits = 0;
    for (std::size_t index = 0; index < flags.size(); ++index) {
        const auto* row = std::ranges::find(kFlags, flags[index], &Word<std::uint64_t>::name);
        if (row == kFlags.end()) {
            return where.at(index).invalid("unknown seccomp flag " + quoted(flags[index]));
        }
        // seccomp(2) takes it only together with a listener, and there is none without
        // SCMP_ACT_NOTIFY.
        if (row->value == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !notifies) {
            warnings.push_back(where.at(index).text(
                "has no effect without the action SCMP_ACT_NOTIFY and is left out"));
            continue;
        }
        bits |= row->value;
    }
    return bits;
}

// Where the agent listens: "ignored" without the action SCMP_ACT_NOTIFY, and of no use left out
// with it, since a notified call would wait for ever.
Result<void> translate_listener(const spec::Seccomp& seccomp, const std::string& bundle,
                                const Location& where, SeccompPolicy& policy) {
    const Location path = where.at("listenerPath");
    NUCLEUS_CHECK(path.without_nul(seccomp.listener_path));
    if (!seccomp.listener_metadata.empty() && seccomp.listener_path.empty()) {
        return where.at("listenerMetadata").invalid("must not be set without listenerPath");
    }
    if (!policy.notifies()) return {};
    if (seccomp.listener_path.empty()) {
        return path.invalid("required with the action SCMP_ACT_NOTIFY: nobody would answer");
    }
    policy.listener_path = seccomp.listener_path.front() == '/'
                               ? seccomp.listener_path
                               : bundle + "/" + seccomp.listener_path;
    policy.listener_metadata = seccomp.listener_metadata;
    return {};
}

}  // namespace

bool SeccompPolicy::notifies() const {
    return default_action.kind == ActionKind::notify ||
           std::ranges::any_of(rules, [](const SeccompRule& rule) {
               return rule.action.kind == ActionKind::notify;
           });
}

Result<SeccompPolicy> translate_seccomp(const spec::Seccomp& seccomp, const std::string& bundle,
                                        const Location& where, Warnings& warnings) {
    SeccompPolicy policy;
    NUCLEUS_TRY(policy.default_action,
                translate_action(seccomp.default_action, seccomp.default_errno_ret, where,
                                 "defaultAction", "defaultErrnoRet"));
    const Location architectures = where.at("architectures");
    for (std::size_t index = 0; index < seccomp.architectures.size(); ++index) {
        const std::string& name = seccomp.architectures[index];
        if (std::ranges::find(kArchitectures, name) == kArchitectures.end()) {
            return architectures.at(index).invalid("unknown architecture " + quoted(name));
        }
    }
    policy.architectures = seccomp.architectures;
    const Location rules = where.at("syscalls");
    policy.rules.reserve(seccomp.syscalls.size());
    for (std::size_t index = 0; index < seccomp.syscalls.size(); ++index) {
        NUCLEUS_TRY(SeccompRule rule, translate_rule(seccomp.syscalls[index], rules.at(index)));
        policy.rules.push_back(std::move(rule));
    }
    NUCLEUS_TRY(policy.filter_flags,
                translate_flags(seccomp.flags, policy.notifies(), where.at("flags"), warnings));
    NUCLEUS_CHECK(translate_listener(seccomp, bundle, where, policy));
    return policy;
}

Words seccomp_action_words() { return names_in(kActions); }
Words seccomp_operator_words() { return names_in(kOperators); }
Words seccomp_flag_words() { return names_in(kFlags); }
Words seccomp_architecture_words() { return {kArchitectures.begin(), kArchitectures.end()}; }

std::uint64_t seccomp_flag_bits(std::string_view name) {
    const auto* row = std::ranges::find(kFlags, name, &Word<std::uint64_t>::name);
    return row == kFlags.end() ? 0 : row->value;
}

}  // namespace nucleus::policy
