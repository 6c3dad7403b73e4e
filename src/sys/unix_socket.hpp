// Unix sockets by any path, and descriptors beside a message's bytes (unix(7)).
#pragma once

#include <sys/un.h>

#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::sys {

// How many descriptors one message takes here; the kernel's own limit is 253.
constexpr std::size_t kMaxDescriptorsPerMessage = 128;

// The address of what stands at /proc/self/fd/FD, and of NAME in it: sun_path takes 107 bytes, and
// a path may be longer.
sockaddr_un unix_address(int fd, std::string_view name = {});

// Connects to a stream socket by path, however long the path is. `flags`: SOCK_NONBLOCK, which
// fails with EAGAIN where the listener's queue is full, or 0.
Result<base::UniqueFd> connect_unix(Kernel& kernel, const std::string& path, int flags = 0);

// One sendmsg(2), without SIGPIPE and resumed where it was interrupted: how many bytes went, or
// -errno. The descriptors (at most kMaxDescriptorsPerMessage) go with the first byte.
ssize_t send_with_descriptors(Kernel& kernel, int socket, std::string_view bytes,
                              std::span<const int> descriptors);

}  // namespace nucleus::sys
