// The seccomp compiler: a policy → the program that seccomp(2) loads. The names and numbers of
// system calls are libseccomp's, and nothing else in nucleus uses it. The program is our own,
// because libseccomp 2.5.4 merges several rules with arguments for one system call wrongly
// (seccomp_test has a call that it lets through), and because it is slow: podman's default profile
// for three architectures takes it 27 ms to build and the kernel 0.3 to 0.8 ms to load; ours takes
// 0.3 and 0.1 ms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/policy.hpp"

namespace nucleus::enforce {

// The bytes of an array of `struct sock_filter`, as struct sock_fprog points to. Depends on the
// machine's own architecture, which is always covered, and on nothing else: no privilege is needed
// and nothing is loaded.
//
// Of two rules for one system call the one without arguments decides; of two with arguments the
// earlier that matches. All arguments of a rule are to match, but where one argument is compared
// twice, any comparison is enough (callers know it so from the other runtimes). A rule that repeats
// the default action is passed over. Calls of an architecture that is not listed kill the thread.
// Names and architectures that are unknown here are left out with a warning.
//
// System calls that are newer than the profile: where the default action refuses (errno, trap,
// kill), a call gets ENOSYS, as from a kernel that has not got it, if its number is above the
// highest that the profile's rules name for that architecture, whatever their actions. A program
// then falls back to what its author's kernel had; an EPERM would stop it. Counted for each
// architecture by itself: x32 apart from x86-64; 32-bit ARM's private calls, which do not grow with
// the kernel, neither count nor are refused so. A profile that names no call of an architecture has
// no highest: the default action holds. It holds too for number -1, which is no call, and for
// default actions that let the call happen or ask somebody (allow, log, trace, notify).
Result<std::vector<std::uint8_t>> compile_seccomp(const policy::SeccompPolicy& policy,
                                                  Warnings& warnings);

// Of the libseccomp that knows the names: "2.5.4".
std::string seccomp_library_version();

}  // namespace nucleus::enforce
