// Which file systems of a container are filled while its root is built.
#pragma once

#include "nucleus/policy.hpp"

namespace nucleus::plan {

/// True for a read-only tmpfs in which mount points of later mounts, device nodes, links or the
/// working directory are made: config.md#mounts has the mounts in their order, and
/// config-linux.md#default-devices the nodes without one, so it can be sealed only when all stand.
/// One that another mount covers afterwards takes nothing.
bool is_filled(const policy::ContainerPolicy& policy, const policy::MountPolicy& mount);

}  // namespace nucleus::plan
