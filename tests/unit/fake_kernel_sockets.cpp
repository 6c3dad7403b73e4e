// The fake kernel's sockets, pipes and poll(2).
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "fake_kernel.hpp"

namespace nucleus::testing {

using Kind = Description::Kind;

namespace {

Open describe(Kind kind, std::string name) {
    auto open = std::make_shared<Description>();
    open->kind = kind;
    open->name = std::move(name);
    return open;
}

}  // namespace

std::pair<Open, Open> FakeKernel::new_channel(const std::string& name) {
    const Open one = describe(Kind::channel, name), other = describe(Kind::channel, name);
    one->peer = other;
    other->peer = one;
    return {one, other};
}

int FakeKernel::socket(int domain, int, int) noexcept {
    if (const int error = enter("socket", ""); error < 0) return error;
    if (domain == AF_NETLINK) return install(describe(Kind::route, "route socket"));
    return install(describe(Kind::other, "socket"));
}

int FakeKernel::socketpair(int, int, int, int (&fds)[2]) noexcept {
    if (const int error = enter("socketpair", ""); error < 0) return error;
    const auto [one, other] = new_channel("channel");
    fds[0] = install(one);
    fds[1] = install(other);
    return 0;
}

int FakeKernel::pipe2(int (&fds)[2], int) noexcept {
    if (const int error = enter("pipe2", ""); error < 0) return error;
    const Open reader = describe(Kind::pipe, "pipe"), writer = describe(Kind::other, "pipe");
    reader->peer = writer;
    writer->peer = reader;
    fds[0] = install(reader);
    fds[1] = install(writer);
    return 0;
}

// One that nobody counts on.
int FakeKernel::eventfd(unsigned, int) noexcept {
    if (const int error = enter("eventfd", ""); error < 0) return error;
    return install(describe(Kind::other, "eventfd"));
}

void FakeKernel::make_listener(const std::string& path) {
    const Inode node = make_file(path, "");
    node->type = Node::Type::socket;
    strangers_.push_back(describe(Kind::listener, path));
    node->listener = strangers_.back();
}

int FakeKernel::bind(int fd, const sockaddr* address, socklen_t) noexcept {
    const std::string path = reinterpret_cast<const sockaddr_un*>(address)->sun_path;
    if (const int error = enter("bind", path); error < 0) return error;
    const Open open = look_up(fd);
    const Place place = find(AT_FDCWD, path);
    if (!open) return -EBADF;
    if (place.node) return -EADDRINUSE;
    if (!place.parent) return -ENOENT;
    const Inode node = place.parent->entries[place.name] = new_node(Node::Type::socket);
    node->listener = open;
    open->name = "gate";
    return 0;
}

int FakeKernel::listen(int fd, int) noexcept {
    if (const int error = enter("listen", ""); error < 0) return error;
    const Open open = look_up(fd);
    if (!open) return -EBADF;
    open->kind = Kind::listener;
    return 0;
}

int FakeKernel::connect(int fd, const sockaddr* address, socklen_t) noexcept {
    const std::string path = reinterpret_cast<const sockaddr_un*>(address)->sun_path;
    if (const int error = enter("connect", path); error < 0) return error;
    const Inode node = find(AT_FDCWD, path).node;
    if (!node) return -ENOENT;
    const Open listener = node->listener.lock();
    if (!listener || listener->kind != Kind::listener || !held(listener)) return -ECONNREFUSED;
    const auto [ours, theirs] = new_channel("connection");
    descriptors_[fd] = ours;
    const bool stranger =
        std::find(strangers_.begin(), strangers_.end(), listener) != strangers_.end();
    if (stranger)
        strangers_.push_back(theirs);
    else
        listener->backlog.push_back(theirs);
    return 0;
}

bool FakeKernel::uses(const std::string& path) {
    const Inode node = at(path);
    return node && held(node->listener.lock());
}

ssize_t FakeKernel::sendmsg(int fd, const msghdr& message, int) noexcept {
    const Open open = look_up(fd);
    if (const int error = enter("sendmsg", open ? open->name : ""); error < 0) return error;
    if (open && open->kind == Kind::route) {
        const iovec& part = message.msg_iov[0];
        answer_route(*open, {static_cast<const char*>(part.iov_base), part.iov_len});
        return static_cast<ssize_t>(part.iov_len);
    }
    if (!open || open->kind != Kind::channel) return -ENOTCONN;
    const Open peer = open->peer.lock();
    const bool waits_for_accept = open->name == "connection";
    if (!peer || (!held(peer) && !waits_for_accept)) return -EPIPE;
    Message sent;
    for (std::size_t i = 0; i < message.msg_iovlen; ++i)
        sent.bytes.append(static_cast<const char*>(message.msg_iov[i].iov_base),
                          message.msg_iov[i].iov_len);
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr) {
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number;
            std::memcpy(&number, CMSG_DATA(header) + i * sizeof number, sizeof number);
            const Open passed = look_up(number);
            if (!passed) return -EBADF;
            sent.descriptors.push_back(passed);
        }
    }
    const auto size = static_cast<ssize_t>(sent.bytes.size());
    peer->queue.push_back(std::move(sent));
    return size;
}

ssize_t FakeKernel::recvmsg(int fd, msghdr& message, int) noexcept {
    const Open open = look_up(fd);
    if (const int error = enter("recvmsg", open ? open->name : ""); error < 0) return error;
    if (!open || (open->kind != Kind::channel && open->kind != Kind::route)) return -ENOTCONN;
    while (open->queue.empty() && progress()) {
    }
    const std::size_t room = message.msg_controllen;
    message.msg_controllen = 0;
    if (open->queue.empty()) {
        if (!held(open->peer.lock())) return 0;
        complain("the runtime waits for ever for a message");
        return -EDEADLK;
    }
    const Message received = std::move(open->queue.front());
    open->queue.pop_front();
    const std::size_t size = std::min(received.bytes.size(), message.msg_iov[0].iov_len);
    std::memcpy(message.msg_iov[0].iov_base, received.bytes.data(), size);
    if (!received.descriptors.empty() && room >= CMSG_SPACE(sizeof(int))) {
        message.msg_controllen = room;
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        const int number = install(received.descriptors.front());
        std::memcpy(CMSG_DATA(header), &number, sizeof number);
        message.msg_controllen = CMSG_SPACE(sizeof(int));
    }
    return static_cast<ssize_t>(size);
}

short FakeKernel::readiness(int fd) const {
    const Open open = look_up(fd);
    if (!open) return POLLNVAL;
    switch (open->kind) {
        case Kind::pidfd: {
            const auto found = processes_.find(open->pid);
            return found == processes_.end() || !found->second.running ? POLLIN : 0;
        }
        case Kind::channel:
            if (!open->queue.empty()) return POLLIN;
            return held(open->peer.lock()) ? 0 : POLLIN | POLLHUP;
        case Kind::pipe:
            if (!open->queue.empty()) return POLLIN;
            return held(open->peer.lock()) ? 0 : POLLHUP;
        default:
            return 0;
    }
}

int FakeKernel::poll(pollfd* fds, nfds_t count, int timeout_ms) noexcept {
    std::string names;
    for (nfds_t i = 0; i < count; ++i)
        if (const Open open = look_up(fds[i].fd)) names += (i == 0 ? "" : " ") + open->name;
    if (const int error = enter("poll", names); error < 0) return error;
    for (;;) {
        int ready = 0;
        for (nfds_t i = 0; i < count; ++i) {
            fds[i].revents = fds[i].fd < 0 ? short{0} : readiness(fds[i].fd);
            ready += fds[i].revents != 0;
        }
        if (ready > 0) return ready;
        if (progress()) continue;
        if (timeout_ms < 0) {
            complain("the runtime polls for ever: " + names);
            return -EDEADLK;
        }
        now_ms_ += timeout_ms;
        return 0;
    }
}

}  // namespace nucleus::testing
