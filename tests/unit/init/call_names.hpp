// The system calls that the init makes: their names, and how their arguments read.
#pragma once

#include <asm/unistd.h>

#include <stdexcept>
#include <string>

namespace nucleus::init::testing {

struct CallName {
    long number;
    std::string name;
    const char* kinds;  // Recorder::words
};

inline const CallName& call_name(long number) {
    static const CallName kNames[] = {
        {__NR_accept4, "accept4", "f"},
        {__NR_capget, "capget", ""},
        {__NR_capset, "capset", ""},
        {__NR_chdir, "chdir", "s"},
        {__NR_chroot, "chroot", "s"},
        {__NR_clone3, "clone3", ""},
        {__NR_close, "close", "f"},
        {__NR_dup3, "dup3", "fd"},
        {__NR_execve, "execve", "s"},
        {__NR_execveat, "execveat", "f"},
        {__NR_fcntl, "fcntl", "f"},
        {__NR_exit_group, "exit_group", "d"},
        {__NR_faccessat, "faccessat", "fsd"},
        {__NR_fchdir, "fchdir", "f"},
        {__NR_fchmod, "fchmod", "fo"},
        {__NR_fchown, "fchown", "fdd"},
        {__NR_fchownat, "fchownat", "fsddx"},
        {__NR_fsconfig, "fsconfig", "fdss"},
        {__NR_fsetxattr, "fsetxattr", "fss"},
        {__NR_fsmount, "fsmount", "fxx"},
        {__NR_fsopen, "fsopen", "sx"},
        {__NR_fspick, "fspick", "fsx"},
        {__NR_fstatfs, "fstatfs", "f"},
        {__NR_getcwd, "getcwd", ""},
        {__NR_getdents64, "getdents64", "f"},
        {__NR_ioctl, "ioctl", "fx"},
        {__NR_keyctl, "keyctl", "d"},
        {__NR_mkdirat, "mkdirat", "fso"},
        {__NR_mknodat, "mknodat", "fsox"},
        {__NR_mount, "mount", "-s-x"},
        {__NR_mount_setattr, "mount_setattr", "fsx"},
        {__NR_move_mount, "move_mount", "fsfsx"},
        {__NR_open_tree, "open_tree", "fsx"},
        {__NR_openat, "openat", "fsx"},
        {__NR_openat2, "openat2", "fs"},
        {__NR_personality, "personality", "x"},
        {__NR_pivot_root, "pivot_root", "ss"},
        {__NR_ppoll, "ppoll", ""},
        {__NR_prctl, "prctl", "dd"},
        {__NR_prlimit64, "prlimit64", "dd"},
        {__NR_read, "read", "f"},
        {__NR_readlinkat, "readlinkat", "fs"},
        {__NR_recvfrom, "recvfrom", "f"},
        {__NR_recvmsg, "recvmsg", "f"},
        {__NR_rt_sigprocmask, "rt_sigprocmask", "d"},
        {__NR_sched_setaffinity, "sched_setaffinity", "dd"},
        {__NR_seccomp, "seccomp", "dx"},
        {__NR_sendfile, "sendfile", "ff"},
        {__NR_sendmsg, "sendmsg", "f"},
        {__NR_setdomainname, "setdomainname", "sd"},
        {__NR_setgroups, "setgroups", "d"},
        {__NR_sethostname, "sethostname", "sd"},
        {__NR_set_mempolicy, "set_mempolicy", "x-d"},
        {__NR_setns, "setns", "dx"},
        {__NR_setresgid, "setresgid", "ddd"},
        {__NR_setresuid, "setresuid", "ddd"},
        {__NR_setsid, "setsid", ""},
        {__NR_signalfd4, "signalfd4", "d"},
        {__NR_socket, "socket", "ddd"},
        {__NR_statx, "statx", "fs"},
        {__NR_symlinkat, "symlinkat", "sfs"},
        {__NR_umask, "umask", "o"},
        {__NR_umount2, "umount2", "sx"},
        {__NR_unlinkat, "unlinkat", "fsx"},
        {__NR_unshare, "unshare", "x"},
        {__NR_write, "write", "f"},
    };
    for (const CallName& each : kNames)
        if (each.number == number) return each;
    throw std::runtime_error("the init makes a system call that the test does not know: " +
                             std::to_string(number));
}

}  // namespace nucleus::init::testing
