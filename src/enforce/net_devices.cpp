#include "enforce/net_devices.hpp"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>

#include <limits>

#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

Result<void> configure(RouteSocket& socket, const Link& link,
                       const std::vector<LinkAddress>& addresses, bool up) {
    // The kernel lists IPv4 addresses in the order in which they came, and IPv6 ones the other way
    // round; source addresses are chosen by that order.
    for (const LinkAddress& address : addresses)
        if (address.header.ifa_family != AF_INET6)
            NUCLEUS_CHECK(socket.add(link.index, link.name, address));
    for (auto address = addresses.rbegin(); address != addresses.rend(); ++address)
        if (address->header.ifa_family == AF_INET6)
            NUCLEUS_CHECK(socket.add(link.index, link.name, *address));
    return up ? socket.bring_up(link.index) : Result<void>();
}

}  // namespace

Result<void> NetDevices::open(int pidfd) {
    if (inside_) return {};
    NUCLEUS_TRY(outside_, RouteSocket::open(kernel_));
    NUCLEUS_TRY(inside_, RouteSocket::open_in(kernel_, pidfd));
    return {};
}

// "The runtime MUST check that it is possible to move": it is there, and its name is free where it
// goes.
Result<Link> NetDevices::find_to_move(const policy::NetDevicePolicy& device) {
    const std::string where = "config.json " + device.pointer;
    NUCLEUS_TRY(const auto link, outside_->find(device.host_name));
    if (!link)
        return Error(Errc::invalid_config,
                     where + ": the runtime's network namespace has no such device");
    if (device.name.find('%') != std::string::npos) return *link;
    NUCLEUS_TRY(const auto taken, inside_->find(device.name));
    if (taken)
        return Error(Errc::invalid_config,
                     where + ": the container's network namespace already has a device '" +
                         device.name + "'");
    return *link;
}

// The number says later which device it was: it is chosen, not left to the kernel.
Result<int> NetDevices::free_index(int wanted) {
    for (; wanted < std::numeric_limits<int>::max(); ++wanted) {
        NUCLEUS_TRY(const auto taken, inside_->find(wanted));
        if (!taken) return wanted;
    }
    return Error(Errc::system, "no number is free for another network device");
}

Result<void> NetDevices::move(
    const policy::NetDevicePolicy& device, std::int32_t pid,
    const std::function<Result<void>(const state::NetDeviceRecord&)>& note) {
    NUCLEUS_TRY(const Link link, find_to_move(device));
    NUCLEUS_TRY(auto addresses, outside_->addresses(link.index));
    NUCLEUS_TRY(const int index, free_index(link.index));
    NUCLEUS_CHECK(note({device.host_name, index}));
    moved_.push_back({link, std::move(addresses), index});
    NUCLEUS_CHECK(outside_->move(link.index, device.name, pid, index));
    NUCLEUS_TRY(const auto there, inside_->find(index));
    if (!there) return Error(Errc::system, "it did not arrive in the container");
    return configure(*inside_, *there, moved_.back().addresses, true);
}

Result<void> NetDevices::restore_one(const Moved& moved) {
    NUCLEUS_TRY(const auto there, inside_->find(moved.index));
    if (!there) return {};
    NUCLEUS_CHECK(inside_->move(moved.index, moved.link.name, kernel_.getpid(), 0));
    NUCLEUS_TRY(const auto here, outside_->find(moved.link.name));
    if (!here) return Error(Errc::system, "it did not arrive");
    return configure(*outside_, *here, moved.addresses, (moved.link.flags & IFF_UP) != 0);
}

Result<void> NetDevices::restore() {
    Result<void> outcome;
    while (!moved_.empty()) {
        const Moved moved = std::move(moved_.back());
        moved_.pop_back();
        auto restored = restore_one(moved).in("move network device '" + moved.link.name + "' back");
        if (!restored && outcome) outcome = std::move(restored);
    }
    return outcome;
}

Result<void> restore_net_devices(sys::Kernel& kernel, const std::string& path,
                                 const std::vector<state::NetDeviceRecord>& devices) {
    if (devices.empty()) return {};
    auto file = sys::open_at(kernel, AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
    // The namespace is gone, and what was in it with it.
    if (!file && file.error().errnum() == ENOENT) return {};
    if (!file) return std::move(file).error();
    NUCLEUS_TRY(auto outside, RouteSocket::open(kernel));
    NUCLEUS_TRY(auto inside, RouteSocket::open_in(kernel, file->get()));
    for (const state::NetDeviceRecord& device : devices) {
        NUCLEUS_TRY(const auto here, outside.find(device.name));
        if (here) continue;
        NUCLEUS_TRY(const auto there, inside.find(device.index));
        if (!there) continue;
        NUCLEUS_CHECK(inside.move(device.index, device.name, kernel.getpid(), 0)
                          .in("move network device '" + device.name + "' back"));
    }
    return {};
}

}  // namespace nucleus::enforce
