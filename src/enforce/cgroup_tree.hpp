// Directories of one cgroup hierarchy: listing, waiting, removing. Used by the backends only.
#pragma once

#include <string>
#include <vector>

#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

// Short sleeps, each longer than the one before, up to a bound in all. Counted by what was slept,
// not by the clock.
class Patience {
public:
    explicit Patience(sys::Kernel& kernel, long total_ms)
        : kernel_(kernel), left_us_(total_ms * 1000) {}
    // Sleeps; false (without sleeping) once the bound is reached.
    bool wait();

private:
    sys::Kernel& kernel_;
    long left_us_;
    long next_us_ = 100;
};

// The processes in `directory` and all cgroups below it; nothing where it does not exist.
Result<std::vector<pid_t>> processes_below(sys::Kernel& kernel, const std::string& directory);

// Moves `pid` into that cgroup, at `directory` or below it, which holds `member`. ESRCH: none does.
Result<void> attach_beside(sys::Kernel& kernel, const std::string& directory, pid_t member,
                           pid_t pid);

// Makes `directory` and what is missing above it.
Result<void> make_directories(sys::Kernel& kernel, const std::string& directory);

// Removes all cgroups below `directory`, the deepest first, and then, if `itself`, the directory.
// Waits while processes leave.
Result<void> remove_tree(sys::Kernel& kernel, const std::string& directory, bool itself,
                         Patience& patience);

// A file of a few words without its newline.
Result<std::string> read_value(sys::Kernel& kernel, const std::string& path);

}  // namespace nucleus::enforce
