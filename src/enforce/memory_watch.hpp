// Notices of a cgroup's memory: that a process was killed for want of it, and that it is short.
// cgroup v1 tells an eventfd (cgroup-v1/memory.rst, "Event Notifications"), cgroup v2 whoever polls
// memory.events or a trigger on memory.pressure (accounting/psi.rst).
#pragma once

#include <poll.h>

#include "base/unique_fd.hpp"
#include "nucleus/error.hpp"
#include "nucleus/state.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

// How short memory is, in cgroup v1's words, which it judges by itself. On cgroup v2: that of a
// second, some process waited for memory for 5 %; for 20 %; that all of them did for 10 %.
enum class Shortage : std::uint8_t { low, medium, critical };

class MemoryWatch {
public:
    // `kernel` outlives it. Errc::unsupported, in words, where there is no memory controller.
    static Result<MemoryWatch> for_oom(sys::Kernel& kernel, const state::CgroupRecord& record);
    static Result<MemoryWatch> for_pressure(sys::Kernel& kernel, const state::CgroupRecord& record,
                                            Shortage shortage);

    // To be polled beside others.
    pollfd waits_for() const {
        return {polled_.get(), static_cast<short>(kind_ == Kind::eventfd ? POLLIN : POLLPRI), 0};
    }
    // Whether there is something new; `ready` is what poll(2) said, or 0 to ask without having
    // polled. Does not wait.
    bool noticed(short ready);

private:
    enum class Kind : std::uint8_t { eventfd, counter, trigger };

    MemoryWatch(sys::Kernel& kernel, std::string directory)
        : kernel_(&kernel), directory_(std::move(directory)) {}

    // Registers an eventfd for `file` with cgroup v1.
    Result<void> listen(const std::string& file, const std::string& arguments);
    std::uint64_t kills();

    sys::Kernel* kernel_;
    std::string directory_;
    base::UniqueFd polled_, source_;
    Kind kind_ = Kind::eventfd;
    std::uint64_t kills_ = 0;  // of the counter: so far
};

}  // namespace nucleus::enforce
