// The cgroup backend that has systemd make, place and remove the cgroup, as a transient scope
// (systemd.scope(5)). A scope is born around a process, so that until attach() brings the container
// process this backend only remembers what is wanted; from then on the cgroup's files are
// cgroupfs's as ever. Controllers that systemd does not manage on cgroup v1 (freezer, cpuset, ...)
// get their directories beside, at the same path.
#pragma once

#include <optional>

#include "enforce/cgroupfs.hpp"
#include "enforce/systemd_manager.hpp"

namespace nucleus::enforce {

class SystemdBackend final : public CgroupfsBackend {
public:
    // Of a unit that an earlier command has started.
    SystemdBackend(sys::Kernel& kernel, const state::CgroupRecord& record, CgroupRights rights);
    // Of one that attach() will start.
    SystemdBackend(sys::Kernel& kernel, const state::CgroupRecord& record, CgroupRights rights,
                   policy::UnitPolicy unit, std::unique_ptr<SystemdManager> manager);

    // Before the start: judges and remembers. `warnings` outlives attach().
    Result<void> create(const policy::CgroupPolicy& policy, Warnings& warnings) override;
    // Tells systemd first, whose own writes would undo what it does not know.
    Result<void> apply(const policy::CgroupPolicy& policy, const policy::DevicePolicy& devices,
                       Warnings& warnings) override;
    // systemd last, since it takes all or nothing; then the files once more, exactly.
    Result<void> update(const spec::Resources& resources, base::Cleanup& undo) override;
    Result<void> delegate(std::uint32_t owner, Warnings& warnings) override;
    // The first process starts the unit. Later ones are moved by systemd where this user may not.
    Result<void> attach(pid_t pid) override;
    Result<void> attach_beside(pid_t pid, pid_t member) override;
    Result<std::vector<pid_t>> pids() override;
    Result<void> destroy() override;
    Result<bool> destroy_if_empty() override;
    // None of the unit's directories is there.
    bool is_gone() const;

private:
    // What is wanted of a unit that is not started yet.
    struct Wanted {
        policy::UnitPolicy unit;
        policy::CgroupPolicy policy;
        policy::DevicePolicy devices;
        std::optional<std::uint32_t> owner;
        Warnings* warnings = nullptr;
    };

    Result<SystemdManager*> manager();
    UnitHierarchy hierarchy() const { return pure_v2() ? UnitHierarchy::v2 : UnitHierarchy::v1; }
    Result<UnitProperties> limits(const policy::CgroupPolicy& policy,
                                  const policy::DevicePolicy& devices) const;
    Result<UnitProperties> properties(pid_t pid) const;
    Result<void> start(pid_t pid);
    // The process stands where the record says, in every hierarchy.
    Result<void> complete(pid_t pid);

    std::unique_ptr<SystemdManager> manager_;
    std::optional<Wanted> wanted_;
    bool started_;
};

// Where the unit's cgroup will be, in every hierarchy; made: those directories that systemd does
// not make.
Result<state::CgroupRecord> plan_unit(sys::Kernel& kernel, const CgroupLayout& layout,
                                      const policy::UnitPolicy& unit,
                                      const std::string& control_group, CgroupRights rights);

// For a record that was never committed: the unit, if it is that create's without doubt; null if
// there is none, or another's of the same name.
Result<std::unique_ptr<CgroupBackend>> open_own_unit(sys::Kernel& kernel,
                                                     const state::CgroupRecord& record,
                                                     CgroupRights rights);

}  // namespace nucleus::enforce
