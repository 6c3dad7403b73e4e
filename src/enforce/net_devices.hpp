// The network devices that a container takes over (config-linux.md#network-devices): moved into its
// network namespace, with their addresses, and brought up; moved back if the create fails. Once the
// container is created nobody here touches them again: the specification forbids the runtime to
// manage them, and leaves their end to the kernel.
#pragma once

#include <functional>
#include <vector>

#include "enforce/route_socket.hpp"
#include "nucleus/policy.hpp"
#include "nucleus/state.hpp"

namespace nucleus::enforce {

class NetDevices {
public:
    explicit NetDevices(sys::Kernel& kernel) : kernel_(kernel) {}

    // Opens both namespaces; the container's stays alive as long as this does, so that what has
    // moved can come back from it.
    Result<void> open(int pidfd);
    // `note` is called with what will have moved, before it moves.
    Result<void> move(const policy::NetDevicePolicy& device, std::int32_t pid,
                      const std::function<Result<void>(const state::NetDeviceRecord&)>& note);
    // All that has moved comes back as it was: name, addresses, up or down. Devices that
    // are not there (any more) are passed over.
    Result<void> restore();

private:
    struct Moved {
        Link link;  // as it was
        std::vector<LinkAddress> addresses;
        int index = 0;  // in the container's namespace
    };
    Result<Link> find_to_move(const policy::NetDevicePolicy& device);
    Result<int> free_index(int wanted);
    Result<void> restore_one(const Moved& moved);

    sys::Kernel& kernel_;
    std::optional<RouteSocket> outside_, inside_;
    std::vector<Moved> moved_;
};

// For a create that was killed: what its record names comes back from the namespace `path` that it
// joined. Without the addresses, which died with the command.
Result<void> restore_net_devices(sys::Kernel& kernel, const std::string& path,
                                 const std::vector<state::NetDeviceRecord>& devices);

}  // namespace nucleus::enforce
