// UserNamespaceMapper: gives a process's new user namespace its id maps, from outside
// (user_namespaces(7)).
#pragma once

#include "nucleus/policy.hpp"
#include "sys/kernel.hpp"

namespace nucleus::launch {

class UserNamespaceMapper {
public:
    UserNamespaceMapper(sys::Kernel& kernel, UserNamespaceConfig config)
        : kernel_(&kernel), config_(std::move(config)) {}

    // The kernel takes each file once, in one write. setgroups is denied only where the kernel
    // demands it: a writer without CAP_SETGID in the parent namespace.
    Result<void> write_maps(pid_t pid) const;
    const UserNamespaceConfig& config() const { return config_; }

    // What the user namespace of a process is, as the kernel tells it.
    static Result<policy::JoinedUserNamespace> read(sys::Kernel& kernel, pid_t pid);
    static Result<bool> denies_groups(sys::Kernel& kernel, pid_t pid);

    // `0 100000 65536` a line.
    static std::string map_text(const std::vector<IdMapping>& mappings);

private:
    sys::Kernel* kernel_;
    UserNamespaceConfig config_;
};

}  // namespace nucleus::launch
