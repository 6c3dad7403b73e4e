// Kernel::spawn, a new program at the price of one clone and one execve, Kernel::open_trees and
// Kernel::socket_in.
// The child borrows this address space (CLONE_VM) while the parent waits (CLONE_VFORK), so no page
// table is copied; it runs on a stack of its own and makes raw system calls only, since glibc
// caches the thread's state.
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/linux_kernel.hpp"

namespace nucleus::sys {

namespace {

// The child's stack. One child at a time, and we wait for it.
alignas(16) char child_stack[64U << 10];
constexpr int kLastSignal = 64;

struct Child {
    const SpawnRequest* request;
    int error;  // written by the child, read by the parent: the memory is shared
};

// What the caller ignores the child would ignore too, through the execve (CLONE_CLEAR_SIGHAND
// clears handlers only). The parent blocked all signals around the clone, so that none of its
// handlers runs on the shared memory.
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

// clone3(2) with a stack for the child, which no libc offers: the child calls `entry` there and
// never returns.
long clone3_on_stack(clone_args& arguments, int (*entry)(void*), void* argument) noexcept {
#if defined(__x86_64__)
    long result;
    register int (*function)(void*) __asm__("r12") = entry;
    register void* parameter __asm__("r13") = argument;
    __asm__ volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "mov %%r13, %%rdi\n\t"
        "call *%%r12\n\t"
        "hlt\n"
        "1:"
        : "=a"(result)
        : "a"(SYS_clone3), "D"(&arguments), "S"(sizeof arguments), "r"(function), "r"(parameter)
        : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long number __asm__("x8") = SYS_clone3;
    register long result __asm__("x0") = reinterpret_cast<long>(&arguments);
    register long size __asm__("x1") = sizeof arguments;
    register int (*function)(void*) __asm__("x19") = entry;
    register void* parameter __asm__("x20") = argument;
    __asm__ volatile(
        "svc 0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, #0\n\t"
        "mov x0, x20\n\t"
        "blr x19\n\t"
        "brk #0\n"
        "1:"
        : "+r"(result)
        : "r"(number), "r"(size), "r"(function), "r"(parameter)
        : "memory", "cc");
    return result;
#elif defined(__riscv) && __riscv_xlen == 64
    register long number __asm__("a7") = SYS_clone3;
    register long result __asm__("a0") = reinterpret_cast<long>(&arguments);
    register long size __asm__("a1") = sizeof arguments;
    register int (*function)(void*) __asm__("s2") = entry;
    register void* parameter __asm__("s3") = argument;
    __asm__ volatile(
        "ecall\n\t"
        "bnez a0, 1f\n\t"
        "li s0, 0\n\t"
        "mv a0, s3\n\t"
        "jalr s2\n\t"
        "ebreak\n"
        "1:"
        : "+r"(result)
        : "r"(number), "r"(size), "r"(function), "r"(parameter)
        : "memory");
    return result;
#else
#error "no clone3 stub for this architecture"
#endif
}

// Runs `entry` in a child that shares this address space while we wait. The child's pid, or -errno.
pid_t run_borrowed(int (*entry)(void*), void* argument, std::uint64_t flags,
                   int cgroup = -1) noexcept {
    const std::uint64_t all = ~std::uint64_t{0};
    std::uint64_t before = 0;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    clone_args arguments{};
    arguments.flags = CLONE_VM | CLONE_VFORK | flags;
    arguments.exit_signal = SIGCHLD;
    arguments.stack = reinterpret_cast<std::uint64_t>(child_stack);
    arguments.stack_size = sizeof child_stack;
    if (cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = static_cast<std::uint64_t>(cgroup);
    }
    const long pid = clone3_on_stack(arguments, entry, argument);
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof before);
    return static_cast<pid_t>(pid);
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

int map_ids(int tree, const TreeRequest& request) noexcept {
    if (request.id_map < 0) return 0;
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<std::uint64_t>(request.id_map);
    const int flags = AT_EMPTY_PATH | (request.id_map_tree ? AT_RECURSIVE : 0);
    return ::syscall(SYS_mount_setattr, tree, "", flags, &attributes, sizeof attributes) < 0 ? errno
                                                                                             : 0;
}

int open_one_tree(TreeRequest& request) noexcept {
    const unsigned flags =
        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (request.recursive ? AT_RECURSIVE : 0);
    const long fd = ::syscall(SYS_open_tree, AT_FDCWD, request.path, flags);
    if (fd < 0) return -errno;
    if (const int error = map_ids(static_cast<int>(fd), request); error != 0) {
        request.unmapped = true;
        ::syscall(SYS_close, fd);
        return -error;
    }
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

struct SocketThere {
    int namespace_fd, domain, type, protocol;
    long result;
};

int run_socket_there(void* argument) noexcept {
    auto& there = *static_cast<SocketThere*>(argument);
    if (::syscall(SYS_setns, there.namespace_fd, CLONE_NEWNET) < 0) {
        there.result = -errno;
    } else {
        const long fd = ::syscall(SYS_socket, there.domain, there.type, there.protocol);
        there.result = fd < 0 ? -errno : fd;
    }
    ::syscall(SYS_exit, 0);
    return 0;
}

}  // namespace

pid_t LinuxKernel::spawn(const SpawnRequest& request) noexcept {
    Child child{&request, 0};
    const pid_t pid = run_borrowed(run_child, &child, request.clone_flags, request.cgroup_fd);
    if (pid < 0 || child.error == 0) return pid;
    reap(pid);
    return -child.error;
}

pid_t LinuxKernel::hold_user_namespace() noexcept {
    const std::uint64_t all = ~std::uint64_t{0};
    std::uint64_t before = 0;
    const pid_t parent = ::getpid();
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
    clone_args arguments{};
    arguments.flags = CLONE_NEWUSER;
    arguments.exit_signal = SIGCHLD;
    long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) {
        // No signal but SIGKILL is let through; a parent that died before this line is asked for.
        ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        while (::syscall(SYS_getppid) == parent)
            ::syscall(SYS_ppoll, nullptr, 0, nullptr, nullptr, sizeof all);
        ::syscall(SYS_exit_group, 0);
    }
    if (pid < 0) pid = -errno;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, sizeof before);
    return static_cast<pid_t>(pid);
}

int LinuxKernel::open_trees(int pidfd, TreeRequest* requests, std::size_t count) noexcept {
    Trees trees{pidfd, requests, count, 0};
    const pid_t pid = run_borrowed(run_open_trees, &trees, CLONE_FILES);
    if (pid < 0) return pid;
    reap(pid);
    return -trees.error;
}

int LinuxKernel::socket_in(int namespace_fd, int domain, int type, int protocol) noexcept {
    SocketThere there{namespace_fd, domain, type, protocol, 0};
    const pid_t pid = run_borrowed(run_socket_there, &there, CLONE_FILES);
    if (pid < 0) return pid;
    reap(pid);
    return static_cast<int>(there.result);
}

}  // namespace nucleus::sys
