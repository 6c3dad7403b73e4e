#include "launch/scheduling.hpp"

#include <errno.h>
#include <linux/sched.h>

namespace nucleus::launch {

namespace {

struct Refusal {
    std::uint32_t policy;
    int errnum;
    Errc code;
    const char* words;
};

constexpr std::uint32_t kAnyPolicy = ~0U;
constexpr std::uint32_t kSchedIso = 4;  // a number without a policy: linux/sched.h

// sched(7), sched_setattr(2) and the kernel's scheduler/sched-rt-group.rst.
constexpr Refusal kRefusals[] = {
    {kSchedIso, EINVAL, Errc::unsupported, "policy: this kernel has no policy SCHED_ISO"},
    {kAnyPolicy, EOPNOTSUPP, Errc::unsupported,
     "flags: this kernel has no utilization clamping (CONFIG_UCLAMP_TASK)"},
    {kAnyPolicy, ENOSYS, Errc::unsupported, "this kernel has no sched_setattr"},
    {SCHED_DEADLINE, EBUSY, Errc::system,
     "runtime, deadline, period: the processors have not so much time left"},
    {SCHED_DEADLINE, EPERM, Errc::permission_denied,
     "it needs CAP_SYS_NICE and every processor of the machine"},
    {SCHED_FIFO, EPERM, Errc::permission_denied,
     "it needs CAP_SYS_NICE and, in a cpu cgroup with its own real-time budget, a "
     "linux.resources.cpu.realtimeRuntime"},
    {SCHED_RR, EPERM, Errc::permission_denied,
     "it needs CAP_SYS_NICE and, in a cpu cgroup with its own real-time budget, a "
     "linux.resources.cpu.realtimeRuntime"},
};

Error refused(const policy::SchedulerPolicy& wanted, int errnum) {
    const std::string clause = "process.scheduler '" + wanted.name + "'";
    for (const Refusal& each : kRefusals) {
        if (each.errnum != errnum) continue;
        if (each.policy != wanted.policy && each.policy != kAnyPolicy) continue;
        if (each.code == Errc::unsupported) return Error(each.code, clause + ": " + each.words);
        return Error::from_errno(errnum, clause + ": " + each.words).with_code(each.code);
    }
    return Error::from_errno(errnum, clause);
}

}  // namespace

Result<void> set_scheduler(sys::Kernel& kernel, pid_t pid, const policy::SchedulerPolicy& wanted) {
    sys::SchedulerAttributes attributes;
    attributes.policy = wanted.policy;
    attributes.flags = wanted.flags;
    attributes.nice = wanted.nice;
    attributes.priority = wanted.priority;
    attributes.runtime = wanted.runtime;
    attributes.deadline = wanted.deadline;
    attributes.period = wanted.period;
    if (int error = kernel.sched_setattr(pid, attributes); error < 0)
        return refused(wanted, -error);
    if ((wanted.flags & SCHED_FLAG_KEEP_PARAMS) != 0) return {};
    const bool fair = wanted.policy == SCHED_NORMAL || wanted.policy == SCHED_BATCH;
    if (fair && (wanted.flags & SCHED_FLAG_KEEP_POLICY) == 0) return {};
    // The other policies do not take it, but the process has one: never the caller's.
    if (int error = kernel.setpriority(pid, wanted.nice); error < 0)
        return Error::from_errno(-error, "process.scheduler.nice");
    return {};
}

Result<void> set_io_priority(sys::Kernel& kernel, pid_t pid, std::uint32_t value) {
    constexpr int kOfGroup = 2;  // IOPRIO_WHO_PGRP; linux/ioprio.h is no C++
    const int error = kernel.ioprio_set(kOfGroup, pid, static_cast<int>(value));
    if (error == -ENOSYS)
        return Error(Errc::unsupported,
                     "process.ioPriority: this kernel has no block devices (CONFIG_BLOCK)");
    if (error < 0) return Error::from_errno(-error, "process.ioPriority");
    return {};
}

}  // namespace nucleus::launch
