// The Kernel that is Linux.
#pragma once

#include "sys/kernel.hpp"

namespace nucleus::sys {

// Not final: the unit tests put faults in front of single calls.
class LinuxKernel : public Kernel {
public:
    int openat(int dirfd, const char* path, int flags, mode_t mode) noexcept override;
    int openat2(int dirfd, const char* path, const open_how& how) noexcept override;
    int close(int fd) noexcept override;
    ssize_t read(int fd, void* buffer, std::size_t size) noexcept override;
    ssize_t write(int fd, const void* buffer, std::size_t size) noexcept override;
    int lseek(int fd, off_t offset, int whence) noexcept override;
    int fstat(int fd, struct stat& out) noexcept override;
    int fstatat(int dirfd, const char* path, struct stat& out, int flags) noexcept override;
    int fstatfs_type(int fd, std::uint64_t& magic) noexcept override;
    int mkdirat(int dirfd, const char* path, mode_t mode) noexcept override;
    int unlinkat(int dirfd, const char* path, int flags) noexcept override;
    int linkat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept override;
    int renameat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept override;
    ssize_t readlinkat(int dirfd, const char* path, char* buffer,
                       std::size_t size) noexcept override;
    ssize_t getdents64(int fd, void* buffer, std::size_t size) noexcept override;
    int faccessat(int dirfd, const char* path, int mode, int flags) noexcept override;
    int fchmod(int fd, mode_t mode) noexcept override;
    int fchownat(int dirfd, const char* path, uid_t uid, gid_t gid, int flags) noexcept override;
    int flock(int fd, int operation) noexcept override;
    int fcntl(int fd, int command, long argument) noexcept override;
    int ioctl(int fd, unsigned long request, void* argument) noexcept override;
    int memfd_create(const char* name, unsigned flags) noexcept override;
    int dup3(int fd, int target, int flags) noexcept override;
    int pipe2(int (&fds)[2], int flags) noexcept override;
    int eventfd(unsigned initial, int flags) noexcept override;
    int open_tree(int dirfd, const char* path, unsigned flags) noexcept override;
    int mount_setattr(int dirfd, const char* path, unsigned flags,
                      const mount_attr& attributes) noexcept override;
    int statx(int dirfd, const char* path, int flags, unsigned mask,
              struct statx& out) noexcept override;
    int statmount(std::uint64_t mount, std::uint64_t mask, void* buffer,
                  std::size_t size) noexcept override;
    int socket(int domain, int type, int protocol) noexcept override;
    int socket_in(int namespace_fd, int domain, int type, int protocol) noexcept override;
    int socketpair(int domain, int type, int protocol, int (&fds)[2]) noexcept override;
    int bind(int fd, const sockaddr* address, socklen_t size) noexcept override;
    int listen(int fd, int backlog) noexcept override;
    int connect(int fd, const sockaddr* address, socklen_t size) noexcept override;
    ssize_t sendmsg(int fd, const msghdr& message, int flags) noexcept override;
    ssize_t recvmsg(int fd, msghdr& message, int flags) noexcept override;
    int poll(pollfd* fds, nfds_t count, int timeout_ms) noexcept override;
    pid_t spawn(const SpawnRequest& request) noexcept override;
    int open_trees(int pidfd, TreeRequest* requests, std::size_t count) noexcept override;
    pid_t hold_user_namespace() noexcept override;
    int pidfd_open(pid_t pid, unsigned flags) noexcept override;
    int pidfd_send_signal(int pidfd, int signal) noexcept override;
    int pidfd_getfd(int pidfd, int fd) noexcept override;
    int trace_attach(pid_t pid) noexcept override;
    int trace_to_result(pid_t pid, long number, long& result) noexcept override;
    int trace_detach(pid_t pid) noexcept override;
    int kill(pid_t pid, int signal) noexcept override;
    int waitid(int id_type, id_t id, siginfo_t& info, int options) noexcept override;
    int prlimit(pid_t pid, int resource, const rlimit* set, rlimit* old) noexcept override;
    int sched_setattr(pid_t pid, const SchedulerAttributes& attributes) noexcept override;
    int setpriority(pid_t pid, int nice) noexcept override;
    int ioprio_set(int which, int who, int value) noexcept override;
    int sigprocmask(int how, const std::uint64_t* set, std::uint64_t* old) noexcept override;
    int signalfd(std::uint64_t set, int flags) noexcept override;
    int permitted_capabilities(std::uint64_t& out) noexcept override;
    int prctl(int option, unsigned long argument) noexcept override;
    int seccomp(unsigned operation, unsigned flags, void* arguments) noexcept override;
    pid_t getpid() noexcept override;
    uid_t geteuid() noexcept override;
    gid_t getegid() noexcept override;
    int clock_gettime(clockid_t clock, timespec& out) noexcept override;
    int nanosleep(const timespec& duration) noexcept override;
    int bpf(int command, bpf_attr& attributes, unsigned size) noexcept override;
};

}  // namespace nucleus::sys
