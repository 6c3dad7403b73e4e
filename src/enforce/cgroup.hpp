// The container's cgroup: planned before anything is made, made, limited, joined, frozen, signalled
// and removed. Every operation after the plan works from the saved CgroupRecord alone, so that a
// later command can carry on where create stopped.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/cleanup.hpp"
#include "base/unique_fd.hpp"
#include "enforce/cgroup_layout.hpp"
#include "nucleus/policy.hpp"
#include "nucleus/state.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

// What the runtime may expect of the host's cgroups.
struct CgroupRights {
    // Not root in the initial user namespace: a hierarchy that may not be written is left out if
    // the bundle names no cgroupsPath, and devices stay as they are (the kernel refuses both the
    // list and the filter).
    bool rootless = false;
};

// Where the container's cgroup will be. Makes nothing; asks which directories exist, for
// CgroupRecord::made. An absolute cgroupsPath is taken below each mount point. A relative or empty
// one (then the id) is taken below the runtime's own cgroup; on a pure v2 host below that one's
// parent, since a cgroup that holds processes cannot hand controllers to its children (cgroups(7),
// "no internal processes").
Result<state::CgroupRecord> plan_cgroup(sys::Kernel& kernel, const CgroupLayout& layout,
                                        const policy::CgroupPolicy& policy, std::string_view id,
                                        CgroupRights rights = {});

// What a process needs to enter the cgroup by its own act.
struct CgroupEntry {
    std::vector<base::UniqueFd> tasks;  // v1: it writes "0" to each
    base::UniqueFd unified;  // v2: it is made by clone3 with CLONE_INTO_CGROUP and this; or nothing
};

class CgroupBackend {
public:
    virtual ~CgroupBackend() = default;

    // Makes the directories ready for attach. Refuses a cgroup that holds processes or is frozen.
    // On failure, destroy() removes what was made.
    virtual Result<void> create(const policy::CgroupPolicy& policy, Warnings& warnings) = 0;
    // Writes the limits and the device rules; also for a running container. No device rules:
    // devices are left as they are.
    virtual Result<void> apply(const policy::CgroupPolicy& policy,
                               const policy::DevicePolicy& devices, Warnings& warnings) = 0;
    // Writes limits of a container that is there; devices are left as they are. What was written is
    // put back by `undo`, which outlives neither this object nor the kernel: after an error, and
    // where the caller fails afterwards.
    virtual Result<void> update(const spec::Resources& resources, base::Cleanup& undo) = 0;
    // Cgroup v2 only, else nothing: makes `owner` (a uid as the runtime sees it) the owner of the
    // container's directory and of the files in it that the kernel names as safe to give away
    // (/sys/kernel/cgroup/delegate), of no others. A directory that stood before keeps the new
    // owner. Where a rootless runtime may not, a warning.
    virtual Result<void> delegate(std::uint32_t owner, Warnings& warnings) = 0;
    // Moves a process. Costs 5 to 10 ms, since the kernel waits for an RCU grace period before it
    // moves what may have threads (cgroup_threadgroup_rwsem); a single-threaded process that enters
    // by itself costs nothing of the kind.
    virtual Result<void> attach(pid_t pid) = 0;
    // The same for one that joins `member`, a process of the container: into the cgroup of that one
    // where the container's own takes none, since it has handed controllers to cgroups below it
    // (cgroups(7), "no internal processes").
    virtual Result<void> attach_beside(pid_t pid, pid_t member) = 0;
    // A limit of processes counts at clone3 with CLONE_INTO_CGROUP, and not at a write to tasks:
    // with a limit of 0 on v2 only attach() gets in.
    virtual Result<CgroupEntry> open_entry() = 0;
    // All processes in the cgroup and below it; nothing if it is gone.
    virtual Result<std::vector<pid_t>> pids() = 0;
    // Returns once every process stands still, or with an error and everything running.
    virtual Result<void> freeze() = 0;
    virtual Result<void> thaw() = 0;
    virtual Result<bool> frozen() = 0;
    // To every process, none of which can escape by forking. SIGKILL also thaws: a frozen process
    // cannot die.
    virtual Result<void> signal_all(int signal) = 0;
    // Ends no process. Removes all cgroups below the container's own and every directory that
    // create made; waits a bounded time for processes that are about to be gone. What is gone
    // already is no error.
    virtual Result<void> destroy() = 0;
    // The common end, without a look first: nothing is in the cgroup, and it goes. False: something
    // is, or it is not only ours, and everything is as it was.
    virtual Result<bool> destroy_if_empty() = 0;
};

Result<std::unique_ptr<CgroupBackend>> open_cgroup(sys::Kernel& kernel,
                                                   const state::CgroupRecord& record,
                                                   CgroupRights rights = {});

}  // namespace nucleus::enforce
