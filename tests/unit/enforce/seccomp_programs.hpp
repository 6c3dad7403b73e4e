// What the tests of the seccomp compiler share: a policy's program, and its verdict on one call.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "bpf_interpreter.hpp"
#include "enforce/seccomp.hpp"

namespace nucleus::enforce::testing {

using policy::SeccompAction;
using policy::SeccompArg;
using policy::SeccompPolicy;
using policy::SeccompRule;
using Kind = SeccompAction::Kind;
using Op = SeccompArg::Op;

#if defined(__x86_64__)
inline constexpr std::uint32_t kNativeArchitecture = AUDIT_ARCH_X86_64;
inline constexpr std::uint32_t kX32 = 0x40000000;
#elif defined(__aarch64__)
inline constexpr std::uint32_t kNativeArchitecture = AUDIT_ARCH_AARCH64;
#else
inline constexpr std::uint32_t kNativeArchitecture = AUDIT_ARCH_RISCV64;
#endif

inline std::uint32_t return_value(const SeccompAction& action) {
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

inline std::vector<sock_filter> compiled(const SeccompPolicy& policy) {
    nucleus::Warnings warnings;
    auto program = compile_seccomp(policy, warnings);
    if (!program) throw std::runtime_error(program.error().message());
    BOOST_TEST(warnings.empty());
    return instructions_of(*program);
}

inline SeccompRule rule(std::string name, SeccompAction action, std::vector<SeccompArg> args = {}) {
    return {{std::move(name)}, action, std::move(args)};
}

inline std::uint32_t native_verdict(const SeccompPolicy& policy, int number,
                                    std::array<std::uint64_t, 6> args = {}) {
    seccomp_data data{number, kNativeArchitecture, 0, {}};
    std::copy(args.begin(), args.end(), data.args);
    return run_program(compiled(policy), data);
}

}  // namespace nucleus::enforce::testing
