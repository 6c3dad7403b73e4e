// Descriptors on their way to a caller's socket: the terminal's master to whoever shows it, a pidfd
// to whoever watches the process.
#pragma once

#include <string>

#include "base/unique_fd.hpp"
#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::launch {

// Connects to a Unix stream socket by path, however long the path is. `flags`: SOCK_NONBLOCK, which
// fails with EAGAIN where the listener's queue is full, or 0.
Result<base::UniqueFd> connect_unix(sys::Kernel& kernel, const std::string& path, int flags = 0);

// One message, one descriptor, at least one byte: what conmon and go-runc take.
Result<void> send_console(sys::Kernel& kernel, const std::string& socket, int master);

// The same of a process's pidfd (--pidfd-socket).
Result<void> send_pidfd(sys::Kernel& kernel, const std::string& socket, int pidfd);

}  // namespace nucleus::launch
