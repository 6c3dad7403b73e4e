#include "runtime/gate.hpp"

#include <errno.h>

#include "sys/unix_socket.hpp"

namespace nucleus::runtime {

namespace {

Result<base::UniqueFd> open_socket(sys::Kernel& kernel) {
    const int fd = kernel.socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) return Error::from_errno(-fd, "make a socket");
    return base::UniqueFd(fd);
}

}  // namespace

Result<base::UniqueFd> listen_at_gate(sys::Kernel& kernel, int dirfd) {
    NUCLEUS_TRY(auto socket, open_socket(kernel));
    const sockaddr_un address = sys::unix_address(dirfd, kGateName);
    if (int error =
            kernel.bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        error < 0)
        return Error::from_errno(-error, "bind the start gate");
    if (int error = kernel.listen(socket.get(), 8); error < 0)
        return Error::from_errno(-error, "listen at the start gate");
    return socket;
}

Result<base::UniqueFd> connect_to_gate(sys::Kernel& kernel, int dirfd, const std::string& name) {
    NUCLEUS_TRY(auto socket, open_socket(kernel));
    const sockaddr_un address = sys::unix_address(dirfd, name);
    if (int error = kernel.connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                                   sizeof address);
        error < 0)
        return Error::from_errno(-error, "connect to the start gate");
    return socket;
}

Result<bool> gate_is_closed(sys::Kernel& kernel, int dirfd, const std::string& name) {
    const int found = kernel.faccessat(dirfd, name.c_str(), 0 /* F_OK */, 0);
    if (found == -ENOENT) return false;
    if (found < 0) return Error::from_errno(-found, "look for the start gate");
    auto connected = connect_to_gate(kernel, dirfd, name);
    if (connected) return true;
    const int error = connected.error().errnum();
    // Removed since the look, or nobody listens.
    if (error == ENOENT || error == ECONNREFUSED) return false;
    return std::move(connected).error();
}

}  // namespace nucleus::runtime
