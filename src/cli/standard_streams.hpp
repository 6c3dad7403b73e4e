// Descriptors 0, 1 and 2 are open when anything else is opened: a log or a state file that got
// number 2 would receive what is meant for standard error, and the container would inherit it.
#pragma once

#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::cli {

// Opens /dev/null for each of the three that the caller left closed.
Result<void> open_standard_streams(sys::Kernel& kernel);

}  // namespace nucleus::cli
