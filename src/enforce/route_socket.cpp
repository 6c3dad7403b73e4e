#include "enforce/route_socket.hpp"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>

namespace nucleus::enforce {

namespace {

// A link with many virtual functions takes several pages; the kernel itself stops a dump's message
// at 32 KiB (netlink(7), NLMSG_GOODSIZE).
constexpr std::size_t kBufferSize = 64U << 10;
constexpr std::uint16_t kNewIndex = 49;  // IFLA_NEW_IFINDEX (Linux 5.13)

// What rtnetlink counts with: 4 bytes.
constexpr std::size_t aligned(std::size_t size) {
    return (size + NLMSG_ALIGNTO - 1) & ~std::size_t{NLMSG_ALIGNTO - 1};
}

// The attributes from `offset` to the end of a message, each as (type, value).
template <class OnAttribute>
void each_attribute(std::string_view message, std::size_t offset, OnAttribute on_attribute) {
    while (offset + sizeof(rtattr) <= message.size()) {
        rtattr header;
        std::memcpy(&header, message.data() + offset, sizeof header);
        if (header.rta_len < sizeof header || offset + header.rta_len > message.size()) return;
        on_attribute(static_cast<std::uint16_t>(header.rta_type & NLA_TYPE_MASK),
                     message.substr(offset + sizeof header, header.rta_len - sizeof header));
        offset += aligned(header.rta_len);
    }
}

template <class Header>
std::optional<Header> header_of(std::string_view message) {
    if (message.size() < NLMSG_HDRLEN + sizeof(Header)) return std::nullopt;
    Header header;
    std::memcpy(&header, message.data() + NLMSG_HDRLEN, sizeof header);
    return header;
}

std::uint32_t number_in(std::string_view value) {
    std::uint32_t number = 0;
    std::memcpy(&number, value.data(), std::min(value.size(), sizeof number));
    return number;
}

std::string without_end(std::string_view value) {
    return std::string(value.substr(0, value.find('\0')));
}

// An attribute is kept if the kernel takes it back in RTM_NEWADDR.
bool is_kept(std::uint16_t type) {
    constexpr std::uint16_t kProtocol = 11;  // IFA_PROTO (Linux 5.18)
    constexpr std::uint16_t kKept[] = {IFA_ADDRESS,   IFA_LOCAL, IFA_LABEL,       IFA_BROADCAST,
                                       IFA_CACHEINFO, IFA_FLAGS, IFA_RT_PRIORITY, kProtocol};
    return std::find(std::begin(kKept), std::end(kKept), type) != std::end(kKept);
}

std::uint32_t flags_of(const LinkAddress& address) {
    for (const auto& attribute : address.attributes)
        if (attribute.type == IFA_FLAGS) return number_in(attribute.value);
    return address.header.ifa_flags;
}

}  // namespace

// One message to the kernel, being put together.
class RouteSocket::Request {
public:
    template <class Header>
    Request(std::uint16_t type, std::uint16_t flags, const Header& header) {
        nlmsghdr message{};
        message.nlmsg_type = type;
        message.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
        append(&message, sizeof message);
        append(&header, sizeof header);
    }

    // Values are names, addresses and numbers: their sizes fit 16 bits by far (CVE-2021-43784 is
    // what becomes of one that does not).
    void add(std::uint16_t type, std::string_view value) {
        rtattr header{};
        header.rta_len = static_cast<std::uint16_t>(sizeof header + value.size());
        header.rta_type = type;
        append(&header, sizeof header);
        append(value.data(), value.size());
    }
    void add_text(std::uint16_t type, std::string_view text) {
        add(type, std::string(text) + '\0');
    }
    void add_number(std::uint16_t type, std::uint32_t number) {
        add(type, {reinterpret_cast<const char*>(&number), sizeof number});
    }

    std::string& finish(std::uint32_t sequence) {
        nlmsghdr message;
        std::memcpy(&message, bytes_.data(), sizeof message);
        message.nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
        message.nlmsg_seq = sequence;
        std::memcpy(bytes_.data(), &message, sizeof message);
        return bytes_;
    }

private:
    void append(const void* from, std::size_t size) {
        bytes_.append(static_cast<const char*>(from), size);
        bytes_.resize(aligned(bytes_.size()));
    }

    std::string bytes_;
};

Result<RouteSocket> RouteSocket::open(sys::Kernel& kernel) {
    const int fd = kernel.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return Error::from_errno(-fd, "open a route socket");
    return RouteSocket(kernel, base::UniqueFd(fd));
}

Result<RouteSocket> RouteSocket::open_in(sys::Kernel& kernel, int namespace_fd) {
    const int fd =
        kernel.socket_in(namespace_fd, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return Error::from_errno(-fd, "open a route socket in the container's network namespace");
    return RouteSocket(kernel, base::UniqueFd(fd));
}

Result<std::string> RouteSocket::receive() {
    std::string buffer(kBufferSize, '\0');
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    ssize_t size;
    do size = kernel_->recvmsg(socket_.get(), message, 0);
    while (size == -EINTR);
    if (size < 0) return Error::from_errno(static_cast<int>(-size), "hear from the route socket");
    if ((message.msg_flags & MSG_TRUNC) != 0)
        return Error(Errc::system, "hear from the route socket: a message of more than 64 KiB");
    buffer.resize(static_cast<std::size_t>(size));
    return buffer;
}

template <class OnMessage>
Result<int> RouteSocket::ask(Request& request, OnMessage on_message) {
    const std::uint32_t sequence = ++sequence_;
    std::string& bytes = request.finish(sequence);
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    ssize_t sent;
    do sent = kernel_->sendmsg(socket_.get(), message, 0);
    while (sent == -EINTR);
    if (sent < 0) return Error::from_errno(static_cast<int>(-sent), "ask the route socket");
    for (;;) {
        NUCLEUS_TRY(const std::string datagram, receive());
        std::string_view rest = datagram;
        while (rest.size() >= NLMSG_HDRLEN) {
            nlmsghdr header;
            std::memcpy(&header, rest.data(), sizeof header);
            if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > rest.size()) break;
            const std::string_view one = rest.substr(0, header.nlmsg_len);
            rest.remove_prefix(std::min(aligned(header.nlmsg_len), rest.size()));
            if (header.nlmsg_seq != sequence) continue;
            // The acknowledgement, the failure, and the end of a dump alike begin with the error.
            if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE)
                return header_of<int>(one).value_or(0);
            on_message(header.nlmsg_type, one);
        }
    }
}

Result<void> RouteSocket::order(Request& request, const std::string& clause) {
    auto answer = ask(request, [](std::uint16_t, std::string_view) {});
    if (!answer) return std::move(answer).error().in(clause);
    if (*answer < 0) return Error::from_errno(-*answer, clause);
    return {};
}

Result<std::optional<Link>> RouteSocket::find_with(Request request) {
    std::optional<Link> found;
    NUCLEUS_TRY(const int answer, ask(request, [&](std::uint16_t type, std::string_view message) {
                    const auto header = header_of<ifinfomsg>(message);
                    if (type != RTM_NEWLINK || !header) return;
                    found = Link{header->ifi_index, "", header->ifi_flags};
                    each_attribute(message, NLMSG_HDRLEN + aligned(sizeof *header),
                                   [&](std::uint16_t attribute, std::string_view value) {
                                       if (attribute == IFLA_IFNAME)
                                           found->name = without_end(value);
                                   });
                }));
    if (answer == -ENODEV) return std::optional<Link>();
    if (answer < 0) return Error::from_errno(-answer, "look for a network device");
    return found;
}

Result<std::optional<Link>> RouteSocket::find(std::string_view name) {
    Request request(RTM_GETLINK, NLM_F_ACK, ifinfomsg{});
    request.add_text(IFLA_IFNAME, name);
    return find_with(std::move(request));
}

Result<std::optional<Link>> RouteSocket::find(int index) {
    ifinfomsg header{};
    header.ifi_index = index;
    return find_with(Request(RTM_GETLINK, NLM_F_ACK, header));
}

Result<std::vector<LinkAddress>> RouteSocket::addresses(int index) {
    std::vector<LinkAddress> found;
    Request request(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{});
    NUCLEUS_TRY(const int answer, ask(request, [&](std::uint16_t type, std::string_view message) {
                    const auto header = header_of<ifaddrmsg>(message);
                    if (type != RTM_NEWADDR || !header ||
                        header->ifa_index != static_cast<unsigned>(index) ||
                        header->ifa_scope != RT_SCOPE_UNIVERSE)
                        return;
                    LinkAddress address{*header, {}};
                    each_attribute(
                        message, NLMSG_HDRLEN + aligned(sizeof *header),
                        [&](std::uint16_t attribute, std::string_view value) {
                            if (is_kept(attribute))
                                address.attributes.push_back({attribute, std::string(value)});
                        });
                    if ((flags_of(address) & IFA_F_PERMANENT) != 0)
                        found.push_back(std::move(address));
                }));
    if (answer < 0) return Error::from_errno(-answer, "list the addresses of network devices");
    return found;
}

Result<void> RouteSocket::move(int index, std::string_view name, std::int32_t pid, int new_index) {
    ifinfomsg header{};
    header.ifi_index = index;
    Request request(RTM_NEWLINK, NLM_F_ACK, header);
    request.add_number(IFLA_NET_NS_PID, static_cast<std::uint32_t>(pid));
    if (new_index != 0) request.add_number(kNewIndex, static_cast<std::uint32_t>(new_index));
    request.add_text(IFLA_IFNAME, name);
    return order(request, "move to the other network namespace");
}

Result<void> RouteSocket::bring_up(int index) {
    ifinfomsg header{};
    header.ifi_index = index;
    header.ifi_flags = IFF_UP;
    header.ifi_change = IFF_UP;
    Request request(RTM_NEWLINK, NLM_F_ACK, header);
    return order(request, "bring up");
}

Result<void> RouteSocket::add(int index, std::string_view name, const LinkAddress& address) {
    ifaddrmsg header = address.header;
    header.ifa_index = static_cast<unsigned>(index);
    // What the kernel has found out about it is no property to be set; IFA_F_SECONDARY follows from
    // the order.
    constexpr std::uint32_t kFound = IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_PERMANENT |
                                     IFA_F_SECONDARY | IFA_F_DEPRECATED | IFA_F_STABLE_PRIVACY;
    const std::uint32_t flags = flags_of(address) & ~kFound;
    header.ifa_flags = static_cast<std::uint8_t>(flags);
    Request request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, header);
    for (const auto& attribute : address.attributes) {
        if (attribute.type == IFA_FLAGS) {
            request.add_number(IFA_FLAGS, flags);
        } else if (attribute.type == IFA_LABEL) {
            // `eth0` or `eth0:1`: it begins with the device's name (ip-address(8)).
            const std::string label = without_end(attribute.value);
            const std::size_t colon = label.find(':');
            const std::string tail = colon == std::string::npos ? "" : label.substr(colon);
            if (name.size() + tail.size() < IFNAMSIZ)
                request.add_text(IFA_LABEL, std::string(name) + tail);
        } else {
            request.add(attribute.type, attribute.value);
        }
    }
    return order(request, "give it its address again");
}

}  // namespace nucleus::enforce
