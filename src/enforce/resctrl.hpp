// The resctrl group of a container (config-linux.md#intelrdt; kernel documentation, x86/resctrl):
// found, made, given its schemata, entered and removed.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/cleanup.hpp"
#include "nucleus/error.hpp"
#include "nucleus/policy.hpp"
#include "nucleus/state.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

// Which directories the container's group has, and which of them are missing: they will be made.
// Touches nothing. Errc::unsupported without a mounted resctrl.
Result<state::ResctrlRecord> plan_resctrl(sys::Kernel& kernel, const policy::IntelRdtPolicy& policy,
                                          const std::string& id);

class Resctrl {
public:
    Resctrl(sys::Kernel& kernel, state::ResctrlRecord record)
        : kernel_(kernel), record_(std::move(record)) {}

    // Makes what is missing and writes the schemata; a group that was there must have those of
    // l3CacheSchema and memBwSchema already.
    Result<void> create(const policy::IntelRdtPolicy& policy);
    Result<void> attach(pid_t pid);
    // Writes other schemata to the group; `undo` writes those that it had. Not to outlive this
    // object.
    Result<void> update(const policy::IntelRdtPolicy& policy, base::Cleanup& undo);
    // Removes what create() made, processes in it or not: they fall back into the root group.
    Result<void> dissolve();
    // Removes what the record says was made; a group in which others' processes stand stays, since
    // they would fall back into the root group.
    Result<void> destroy();

private:
    Result<void> compare(const std::vector<std::string>& wanted);
    Result<void> write_schemata(const std::vector<std::string>& lines);

    sys::Kernel& kernel_;
    state::ResctrlRecord record_;
};

}  // namespace nucleus::enforce
