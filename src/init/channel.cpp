#include "init/channel.hpp"

#include <errno.h>
#include <sys/socket.h>

#include "init/bytes.hpp"

namespace nucleus::init {

namespace {

bool send(int to, const wire::Report& report, int fd) {
    iovec part{const_cast<wire::Report*>(&report), sizeof report};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (fd >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        auto* header = reinterpret_cast<cmsghdr*>(control);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        *reinterpret_cast<int*>(CMSG_DATA(header)) = fd;
    }
    long sent;
    do sent = call(__NR_sendmsg, to, &message, MSG_NOSIGNAL);
    while (sent == -EINTR);
    return sent == static_cast<long>(sizeof report);
}

}  // namespace

bool report_reached(Init& init, int step) {
    wire::Report report;
    report.kind = wire::Report::Kind::reached;
    report.step = step;
    return send(init.channel, report, -1);
}

void report_failure(Init& init, int step, int errnum) {
    wire::Report report;
    report.kind = wire::Report::Kind::failed;
    report.step = step;
    report.errnum = errnum;
    report.op = static_cast<unsigned>(init.steps[step].op);
    for (unsigned i = 0; i + 1 < sizeof report.detail && init.detail[i] != 0; ++i)
        report.detail[i] = init.detail[i];
    send(init.channel, report, -1);
}

bool report_cloned(Init& init, int pid) {
    wire::Report report;
    report.kind = wire::Report::Kind::cloned;
    report.pid = pid;
    return send(init.channel, report, -1);
}

bool report_descriptor(Init& init, int fd) {
    wire::Report report;
    report.kind = wire::Report::Kind::descriptor;
    return send(init.channel, report, fd);
}

int receive_order(Init& init, int fd, wire::Order& order) {
    iovec part{&order, sizeof order};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * wire::kMaxDescriptorsPerOrder)];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    long got;
    do got = call(__NR_recvmsg, fd, &message, MSG_CMSG_CLOEXEC);
    while (got == -EINTR);
    if (got <= 0) return static_cast<int>(got);
    if (got != static_cast<long>(sizeof order)) return -EPROTO;
    const auto* header = reinterpret_cast<const cmsghdr*>(control);
    if (message.msg_controllen < sizeof(cmsghdr) || header->cmsg_type != SCM_RIGHTS)
        return static_cast<int>(got);
    const auto* fds = reinterpret_cast<const int*>(CMSG_DATA(header));
    const unsigned count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (unsigned i = 0; i < count && order.first_slot + i < init.header->slot_count; ++i)
        init.slots()[order.first_slot + i] = fds[i];
    return static_cast<int>(got);
}

bool await_order(Init& init) {
    for (;;) {
        wire::Order order;
        if (receive_order(init, init.channel, order) <= 0) return false;
        if (order.kind != wire::Order::Kind::proceed) continue;
        if ((order.flags & wire::kGroupsDenied) != 0) init.groups_denied = true;
        return true;
    }
}

}  // namespace nucleus::init
