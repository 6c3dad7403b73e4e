// What this kernel can do with a filter, asked before anything is made.
#pragma once

#include "nucleus/error.hpp"
#include "nucleus/policy.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

// Every flag of linux.seccomp.flags is one that this kernel takes. Errc::unsupported names the one
// that it does not. Asks nothing where the profile has no flags.
Result<void> check_seccomp_flags(sys::Kernel& kernel, const policy::SeccompPolicy& policy);

}  // namespace nucleus::enforce
