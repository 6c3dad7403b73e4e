#include "enforce/seccomp_support.hpp"

#include <errno.h>
#include <linux/seccomp.h>

#include <array>
#include <string>

namespace nucleus::enforce {
namespace {

struct Flag {
    std::uint64_t bit;
    const char* name;
    const char* since;  // of the kernel
};
constexpr auto kFlags = std::to_array<Flag>({
    {SECCOMP_FILTER_FLAG_TSYNC, "SECCOMP_FILTER_FLAG_TSYNC", "3.17"},
    {SECCOMP_FILTER_FLAG_LOG, "SECCOMP_FILTER_FLAG_LOG", "4.14"},
    {SECCOMP_FILTER_FLAG_SPEC_ALLOW, "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "4.17"},
    {SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "5.19"},
});

}  // namespace

Result<void> check_seccomp_flags(sys::Kernel& kernel, const policy::SeccompPolicy& policy) {
    for (const Flag& flag : kFlags) {
        if ((policy.filter_flags & flag.bit) == 0) continue;
        std::uint64_t flags = flag.bit;
        // Nothing without a listener.
        if (flag.bit == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
            flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        // No program: EFAULT says that the flags were taken, EINVAL that they were not
        // (seccomp(2)).
        const int answer =
            kernel.seccomp(SECCOMP_SET_MODE_FILTER, static_cast<unsigned>(flags), nullptr);
        if (answer == -EFAULT) continue;
        const std::string clause = std::string("config.json /linux/seccomp/flags: ") + flag.name;
        if (answer == -EINVAL || answer == -ENOSYS)
            return Error(Errc::unsupported, clause + ": this kernel has not got it (Linux " +
                                                flag.since + " has, with CONFIG_SECCOMP_FILTER)");
        return Error::from_errno(-answer, clause);
    }
    return {};
}

}  // namespace nucleus::enforce
