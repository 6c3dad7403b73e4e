// The seam between nucleus and Linux: one method for each system call used, named like it. Each
// returns what the call returns, or -errno; none throws, allocates or decides. Everything with
// effects takes a Kernel&, so that a test can make any call of a run fail
// (tests/unit/fake_kernel.hpp). Structures are the kernel's own.
#pragma once

#include <dirent.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

union bpf_attr;
struct rusage;
struct iovec;

namespace nucleus::sys {

// What Kernel::spawn needs to know: see there.
struct SpawnRequest {
    int executable_fd;  // executed by execveat(AT_EMPTY_PATH); -1: `path` is executed
    const char* path;   // absolute; only if executable_fd < 0
    char* const* argv;
    char* const* envp;
    const int* inherited;  // descriptors that survive the execve, at the same numbers
    std::size_t inherited_count;
    int stdio[3];            // descriptors that become 0, 1, 2; -1: as they are
    int join_namespaces_fd;  // a pidfd whose namespaces the child enters first (setns), or -1
    int join_namespaces_flags;
    const char* directory;  // chdir before execve, or null
    bool new_session;
    bool dies_with_parent;      // PR_SET_PDEATHSIG with SIGKILL
    std::uint64_t clone_flags;  // CLONE_NEW* that the child is born with
    int cgroup_fd;              // the unified cgroup that it is born in, or -1
};

// What Kernel::open_trees opens: see there.
struct TreeRequest {
    const char* path;  // absolute
    bool recursive;
    bool attach;       // back onto its own path, in that mount namespace
    int id_map;        // user namespace whose ids it shows (MOUNT_ATTR_IDMAP), or -1
    bool id_map_tree;  // its submounts too
    int fd;            // out: the tree, or -errno
    bool unmapped;     // out: it was opened, and the mapping was refused
};

// struct sched_attr of sched_setattr(2): linux/sched/types.h cannot stand beside <sched.h>.
struct SchedulerAttributes {
    std::uint32_t size = sizeof(SchedulerAttributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0, deadline = 0, period = 0;
    std::uint32_t util_min = 0, util_max = 0;
};

class Kernel {
public:
    virtual ~Kernel() = default;

    // Files.
    virtual int openat(int dirfd, const char* path, int flags, mode_t mode) noexcept = 0;
    virtual int openat2(int dirfd, const char* path, const open_how& how) noexcept = 0;
    virtual int close(int fd) noexcept = 0;
    virtual ssize_t read(int fd, void* buffer, std::size_t size) noexcept = 0;
    virtual ssize_t write(int fd, const void* buffer, std::size_t size) noexcept = 0;
    virtual int lseek(int fd, off_t offset, int whence) noexcept = 0;  // 0 or -errno
    virtual int fstat(int fd, struct stat& out) noexcept = 0;
    virtual int fstatat(int dirfd, const char* path, struct stat& out, int flags) noexcept = 0;
    virtual int fstatfs_type(int fd, std::uint64_t& magic) noexcept = 0;  // fstatfs(2), f_type only
    virtual int mkdirat(int dirfd, const char* path, mode_t mode) noexcept = 0;
    virtual int unlinkat(int dirfd, const char* path, int flags) noexcept = 0;
    // Of what `from` leads to, where it is a symbolic link (/proc/self/fd/N too).
    virtual int linkat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept = 0;
    virtual int renameat(int from_dirfd, const char* from, int to_dirfd,
                         const char* to) noexcept = 0;
    virtual ssize_t readlinkat(int dirfd, const char* path, char* buffer,
                               std::size_t size) noexcept = 0;
    virtual ssize_t getdents64(int fd, void* buffer, std::size_t size) noexcept = 0;
    virtual int faccessat(int dirfd, const char* path, int mode, int flags) noexcept = 0;
    virtual int fchmod(int fd, mode_t mode) noexcept = 0;
    virtual int fchownat(int dirfd, const char* path, uid_t uid, gid_t gid, int flags) noexcept = 0;
    virtual int flock(int fd, int operation) noexcept = 0;
    virtual int fcntl(int fd, int command, long argument) noexcept = 0;
    virtual int ioctl(int fd, unsigned long request, void* argument) noexcept = 0;
    virtual int memfd_create(const char* name, unsigned flags) noexcept = 0;
    virtual int dup3(int fd, int target, int flags) noexcept = 0;
    virtual int pipe2(int (&fds)[2], int flags) noexcept = 0;
    virtual int eventfd(unsigned initial, int flags) noexcept = 0;

    // Mounts.
    virtual int open_tree(int dirfd, const char* path, unsigned flags) noexcept = 0;
    virtual int mount_setattr(int dirfd, const char* path, unsigned flags,
                              const mount_attr& attributes) noexcept = 0;
    virtual int statx(int dirfd, const char* path, int flags, unsigned mask,
                      struct statx& out) noexcept = 0;
    // statmount(2) of a mount of one's own namespace by its unique id, into a struct statmount.
    virtual int statmount(std::uint64_t mount, std::uint64_t mask, void* buffer,
                          std::size_t size) noexcept = 0;

    // Sockets.
    virtual int socket(int domain, int type, int protocol) noexcept = 0;
    // socket(2) in the network namespace of `namespace_fd`, that namespace's file or a pidfd: a
    // thread of control that shares the descriptor table enters it and ends. -errno of either call.
    virtual int socket_in(int namespace_fd, int domain, int type, int protocol) noexcept = 0;
    virtual int socketpair(int domain, int type, int protocol, int (&fds)[2]) noexcept = 0;
    virtual int bind(int fd, const sockaddr* address, socklen_t size) noexcept = 0;
    virtual int listen(int fd, int backlog) noexcept = 0;
    virtual int connect(int fd, const sockaddr* address, socklen_t size) noexcept = 0;
    virtual ssize_t sendmsg(int fd, const msghdr& message, int flags) noexcept = 0;
    virtual ssize_t recvmsg(int fd, msghdr& message, int flags) noexcept = 0;
    virtual int poll(pollfd* fds, nfds_t count, int timeout_ms) noexcept = 0;

    // Processes.
    // Starts a program without copying the address space (clone(CLONE_VM | CLONE_VFORK) on a stack
    // of its own): returns its pid once execve has succeeded, or -errno of the step that failed.
    // Signal mask and dispositions of the child are the defaults.
    virtual pid_t spawn(const SpawnRequest& request) noexcept = 0;
    // open_tree(OPEN_TREE_CLONE) of each request within the mount namespace of `pidfd`'s process,
    // with this process's own rights: a thread of control that shares the descriptor table enters
    // it and ends. 0, or -errno if it could not be entered.
    virtual int open_trees(int pidfd, TreeRequest* requests, std::size_t count) noexcept = 0;
    // A process that waits in a new user namespace of its own, without maps yet, until it is killed
    // or this process ends: its pid, to be killed and reaped, or -errno.
    virtual pid_t hold_user_namespace() noexcept = 0;
    virtual int pidfd_open(pid_t pid, unsigned flags) noexcept = 0;
    virtual int pidfd_send_signal(int pidfd, int signal) noexcept = 0;
    virtual int pidfd_getfd(int pidfd, int fd) noexcept = 0;
    // ptrace(2), as far as it takes to stop a process where one of its system calls returns,
    // without its doing. trace_attach stops it where it is; it is killed if this process ends
    // before trace_detach, which lets it go on. trace_to_result lets it run until system call
    // `number` has returned `result`, and leaves it stopped there. 0 or -errno; -ESRCH: it has
    // ended.
    virtual int trace_attach(pid_t pid) noexcept = 0;
    virtual int trace_to_result(pid_t pid, long number, long& result) noexcept = 0;
    virtual int trace_detach(pid_t pid) noexcept = 0;
    virtual int kill(pid_t pid, int signal) noexcept = 0;
    virtual int waitid(int id_type, id_t id, siginfo_t& info, int options) noexcept = 0;
    virtual int prlimit(pid_t pid, int resource, const rlimit* set, rlimit* old) noexcept = 0;
    virtual int sched_setattr(pid_t pid, const SchedulerAttributes& attributes) noexcept = 0;
    virtual int setpriority(pid_t pid, int nice) noexcept = 0;  // of one process
    virtual int ioprio_set(int which, int who, int value) noexcept = 0;
    virtual int sigprocmask(int how, const std::uint64_t* set, std::uint64_t* old) noexcept = 0;
    virtual int signalfd(std::uint64_t set, int flags) noexcept = 0;
    virtual int permitted_capabilities(
        std::uint64_t& out) noexcept = 0;  // capget(2) of this process
    virtual int prctl(int option, unsigned long argument) noexcept = 0;
    // seccomp(2); `arguments` as the operation wants them.
    virtual int seccomp(unsigned operation, unsigned flags, void* arguments) noexcept = 0;
    virtual pid_t getpid() noexcept = 0;
    virtual uid_t geteuid() noexcept = 0;
    virtual gid_t getegid() noexcept = 0;
    virtual int clock_gettime(clockid_t clock, timespec& out) noexcept = 0;
    virtual int nanosleep(const timespec& duration) noexcept = 0;

    // eBPF (device filters on cgroup v2).
    virtual int bpf(int command, bpf_attr& attributes, unsigned size) noexcept = 0;
};

}  // namespace nucleus::sys
