// How a process that is not ours to be is scheduled: its policy and its I/O priority, set from the
// host.
#pragma once

#include "nucleus/policy.hpp"
#include "sys/kernel.hpp"

namespace nucleus::launch {

// sched_setattr(2), and setpriority(2) where the policy leaves the nice value alone. What this
// kernel has not got is Errc::unsupported, in words that name it.
Result<void> set_scheduler(sys::Kernel& kernel, pid_t pid, const policy::SchedulerPolicy& wanted);

// Of the process group that `pid` leads (config.md#linux-process: "applied to the entire process
// group"): itself so far, and what it makes inherits it. `value` as ioprio_set(2) takes it.
Result<void> set_io_priority(sys::Kernel& kernel, pid_t pid, std::uint32_t value);

}  // namespace nucleus::launch
