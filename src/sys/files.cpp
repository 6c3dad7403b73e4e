#include "sys/files.hpp"

#include <errno.h>
#include <fcntl.h>

#include <cstring>

namespace nucleus::sys {

namespace {

std::string quoted(std::string_view verb, std::string_view object) {
    return std::string(verb) + " '" + std::string(object) + "'";
}

}  // namespace

Result<base::UniqueFd> open_at(Kernel& kernel, int dirfd, const std::string& path, int flags,
                               mode_t mode) {
    int fd;
    do fd = kernel.openat(dirfd, path.c_str(), flags | O_CLOEXEC, mode);
    while (fd == -EINTR);
    if (fd < 0) return Error::from_errno(-fd, quoted("open", path));
    return base::UniqueFd(fd);
}

Result<std::string> read_fd(Kernel& kernel, int fd, const std::string& name, std::size_t limit) {
    // Most files here are short. Room that is asked for is written with zeros, and each new page of
    // it is a fault.
    constexpr std::size_t kFirst = 2048;
    std::string bytes(kFirst, '\0');
    std::size_t have = 0;
    for (;;) {
        if (have == bytes.size()) bytes.resize(4 * bytes.size());
        const ssize_t got = kernel.read(fd, bytes.data() + have, bytes.size() - have);
        if (got == -EINTR) continue;
        if (got < 0) return Error::from_errno(static_cast<int>(-got), quoted("read", name));
        have += static_cast<std::size_t>(got);
        if (have > limit)
            return Error(Errc::invalid_config, quoted("read", name) + ": larger than " +
                                                   std::to_string(limit) + " bytes");
        if (got > 0) continue;
        bytes.resize(have);
        return bytes;
    }
}

Result<std::string> read_file(Kernel& kernel, int dirfd, const std::string& path,
                              std::size_t limit) {
    NUCLEUS_TRY(auto fd, open_at(kernel, dirfd, path, O_RDONLY));
    return read_fd(kernel, fd.get(), path, limit);
}

Result<void> write_fd(Kernel& kernel, int fd, const std::string& name, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = kernel.write(fd, bytes.data(), bytes.size());
        if (put == -EINTR) continue;
        if (put < 0) return Error::from_errno(static_cast<int>(-put), quoted("write", name));
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
}

Result<void> write_existing(Kernel& kernel, int dirfd, const std::string& path,
                            std::string_view bytes) {
    NUCLEUS_TRY(auto fd, open_at(kernel, dirfd, path, O_WRONLY));
    ssize_t put;
    do put = kernel.write(fd.get(), bytes.data(), bytes.size());
    while (put == -EINTR);
    if (put < 0)
        return Error::from_errno(static_cast<int>(-put),
                                 "write '" + std::string(bytes) + "' to '" + path + "'");
    if (static_cast<std::size_t>(put) != bytes.size())
        return Error(Errc::system,
                     "write '" + std::string(bytes) + "' to '" + path + "': only partly taken");
    return {};
}

Result<void> replace_file(Kernel& kernel, int dirfd, const std::string& name,
                          std::string_view bytes, mode_t mode) {
    const std::string temporary = "." + name + "." + std::to_string(kernel.getpid());
    auto replaced = [&]() -> Result<void> {
        NUCLEUS_TRY(auto fd, open_at(kernel, dirfd, temporary,
                                     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
        NUCLEUS_CHECK(write_fd(kernel, fd.get(), name, bytes));
        if (int error = kernel.renameat(dirfd, temporary.c_str(), dirfd, name.c_str()); error < 0)
            return Error::from_errno(-error, quoted("replace", name));
        return {};
    }();
    if (!replaced) kernel.unlinkat(dirfd, temporary.c_str(), 0);
    return replaced;
}

Result<void> place_file(Kernel& kernel, int dirfd, const std::string& name, std::string_view bytes,
                        mode_t mode) {
    auto fd = open_at(kernel, dirfd, ".", O_WRONLY | O_TMPFILE, mode);
    // open(2): EISDIR of a kernel, EOPNOTSUPP of a file system that does not know O_TMPFILE.
    if (!fd && (fd.error().errnum() == EOPNOTSUPP || fd.error().errnum() == EISDIR))
        return replace_file(kernel, dirfd, name, bytes, mode);
    if (!fd) return Error::from_errno(fd.error().errnum(), quoted("make", name));
    NUCLEUS_CHECK(write_fd(kernel, fd->get(), name, bytes));
    const std::string unnamed = "/proc/self/fd/" + std::to_string(fd->get());
    int error = kernel.linkat(AT_FDCWD, unnamed.c_str(), dirfd, name.c_str());
    if (error == -EEXIST) {
        if (error = kernel.unlinkat(dirfd, name.c_str(), 0); error < 0 && error != -ENOENT)
            return Error::from_errno(-error, quoted("replace", name));
        error = kernel.linkat(AT_FDCWD, unnamed.c_str(), dirfd, name.c_str());
    }
    if (error < 0) return Error::from_errno(-error, quoted("name", name));
    return {};
}

Result<std::vector<DirectoryEntry>> list_directory(Kernel& kernel, int dirfd,
                                                   const std::string& path) {
    NUCLEUS_TRY(auto fd, open_at(kernel, dirfd, path, O_RDONLY | O_DIRECTORY));
    std::vector<DirectoryEntry> entries;
    alignas(dirent64) char buffer[8192];
    for (;;) {
        const ssize_t got = kernel.getdents64(fd.get(), buffer, sizeof buffer);
        if (got == -EINTR) continue;
        if (got < 0) return Error::from_errno(static_cast<int>(-got), quoted("list", path));
        if (got == 0) return entries;
        for (ssize_t at = 0; at < got;) {
            const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
            if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
                entries.push_back({entry->d_name, entry->d_type});
            at += entry->d_reclen;
        }
    }
}

}  // namespace nucleus::sys
