// The start gate from outside: a Unix socket in the state directory on which the created container
// waits (src/init/gate.cpp).
#pragma once

#include <string>

#include "base/unique_fd.hpp"
#include "nucleus/error.hpp"
#include "plan/launch_plan.hpp"
#include "sys/kernel.hpp"

namespace nucleus::runtime {

inline constexpr const char* kGateName = "start.sock";

// The listening socket, for the init to inherit.
Result<base::UniqueFd> listen_at_gate(sys::Kernel& kernel, int dirfd);

// The init still waits behind it. A gate that is there but refuses belongs to a start that was
// killed before it could remove it.
Result<bool> gate_is_closed(sys::Kernel& kernel, int dirfd, const std::string& name);

Result<base::UniqueFd> connect_to_gate(sys::Kernel& kernel, int dirfd, const std::string& name);

}  // namespace nucleus::runtime
