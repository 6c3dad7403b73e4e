// What the sweeps of the commands share: a machine with a container, and what must hold of it after
// a command that failed.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "sweep.hpp"

namespace nucleus::runtime::testing {

using Ignorable = std::set<std::pair<std::string, std::string>>;

std::unique_ptr<Machine> with_created(Bundle bundle, Hierarchies hierarchies);
std::unique_ptr<Machine> with_running(Bundle bundle, Hierarchies hierarchies);

Result<void> start_container(Machine& machine);
Result<void> delete_container(Machine& machine);
// The word of runtime.md#state, or the error.
std::string status(Machine& machine);

void check_no_descriptor_is_open(Machine& machine);
// The container's end is seen by its parent, which is not the runtime.
void check_it_goes_without_a_trace(Machine& machine);
// What the container's processes are, besides those of the command that failed.
void check_only_the_container_runs(Machine& machine, std::size_t most);

// What looking at a container may go without, and `more`.
Ignorable with_usual(Ignorable more);

}  // namespace nucleus::runtime::testing
