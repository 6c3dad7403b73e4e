"""The flags of the filter, as the kernel shows them: in its log, in a call that a signal does not
interrupt, and, where a flag changes nothing that can be seen on this machine, in the system call."""

import os
import re
import shutil
import subprocess

from common import Box, suite
from notify_cases import call_with_a_signal
from support import report


def seccomp_calls(t, box):
    """The flags of each seccomp(2) that loads a filter, as strace sees the container's init."""
    if shutil.which("strace") is None:
        report.skip("strace is not installed")
    trace = os.path.join(t.directory, "trace")
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=seccomp", "-o", trace, t.runtime.path,
                    "--root", t.runtime.root, "run", "--bundle", box.bundle.path, box.id],
                   check=True, capture_output=True, timeout=30)
    with open(trace, encoding="utf-8") as file:
        found = re.findall(r"seccomp\(SECCOMP_SET_MODE_FILTER, ([^,]+), \{len", file.read())
    os.unlink(trace)
    return found


@suite.test
def the_flag_log_puts_a_refused_call_into_the_kernels_log(t):
    # Again and again: the kernel logs ten calls in five seconds, whoever makes them (printk_ratelimit).
    box = Box(t, "sh", "-c", "while :; do cd /tmp; sleep 0.2; done",
              rules=[{"names": ["chdir"], "action": "SCMP_ACT_ERRNO"}],
              flags=["SECCOMP_FILTER_FLAG_LOG"])
    log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    t.on_cleanup(os.close, log)
    os.lseek(log, 0, os.SEEK_END)
    lines = []

    def told():
        try:
            while True:
                lines.append(os.read(log, 8192).decode("utf-8", "replace"))
        except BlockingIOError:
            pass
        return any("type=1326" in line and f"pid={box.pid} " in line for line in lines)
    box.create().start()
    report.eventually(told, f"a line of the kernel's about process {box.pid}", timeout=15.0)
    box.delete()


@suite.test
def the_flag_wait_killable_recv_keeps_a_call_from_being_interrupted(t):
    report.equal(call_with_a_signal(t, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"), (1, 0),
                 "calls told of, and the shell's status")


@suite.test
def without_wait_killable_recv_a_signal_interrupts_a_notified_call(t):
    told, status = call_with_a_signal(t)
    report.check(told > 1 or status != 0, f"told {told} times, status {status}")


def flag_reaches_the_kernel(name, flag):
    def test(t):
        box = Box(t, "true", rules=[{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}], flags=[flag])
        report.equal(seccomp_calls(t, box), [flag], "flags of the filter that was loaded")
        box.nothing_left()
    suite.add(name, test)


flag_reaches_the_kernel("the_flag_tsync_reaches_the_kernel", "SECCOMP_FILTER_FLAG_TSYNC")
flag_reaches_the_kernel("the_flag_spec_allow_reaches_the_kernel", "SECCOMP_FILTER_FLAG_SPEC_ALLOW")


@suite.test
def a_flag_that_the_kernel_has_not_got_is_refused(t):
    # The kernel of strace's making: its first answer to seccomp(2) is that of one without the flag.
    if shutil.which("strace") is None:
        report.skip("strace is not installed")
    box = Box(t, "true", rules=[{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}],
              flags=["SECCOMP_FILTER_FLAG_SPEC_ALLOW"])
    result = subprocess.run(
        ["strace", "-o", os.path.join(t.directory, "trace"), "-e",
         "inject=seccomp:error=EINVAL:when=1", t.runtime.path, "--root", t.runtime.root, "create",
         "--bundle", box.bundle.path, box.id], check=False, capture_output=True, text=True,
        timeout=30)
    os.unlink(os.path.join(t.directory, "trace"))
    report.check(result.returncode != 0, "a status that is not 0")
    report.contains(result.stderr, "/linux/seccomp/flags", "stderr")
    report.contains(result.stderr, "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "stderr")
    report.contains(result.stderr, "this kernel has not got it", "stderr")
    box.nothing_left()
