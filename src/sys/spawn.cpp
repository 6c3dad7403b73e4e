// Kernel::spawn: a new program at the price of one clone and one execve. The child borrows this address space (CLONE_VM) while the parent
// waits (CLONE_VFORK), so no page table is copied; it runs on a stack of its own and makes raw system calls only, since glibc caches the
// thread's state.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
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
            ::syscall(SYS_execveat, request.executable_fd, "", request.argv, request.envp, AT_EMPTY_PATH);
        else
            ::syscall(SYS_execve, request.path, request.argv, request.envp);
        child.error = errno;
    }
    ::syscall(SYS_exit_group, 127);
    return 127;
}

}  // namespace

pid_t LinuxKernel::spawn(const SpawnRequest& request) noexcept {
    void* stack = ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -errno;
    const std::uint64_t all = ~std::uint64_t{0};
    std::uint64_t before = 0;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    Child child{&request, 0};
    const int pid = ::clone(run_child, static_cast<char*>(stack) + kStackSize, CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
    const int clone_error = errno;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof before);
    ::munmap(stack, kStackSize);
    if (pid < 0) return -clone_error;
    if (child.error == 0) return pid;
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) < 0 && errno == EINTR) {
    }
    return -child.error;
}

}  // namespace nucleus::sys
