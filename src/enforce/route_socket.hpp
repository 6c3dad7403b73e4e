// RouteSocket: rtnetlink(7) as far as moving a network device needs it. A socket belongs to the
// network namespace in which it was made, for as long as it is open, and keeps that namespace
// alive. Owns the socket; the Kernel must outlive it. Not for several threads.
#pragma once

#include <linux/if_addr.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

struct Link {
    int index = 0;
    std::string name;
    unsigned flags = 0;  // IFF_*
    bool operator==(const Link&) const = default;
};

// An address with what belongs to it, as the kernel listed it (RTM_NEWADDR).
struct LinkAddress {
    ifaddrmsg header{};
    struct Attribute {
        std::uint16_t type = 0;  // IFA_*
        std::string value;       // as in the message
        bool operator==(const Attribute&) const = default;
    };
    std::vector<Attribute> attributes;
};

class RouteSocket {
public:
    // In this process's network namespace.
    static Result<RouteSocket> open(sys::Kernel& kernel);
    // In that of a descriptor: a network namespace's file, or a pidfd.
    static Result<RouteSocket> open_in(sys::Kernel& kernel, int namespace_fd);

    // Nothing if the namespace has no such device.
    Result<std::optional<Link>> find(std::string_view name);
    Result<std::optional<Link>> find(int index);
    // The addresses that move with a device: of global scope and permanent
    // (config-linux.md#network-devices), in the kernel's order (the first of a subnet is its
    // primary one).
    Result<std::vector<LinkAddress>> addresses(int index);

    // To the network namespace of process `pid`, under `name` and with the number `new_index`
    // there; 0: the kernel's choice.
    Result<void> move(int index, std::string_view name, std::int32_t pid, int new_index);
    Result<void> bring_up(int index);
    Result<void> add(int index, std::string_view name, const LinkAddress& address);

private:
    class Request;
    RouteSocket(sys::Kernel& kernel, base::UniqueFd socket)
        : kernel_(&kernel), socket_(std::move(socket)) {}
    Result<std::optional<Link>> find_with(Request request);
    // Sends, and hands each answer to `on_message`, until the acknowledgement or the end of a dump.
    // 0 or -errno: the kernel's own answer.
    template <class OnMessage>
    Result<int> ask(Request& request, OnMessage on_message);
    Result<std::string> receive();
    Result<void> order(Request& request, const std::string& clause);

    sys::Kernel* kernel_;
    base::UniqueFd socket_;
    std::uint32_t sequence_ = 0;
};

}  // namespace nucleus::enforce
