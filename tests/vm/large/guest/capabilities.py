#!/usr/bin/env python3
"""What takes CAP_SYS_RESOURCE, which the root of this machine has: limits raised, scores lowered."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from common.confined import Confined, read  # noqa: E402
from support import report  # noqa: E402
SECONDS = 90  # for one test: everything is emulated

suite = report.Suite("capabilities")


def limit_of(pid, name):
    for line in read(f"/proc/{pid}/limits").splitlines():
        if line.startswith(name + " "):
            return line[len(name):].split()[:2]
    raise AssertionError(f"no limit is called {name}")


@suite.test(timeout=SECONDS)
def hard_limits_above_the_callers_are_set(t):
    highest = int(read("/proc/sys/fs/nr_open"))
    box = Confined(t, "ulimit -n; ulimit -H -n; echo end; sleep 1000")
    box.bundle.set("/process/rlimits", [
        {"type": "RLIMIT_NOFILE", "soft": highest - 1, "hard": highest},
        {"type": "RLIMIT_MEMLOCK", "soft": 1 << 40, "hard": 1 << 41},
        {"type": "RLIMIT_MSGQUEUE", "soft": 1 << 31, "hard": 1 << 32}])
    box.start()
    box.wait_for("end")
    report.contains(box.said(), f"{highest - 1}\n{highest}\n", "what the shell sees")
    report.equal(limit_of(box.pid, "Max locked memory"), [str(1 << 40), str(1 << 41)], "memlock")
    report.equal(limit_of(box.pid, "Max msgqueue size"), [str(1 << 31), str(1 << 32)], "msgqueue")
    box.delete()


@suite.test(timeout=SECONDS)
def hard_limits_above_the_callers_are_set_in_a_user_namespace(t):
    box = Confined(t, "ulimit -H -n; echo end; sleep 1000")
    box.bundle.user_namespace().set(
        "/process/rlimits", [{"type": "RLIMIT_NOFILE", "soft": 4096, "hard": 1048576},
                             {"type": "RLIMIT_MEMLOCK", "soft": 1 << 40, "hard": 1 << 41}])
    box.give_to(100000)
    box.start()
    box.wait_for("end")
    report.contains(box.said(), "1048576\n", "what the shell sees")
    report.equal(limit_of(box.pid, "Max locked memory"), [str(1 << 40), str(1 << 41)], "memlock")
    box.delete()


@suite.test(timeout=SECONDS)
def oom_score_below_the_callers_is_set(t):
    box = Confined(t, "cat /proc/self/oom_score_adj; echo end; sleep 1000")
    box.bundle.set("/process/oomScoreAdj", -900)
    box.start()
    box.wait_for("end")
    report.equal(box.said(), "-900\nend\n", "what the container said")
    report.equal(read(f"/proc/{box.pid}/oom_score_adj"), "-900\n", "of the process")
    box.delete()


@suite.test(timeout=SECONDS)
def exec_lowers_the_oom_score_as_the_container_has_it(t):
    box = Confined(t, "sleep 1000")
    box.bundle.set("/process/oomScoreAdj", -500)
    box.start()
    done = t.runtime.exec(box.id, "cat", "/proc/self/oom_score_adj").must()
    report.equal(done.stdout, "-500\n", "of the process of exec")
    box.delete()


@suite.test(timeout=SECONDS)
def every_capability_of_the_kernel_is_given(t):
    last = int(read("/proc/sys/kernel/cap_last_cap"))
    names = all_capabilities()[:last + 1]
    report.equal(len(names), last + 1, "capabilities with a name")
    box = Confined(t, "grep Cap /proc/self/status; echo end; sleep 1000")
    box.bundle.capabilities(bounding=names, effective=names, permitted=names, inheritable=names,
                            ambient=names)
    box.start()
    box.wait_for("end")
    full = f"{(1 << (last + 1)) - 1:016x}"
    for word in ("Inh", "Prm", "Eff", "Bnd", "Amb"):
        report.contains(box.said(), f"Cap{word}:\t{full}\n", "the sets")
    box.delete()


def all_capabilities():
    """In the order of linux/capability.h (capabilities(7))."""
    return ["CAP_" + word.upper() for word in
            """chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap
            linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner
            sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice
            sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap
            mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf
            checkpoint_restore""".split()]


suite.main()
