#include "launch/console.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <cstring>

#include "sys/files.hpp"

namespace nucleus::launch {

Result<base::UniqueFd> connect_unix(sys::Kernel& kernel, const std::string& path, int flags) {
    // sun_path takes 107 bytes: the socket is reached through a descriptor of its own.
    NUCLEUS_TRY(auto file, sys::open_at(kernel, AT_FDCWD, path, O_PATH));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string short_path = "/proc/self/fd/" + std::to_string(file.get());
    std::memcpy(address.sun_path, short_path.c_str(), short_path.size() + 1);
    const int fd = kernel.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0) return Error::from_errno(-fd, "make a socket");
    base::UniqueFd socket(fd);
    if (int error = kernel.connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        error < 0)
        return Error::from_errno(-error, "connect to '" + path + "'");
    return socket;
}

namespace {

Result<void> send_descriptor(sys::Kernel& kernel, const std::string& socket_path,
                             std::string payload, int descriptor, const char* what) {
    NUCLEUS_TRY(auto socket, connect_unix(kernel, socket_path));
    iovec part{payload.data(), payload.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    ssize_t sent;
    do sent = kernel.sendmsg(socket.get(), message, MSG_NOSIGNAL);
    while (sent == -EINTR);
    if (sent < 0)
        return Error::from_errno(static_cast<int>(-sent),
                                 "send the " + std::string(what) + " to '" + socket_path + "'");
    return {};
}

}  // namespace

Result<void> send_console(sys::Kernel& kernel, const std::string& socket, int master) {
    return send_descriptor(kernel, socket, "/dev/ptmx", master, "terminal");
}

Result<void> send_pidfd(sys::Kernel& kernel, const std::string& socket, int pidfd) {
    return send_descriptor(kernel, socket, "pidfd", pidfd, "pidfd");
}

}  // namespace nucleus::launch
