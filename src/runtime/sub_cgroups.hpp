// exec --cgroup: the cgroups below the container's own that a process is to stand in. Pure.
#pragma once

#include <string>
#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/state.hpp"

namespace nucleus::runtime {

// `own` with the directories that `wishes` (`[controller[,controller]:]path`, as runc has it) name
// below the container's, and nothing that was made. A path without controllers is taken in every
// hierarchy, and then stands alone; with them in theirs, and the rest stay as they are. Controllers
// of one hierarchy go together. Refused: a path that leads out, a controller twice or one that the
// container has no cgroup of.
Result<state::CgroupRecord> sub_cgroups(const state::CgroupRecord& own,
                                        const std::vector<std::string>& wishes);

}  // namespace nucleus::runtime
