// What is mounted at a path, asked of the kernel for that one mount (statmount(2)), where reading
// /proc/self/mountinfo would have it write down all.
#pragma once

#include <optional>
#include <string>

#include "sys/kernel.hpp"

namespace nucleus::sys {

struct MountFacts {
    std::string type;     // "cgroup2"
    std::string root;     // the directory of the file system that is mounted: "/" for all of it
    std::string options;  // of the file system, after ro or rw: "cpu,cpuacct"
};

// The mount whose root `path` is. Nothing: `path` is not the root of a mount, or is not there, or
// this kernel cannot tell (before 6.11).
std::optional<MountFacts> mount_at(Kernel& kernel, const char* path);

}  // namespace nucleus::sys
