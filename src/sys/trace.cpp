// Kernel::trace_*: ptrace(2) of one process, from outside.
#include <errno.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/linux_kernel.hpp"

namespace nucleus::sys {

namespace {

constexpr int kSystemCallStop = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD

int ptrace(unsigned request, pid_t pid, unsigned long address, unsigned long value) noexcept {
    return ::syscall(SYS_ptrace, request, pid, address, value) < 0 ? -errno : 0;
}

// The stop's status: a signal, with an event in its upper half. An end is left for the parent to
// reap.
int wait_for_stop(pid_t pid) noexcept {
    siginfo_t info{};
    int error;
    do
        error =
            ::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WEXITED | WNOWAIT | __WALL);
    while (error < 0 && errno == EINTR);
    if (error < 0) return -errno;
    return info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED ? info.si_status : -ESRCH;
}

}  // namespace

int LinuxKernel::trace_attach(pid_t pid) noexcept {
    int error = ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    if (error == 0) error = ptrace(PTRACE_INTERRUPT, pid, 0, 0);
    if (error < 0) return error;
    const int stop = wait_for_stop(pid);
    return stop < 0 ? stop : 0;
}

int LinuxKernel::trace_to_result(pid_t pid, long number, long& result) noexcept {
    bool entered = false;
    int signal = 0;
    for (;;) {
        if (int error = ptrace(PTRACE_SYSCALL, pid, 0, static_cast<unsigned long>(signal));
            error < 0)
            return error;
        const int stop = wait_for_stop(pid);
        if (stop < 0) return stop;
        // A signal on its way to the process is delivered; a stop of another kind is passed.
        signal = stop == kSystemCallStop || stop >> 8 != 0 ? 0 : stop;
        if (stop != kSystemCallStop) continue;
        ptrace_syscall_info call{};
        if (int error = ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof call,
                               reinterpret_cast<unsigned long>(&call));
            error < 0)
            return error;
        if (call.op == PTRACE_SYSCALL_INFO_ENTRY)
            entered = call.entry.nr == static_cast<unsigned long>(number);
        if (call.op != PTRACE_SYSCALL_INFO_EXIT || !entered) continue;
        result = static_cast<long>(call.exit.rval);
        return 0;
    }
}

int LinuxKernel::trace_detach(pid_t pid) noexcept { return ptrace(PTRACE_DETACH, pid, 0, 0); }

}  // namespace nucleus::sys
