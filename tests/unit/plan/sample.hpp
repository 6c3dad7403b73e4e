// Policies and plans that the tests of plan and of the init start from: what the default bundle
// means, and one deviation from it each.
#pragma once

#include <string>
#include <vector>

#include "plan/launch_plan.hpp"

namespace nucleus::plan::testing {

// All six usual namespaces, the usual mounts and devices, seccomp, limits: a whole bundle.
policy::ContainerPolicy default_policy();
policy::ContainerPolicy user_namespace_policy();    // 0..65535 → 100000
policy::ContainerPolicy notify_policy();            // every system call asks an agent
policy::ContainerPolicy joined_policy();            // ipc, uts, net and pid of a pod
policy::ContainerPolicy joined_user_policy();       // user, net and mount, nothing to mount
policy::ContainerPolicy time_policy();              // a time namespace with offsets
policy::ContainerPolicy inherited_mounts_policy();  // no mount namespace of its own
policy::ContainerPolicy hooks_policy();             // one hook of each kind
policy::ContainerPolicy terminal_policy();          // 24 rows, 80 columns
// Every field of a mount, a device and a process that the default leaves empty.
policy::ContainerPolicy rare_policy();
// A deadline, an I/O priority, a memory policy and a personality.
policy::ContainerPolicy scheduled_policy();
// An AppArmor profile, SELinux labels, a resctrl group, a network device.
policy::ContainerPolicy labels_policy();

// cpu,cpuacct with its links, memory, and a named hierarchy.
CgroupView v1_view();
CgroupView v2_view();
CreateFacts default_facts();
ExecFacts default_exec();
spec::Hook sample_hook();

struct NamedPlan {
    std::string name;
    LaunchPlan plan;
};
// Each way in which a plan comes to be.
std::vector<NamedPlan> sample_plans();

}  // namespace nucleus::plan::testing
