// The part of a plan that create and exec share: what the process becomes (create rows 43 to 52).
#pragma once

#include "plan/launch_plan.hpp"

namespace nucleus::plan {

// Who sets the resource limits. The init, before it gives its ids and capabilities away, since
// prlimit(2) on another user's process needs CAP_SYS_RESOURCE. In a user namespace the host:
// raising one is checked in the initial namespace, and its own rights over the namespace let it
// reach the process.
enum class Limiter : std::uint8_t { init, host };

// Stdio, directory, ids, capabilities, umask, the command: all but what waits for the commit. Fills
// the plan's tables too.
void add_process_steps(LaunchPlan& plan, const policy::ProcessPolicy& process,
                       const std::optional<policy::SeccompPolicy>& seccomp, Limiter limiter);
// The process gives itself a label of a security module: it needs the host's procfs (open_proc).
inline bool has_labels(const policy::ProcessPolicy& process) {
    return !process.apparmor_profile.empty() || !process.selinux_label.empty();
}
// Wait, no_new_privs, seccomp, execve.
void add_start_steps(LaunchPlan& plan, const policy::ProcessPolicy& process);

}  // namespace nucleus::plan
