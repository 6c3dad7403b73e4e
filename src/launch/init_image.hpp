// The init program as a sealed memfd: its ELF image, and behind it the plan.
#pragma once

#include <string_view>

#include "base/unique_fd.hpp"
#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::launch {

struct SealedInit {
    base::UniqueFd memory;
    std::size_t plan_offset = 0;  // page-aligned: the init maps the block
};

// Nothing can change the memfd afterwards (fcntl(2), F_ADD_SEALS): not even a container that gets
// hold of it through /proc/PID/exe.
Result<SealedInit> seal_init(sys::Kernel& kernel, std::string_view block);

}  // namespace nucleus::launch
