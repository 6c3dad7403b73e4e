#include "enforce/seccomp.hpp"

#include <linux/filter.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.hpp"

namespace nucleus::enforce {
namespace {

using policy::SeccompAction;
using policy::SeccompArg;
using policy::SeccompPolicy;
using policy::SeccompRule;

struct ReleaseFilter {
    void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

std::uint32_t action_value(const SeccompAction& action) {
    switch (action.kind) {
        case SeccompAction::Kind::kill_thread:
            return SCMP_ACT_KILL_THREAD;
        case SeccompAction::Kind::kill_process:
            return SCMP_ACT_KILL_PROCESS;
        case SeccompAction::Kind::trap:
            return SCMP_ACT_TRAP;
        case SeccompAction::Kind::error:
            return SCMP_ACT_ERRNO(std::uint32_t{action.value});
        case SeccompAction::Kind::trace:
            return SCMP_ACT_TRACE(std::uint32_t{action.value});
        case SeccompAction::Kind::log:
            return SCMP_ACT_LOG;
        case SeccompAction::Kind::allow:
            return SCMP_ACT_ALLOW;
        case SeccompAction::Kind::notify:
            return SCMP_ACT_NOTIFY;
    }
    return SCMP_ACT_KILL_PROCESS;
}

// In the order of SeccompArg::Op.
constexpr std::array kComparisons{SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE,       SCMP_CMP_EQ,
                                  SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ};

scmp_arg_cmp comparison(const SeccompArg& arg) {
    return {arg.index, kComparisons[static_cast<std::size_t>(arg.op)], arg.value, arg.value_two};
}

Error failed(int negative_errno, std::string_view operation) {
    return Error::from_errno(-negative_errno, "seccomp: " + std::string(operation));
}

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

// SCMP_ARCH_MIPS64N32 → mips64n32, which is libseccomp's word for it.
std::string libseccomp_architecture(std::string_view name) {
    constexpr std::string_view kPrefix = "SCMP_ARCH_";
    if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
    std::string word(name);
    std::ranges::transform(word, word.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return word;
}

// The machine's own architecture is in a new filter already.
Result<void> add_architectures(const Filter& filter, const SeccompPolicy& policy,
                               Warnings& warnings) {
    NameList unknown;
    for (const std::string& name : policy.architectures) {
        const std::uint32_t token =
            seccomp_arch_resolve_name(libseccomp_architecture(name).c_str());
        const int added = token == 0 ? -EDOM : seccomp_arch_add(filter.get(), token);
        if (added == 0 || added == -EEXIST) continue;
        // EDOM: of the other byte order. Programs of such an architecture cannot run on this
        // kernel.
        if (added != -EDOM) return failed(added, "add architecture '" + name + "'");
        unknown.add(name);
    }
    unknown.warn("architectures that this machine cannot have are left out", warnings);
    return {};
}

class RuleAdder {
public:
    RuleAdder(const Filter& filter, std::uint32_t default_action)
        : filter_(filter), default_action_(default_action) {}

    Result<void> add(const SeccompRule& rule) {
        const std::uint32_t action = action_value(rule.action);
        // libseccomp refuses a rule that does what would be done without it.
        if (action == default_action_) return {};
        std::vector<scmp_arg_cmp> comparisons;
        comparisons.reserve(rule.args.size());
        for (const SeccompArg& arg : rule.args) comparisons.push_back(comparison(arg));
        for (const std::string& name : rule.syscalls) {
            const int number = seccomp_syscall_resolve_name(name.c_str());
            if (number == __NR_SCMP_ERROR) {
                unknown_.add(name);
                continue;
            }
            NUCLEUS_CHECK(add(name, number, action, comparisons));
        }
        return {};
    }

    void warn(Warnings& warnings) const {
        unknown_.warn("system calls that libseccomp does not know are left out", warnings);
    }

private:
    // Arguments are all to match. An argument that is compared twice is what libseccomp cannot
    // express: then any comparison is enough, as callers know it from the other runtimes.
    Result<void> add(const std::string& name, int number, std::uint32_t action,
                     const std::vector<scmp_arg_cmp>& comparisons) {
        if (!compares_twice(comparisons)) {
            return add_one(name, number, action, comparisons.data(), comparisons.size());
        }
        for (const scmp_arg_cmp& each : comparisons) {
            NUCLEUS_CHECK(add_one(name, number, action, &each, 1));
        }
        return {};
    }

    Result<void> add_one(const std::string& name, int number, std::uint32_t action,
                         const scmp_arg_cmp* comparisons, std::size_t count) {
        const int added = seccomp_rule_add_array(filter_.get(), action, number,
                                                 static_cast<unsigned>(count), comparisons);
        // EEXIST: an earlier rule decides already.
        if (added < 0 && added != -EEXIST) return failed(added, "add the rule for '" + name + "'");
        return {};
    }

    static bool compares_twice(const std::vector<scmp_arg_cmp>& comparisons) {
        unsigned seen = 0;
        for (const scmp_arg_cmp& each : comparisons) {
            if ((seen & (1U << each.arg)) != 0) return true;
            seen |= 1U << each.arg;
        }
        return false;
    }

    const Filter& filter_;
    std::uint32_t default_action_;
    NameList unknown_;
};

Result<std::vector<std::uint8_t>> export_program(const Filter& filter) {
    // libseccomp 2.5 writes to a descriptor only.
    const base::UniqueFd file(memfd_create("seccomp", MFD_CLOEXEC));
    if (!file) return failed(-errno, "memfd_create");
    if (const int exported = seccomp_export_bpf(filter.get(), file.get()); exported < 0) {
        return failed(exported, "export the program");
    }
    const off_t size = lseek(file.get(), 0, SEEK_END);
    if (size < 0) return failed(-errno, "lseek");
    std::vector<std::uint8_t> program(static_cast<std::size_t>(size));
    const ssize_t got = pread(file.get(), program.data(), program.size(), 0);
    if (got < 0) return failed(-errno, "pread");
    if (static_cast<std::size_t>(got) != program.size()) return failed(-EIO, "pread");
    // BPF_MAXINSNS: seccomp(2) would say only EINVAL.
    if (program.size() / sizeof(sock_filter) > BPF_MAXINSNS) {
        return Error(
            Errc::unsupported,
            "seccomp: the profile needs more than the 4096 instructions that the kernel takes");
    }
    return program;
}

}  // namespace

Result<std::vector<std::uint8_t>> compile_seccomp(const policy::SeccompPolicy& policy,
                                                  Warnings& warnings) {
    const std::uint32_t default_action = action_value(policy.default_action);
    const Filter filter(seccomp_init(default_action));
    if (!filter) {
        return Error(Errc::unsupported, "seccomp: this kernel does not know the default action");
    }
    // A tree over the system calls' numbers instead of a list: the kernel runs the program once for
    // each number when it is loaded, which costs more than the sorting here.
    constexpr std::uint32_t kTree = 2;
    if (const int set = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, kTree); set < 0) {
        return failed(set, "choose the program's form");
    }
    NUCLEUS_CHECK(add_architectures(filter, policy, warnings));
    RuleAdder adder(filter, default_action);
    for (const SeccompRule& rule : policy.rules) NUCLEUS_CHECK(adder.add(rule));
    adder.warn(warnings);
    return export_program(filter);
}

}  // namespace nucleus::enforce
