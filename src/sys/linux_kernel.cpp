#include "sys/linux_kernel.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace nucleus::sys {

namespace {

template <class Returned>
Returned or_errno(Returned value) noexcept {
    return value < 0 ? static_cast<Returned>(-errno) : value;
}

template <class... Arguments>
int call(long number, Arguments... arguments) noexcept {
    return static_cast<int>(or_errno(::syscall(number, arguments...)));
}

}  // namespace

int LinuxKernel::openat(int dirfd, const char* path, int flags, mode_t mode) noexcept {
    return or_errno(::openat(dirfd, path, flags, mode));
}
int LinuxKernel::openat2(int dirfd, const char* path, const open_how& how) noexcept {
    return call(SYS_openat2, dirfd, path, &how, sizeof how);
}
int LinuxKernel::close(int fd) noexcept { return or_errno(::close(fd)); }
ssize_t LinuxKernel::read(int fd, void* buffer, std::size_t size) noexcept {
    return or_errno(::read(fd, buffer, size));
}
ssize_t LinuxKernel::write(int fd, const void* buffer, std::size_t size) noexcept {
    return or_errno(::write(fd, buffer, size));
}
int LinuxKernel::lseek(int fd, off_t offset, int whence) noexcept {
    return ::lseek(fd, offset, whence) < 0 ? -errno : 0;
}
int LinuxKernel::fstat(int fd, struct stat& out) noexcept { return or_errno(::fstat(fd, &out)); }
int LinuxKernel::fstatat(int dirfd, const char* path, struct stat& out, int flags) noexcept {
    return or_errno(::fstatat(dirfd, path, &out, flags));
}
int LinuxKernel::fstatfs_type(int fd, std::uint64_t& magic) noexcept {
    struct statfs out {};
    const int result = or_errno(::fstatfs(fd, &out));
    magic = static_cast<std::uint64_t>(out.f_type);
    return result;
}
int LinuxKernel::mkdirat(int dirfd, const char* path, mode_t mode) noexcept {
    return or_errno(::mkdirat(dirfd, path, mode));
}
int LinuxKernel::unlinkat(int dirfd, const char* path, int flags) noexcept {
    return or_errno(::unlinkat(dirfd, path, flags));
}
int LinuxKernel::linkat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept {
    return or_errno(::linkat(from_dirfd, from, to_dirfd, to, AT_SYMLINK_FOLLOW));
}
int LinuxKernel::renameat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept {
    return or_errno(::renameat(from_dirfd, from, to_dirfd, to));
}
ssize_t LinuxKernel::readlinkat(int dirfd, const char* path, char* buffer,
                                std::size_t size) noexcept {
    return or_errno(::readlinkat(dirfd, path, buffer, size));
}
ssize_t LinuxKernel::getdents64(int fd, void* buffer, std::size_t size) noexcept {
    return or_errno(static_cast<ssize_t>(::syscall(SYS_getdents64, fd, buffer, size)));
}
int LinuxKernel::faccessat(int dirfd, const char* path, int mode, int flags) noexcept {
    return or_errno(::faccessat(dirfd, path, mode, flags));
}
int LinuxKernel::fchmod(int fd, mode_t mode) noexcept { return or_errno(::fchmod(fd, mode)); }
int LinuxKernel::fchownat(int dirfd, const char* path, uid_t uid, gid_t gid, int flags) noexcept {
    return or_errno(::fchownat(dirfd, path, uid, gid, flags));
}
int LinuxKernel::flock(int fd, int operation) noexcept { return or_errno(::flock(fd, operation)); }
int LinuxKernel::fcntl(int fd, int command, long argument) noexcept {
    return or_errno(::fcntl(fd, command, argument));
}
int LinuxKernel::ioctl(int fd, unsigned long request, void* argument) noexcept {
    return or_errno(::ioctl(fd, request, argument));
}
int LinuxKernel::memfd_create(const char* name, unsigned flags) noexcept {
    return call(SYS_memfd_create, name, flags);
}
int LinuxKernel::dup3(int fd, int target, int flags) noexcept {
    return or_errno(::dup3(fd, target, flags));
}
int LinuxKernel::pipe2(int (&fds)[2], int flags) noexcept { return or_errno(::pipe2(fds, flags)); }
int LinuxKernel::eventfd(unsigned initial, int flags) noexcept {
    return call(SYS_eventfd2, initial, flags);
}

int LinuxKernel::open_tree(int dirfd, const char* path, unsigned flags) noexcept {
    return call(SYS_open_tree, dirfd, path, flags);
}
int LinuxKernel::mount_setattr(int dirfd, const char* path, unsigned flags,
                               const mount_attr& attributes) noexcept {
    return call(SYS_mount_setattr, dirfd, path, flags, &attributes, sizeof attributes);
}

int LinuxKernel::statx(int dirfd, const char* path, int flags, unsigned mask,
                       struct statx& out) noexcept {
    return call(SYS_statx, dirfd, path, flags, mask, &out);
}
int LinuxKernel::statmount(std::uint64_t mount, std::uint64_t mask, void* buffer,
                           std::size_t size) noexcept {
    constexpr long kStatmount = 457;  // on every architecture; older headers do not know it
    struct {                          // mnt_id_req of linux/mount.h
        std::uint32_t size, spare;
        std::uint64_t mount, mask, name_space;
    } request{sizeof request, 0, mount, mask, 0};
    return call(kStatmount, &request, buffer, size, 0);
}

int LinuxKernel::socket(int domain, int type, int protocol) noexcept {
    return or_errno(::socket(domain, type, protocol));
}
int LinuxKernel::socketpair(int domain, int type, int protocol, int (&fds)[2]) noexcept {
    return or_errno(::socketpair(domain, type, protocol, fds));
}
int LinuxKernel::bind(int fd, const sockaddr* address, socklen_t size) noexcept {
    return or_errno(::bind(fd, address, size));
}
int LinuxKernel::listen(int fd, int backlog) noexcept { return or_errno(::listen(fd, backlog)); }
int LinuxKernel::connect(int fd, const sockaddr* address, socklen_t size) noexcept {
    return or_errno(::connect(fd, address, size));
}
ssize_t LinuxKernel::sendmsg(int fd, const msghdr& message, int flags) noexcept {
    return or_errno(::sendmsg(fd, &message, flags));
}
ssize_t LinuxKernel::recvmsg(int fd, msghdr& message, int flags) noexcept {
    return or_errno(::recvmsg(fd, &message, flags));
}
int LinuxKernel::poll(pollfd* fds, nfds_t count, int timeout_ms) noexcept {
    return or_errno(::poll(fds, count, timeout_ms));
}

int LinuxKernel::pidfd_open(pid_t pid, unsigned flags) noexcept {
    return call(SYS_pidfd_open, pid, flags);
}
int LinuxKernel::pidfd_send_signal(int pidfd, int signal) noexcept {
    return call(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
}
int LinuxKernel::pidfd_getfd(int pidfd, int fd) noexcept {
    return call(SYS_pidfd_getfd, pidfd, fd, 0);
}
int LinuxKernel::kill(pid_t pid, int signal) noexcept { return or_errno(::kill(pid, signal)); }
int LinuxKernel::waitid(int id_type, id_t id, siginfo_t& info, int options) noexcept {
    return or_errno(::waitid(static_cast<idtype_t>(id_type), id, &info, options));
}
int LinuxKernel::prlimit(pid_t pid, int resource, const rlimit* set, rlimit* old) noexcept {
    return call(SYS_prlimit64, pid, resource, set, old);
}
int LinuxKernel::sched_setattr(pid_t pid, const SchedulerAttributes& attributes) noexcept {
    return call(SYS_sched_setattr, pid, &attributes, 0);
}
int LinuxKernel::setpriority(pid_t pid, int nice) noexcept {
    return or_errno(::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), nice));
}
int LinuxKernel::ioprio_set(int which, int who, int value) noexcept {
    return call(SYS_ioprio_set, which, who, value);
}
int LinuxKernel::sigprocmask(int how, const std::uint64_t* set, std::uint64_t* old) noexcept {
    return call(SYS_rt_sigprocmask, how, set, old, sizeof *set);
}
int LinuxKernel::signalfd(std::uint64_t set, int flags) noexcept {
    return call(SYS_signalfd4, -1, &set, sizeof set, flags);
}
int LinuxKernel::permitted_capabilities(std::uint64_t& out) noexcept {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct words[2]{};
    const int result = call(SYS_capget, &header, words);
    out = words[0].permitted | std::uint64_t{words[1].permitted} << 32;
    return result;
}
int LinuxKernel::prctl(int option, unsigned long argument) noexcept {
    return or_errno(::prctl(option, argument, 0, 0, 0));
}
int LinuxKernel::seccomp(unsigned operation, unsigned flags, void* arguments) noexcept {
    return call(SYS_seccomp, operation, flags, arguments);
}
pid_t LinuxKernel::getpid() noexcept { return ::getpid(); }
uid_t LinuxKernel::geteuid() noexcept { return ::geteuid(); }
gid_t LinuxKernel::getegid() noexcept { return ::getegid(); }
int LinuxKernel::clock_gettime(clockid_t clock, timespec& out) noexcept {
    return or_errno(::clock_gettime(clock, &out));
}
int LinuxKernel::nanosleep(const timespec& duration) noexcept {
    return or_errno(::nanosleep(&duration, nullptr));
}
int LinuxKernel::bpf(int command, bpf_attr& attributes, unsigned size) noexcept {
    return call(SYS_bpf, command, &attributes, size);
}

}  // namespace nucleus::sys
