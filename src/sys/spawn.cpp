// Kernel::spawn, a new program at the price of one clone and one execve, and Kernel::open_trees.
// The child borrows this address space (CLONE_VM) while the parent waits (CLONE_VFORK), so no page
// table is copied; it runs on a stack of its own and makes raw system calls only, since glibc
// caches the thread's state.
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/linux_kernel.hpp"

namespace nucleus::sys {

namespace {

constexpr std::size_t kStackSize = 64U << 10;
constexpr int kLastSignal = 64;

struct Child {
    const SpawnRequest* request;
    int error;  // written by the child, read by the parent: the memory is shared
};

// Blocked by the parent around the clone, so that no handler runs on the shared memory.
void reset_signals() noexcept {
    struct {
        void* handler;
        unsigned long flags;
        void* restorer;
        std::uint64_t mask;
    } action{};
    for (int signal = 1; signal <= kLastSignal; ++signal)
        ::syscall(SYS_rt_sigaction, signal, &action, nullptr, sizeof action.mask);
    const std::uint64_t none = 0;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

int prepare(const SpawnRequest& request) noexcept {
    if (request.join_namespaces_fd >= 0 &&
        ::syscall(SYS_setns, request.join_namespaces_fd, request.join_namespaces_flags) < 0)
        return errno;
    if (request.dies_with_parent && ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return errno;
    if (request.new_session && ::syscall(SYS_setsid) < 0) return errno;
    for (int target = 0; target < 3; ++target) {
        const int source = request.stdio[target];
        if (source < 0) continue;
        // dup3 refuses equal numbers; those need only lose their close-on-exec flag.
        const long done = source == target ? ::syscall(SYS_fcntl, source, F_SETFD, 0)
                                           : ::syscall(SYS_dup3, source, target, 0);
        if (done < 0) return errno;
    }
    for (std::size_t i = 0; i < request.inherited_count; ++i)
        if (::syscall(SYS_fcntl, request.inherited[i], F_SETFD, 0) < 0) return errno;
    if (request.directory != nullptr && ::syscall(SYS_chdir, request.directory) < 0) return errno;
    return 0;
}

int run_child(void* argument) noexcept {
    auto& child = *static_cast<Child*>(argument);
    const SpawnRequest& request = *child.request;
    reset_signals();
    child.error = prepare(request);
    if (child.error == 0) {
        if (request.executable_fd >= 0)
            ::syscall(SYS_execveat, request.executable_fd, "", request.argv, request.envp,
                      AT_EMPTY_PATH);
        else
            ::syscall(SYS_execve, request.path, request.argv, request.envp);
        child.error = errno;
    }
    ::syscall(SYS_exit_group, 127);
    return 127;
}

int clone_errno(long result) noexcept { return result < 0 ? errno : 0; }

// Runs `entry` in a child that shares this address space while we wait. The child's pid, or -errno.
pid_t run_borrowed(int (*entry)(void*), void* argument, int flags) noexcept {
    void* stack = ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -errno;
    const std::uint64_t all = ~std::uint64_t{0};
    std::uint64_t before = 0;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    const int pid = ::clone(entry, static_cast<char*>(stack) + kStackSize,
                            CLONE_VM | CLONE_VFORK | SIGCHLD | flags, argument);
    const int error = clone_errno(pid);
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof before);
    ::munmap(stack, kStackSize);
    return pid < 0 ? -error : pid;
}

void reap(pid_t pid) noexcept {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) < 0 && errno == EINTR) {
    }
}

struct Trees {
    int pidfd;
    TreeRequest* requests;
    std::size_t count;
    int error;
};

int open_one_tree(const TreeRequest& request) noexcept {
    const unsigned flags =
        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (request.recursive ? AT_RECURSIVE : 0);
    const long fd = ::syscall(SYS_open_tree, AT_FDCWD, request.path, flags);
    if (fd < 0) return -errno;
    if (request.attach &&
        ::syscall(SYS_move_mount, fd, "", AT_FDCWD, request.path, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
        const int error = errno;
        ::syscall(SYS_close, fd);
        return -error;
    }
    return static_cast<int>(fd);
}

int run_open_trees(void* argument) noexcept {
    auto& trees = *static_cast<Trees*>(argument);
    if (::syscall(SYS_setns, trees.pidfd, CLONE_NEWNS) < 0) {
        trees.error = errno;
    } else {
        for (std::size_t i = 0; i < trees.count; ++i)
            trees.requests[i].fd = open_one_tree(trees.requests[i]);
    }
    ::syscall(SYS_exit, 0);
    return 0;
}

}  // namespace

pid_t LinuxKernel::spawn(const SpawnRequest& request) noexcept {
    Child child{&request, 0};
    const pid_t pid = run_borrowed(run_child, &child, 0);
    if (pid < 0 || child.error == 0) return pid;
    reap(pid);
    return -child.error;
}

int LinuxKernel::open_trees(int pidfd, TreeRequest* requests, std::size_t count) noexcept {
    Trees trees{pidfd, requests, count, 0};
    const pid_t pid = run_borrowed(run_open_trees, &trees, CLONE_FILES);
    if (pid < 0) return pid;
    reap(pid);
    return -trees.error;
}

}  // namespace nucleus::sys
