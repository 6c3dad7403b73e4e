#include <fcntl.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "probe.hpp"

namespace probe {
namespace {

// Arguments that no kernel accepts, or that change nothing: the answer is either the filter's or a
// fixed error of the kernel. 0 is the null pointer, kBad an unmapped address or a bad number.
constexpr long kBad = -1;

struct Trial {
    const char* name;
    long number;
    long arguments[6];
};

const Trial kTrials[] = {
    {"getpid", SYS_getpid, {}},
    {"getppid", SYS_getppid, {}},
    {"getuid", SYS_getuid, {}},
    {"sched_yield", SYS_sched_yield, {}},
    {"uname", SYS_uname, {0}},
    {"sysinfo", SYS_sysinfo, {0}},
    {"fchmod", SYS_fchmod, {kBad, 0}},
    {"fchmodat", SYS_fchmodat, {AT_FDCWD, 0, 0}},
    {"mkdirat", SYS_mkdirat, {AT_FDCWD, 0, 0}},
    {"mknodat", SYS_mknodat, {AT_FDCWD, 0, 0, 0}},
    {"unlinkat", SYS_unlinkat, {AT_FDCWD, 0, 0}},
    {"renameat2", SYS_renameat2, {AT_FDCWD, 0, AT_FDCWD, 0, 0}},
    {"openat2", SYS_openat2, {AT_FDCWD, 0, 0, 0}},
    {"close_range", SYS_close_range, {5, 4, 0}},
    {"statx", SYS_statx, {AT_FDCWD, 0, 0, 0, 0}},
    {"clone3", SYS_clone3, {0, 0}},
    {"unshare_nothing", SYS_unshare, {0}},
    {"unshare_bad", SYS_unshare, {1}},
    {"setns", SYS_setns, {kBad, 0}},
    {"mount", SYS_mount, {kBad, kBad, kBad, 0, 0}},
    {"umount2", SYS_umount2, {kBad, 0}},
    {"pivot_root", SYS_pivot_root, {kBad, kBad}},
    {"open_tree", SYS_open_tree, {kBad, 0, 0x40000000}},
    {"move_mount", SYS_move_mount, {kBad, 0, kBad, 0, 0x40000000}},
    {"chroot", SYS_chroot, {kBad}},
    {"sethostname", SYS_sethostname, {0, kBad}},
    {"reboot", SYS_reboot, {0, 0, 0, 0}},
    {"swapon", SYS_swapon, {kBad, 0x40000000}},
    {"kexec_load", SYS_kexec_load, {0, 0, 0, 0x40000000}},
    {"init_module", SYS_init_module, {0, 0, 0}},
    {"delete_module", SYS_delete_module, {kBad, 0}},
    {"settimeofday", SYS_settimeofday, {kBad, 0}},
    {"clock_settime", SYS_clock_settime, {kBad, 0}},
    {"syslog", SYS_syslog, {99, 0, 0}},
    {"quotactl", SYS_quotactl, {kBad, 0, 0, 0}},
    {"acct", SYS_acct, {kBad}},
    {"bpf", SYS_bpf, {999, 0, 0}},
    {"perf_event_open", SYS_perf_event_open, {0, 0, kBad, kBad, 0}},
    {"userfaultfd", SYS_userfaultfd, {0x40000000}},
    {"io_uring_setup", SYS_io_uring_setup, {0, 0}},
    {"keyctl", SYS_keyctl, {999, 0, 0, 0, 0}},
    {"add_key", SYS_add_key, {0, 0, 0, 0, 0}},
    {"ptrace", SYS_ptrace, {999, 0, 0, 0}},
    {"process_vm_readv", SYS_process_vm_readv, {0, 0, 0, 0, 0, 1}},
    {"kcmp", SYS_kcmp, {0, 0, 999, 0, 0}},
    {"name_to_handle_at", SYS_name_to_handle_at, {kBad, 0, 0, 0, 0x40000000}},
    {"open_by_handle_at", SYS_open_by_handle_at, {kBad, 0, 0}},
    {"setpriority", SYS_setpriority, {999, 0, 0}},
    {"personality_read", SYS_personality, {static_cast<long>(0xffffffff)}},
    {"personality_linux32", SYS_personality, {PER_LINUX32}},
    {"socket_unix", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
    {"socket_inet", SYS_socket, {AF_INET, SOCK_DGRAM, 0}},
    {"socket_netlink", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
    {"socket_packet", SYS_socket, {AF_PACKET, SOCK_DGRAM, 0}},
    {"socket_vsock", SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}},
    {"unknown_9999", 9999, {}},
};

std::string run_in_child(int (*action)(const void*), const void* data) {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) {
        return "no pipe";
    }
    const pid_t child = fork();
    if (child == 0) {
        const int answer = action(data);
        const ssize_t written = write(pipe_ends[1], &answer, sizeof answer);
        _exit(written == sizeof answer ? 0 : 1);
    }
    close(pipe_ends[1]);
    int answer = 0;
    const bool told = read(pipe_ends[0], &answer, sizeof answer) == sizeof answer;
    close(pipe_ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        return "killed by signal " + std::to_string(WTERMSIG(status));
    }
    return told ? error_name(answer) : "no answer";
}

int try_syscall(const void* data) {
    const Trial& trial = *static_cast<const Trial*>(data);
    const long* a = trial.arguments;
    errno = 0;
    const long answer = syscall(trial.number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return answer == -1 ? errno : 0;
}

#if defined(__x86_64__)
// The 32-bit table through its own entry: 20 is getpid there.
int try_i386(const void*) {
    long answer = 20;
    asm volatile("int $0x80" : "+a"(answer) : : "r8", "r9", "r10", "r11", "memory");
    return answer < 0 ? static_cast<int>(-answer) : 0;
}

// The x32 table: the same entry with bit 30 of the number set.
int try_x32(const void*) {
    const long answer = syscall(0x40000000L + SYS_getpid);
    return answer == -1 ? errno : 0;
}
#endif

}  // namespace

void report_syscalls(Json& json, const Request&) {
    json.begin_object();
    for (const Trial& trial : kTrials) {
        json.member(trial.name, run_in_child(try_syscall, &trial));
    }
#if defined(__x86_64__)
    json.member("i386_getpid", run_in_child(try_i386, nullptr));
    json.member("x32_getpid", run_in_child(try_x32, nullptr));
#endif
    json.end_object();
}

}  // namespace probe
