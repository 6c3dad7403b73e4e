#!/usr/bin/env python3
"""Limits as the processes of a container feel them: cgroup v2 with every controller, and swap."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from common.confined import Confined, keyed, read  # noqa: E402
from support import report  # noqa: E402

MIB = 1 << 20
DISK = "/dev/vdd"

suite = report.Suite("limits")


@suite.test
def allocation_beyond_memory_max_is_killed(t):
    box = Confined(t, "dd if=/dev/zero of=/tmp/x bs=64M count=1; echo status $?; sleep 1000",
                   {"memory": {"limit": 24 * MIB, "swap": 24 * MIB}}).start()
    box.wait_for("status")
    report.check("status 0" not in box.said(), "64 MiB fitted into 24")
    report.check(box.count("memory.events", "oom_kill") > 0, box.file("memory.events"))
    box.delete()


suite.main()
