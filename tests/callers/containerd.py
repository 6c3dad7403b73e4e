#!/usr/bin/env python3
"""containerd's runc shim drives the runtime under test (`ctr run --runc-binary`). Each operation is
judged by what the container or the kernel shows, never by an exit status alone."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import containerd_cases
import observe
import sandbox
from containerd_suite import before, containerd, operation, remains, suite
from support.report import equal, eventually

containerd_cases.register()


@operation("nothing left")
def nothing_is_left_of_all_these_containers(t):
    equal(containerd().tasks(), {}, "tasks")
    eventually(lambda: not observe.shims(), "every shim ends", 20.0)
    containerd().close()
    eventually(lambda: not observe.processes(), "every process ends", 20.0)
    for name in containerd().names:
        observe.check_gone(name)
    after = remains()
    for kind in ("mounts", "files", "tmp"):
        equal(sorted(after[kind] - before[kind]), [], f"{kind} left")
    equal(after["hostname"], before["hostname"], "host name of the caller")
    status = os.stat("/dev/null")
    equal((oct(status.st_mode), status.st_uid, status.st_gid), ("0o20666", 0, 0), "/dev/null")
    equal([path for path in observe.cgroup_directories("")
           if os.path.basename(path) != sandbox.parent_cgroup()], [], "cgroups left")


sandbox.enter(suite)
suite.main()
