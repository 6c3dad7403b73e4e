#include "plan/filled_mounts.hpp"

#include <linux/mount.h>

namespace nucleus::plan {

namespace {

using policy::MountPolicy;

bool lies_below(std::string_view path, std::string_view top) {
    return path.size() > top.size() && path.starts_with(top) && path[top.size()] == '/';
}

}  // namespace

bool is_filled(const policy::ContainerPolicy& policy, const MountPolicy& mount) {
    if ((mount.attributes_set & MOUNT_ATTR_RDONLY) == 0 ||
        mount.kind != MountPolicy::Kind::filesystem || mount.type != "tmpfs")
        return false;
    const std::string& top = mount.destination;
    bool filled = top == "/dev" || lies_below(policy.process->cwd, top);
    for (const policy::DeviceNode& node : policy.devices.nodes)
        filled |= lies_below(node.path, top);
    bool later = false;
    for (const MountPolicy& other : policy.rootfs.mounts) {
        if (later && other.destination == top) return false;
        filled |= later && lies_below(other.destination, top);
        later |= &other == &mount;
    }
    return filled;
}

}  // namespace nucleus::plan
