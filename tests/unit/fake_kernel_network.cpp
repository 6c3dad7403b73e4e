// The fake kernel's network devices and route sockets (rtnetlink(7)): two network namespaces, the
// runtime's own (0) and whatever it enters (1).
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>

#include "fake_kernel.hpp"

namespace nucleus::testing {

using Kind = Description::Kind;

namespace {

constexpr std::uint16_t kNewIndex = 49;  // IFLA_NEW_IFINDEX

std::size_t aligned(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

template <class T>
std::string bytes_of(const T& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string attribute(std::uint16_t type, const std::string& value) {
    rtattr header{};
    header.rta_len = static_cast<std::uint16_t>(sizeof header + value.size());
    header.rta_type = type;
    std::string out = bytes_of(header) + value;
    out.resize(aligned(out.size()));
    return out;
}

std::string message(std::uint16_t type, std::uint32_t sequence, const std::string& body) {
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + body.size());
    header.nlmsg_type = type;
    header.nlmsg_seq = sequence;
    std::string out = bytes_of(header) + body;
    out.resize(aligned(out.size()));
    return out;
}

template <class T>
T taken(const std::string& from, std::size_t at = 0) {
    T value{};
    std::memcpy(&value, from.data() + at, sizeof value);
    return value;
}

// The attributes behind the fixed header of `size` bytes.
std::map<std::uint16_t, std::string> attributes_of(const std::string& body, std::size_t size) {
    std::map<std::uint16_t, std::string> found;
    for (std::size_t at = aligned(size); at + sizeof(rtattr) <= body.size();) {
        const auto header = taken<rtattr>(body, at);
        found[header.rta_type] = body.substr(at + sizeof header, header.rta_len - sizeof header);
        at += aligned(header.rta_len);
    }
    return found;
}

}  // namespace

// One IPv4 address of each kind that matters: it moves, it is the link's own, it has a lifetime.
void FakeKernel::make_device(const std::string& name, int index) {
    const auto address = [](std::uint8_t scope, std::uint32_t flags, char last) {
        ifaddrmsg header{};
        header.ifa_family = AF_INET;
        header.ifa_prefixlen = 24;
        header.ifa_scope = scope;
        header.ifa_flags = static_cast<std::uint8_t>(flags);
        return bytes_of(header) + attribute(IFA_LOCAL, std::string("\x0a\x00\x00", 3) + last);
    };
    devices.push_back(
        {0,
         index,
         name,
         true,
         {address(RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, 1),
          address(RT_SCOPE_LINK, IFA_F_PERMANENT, 2), address(RT_SCOPE_UNIVERSE, 0, 3)}});
}

FakeKernel::Device* FakeKernel::device(int network, const std::string& name, int index) {
    const auto found = std::ranges::find_if(devices, [&](const Device& each) {
        return each.network == network && (name.empty() ? each.index == index : each.name == name);
    });
    return found == devices.end() ? nullptr : &*found;
}

int FakeKernel::socket_in(int, int, int, int) noexcept {
    if (const int error = enter("socket_in", ""); error < 0) return error;
    auto open = std::make_shared<Description>();
    open->kind = Kind::route;
    open->name = "route socket inside";
    open->pid = 1;
    return install(open);
}

int FakeKernel::change_link(Device& changed, const std::string& body) {
    auto attributes = attributes_of(body, sizeof(ifinfomsg));
    const auto header = taken<ifinfomsg>(body);
    if (attributes.contains(IFLA_NET_NS_PID)) {
        const int network =
            taken<std::uint32_t>(attributes[IFLA_NET_NS_PID]) == 1000 /* our own pid */ ? 0 : 1;
        std::string name = attributes[IFLA_IFNAME].c_str();
        if (const auto pattern = name.find("%d"); pattern != std::string::npos)
            name.replace(pattern, 2, "0");
        if (device(network, name, 0) != nullptr) return -EEXIST;
        const int index =
            attributes.contains(kNewIndex) ? taken<int>(attributes[kNewIndex]) : changed.index;
        changed = {network, index, name, false, {}};
    }
    if ((header.ifi_change & IFF_UP) != 0) changed.up = (header.ifi_flags & IFF_UP) != 0;
    return 0;
}

void FakeKernel::answer_route(Description& socket, const std::string& request) {
    const auto header = taken<nlmsghdr>(request);
    const std::string body = request.substr(sizeof header);
    const int network = socket.pid;
    const auto reply = [&](std::uint16_t type, const std::string& content) {
        socket.queue.push_back({message(type, header.nlmsg_seq, content), {}});
    };
    int error = 0;
    switch (header.nlmsg_type) {
        case RTM_GETLINK: {
            auto wanted = attributes_of(body, sizeof(ifinfomsg));
            const Device* found =
                device(network, wanted[IFLA_IFNAME].c_str(), taken<ifinfomsg>(body).ifi_index);
            if (found == nullptr) {
                error = -ENODEV;
                break;
            }
            ifinfomsg link{};
            link.ifi_index = found->index;
            link.ifi_flags = found->up ? IFF_UP : 0;
            reply(RTM_NEWLINK, bytes_of(link) + attribute(IFLA_IFNAME, found->name + '\0'));
            break;
        }
        case RTM_GETADDR:
            for (const Device& each : devices) {
                if (each.network != network) continue;
                for (std::string address : each.addresses) {
                    auto fixed = taken<ifaddrmsg>(address);
                    fixed.ifa_index = static_cast<unsigned>(each.index);
                    reply(RTM_NEWADDR, address.replace(0, sizeof fixed, bytes_of(fixed)));
                }
            }
            reply(NLMSG_DONE, bytes_of(0));
            return;
        case RTM_NEWLINK: {
            Device* changed = device(network, "", taken<ifinfomsg>(body).ifi_index);
            error = changed == nullptr ? -ENODEV : change_link(*changed, body);
            break;
        }
        case RTM_NEWADDR: {
            Device* changed =
                device(network, "", static_cast<int>(taken<ifaddrmsg>(body).ifa_index));
            if (changed == nullptr)
                error = -ENODEV;
            else
                changed->addresses.push_back(body);
            break;
        }
        default:
            complain("route message " + std::to_string(header.nlmsg_type));
    }
    reply(NLMSG_ERROR, bytes_of(error) + bytes_of(header));
}

}  // namespace nucleus::testing
