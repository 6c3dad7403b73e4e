#!/usr/bin/env python3
"""A cgroup that the container manages itself (config-linux.md#cgroup-ownership; cgroup-v2.rst,
"Delegation"), on a hierarchy that systemd has mounted with nsdelegate."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from common.confined import Confined  # noqa: E402
from support import report  # noqa: E402

MIB = 1 << 20
OWNER = 100000
WRITABLE = ["nosuid", "noexec", "nodev", "rw"]
SECONDS = 90  # for one test: everything is emulated

suite = report.Suite("delegation")


def managing(t, script, resources=None):
    """A container whose root, a user namespace's, may write to its cgroup."""
    box = Confined(t, script + "; echo end; sleep 1000", resources)
    box.bundle.user_namespace(OWNER)
    box.bundle.change_mount("/sys/fs/cgroup", options=WRITABLE)
    box.give_to(OWNER)
    box.start()
    box.wait_for("end")
    return box


@suite.test(timeout=SECONDS)
def the_root_of_a_container_makes_cgroups_with_limits_in_its_own(t):
    box = managing(t, "cd /sys/fs/cgroup && mkdir inner work && echo 1 >inner/cgroup.procs && "
                   "echo +pids >cgroup.subtree_control && echo 3 >work/pids.max && "
                   "(echo 0 >work/cgroup.procs; for n in 1 2 3 4; do sleep 100 & done); "
                   "cat /proc/1/cgroup")
    report.contains(box.said(), "0::/inner\n", "the cgroup of the first process")
    report.contains(box.said(), "can't fork", "what the shell said of a fourth process")
    report.equal(box.file("work/pids.max"), "3", "pids.max")
    report.equal(os.stat(box.cgroup + "/work").st_uid, OWNER, "owner of what it made")
    report.equal(os.stat(box.cgroup).st_uid, OWNER, "owner of its own")
    box.delete()


@suite.test(timeout=SECONDS)
def the_root_of_a_container_cannot_lift_its_own_limits(t):
    box = managing(t, "cd /sys/fs/cgroup; echo max >memory.max; echo max >pids.max",
                   {"memory": {"limit": 48 * MIB}, "pids": {"limit": 55}})
    report.equal(box.said().count("ermission denied"), 2, "refusals in: " + box.said())
    report.equal(box.file("memory.max"), str(48 * MIB), "memory.max")
    report.equal(box.file("pids.max"), "55", "pids.max")
    report.equal(os.stat(box.cgroup + "/memory.max").st_uid, 0, "owner of memory.max")
    box.delete()


@suite.test(timeout=SECONDS)
def exec_enters_a_container_that_has_given_its_controllers_on(t):
    box = managing(t, "cd /sys/fs/cgroup && mkdir inner && echo 1 >inner/cgroup.procs && "
                   "echo +pids >cgroup.subtree_control")
    done = t.runtime.exec(box.id, "cat", "/proc/self/cgroup").must()
    report.equal(done.stdout, "0::/inner\n", "the cgroup of exec")
    box.delete()


@suite.test(timeout=SECONDS)
def a_cgroup_that_is_mounted_read_only_stays_the_hosts(t):
    box = Confined(t, "mkdir /sys/fs/cgroup/inner; echo end; sleep 1000")
    box.bundle.user_namespace(OWNER)
    box.give_to(OWNER)
    box.start()
    box.wait_for("end")
    report.contains(box.said(), "ead-only file system", "what mkdir said")
    report.equal(os.stat(box.cgroup).st_uid, 0, "owner")
    box.delete()


@suite.test(timeout=SECONDS)
def the_cgroup_namespace_hides_where_the_cgroup_is(t):
    box = Confined(t, "cat /proc/self/cgroup; grep cgroup2 /proc/self/mountinfo; echo end; sleep 1000")
    box.start()
    box.wait_for("end")
    report.contains(box.said(), "0::/\n", "its own cgroup")
    report.check(box.id not in box.said(), "the host's path shows: " + box.said())
    done = t.runtime.exec(box.id, "cat", "/proc/self/cgroup").must()
    report.equal(done.stdout, "0::/\n", "the cgroup of exec")
    box.delete()


suite.main()
