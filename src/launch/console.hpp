// Descriptors on their way to a caller's socket: the terminal's master to whoever shows it, a pidfd
// to whoever watches the process.
#pragma once

#include <string>

#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::launch {

// One message, one descriptor, at least one byte: what conmon and go-runc take.
Result<void> send_console(sys::Kernel& kernel, const std::string& socket, int master);

// The same of a process's pidfd (--pidfd-socket).
Result<void> send_pidfd(sys::Kernel& kernel, const std::string& socket, int pidfd);

}  // namespace nucleus::launch
