#include "launch/channel.hpp"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "sys/unix_socket.hpp"

namespace nucleus::launch {

static_assert(wire::kMaxDescriptorsPerOrder <= sys::kMaxDescriptorsPerMessage);

Result<std::optional<Received>> Channel::receive() {
    Received received;
    iovec part{&received.report, sizeof received.report};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t got;
    do got = kernel_->recvmsg(fd_.get(), message, MSG_CMSG_CLOEXEC);
    while (got == -EINTR);
    // A reset is an end that came while something of ours was unread.
    if (got == 0 || got == -ECONNRESET) return std::optional<Received>();
    if (got < 0) return Error::from_errno(static_cast<int>(-got), "hear from the init");
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message);
        header != nullptr && header->cmsg_type == SCM_RIGHTS) {
        int fd;
        std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
        received.descriptor.reset(fd);
    }
    if (static_cast<std::size_t>(got) != sizeof received.report)
        return Error(Errc::system, "hear from the init: a message of the wrong size");
    received.report.detail[sizeof received.report.detail - 1] = 0;
    return std::optional<Received>(std::move(received));
}

Result<void> Channel::send(wire::Order::Kind kind, std::uint32_t flags) {
    wire::Order order;
    order.kind = kind;
    order.flags = flags;
    return send(order, {});
}

Result<void> Channel::send_descriptors(std::uint32_t first_slot, const std::vector<int>& fds) {
    for (std::size_t at = 0; at < fds.size(); at += wire::kMaxDescriptorsPerOrder) {
        const std::size_t count =
            std::min<std::size_t>(fds.size() - at, wire::kMaxDescriptorsPerOrder);
        wire::Order order;
        order.kind = wire::Order::Kind::descriptors;
        order.first_slot = first_slot + static_cast<std::uint32_t>(at);
        order.slot_count = static_cast<std::uint32_t>(count);
        NUCLEUS_CHECK(send(order, {fds.data() + at, count}));
    }
    return {};
}

Result<void> Channel::send(const wire::Order& order, std::span<const int> fds) {
    const std::string_view bytes(reinterpret_cast<const char*>(&order), sizeof order);
    const ssize_t sent = sys::send_with_descriptors(*kernel_, fd_.get(), bytes, fds);
    if (sent < 0) return Error::from_errno(static_cast<int>(-sent), "tell the init");
    return {};
}

}  // namespace nucleus::launch
