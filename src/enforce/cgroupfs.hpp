// The cgroup backend that writes cgroupfs itself. One class for v1, v2 and hosts with both: a
// controller is where the record has it, in a v1 hierarchy or else in the unified one, and each
// facility (limits, freezing, killing, devices) follows its controller.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "enforce/cgroup.hpp"
#include "enforce/cgroup_limits.hpp"

namespace nucleus::enforce {

class CgroupfsBackend : public CgroupBackend {
public:
    // `kernel` outlives the backend.
    CgroupfsBackend(sys::Kernel& kernel, const state::CgroupRecord& record, CgroupRights rights);

    Result<void> create(const policy::CgroupPolicy& policy, Warnings& warnings) override;
    Result<void> apply(const policy::CgroupPolicy& policy, const policy::DevicePolicy& devices,
                       Warnings& warnings) override;
    Result<void> update(const spec::Resources& resources, base::Cleanup& undo) override;
    Result<void> delegate(std::uint32_t owner, Warnings& warnings) override;
    Result<void> attach(pid_t pid) override;
    Result<void> attach_beside(pid_t pid, pid_t member) override;
    Result<CgroupEntry> open_entry() override;
    Result<std::vector<pid_t>> pids() override;
    Result<void> freeze() override;
    Result<void> thaw() override;
    Result<bool> frozen() override;
    Result<void> signal_all(int signal) override;
    Result<void> destroy() override;
    Result<bool> destroy_if_empty() override;

protected:
    struct PlacedWrite {
        LimitWrite limit;
        std::string directory;
        bool unified = false;
    };

    // The container's directory in the v1 hierarchy of `controller`, or in the unified one ("");
    // null if there is none.
    const std::string* directory_of(const std::string& controller) const;
    bool pure_v2() const;
    // Every limit of the policy and where it goes; an error for one that has no place here.
    Result<std::vector<PlacedWrite>> place(const spec::Resources& resources) const;
    // `done` receives what was written, in that order, also where another write fails.
    Result<void> write_all(std::vector<PlacedWrite> pending,
                           std::vector<PlacedWrite>* done = nullptr);
    Result<void> make_all();
    struct Cpuset {
        std::string cpus, mems;
    };
    // v1: a cgroup without cpus or mems takes no process; each gets its parent's.
    Result<Cpuset> fill_cpuset(const std::string& directory);

    sys::Kernel& kernel_;
    const CgroupRights rights_;
    const state::CgroupRecord record_;
    std::vector<std::string> leaves_;  // the container's directories, each once

private:
    // The directory in the hierarchy that is asked what runs; null if there is none.
    const std::string* leader() const;
    bool is_made(const std::string& directory) const;

    Result<void> write_one(const PlacedWrite& write);
    Result<void> write_file(const std::string& directory, const LimitWrite& limit);
    Result<void> check_memory_in_use(const spec::Resources& resources);
    // What the files that `writes` are about hold: path → content. One that does not exist is left
    // out.
    using Contents = std::map<std::string, std::string>;
    Result<Contents> read_before(const std::vector<PlacedWrite>& writes);
    // The writes that take `done` back, the last first.
    static std::vector<PlacedWrite> restoring(const std::vector<PlacedWrite>& done,
                                              const Contents& before);
    Result<void> apply_devices(const policy::DevicePolicy& devices);
    Result<void> write_device_list(const std::string& directory,
                                   const policy::DevicePolicy& devices);

    Result<void> refuse_if_used(const std::string& leaf);
    // v2: has the ancestors hand down the controllers that `writes` need, and on a pure v2 host the
    // usual ones where possible.
    Result<void> enable_controllers(const std::vector<PlacedWrite>& writes);
    std::set<std::string> enable(const std::string& directory, const std::set<std::string>& wanted);

    Result<void> set_frozen(bool frozen);
    Result<bool> stands_still();
    Result<bool> wait_until_frozen();
    Result<void> signal_once(int signal);
    Result<void> kill_until_empty();

    bool controllers_enabled_ = false;
};

}  // namespace nucleus::enforce
