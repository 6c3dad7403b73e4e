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

    // The kernel takes each file once, in one write. A runtime without CAP_SETUID or CAP_SETGID
    // writes a map of its caller's own id itself, and has any other written by newuidmap(1) and
    // newgidmap(1), which ask /etc/subuid and /etc/subgid. Whether setgroups(2) is denied now: it
    // is only where the kernel demands that.
    Result<bool> write_maps(pid_t pid) const;
    const UserNamespaceConfig& config() const { return config_; }

    // What the user namespace of a process is, as the kernel tells it.
    static Result<policy::JoinedUserNamespace> read(sys::Kernel& kernel, pid_t pid);
    static Result<bool> denies_groups(sys::Kernel& kernel, pid_t pid);

    // `0 100000 65536` a line.
    static std::string map_text(const std::vector<IdMapping>& mappings);

private:
    Result<void> write_map(int directory, pid_t pid, const char* file, const char* program,
                           const std::vector<IdMapping>& mappings, bool by_itself) const;
    Result<void> run(const char* program, pid_t pid, const std::vector<IdMapping>& mappings) const;

    sys::Kernel* kernel_;
    UserNamespaceConfig config_;
};

}  // namespace nucleus::launch
