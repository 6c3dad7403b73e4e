#include "sys/unix_socket.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>

#include "sys/files.hpp"

namespace nucleus::sys {

sockaddr_un unix_address(int fd, std::string_view name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::string path = "/proc/self/fd/" + std::to_string(fd);
    if (!name.empty()) path.append("/").append(name);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

Result<base::UniqueFd> connect_unix(Kernel& kernel, const std::string& path, int flags) {
    NUCLEUS_TRY(auto file, open_at(kernel, AT_FDCWD, path, O_PATH));
    const sockaddr_un address = unix_address(file.get());
    const int fd = kernel.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0) return Error::from_errno(-fd, "make a socket");
    base::UniqueFd socket(fd);
    if (int error = kernel.connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        error < 0)
        return Error::from_errno(-error, "connect to '" + path + "'");
    return socket;
}

ssize_t send_with_descriptors(Kernel& kernel, int socket, std::string_view bytes,
                              std::span<const int> descriptors) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxDescriptorsPerMessage)];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptors.size() > kMaxDescriptorsPerMessage) return -EINVAL;
    if (!descriptors.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        std::memset(control, 0, message.msg_controllen);
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
    }
    ssize_t sent;
    do sent = kernel.sendmsg(socket, message, MSG_NOSIGNAL);
    while (sent == -EINTR);
    return sent;
}

}  // namespace nucleus::sys
