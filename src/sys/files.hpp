// Whole-file operations over a Kernel: what would otherwise be a loop around read or write in every
// caller.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::sys {

// Opens with O_CLOEXEC added; the error reads `open 'PATH': ...`. Paths are relative to dirfd
// (AT_FDCWD: the working directory).
Result<base::UniqueFd> open_at(Kernel& kernel, int dirfd, const std::string& path, int flags,
                               mode_t mode = 0);

// The whole of a file, at most `limit` bytes (more is an error). Interrupted and short reads are
// resumed.
Result<std::string> read_fd(Kernel& kernel, int fd, const std::string& name, std::size_t limit);
Result<std::string> read_file(Kernel& kernel, int dirfd, const std::string& path,
                              std::size_t limit = 1U << 20);

Result<void> write_fd(Kernel& kernel, int fd, const std::string& name, std::string_view bytes);
// One write(2) to an existing file, as kernel interfaces (cgroupfs, procfs) want it: never created,
// never truncated.
Result<void> write_existing(Kernel& kernel, int dirfd, const std::string& path,
                            std::string_view bytes);
// Readers see the old content or the new: `.NAME.PID` in the same directory, then rename. No fsync.
Result<void> replace_file(Kernel& kernel, int dirfd, const std::string& name,
                          std::string_view bytes, mode_t mode);

// The file appears whole, in the place of one that may have been there, and a command that is
// killed leaves no other name: O_TMPFILE, then linkat; where a file system has no unnamed files, as
// replace_file.
Result<void> place_file(Kernel& kernel, int dirfd, const std::string& name, std::string_view bytes,
                        mode_t mode);

// The names in a directory without `.` and `..`, in the kernel's order.
struct DirectoryEntry {
    std::string name;
    unsigned char type;  // DT_*
};
Result<std::vector<DirectoryEntry>> list_directory(Kernel& kernel, int dirfd,
                                                   const std::string& path);

}  // namespace nucleus::sys
