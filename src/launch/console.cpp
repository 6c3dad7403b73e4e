#include "launch/console.hpp"

#include "sys/unix_socket.hpp"

namespace nucleus::launch {

namespace {

Result<void> send_descriptor(sys::Kernel& kernel, const std::string& socket_path,
                             std::string_view payload, int descriptor, const char* what) {
    NUCLEUS_TRY(auto socket, sys::connect_unix(kernel, socket_path));
    const ssize_t sent =
        sys::send_with_descriptors(kernel, socket.get(), payload, {&descriptor, 1});
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
