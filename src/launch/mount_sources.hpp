// The host's part of a container's mounts: trees of the host as detached copies, and whose ids they
// show.
#pragma once

#include "launch/launch.hpp"

namespace nucleus::launch {

// Opens each of the plan's sources in the container process's mount namespace and sends them to the
// init, slot by slot. The user namespaces of idmapped mounts are made for the purpose and gone, but
// for the mounts themselves, when this returns.
Result<void> open_mount_sources(sys::Kernel& kernel, Launch& launch);

}  // namespace nucleus::launch
