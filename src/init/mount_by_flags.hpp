// mount(2), for the two flags that fsopen(2) has no word for: MS_SILENT and MS_I_VERSION.
#pragma once

#include "init/init.hpp"

namespace nucleus::init {

inline constexpr unsigned long kFlagsWithoutWord =
    1UL << 15 /* MS_SILENT */ | 1UL << 23 /* MS_I_VERSION */;

// The new file system of `step` on the directory `target`, which stays open. `mode`: of its root
// directory, for a tmpfs that takes it from what it covers; or 0. 0, or -errno.
int mount_by_flags(Init& init, const wire::Step& step, int target, unsigned mode);

}  // namespace nucleus::init
