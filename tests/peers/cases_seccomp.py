"""Seccomp: actions, errno values, arguments, architectures."""

import os

from support import report
from table import case


def filter_of(side, rules, default="SCMP_ACT_ALLOW", **more):
    side.bundle.set("/linux/seccomp", {"defaultAction": default, "syscalls": rules, **more})


def on_x86_64():
    """The architecture names below and the probe's second entry are that machine's."""
    if os.uname().machine != "x86_64":
        report.skip("written for the architectures of x86_64", impossible=True)


def rule(*names, action="SCMP_ACT_ERRNO", **more):
    return {"names": list(names), "action": action, **more}


def argument(index, value, op, second=None):
    entry = {"index": index, "value": value, "op": op}
    if second is not None:
        entry["valueTwo"] = second
    return entry


@case("syscalls", "security", expects={"/syscalls/fchmodat": "EPERM", "/security/seccomp_mode": 2})
def seccomp_that_refuses_one_call(side):
    filter_of(side, [rule("fchmodat", "swapon")])


@case("syscalls", "security", expects={"/syscalls/fchmodat": "EXDEV", "/syscalls/swapon": "EPERM"})
def seccomp_with_an_errno_of_its_own(side):
    filter_of(side, [rule("fchmodat", errnoRet=18), rule("swapon", errnoRet=1)])


# What the probe and a static program need; everything else is refused.
NEEDED = """access arch_prctl brk capget close clone clone3 dup execve exit exit_group faccessat
fcntl fork fstat futex getcwd getdents64 getegid geteuid getgid getgroups getpgrp getpgid getpid
getppid getpriority getrandom getresgid getresuid getrlimit getsid getuid ioctl ioprio_get
lseek lstat mkdir mmap mprotect munmap newfstatat open openat pipe2 poll prctl pread64 prlimit64
read readlink readlinkat rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn
sched_getaffinity sched_yield set_robust_list set_tid_address setfsgid setfsuid stat statfs statx
umask uname vfork wait4 write writev personality keyctl""".split()

# Calls a runtime still makes on its way to exec after the filter is loaded; which ones is not
# part of any contract, so the case allows them all.
ON_THE_WAY = """capset chdir fchdir setuid setgid setgroups setresuid setresgid setsid epoll_ctl
epoll_pwait epoll_create1 fchown tgkill gettid nanosleep madvise sigaltstack execveat close_range
sched_setaffinity setpgid dup2 dup3 kill sendmsg sendto recvmsg recvfrom fstatfs statfs ppoll
shutdown pipe eventfd2 socketpair""".split()


@case("syscalls", expects={"/syscalls/getppid": "ok", "/syscalls/swapon": "EPERM",
                           "/syscalls/openat2": "ENOSYS", "/syscalls/unknown_9999": "ENOSYS"})
def seccomp_that_allows_only_a_list(side):
    on_x86_64()
    filter_of(side, [rule(*NEEDED, *ON_THE_WAY, action="SCMP_ACT_ALLOW")], "SCMP_ACT_ERRNO",
              architectures=["SCMP_ARCH_X86_64"])


@case("syscalls", expects={"/syscalls/swapon": "EOPNOTSUPP", "/syscalls/openat2": "ENOSYS"})
def seccomp_with_a_default_errno_of_its_own(side):
    filter_of(side, [rule(*NEEDED, *ON_THE_WAY, action="SCMP_ACT_ALLOW")], "SCMP_ACT_ERRNO",
              defaultErrnoRet=95)


# clone3 is 435 and the newest that the lists name; openat2 is 437.
@case("syscalls", expects={"/syscalls/swapon": "killed by signal 31",
                           "/syscalls/openat2": "ENOSYS", "/syscalls/unknown_9999": "ENOSYS"})
def seccomp_that_kills_all_but_a_list(side):
    on_x86_64()
    filter_of(side, [rule(*NEEDED, *ON_THE_WAY, action="SCMP_ACT_ALLOW")], "SCMP_ACT_KILL_PROCESS",
              architectures=["SCMP_ARCH_X86_64"])


@case("syscalls", expects={"/syscalls/swapon": "killed by signal 31",
                           "/syscalls/openat2": "ENOSYS", "/syscalls/unknown_9999": "ENOSYS"})
def seccomp_that_traps_all_but_a_list(side):
    on_x86_64()
    filter_of(side, [rule(*NEEDED, *ON_THE_WAY, action="SCMP_ACT_ALLOW")], "SCMP_ACT_TRAP",
              architectures=["SCMP_ARCH_X86_64"])


@case("syscalls", expects={"/syscalls/openat2": "EPERM", "/syscalls/unknown_9999": "ENOSYS"})
def seccomp_that_repeats_its_default_for_a_newer_call(side):
    on_x86_64()
    filter_of(side, [rule(*NEEDED, *ON_THE_WAY, action="SCMP_ACT_ALLOW"), rule("openat2")],
              "SCMP_ACT_ERRNO", architectures=["SCMP_ARCH_X86_64"])


@case("syscalls", expects={"/syscalls/i386_getpid": "EPERM", "/syscalls/swapon": "EPERM",
                           "/syscalls/openat2": "ENOSYS", "/syscalls/unknown_9999": "ENOSYS"})
def seccomp_that_allows_only_a_list_on_several_architectures(side):
    on_x86_64()
    filter_of(side, [rule(*[name for name in NEEDED if name != "getpid"], *ON_THE_WAY,
                          action="SCMP_ACT_ALLOW"), rule("getpid", errnoRet=1)], "SCMP_ACT_ERRNO",
              architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"])


@case("syscalls", expects={"/syscalls/personality_linux32": "EPERM",
                           "/syscalls/personality_read": "ok"})
def seccomp_by_an_argument_that_is_equal(side):
    filter_of(side, [rule("personality", args=[argument(0, 8, "SCMP_CMP_EQ")])])


@case("syscalls", expects={"/syscalls/personality_read": "EPERM",
                           "/syscalls/personality_linux32": "ok"})
def seccomp_by_an_argument_that_is_not_equal(side):
    filter_of(side, [rule("personality", args=[argument(0, 8, "SCMP_CMP_NE")])])


# AF_UNIX 1, AF_INET 2, AF_NETLINK 16, AF_PACKET 17, AF_VSOCK 40.
@case("syscalls", expects={"/syscalls/socket_unix": "EACCES", "/syscalls/socket_inet": "EACCES",
                           "/syscalls/socket_netlink": "ok", "/syscalls/socket_vsock": "EXDEV"})
def seccomp_by_arguments_at_most_and_above(side):
    filter_of(side, [rule("socket", errnoRet=13, args=[argument(0, 2, "SCMP_CMP_LE")]),
                     rule("socket", errnoRet=18, args=[argument(0, 17, "SCMP_CMP_GT")])])


@case("syscalls", expects={"/syscalls/socket_unix": "EACCES", "/syscalls/socket_inet": "ok",
                           "/syscalls/socket_packet": "EXDEV", "/syscalls/socket_vsock": "EXDEV"})
def seccomp_by_arguments_below_and_at_least(side):
    filter_of(side, [rule("socket", errnoRet=13, args=[argument(0, 2, "SCMP_CMP_LT")]),
                     rule("socket", errnoRet=18, args=[argument(0, 17, "SCMP_CMP_GE")])])


@case("syscalls", expects={"/syscalls/socket_inet": "EACCES"})
def seccomp_by_two_conditions_on_one_argument(side):
    # The specification is silent; profiles are written for what runc makes of it: either suffices.
    filter_of(side, [rule("socket", errnoRet=13, args=[argument(0, 2, "SCMP_CMP_LE"),
                                                       argument(0, 1, "SCMP_CMP_GT")])])


@case("syscalls", expects={"/syscalls/socket_netlink": "EACCES", "/syscalls/socket_unix": "ok"})
def seccomp_by_an_argument_under_a_mask(side):
    filter_of(side, [rule("socket", errnoRet=13,
                          args=[argument(0, 0x10, "SCMP_CMP_MASKED_EQ", 0x10)])])


@case("syscalls", expects={"/syscalls/socket_inet": "EACCES", "/syscalls/socket_netlink": "ok"})
def seccomp_by_two_arguments_that_must_both_match(side):
    # SOCK_DGRAM 2, SOCK_RAW 3.
    filter_of(side, [rule("socket", errnoRet=13, args=[argument(0, 2, "SCMP_CMP_EQ"),
                                                       argument(1, 2, "SCMP_CMP_EQ")])])


@case("syscalls", expects={"/syscalls/getppid": "EPERM", "/syscalls/i386_getpid": "EPERM"})
def seccomp_for_several_architectures(side):
    on_x86_64()
    filter_of(side, [rule("getpid", "getppid")],
              architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"])


@case("syscalls", expects={"/syscalls/i386_getpid": "killed by signal 31"})
def seccomp_that_kills_other_architectures(side):
    on_x86_64()
    filter_of(side, [rule("swapon")], architectures=["SCMP_ARCH_X86_64"])


@case("syscalls", expects={"/syscalls/swapon": "killed by signal 31",
                           "/syscalls/acct": "killed by signal 31",
                           "/syscalls/quotactl": "killed by signal 31"})
def seccomp_that_kills_and_traps(side):
    filter_of(side, [rule("swapon", action="SCMP_ACT_KILL_PROCESS"),
                     rule("acct", action="SCMP_ACT_KILL"),
                     rule("quotactl", action="SCMP_ACT_TRAP")])


@case("syscalls", expects={"/syscalls/swapon": "ENOSYS", "/syscalls/acct": "EFAULT"})
def seccomp_that_traces_and_logs(side):
    filter_of(side, [rule("swapon", action="SCMP_ACT_TRACE"),
                     rule("acct", action="SCMP_ACT_LOG")])
    side.bundle.capabilities(**{name: ["CAP_SYS_PACCT"]
                                for name in ("bounding", "effective", "permitted")})


@case("syscalls", expects={"/syscalls/swapon": "EPERM"})
def seccomp_that_names_a_call_no_kernel_has(side):
    filter_of(side, [rule("swapon", "no_such_call")])


@case("syscalls", "security", expects={"/syscalls/swapon": "EPERM", "/security/no_new_privs": 0})
def seccomp_without_no_new_privileges(side):
    side.bundle.set("/process/noNewPrivileges", False)
    filter_of(side, [rule("swapon")])


@case("syscalls", "security", "capabilities",
      expects={"/syscalls/swapon": "EPERM", "/security/no_new_privs": 0})
def seccomp_of_a_user_without_no_new_privileges(side):
    side.bundle.set("/process/noNewPrivileges", False)
    side.bundle.set("/process/user", {"uid": 1000, "gid": 1000})
    filter_of(side, [rule("swapon")])


@case("syscalls", "security", expects={"/syscalls/swapon": "EPERM"})
def seccomp_with_flags(side):
    filter_of(side, [rule("swapon")], flags=["SECCOMP_FILTER_FLAG_LOG"])
