#include "cli/standard_streams.hpp"

#include <fcntl.h>

namespace nucleus::cli {

Result<void> open_standard_streams(sys::Kernel& kernel) {
    pollfd streams[] = {{STDIN_FILENO, 0, 0}, {STDOUT_FILENO, 0, 0}, {STDERR_FILENO, 0, 0}};
    // One call tells all three: a closed descriptor is POLLNVAL (poll(2)).
    if (const int ready = kernel.poll(streams, 3, 0); ready < 0)
        return Error::from_errno(-ready, "inspect the standard streams");
    for (const pollfd& stream : streams) {
        if ((stream.revents & POLLNVAL) == 0) continue;
        // The lowest free number is this one, since those below are open by now. It stays open
        // across execve.
        if (const int fd = kernel.openat(AT_FDCWD, "/dev/null", O_RDWR, 0); fd < 0)
            return Error::from_errno(-fd, "open '/dev/null'");
    }
    return {};
}

}  // namespace nucleus::cli
