// The part of a plan that create and exec share: what the process becomes (create rows 30 to 36).
#pragma once

#include "plan/launch_plan.hpp"

namespace nucleus::plan {

// Stdio, directory, ids, capabilities, umask, the command: all but what waits for the commit. Fills the plan's tables too.
void add_process_steps(LaunchPlan& plan, const policy::ProcessPolicy& process,
                       const std::optional<policy::SeccompPolicy>& seccomp);
// Wait, no_new_privs, seccomp, execve.
void add_start_steps(LaunchPlan& plan, const policy::ProcessPolicy& process);

}  // namespace nucleus::plan
