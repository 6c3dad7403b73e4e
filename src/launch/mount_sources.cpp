#include "launch/mount_sources.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/cleanup.hpp"
#include "launch/user_namespace_mapper.hpp"
#include "sys/files.hpp"

namespace nucleus::launch {

namespace {

// Should either call fail, the holder is gone with this command at the latest.
Result<void> end_holder(sys::Kernel& kernel, pid_t holder) {
    if (const int error = kernel.kill(holder, SIGKILL); error < 0)
        return Error::from_errno(-error, "end the holder of a user namespace");
    siginfo_t info{};
    int error;
    do error = kernel.waitid(P_PID, static_cast<id_t>(holder), info, WEXITED);
    while (error == -EINTR);
    if (error < 0) return Error::from_errno(-error, "reap the holder of a user namespace");
    return {};
}

Result<base::UniqueFd> user_namespace_of(sys::Kernel& kernel, pid_t pid) {
    return sys::open_at(kernel, AT_FDCWD, "/proc/" + std::to_string(pid) + "/ns/user", O_RDONLY);
}

// The kernel takes a mapping from a user namespace only, and a namespace gets its maps only while a
// process is in it.
Result<base::UniqueFd> make_user_namespace(sys::Kernel& kernel,
                                           const UserNamespaceConfig& mappings) {
    const pid_t holder = kernel.hold_user_namespace();
    if (holder < 0) return Error::from_errno(-holder, "make a user namespace");
    base::Cleanup cleanup;
    cleanup.push([&] { return end_holder(kernel, holder); });
    if (auto mapped = UserNamespaceMapper(kernel, mappings).write_maps(holder); !mapped)
        return cleanup.fail(mapped.error());
    auto made = user_namespace_of(kernel, holder);
    if (!made) return cleanup.fail(made.error());
    NUCLEUS_CHECK(cleanup.run());
    return made;
}

// The user namespace of each source that has a mapping, one for all with the same; -1 for the rest.
class UserNamespaces {
public:
    UserNamespaces(sys::Kernel& kernel, pid_t container) : kernel_(kernel), container_(container) {}

    Result<int> of(const policy::MountIdMap& map) {
        for (const Entry& entry : made_)
            if (entry.mappings == map.mappings) return entry.fd.get();
        auto fd = map.mappings ? make_user_namespace(kernel_, *map.mappings)
                               : user_namespace_of(kernel_, container_);
        if (!fd) return fd.error();
        made_.push_back({map.mappings, *std::move(fd)});
        return made_.back().fd.get();
    }

private:
    struct Entry {
        std::optional<UserNamespaceConfig> mappings;
        base::UniqueFd fd;
    };
    sys::Kernel& kernel_;
    pid_t container_;
    std::vector<Entry> made_;
};

std::string clause_of(const plan::Source& source, const char* what) {
    std::string clause = source.pointer.empty() ? "" : "config.json " + source.pointer + ": ";
    return clause + what + " '" + source.path + "'";
}

Error refusal_of(const sys::TreeRequest& request, const plan::Source& source) {
    std::string clause = clause_of(source, "open mount source");
    if (request.unmapped) {
        clause += ": map its ids";
        // mount_setattr(2): what its EINVAL and EPERM mean here.
        if (request.fd == -EINVAL) clause += " (its file system has no idmapped mounts)";
        if (request.fd == -EPERM)
            clause += " (it is idmapped already, or its file system is another user namespace's)";
    }
    return Error::from_errno(-request.fd, clause);
}

}  // namespace

Result<void> open_mount_sources(sys::Kernel& kernel, Launch& launch) {
    const std::vector<plan::Source>& sources = launch.plan().sources;
    UserNamespaces namespaces(kernel, launch.pid());
    std::vector<int> fds(sources.size(), -1);
    std::vector<sys::TreeRequest> requests;
    std::vector<std::size_t> slots;  // of each request
    for (std::size_t slot = 0; slot < sources.size(); ++slot) {
        const plan::Source& source = sources[slot];
        int id_map = -1;
        if (source.id_map) {
            auto found = namespaces.of(*source.id_map).in(clause_of(source, "idmapped mount of"));
            if (!found) return found.error();
            id_map = *found;
        }
        if (source.path.empty()) {
            fds[slot] = id_map;
            continue;
        }
        requests.push_back({source.path.c_str(), source.recursive, source.rootfs, id_map,
                            source.id_map && source.id_map->recursive, -1, false});
        slots.push_back(slot);
    }
    const int entered = kernel.open_trees(launch.pidfd(), requests.data(), requests.size());
    std::vector<base::UniqueFd> owned;
    std::size_t failed = requests.size();
    for (std::size_t i = 0; i < requests.size(); ++i) {
        owned.emplace_back(requests[i].fd >= 0 ? requests[i].fd : -1);
        fds[slots[i]] = requests[i].fd;
        if (requests[i].fd < 0 && failed == requests.size()) failed = i;
    }
    if (entered < 0) return Error::from_errno(-entered, "enter the container's mount namespace");
    if (failed < requests.size()) return refusal_of(requests[failed], sources[slots[failed]]);
    return launch.channel().send_descriptors(0, fds);
}

}  // namespace nucleus::launch
