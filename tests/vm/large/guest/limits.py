#!/usr/bin/env python3
"""Limits as the processes of a container feel them: cgroup v2 with every controller, and swap."""

import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from common.confined import Confined  # noqa: E402
from support import report  # noqa: E402

MIB = 1 << 20
SECONDS = 120  # for one test: everything is emulated
DISK = "/dev/vdd"
# Anonymous memory: dd's buffer, filled by the read. Not with zeroes: the kernel gives such pages back.
FILL_48_MIB = "yes | dd of=/dev/null bs=48M count=1 iflag=fullblock"
TAKE_48_MIB = FILL_48_MIB + "; echo status $?; sleep 1000"

suite = report.Suite("limits")


@suite.test(timeout=SECONDS)
def allocation_beyond_memory_max_is_killed(t):
    box = Confined(t, TAKE_48_MIB, {"memory": {"limit": 24 * MIB, "swap": 24 * MIB}}).start()
    box.wait_for("status")
    report.check("status 0" not in box.said(), "48 MiB fitted into 24")
    report.check(box.count("memory.events", "oom_kill") > 0, box.file("memory.events"))
    box.delete()


@suite.test(timeout=SECONDS)
def allocation_beyond_memory_max_is_swapped_where_swap_is_allowed(t):
    box = Confined(t, TAKE_48_MIB, {"memory": {"limit": 24 * MIB, "swap": 96 * MIB}}).start()
    box.wait_for("status 0")
    report.equal(box.count("memory.events", "oom_kill"), 0, "kills")
    report.check(int(box.file("memory.swap.peak")) > 10 * MIB, "nothing was swapped: " +
                 box.file("memory.swap.peak"))
    box.delete()


@suite.test(timeout=SECONDS)
def swap_beyond_its_limit_is_killed(t):
    box = Confined(t, TAKE_48_MIB, {"memory": {"limit": 24 * MIB, "swap": 32 * MIB}}).start()
    report.equal(box.file("memory.swap.max"), str(8 * MIB), "memory.swap.max")
    box.wait_for("status")
    report.check("status 0" not in box.said(), "48 MiB fitted into 24 and 8 of swap")
    report.check(box.count("memory.events", "oom_kill") > 0, box.file("memory.events"))
    report.check(int(box.file("memory.swap.peak")) > 4 * MIB, "nothing was swapped")
    box.delete()


@suite.test(timeout=SECONDS)
def memory_oom_group_ends_every_process(t):
    box = Confined(t, "sleep 1001 & sleep 1002 & " + TAKE_48_MIB,
                   {"memory": {"limit": 24 * MIB, "swap": 24 * MIB},
                    "unified": {"memory.oom.group": "1"}}).start()
    box.wait_end()
    report.check("status" not in box.said(), "the shell outlived its group: " + box.said())
    box.delete()


@suite.test(timeout=SECONDS)
def memory_high_holds_a_writer_back(t):
    box = Confined(t, "cat /dev/zero | head -c 32m >/tmp/x; echo done; sleep 1000",
                   {"memory": {"limit": 48 * MIB, "swap": 96 * MIB},
                    "unified": {"memory.high": str(24 * MIB)}})
    box.bundle.mount("/tmp", "tmpfs", options=["size=64m"])
    box.start()
    box.wait_for("done")
    report.check(box.count("memory.events", "high") > 0, box.file("memory.events"))
    report.equal(box.count("memory.events", "oom_kill"), 0, "kills")
    box.delete()


@suite.test(timeout=SECONDS)
def cpu_max_throttles_a_busy_loop(t):
    box = Confined(t, "while :; do :; done", {"cpu": {"quota": 10000, "period": 100000}}).start()
    before, begun = box.count("cpu.stat", "usage_usec"), time.monotonic()
    time.sleep(2)
    used = (box.count("cpu.stat", "usage_usec") - before) / 1e6
    share = used / (time.monotonic() - begun)
    report.check(box.count("cpu.stat", "nr_throttled") > 5, box.file("cpu.stat"))
    # A tenth is allowed; a quarter bears a slow clock, and no quota at all would give all.
    report.check(share < 0.25, f"{share:.2f} of a processor, a tenth allowed")
    box.delete()


@suite.test(timeout=SECONDS)
def cpu_shares_divide_one_processor(t):
    loop = "while :; do :; done"
    many = Confined(t, loop, {"cpu": {"shares": 4096, "cpus": "1"}}).start()
    few = Confined(t, loop, {"cpu": {"shares": 256, "cpus": "1"}}, suffix="few").start()
    time.sleep(0.5)
    before = [box.count("cpu.stat", "usage_usec") for box in (many, few)]
    time.sleep(2)
    used = [box.count("cpu.stat", "usage_usec") - old for box, old in zip((many, few), before)]
    report.check(used[0] > 2 * used[1], f"{used} us, sixteen shares against one")
    for box in (many, few):
        box.delete()


@suite.test(timeout=SECONDS)
def pids_max_refuses_a_fork(t):
    box = Confined(t, "for n in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; echo done; sleep 1000",
                   {"pids": {"limit": 6}}).start()
    box.wait_for("can't fork")
    report.check(box.count("pids.events", "max") > 0, box.file("pids.events"))
    report.check(int(box.file("pids.current")) <= 6, box.file("pids.current"))
    box.delete()


@suite.test(timeout=SECONDS)
def cpuset_is_seen_inside(t):
    box = Confined(t, "grep Cpus_allowed_list /proc/self/status; nproc; echo done; sleep 1000",
                   {"cpu": {"cpus": "1", "mems": "0"}}).start()
    box.wait_for("done")
    report.contains(box.said(), "Cpus_allowed_list:\t1\n1\n", "what the container sees")
    report.equal(box.file("cpuset.cpus.effective"), "1", "cpuset.cpus.effective")
    box.delete()


def device():
    number = os.stat(DISK).st_rdev
    return os.major(number), os.minor(number)


def direct(operands):
    return f"echo begin; dd {operands}; echo done; sleep 1000"


def throttled(t, script, throttle, rate):
    """A container that may use the disk and no more of it than `rate`."""
    major, minor = device()
    entry = {"major": major, "minor": minor, "rate": rate}
    resources = {"blockIO": {throttle: [entry]}, "devices": [
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "b", "major": major, "minor": minor, "access": "rwm"}]}
    box = Confined(t, script, resources)
    box.bundle.set("/linux/devices", [{"path": "/dev/disk", "type": "b", "major": major,
                                       "minor": minor, "fileMode": 0o600, "uid": 0, "gid": 0}])
    return box


def transfer_time(box, transferred, least):
    """Seconds from `begin` to `done`, and what io.stat says was transferred."""
    box.start()
    box.wait_for("begin")
    begun = time.monotonic()
    box.wait_for("done")
    took = time.monotonic() - begun
    major, minor = device()
    lines = [line for line in box.file("io.stat").splitlines()
             if line.startswith(f"{major}:{minor} ")]
    report.check(lines, "io.stat does not know the disk: " + box.file("io.stat"))
    numbers = dict(pair.split("=") for pair in lines[0].split()[1:])
    report.check(int(numbers[transferred]) >= least, lines[0])
    return took


@suite.test(timeout=SECONDS)
def io_max_slows_writes(t):
    script = direct("if=/dev/zero of=/dev/disk bs=256k count=16 oflag=direct")
    took = transfer_time(throttled(t, script, "throttleWriteBpsDevice", MIB), "wbytes", 4 * MIB)
    report.check(took > 2.5, f"4 MiB at 1 MiB/s took {took:.2f} s")


@suite.test(timeout=SECONDS)
def io_max_slows_reads(t):
    script = direct("if=/dev/disk of=/dev/null bs=256k count=16 iflag=direct")
    took = transfer_time(throttled(t, script, "throttleReadBpsDevice", MIB), "rbytes", 4 * MIB)
    report.check(took > 2.5, f"4 MiB at 1 MiB/s took {took:.2f} s")


@suite.test(timeout=SECONDS)
def io_max_slows_operations(t):
    script = direct("if=/dev/zero of=/dev/disk bs=4k count=40 oflag=direct")
    took = transfer_time(throttled(t, script, "throttleWriteIOPSDevice", 10), "wios", 40)
    report.check(took > 2.5, f"40 writes at 10 a second took {took:.2f} s")


@suite.test(timeout=SECONDS)
def without_io_max_the_disk_is_fast(t):
    """What the three tests above are held against."""
    script = direct("if=/dev/zero of=/dev/disk bs=256k count=16 oflag=direct")
    box = throttled(t, script, "throttleWriteBpsDevice", 1000 * MIB)
    took = transfer_time(box, "wbytes", 4 * MIB)
    report.check(took < 2, f"4 MiB took {took:.2f} s")


@suite.test(timeout=SECONDS)
def exec_is_under_the_same_limits(t):
    box = Confined(t, "sleep 1000", {"memory": {"limit": 24 * MIB, "swap": 24 * MIB}}).start()
    done = t.runtime.exec(box.id, "sh", "-c", FILL_48_MIB, timeout=60)
    report.check(done.status != 0, "48 MiB fitted into 24")
    report.check(box.count("memory.events", "oom_kill") > 0, box.file("memory.events"))
    box.delete()


@suite.test(timeout=SECONDS)
def update_of_the_limits_is_felt(t):
    box = Confined(t, "sleep 1000", {"memory": {"limit": 96 * MIB, "swap": 96 * MIB},
                                     "cpu": {"quota": 100000, "period": 100000}}).start()
    command = ("sh", "-c", FILL_48_MIB)
    t.runtime.exec(box.id, *command, timeout=60).must()
    t.runtime.call("update", "--memory", 24 * MIB, "--memory-swap", 24 * MIB, box.id).must()
    report.check(t.runtime.exec(box.id, *command, timeout=60).status != 0, "48 MiB fitted into 24")
    t.runtime.call("update", "--cpu-quota", 10000, "--cpu-period", 100000, box.id).must()
    report.equal(box.file("cpu.max"), "10000 100000", "cpu.max")
    box.delete()


@suite.test(timeout=SECONDS)
def update_changes_the_weight_of_a_disk_under_bfq(t):
    subprocess.run(["modprobe", "bfq"], check=True, stdin=subprocess.DEVNULL)
    t.on_cleanup(choose_scheduler, "none")
    choose_scheduler("bfq")
    box = Confined(t, "sleep 1000", {"blockIO": {"weight": 200}}).start()
    report.contains(box.file("io.bfq.weight"), "200", "the weight of create")
    t.runtime.call("update", "--blkio-weight", 321, box.id).must()
    report.contains(box.file("io.bfq.weight"), "321", "the weight of update")
    box.delete()


def choose_scheduler(name):
    pathlib.Path(f"/sys/block/{os.path.basename(DISK)}/queue/scheduler").write_text(
        name, encoding="ascii")


@suite.test(timeout=SECONDS)
def pause_stops_the_processes(t):
    box = Confined(t, "while :; do :; done").start()
    t.runtime.call("pause", box.id).must()
    report.equal(box.count("cgroup.events", "frozen"), 1, "frozen")
    before = box.count("cpu.stat", "usage_usec")
    time.sleep(1)
    report.check(box.count("cpu.stat", "usage_usec") - before < 50000, "it runs on")
    report.equal(t.runtime.status(box.id), "paused", "status")
    t.runtime.call("resume", box.id).must()
    report.equal(box.count("cgroup.events", "frozen"), 0, "frozen")
    before = box.count("cpu.stat", "usage_usec")
    report.eventually(lambda: box.count("cpu.stat", "usage_usec") - before > 50000, "it runs again")
    box.delete()


suite.main()
