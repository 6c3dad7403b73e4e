// Linux, but for one call of those that the store makes: the `n`th fails with an errno of choice.
// The store's call sites are few and its files are real, so that what is left behind is what would
// be left behind.
#pragma once

#include "sys/linux_kernel.hpp"

namespace nucleus::state::test {

class FaultyKernel final : public sys::LinuxKernel {
public:
    // Counting starts anew; 0: no call fails.
    void fail_call(unsigned n, int errnum) {
        calls_ = 0;
        failing_ = n;
        errnum_ = errnum;
    }
    unsigned calls() const { return calls_; }

    int openat(int dirfd, const char* path, int flags, mode_t mode) noexcept override {
        return fails() ? -errnum_ : LinuxKernel::openat(dirfd, path, flags, mode);
    }
    ssize_t read(int fd, void* buffer, std::size_t size) noexcept override {
        return fails() ? -errnum_ : LinuxKernel::read(fd, buffer, size);
    }
    ssize_t write(int fd, const void* buffer, std::size_t size) noexcept override {
        if (fails()) return -errnum_;
        return LinuxKernel::write(
            fd, buffer, size > 7 ? size / 2 : size);  // short writes are part of the contract
    }
    int fstat(int fd, struct stat& out) noexcept override {
        return fails() ? -errnum_ : LinuxKernel::fstat(fd, out);
    }
    int fstatat(int dirfd, const char* path, struct stat& out, int flags) noexcept override {
        return fails() ? -errnum_ : LinuxKernel::fstatat(dirfd, path, out, flags);
    }
    int mkdirat(int dirfd, const char* path, mode_t mode) noexcept override {
        return fails() ? -errnum_ : LinuxKernel::mkdirat(dirfd, path, mode);
    }
    int unlinkat(int dirfd, const char* path, int flags) noexcept override {
        return fails() ? -errnum_ : LinuxKernel::unlinkat(dirfd, path, flags);
    }
    int renameat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept override {
        return fails() ? -errnum_ : LinuxKernel::renameat(from_dirfd, from, to_dirfd, to);
    }
    ssize_t getdents64(int fd, void* buffer, std::size_t size) noexcept override {
        return fails() ? -errnum_ : LinuxKernel::getdents64(fd, buffer, size);
    }
    int flock(int fd, int operation) noexcept override {
        return fails() ? -errnum_ : LinuxKernel::flock(fd, operation);
    }

private:
    bool fails() { return ++calls_ == failing_; }

    unsigned calls_ = 0, failing_ = 0;
    int errnum_ = 0;
};

}  // namespace nucleus::state::test
