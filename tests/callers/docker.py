#!/usr/bin/env python3
"""dockerd and its containerd drive the runtime under test. Each operation is judged by what the
container or the kernel shows, never by an exit status alone."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import docker_cases
import observe
import sandbox
from docker_suite import before, docker, operation, remains, suite
from support.report import equal, eventually

docker_cases.register()


@operation("nothing left")
def nothing_is_left_of_all_these_containers(t):
    equal(docker().containers(), [], "containers")
    eventually(lambda: not observe.shims(), "every shim ends", 20.0)
    docker().close()
    eventually(lambda: not observe.processes(), "every process ends", 20.0)
    after = remains()
    for kind in ("mounts", "files", "tmp"):
        equal(sorted(after[kind] - before[kind]), [], f"{kind} left")
    equal(after["hostname"], before["hostname"], "host name of the caller")
    status = os.stat("/dev/null")
    equal((oct(status.st_mode), status.st_uid, status.st_gid), ("0o20666", 0, 0), "/dev/null")
    callers = (sandbox.parent_cgroup(), "buildkit")  # the parents of those of containers
    equal([path for path in observe.cgroup_directories("")
           if os.path.basename(path) not in callers], [], "cgroups left")


sandbox.enter(suite)
suite.main()
