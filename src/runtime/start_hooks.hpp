// The hooks around the start of the program: shared by start and run.
#pragma once

#include "runtime/session.hpp"

namespace nucleus::runtime {

// In the container, as its own user and with its limits on system calls: the file comes from the
// image.
Result<void> run_start_container_hooks(Session& session, const state::Record& record,
                                       const policy::ContainerPolicy& policy);
// On the host, after the program runs.
Result<void> run_poststart_hooks(Session& session, const state::Record& record,
                                 const policy::ContainerPolicy& policy);

}  // namespace nucleus::runtime
