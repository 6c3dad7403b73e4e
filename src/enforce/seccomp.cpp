#include "enforce/seccomp.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "enforce/seccomp_program.hpp"

namespace nucleus::enforce {
namespace {

using policy::SeccompAction;
using policy::SeccompArg;
using policy::SeccompPolicy;
using policy::SeccompRule;
using Label = SeccompProgram::Label;

// x32 shares x86-64's architecture value and tells its calls apart by this bit
// (arch/x86/include/uapi/asm/unistd.h).
constexpr std::uint32_t kX32Bit = 0x40000000;
// A tracer skips a call by making it number -1 (seccomp(2), "Caveats").
constexpr std::uint32_t kSkippedCall = ~std::uint32_t{0};
// Where 32-bit ARM keeps calls of its own (arch/arm/include/uapi/asm/unistd.h).
[[maybe_unused]] constexpr std::uint32_t kArmPrivateCalls = 0x0f0000;

// What this machine's kernel can run; its own architecture first.
struct Architecture {
    std::string_view name;  // config.json's
    std::uint32_t libseccomp;
    std::uint32_t audit;  // seccomp_data.arch
    bool narrow;          // 32-bit arguments
    std::uint32_t first;  // its system calls' numbers: first ..
    std::uint32_t end;    // .. end - 1, of those that count upwards with the kernel's age
};
constexpr auto kArchitectures = std::to_array<Architecture>({
#if defined(__x86_64__)
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, false, 0, kX32Bit},
        {"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386, true, 0, kSkippedCall},
        {"SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, true, kX32Bit, kSkippedCall},
#elif defined(__aarch64__)
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, false, 0, kSkippedCall},
        {"SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, true, 0, kArmPrivateCalls},
#elif defined(__riscv) && __riscv_xlen == 64
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64, false, 0, kSkippedCall},
#endif
});

constexpr std::uint32_t kForeignArchitecture = SECCOMP_RET_KILL_THREAD;

// i386 has socket and System V IPC calls also, or only, as one multiplexed call whose first
// argument says which (socketcall(2), ipc(2)). libseccomp gives such a name a number below -100:
// -100 - n for socketcall's call n, -200 - n for ipc's.
struct DirectCall {
    int pseudo_number;
    std::uint32_t number;  // arch/x86/entry/syscalls/syscall_32.tbl; no public header has it beside
                           // the 64-bit table
};
constexpr auto kDirectCalls = std::to_array<DirectCall>({
    {-101, 359}, {-102, 361}, {-103, 362}, {-104, 363}, {-106, 367}, {-107, 368}, {-108, 360},
    {-111, 369}, {-112, 371}, {-113, 373}, {-114, 366}, {-115, 365}, {-116, 370}, {-117, 372},
    {-118, 364}, {-119, 337}, {-120, 345}, {-202, 393}, {-203, 394}, {-211, 400}, {-212, 401},
    {-213, 399}, {-214, 402}, {-221, 397}, {-222, 398}, {-223, 395}, {-224, 396},
});

std::uint32_t return_value(const SeccompAction& action) {
    switch (action.kind) {
        case SeccompAction::Kind::kill_thread:
            return SECCOMP_RET_KILL_THREAD;
        case SeccompAction::Kind::kill_process:
            return SECCOMP_RET_KILL_PROCESS;
        case SeccompAction::Kind::trap:
            return SECCOMP_RET_TRAP;
        case SeccompAction::Kind::error:
            return SECCOMP_RET_ERRNO | action.value;
        case SeccompAction::Kind::trace:
            return SECCOMP_RET_TRACE | action.value;
        case SeccompAction::Kind::log:
            return SECCOMP_RET_LOG;
        case SeccompAction::Kind::allow:
            return SECCOMP_RET_ALLOW;
        case SeccompAction::Kind::notify:
            return SECCOMP_RET_USER_NOTIF;
    }
    return SECCOMP_RET_KILL_PROCESS;
}

// Default actions that turn a call away without asking anybody. A tracer or an agent judges calls
// that are newer than the profile itself.
bool refuses(const SeccompAction& action) {
    switch (action.kind) {
        case SeccompAction::Kind::kill_thread:
        case SeccompAction::Kind::kill_process:
        case SeccompAction::Kind::trap:
        case SeccompAction::Kind::error:
            return true;
        case SeccompAction::Kind::trace:
        case SeccompAction::Kind::log:
        case SeccompAction::Kind::allow:
        case SeccompAction::Kind::notify:
            return false;
    }
    return false;
}

// seccomp(2): the kernel takes the smaller, as a signed number, of two filters' values.
bool stricter(std::uint32_t value, std::uint32_t than) {
    return static_cast<std::int32_t>(value & SECCOMP_RET_ACTION_FULL) <
           static_cast<std::int32_t>(than & SECCOMP_RET_ACTION_FULL);
}

struct Conditional {
    std::vector<SeccompArg> args;
    std::uint32_t value;
};

// What becomes of one system call.
struct Decision {
    std::optional<std::uint32_t> always;
    std::vector<Conditional> sometimes;  // in order; the default where none matches
    bool narrow = false;

    void add(const std::vector<SeccompArg>& args, std::uint32_t value) {
        if (always) return;
        if (!args.empty()) {
            sometimes.push_back({args, value});
            return;
        }
        always = value;
        sometimes.clear();
    }
};

// All system calls of one value of seccomp_data.arch.
class Section {
public:
    // `newer_value`: of calls that are newer than the profile.
    Section(std::uint32_t default_value, std::uint32_t newer_value) {
        default_.always = default_value;
        newer_.always = newer_value;
        foreign_.always = kForeignArchitecture;
    }

    void add(const Architecture& architecture) { architectures_[&architecture] = 0; }

    // The profile names call `number`: it is not older than that.
    void know(const Architecture& architecture, std::uint32_t number) {
        if (number < architecture.first || number >= architecture.end) return;
        std::uint32_t& end = architectures_[&architecture];
        end = std::max(end, number + 1);
    }

    Decision& decision(std::uint32_t number, bool narrow) {
        Decision& decision = calls_[number];
        decision.narrow = narrow;
        return decision;
    }

    // A tree over ranges of numbers: the kernel runs the program once for each number when it is
    // loaded.
    Label compile(SeccompProgram& program, bool has_foreign_x32) const {
        std::map<std::uint32_t, const Decision*> starts{{0, &default_}, {kSkippedCall, &default_}};
        // What each architecture's own range begins with; a rule's decision replaces it.
        for (const auto& [architecture, known_end] : architectures_) {
            starts[architecture->first] = &default_;
            starts.try_emplace(architecture->end, &default_);
            if (known_end != 0 && known_end < architecture->end) starts[known_end] = &newer_;
        }
        if (has_foreign_x32) starts[kX32Bit] = &foreign_;
        // What follows a rule's call is what would be there without the rule.
        const std::map<std::uint32_t, const Decision*> without_rules = starts;
        for (const auto& [number, decision] : calls_) {
            if (number != kSkippedCall) {
                starts.try_emplace(number + 1,
                                   std::prev(without_rules.upper_bound(number + 1))->second);
            }
            starts[number] = &decision;
        }
        std::vector<Range> ranges;
        for (const auto& [first, decision] : starts) {
            if (!ranges.empty() && ranges.back().decision->always &&
                ranges.back().decision->always == decision->always) {
                continue;
            }
            ranges.push_back({first, decision});
        }
        const Label root = tree(program, ranges);
        return ranges.size() == 1 ? root : program.load(offsetof(seccomp_data, nr));
    }

private:
    struct Range {
        std::uint32_t first;
        const Decision* decision;
    };

    Label tree(SeccompProgram& program, std::span<const Range> ranges) const {
        if (ranges.size() == 1) return leaf(program, *ranges.front().decision);
        const std::size_t middle = ranges.size() / 2;
        const Label above = tree(program, ranges.subspan(middle));
        const Label below = tree(program, ranges.first(middle));
        return program.jump(BPF_JGE, ranges[middle].first, above, below);
    }

    Label leaf(SeccompProgram& program, const Decision& decision) const {
        if (decision.always) return program.ret(*decision.always);
        Label next = program.ret(*default_.always);
        for (auto rule = decision.sometimes.rbegin(); rule != decision.sometimes.rend(); ++rule) {
            Label matched = program.ret(rule->value);
            for (auto arg = rule->args.rbegin(); arg != rule->args.rend(); ++arg) {
                matched = program.compare(*arg, decision.narrow, matched, next);
            }
            next = matched;
        }
        return next;
    }

    std::map<std::uint32_t, Decision> calls_;
    std::map<const Architecture*, std::uint32_t> architectures_;  // the end of what is known
    Decision default_, newer_, foreign_;
};

// Names for one warning: callers' profiles list dozens of system calls that an older libseccomp
// does not know.
class NameList {
public:
    void add(std::string_view name) {
        if (!names_.empty()) names_ += ", ";
        names_ += name;
    }
    void warn(std::string_view sentence, Warnings& warnings) const {
        if (!names_.empty())
            warnings.push_back("seccomp: " + std::string(sentence) + ": " + names_);
    }

private:
    std::string names_;
};

class Compiler {
public:
    explicit Compiler(const SeccompPolicy& policy)
        : policy_(policy),
          default_value_(return_value(policy.default_action)),
          newer_value_(refuses(policy.default_action) ? SECCOMP_RET_ERRNO | std::uint32_t{ENOSYS}
                                                      : default_value_) {}

    Result<std::vector<std::uint8_t>> compile(Warnings& warnings) {
        choose_architectures(warnings);
        for (const SeccompRule& rule : policy_.rules) add(rule);
        unknown_calls_.warn("system calls that libseccomp does not know are left out", warnings);

        SeccompProgram program;
        Label next = program.ret(kForeignArchitecture);
        // The machine's own architecture is written last, and so asked for first.
        std::vector<std::pair<std::uint32_t, Label>> entries;
        for (const auto& [audit, section] : sections_) {
            const bool foreign_x32 = audit == AUDIT_ARCH_X86_64 && !has_x32_;
            entries.emplace_back(audit, section.compile(program, foreign_x32));
        }
        std::stable_partition(entries.begin(), entries.end(), [](const auto& entry) {
            return entry.first != kArchitectures.front().audit;
        });
        for (const auto& [audit, entry] : entries) {
            next = program.jump(BPF_JEQ, audit, entry, next);
        }
        program.load(offsetof(seccomp_data, arch));
        if (program.size() > BPF_MAXINSNS) {  // seccomp(2) would say only EINVAL
            return Error(Errc::unsupported, "seccomp: the profile needs " +
                                                std::to_string(program.size()) +
                                                " instructions; the kernel takes 4096");
        }
        return program.bytes();
    }

private:
    void choose_architectures(Warnings& warnings) {
        NameList foreign;
        const auto known = [](std::string_view name) {
            return std::ranges::find(kArchitectures, name, &Architecture::name);
        };
        for (const std::string& name : policy_.architectures) {
            if (known(name) == kArchitectures.end()) foreign.add(name);
        }
        foreign.warn("architectures that this machine cannot have are left out", warnings);
        for (const Architecture& architecture : kArchitectures) {
            const bool own = architecture.name == kArchitectures.front().name;
            const bool listed = std::ranges::find(policy_.architectures, architecture.name) !=
                                policy_.architectures.end();
            if (!own && !listed) continue;
            architectures_.push_back(&architecture);
            sections_.try_emplace(architecture.audit, default_value_, newer_value_)
                .first->second.add(architecture);
            if (architecture.name == "SCMP_ARCH_X32") has_x32_ = true;
        }
    }

    void add(const SeccompRule& rule) {
        const std::uint32_t value = return_value(rule.action);
        std::vector<std::vector<SeccompArg>> alternatives;
        if (compares_twice(rule.args)) {
            for (const SeccompArg& arg : rule.args) alternatives.push_back({arg});
        } else {
            alternatives.push_back(rule.args);
        }
        for (const std::string& name : rule.syscalls) {
            if (seccomp_syscall_resolve_name(name.c_str()) == __NR_SCMP_ERROR) {
                unknown_calls_.add(name);
                continue;
            }
            for (const Architecture* architecture : architectures_) {
                for (const auto& args : alternatives) add(*architecture, name, args, value);
            }
        }
    }

    void add(const Architecture& architecture, const std::string& name,
             const std::vector<SeccompArg>& args, std::uint32_t value) {
        Section& section = sections_.at(architecture.audit);
        const int number = seccomp_syscall_resolve_name_arch(architecture.libseccomp, name.c_str());
        if (number >= 0) {
            add(section, architecture, static_cast<std::uint32_t>(number), args, value);
        } else if (architecture.audit == AUDIT_ARCH_I386) {
            add_multiplexed(section, architecture, number, args, value);
        }
    }

    void add(Section& section, const Architecture& architecture, std::uint32_t number,
             const std::vector<SeccompArg>& args, std::uint32_t value) {
        section.know(architecture, number);
        if (value != default_value_) section.decision(number, architecture.narrow).add(args, value);
    }

    // The multiplexed call's other arguments are in memory, where no filter looks. A rule with
    // arguments is met there by the stricter way: it holds whatever they are, or not at all.
    void add_multiplexed(Section& section, const Architecture& architecture, int pseudo_number,
                         const std::vector<SeccompArg>& args, std::uint32_t value) {
        const auto* direct =
            std::ranges::find(kDirectCalls, pseudo_number, &DirectCall::pseudo_number);
        if (direct != kDirectCalls.end()) add(section, architecture, direct->number, args, value);

        const bool is_socket = pseudo_number < -100 && pseudo_number > -200;
        const bool is_ipc = pseudo_number < -200 && pseudo_number > -300;
        if (!is_socket && !is_ipc) return;
        if (!args.empty() && !stricter(value, default_value_)) return;
        const int multiplexer =
            seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, is_socket ? "socketcall" : "ipc");
        const auto which = static_cast<std::uint64_t>((is_socket ? -100 : -200) - pseudo_number);
        // ipc takes a version in the upper half of the same word.
        const SeccompArg subcall = is_socket
                                       ? SeccompArg{0, SeccompArg::Op::eq, which, 0}
                                       : SeccompArg{0, SeccompArg::Op::masked_eq, 0xffff, which};
        add(section, architecture, static_cast<std::uint32_t>(multiplexer), {subcall}, value);
    }

    static bool compares_twice(const std::vector<SeccompArg>& args) {
        unsigned seen = 0;
        for (const SeccompArg& arg : args) {
            if ((seen & (1U << arg.index)) != 0) return true;
            seen |= 1U << arg.index;
        }
        return false;
    }

    const SeccompPolicy& policy_;
    std::uint32_t default_value_, newer_value_;
    std::vector<const Architecture*> architectures_;
    std::map<std::uint32_t, Section> sections_;  // by seccomp_data.arch
    bool has_x32_ = false;
    NameList unknown_calls_;
};

}  // namespace

Result<std::vector<std::uint8_t>> compile_seccomp(const policy::SeccompPolicy& policy,
                                                  Warnings& warnings) {
    return Compiler(policy).compile(warnings);
}

std::string seccomp_library_version() {
    const scmp_version* const version = seccomp_version();
    return std::to_string(version->major) + '.' + std::to_string(version->minor) + '.' +
           std::to_string(version->micro);
}

}  // namespace nucleus::enforce
