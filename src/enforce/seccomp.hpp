// The seccomp compiler: a policy → the program that seccomp(2) loads. The only user of libseccomp,
// and the only thing that the rest knows of it is this function, so that another compiler can take
// its place.
#pragma once

#include <cstdint>
#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/policy.hpp"

namespace nucleus::enforce {

// The bytes of an array of `struct sock_filter`, as struct sock_fprog points to. Depends on the
// machine's own architecture, which is always covered, and on nothing else: no privilege is needed
// and nothing is loaded.
//
// Of two rules for one system call the one without arguments decides, then the earlier one. Names
// and architectures that libseccomp does not know are left out with a warning.
Result<std::vector<std::uint8_t>> compile_seccomp(const policy::SeccompPolicy& policy,
                                                  Warnings& warnings);

}  // namespace nucleus::enforce
