#!/usr/bin/env python3
"""Debian's podman drives the runtime under test. Each operation is judged by what the container or
the kernel shows, never by an exit status alone."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import observe
import podman_cases
import sandbox
from podman_suite import before, operation, podman, remains, suite
from support.report import equal, eventually

podman_cases.register()


@operation("nothing left")
def nothing_is_left_of_all_these_containers(t):
    podman().close()
    eventually(lambda: not observe.processes(), "every process ended", 20.0)
    for identity in podman().ids_so_far("container"):
        observe.check_gone(identity)
    after = remains()
    equal(sorted(after["mounts"] - before["mounts"]), [], "mounts left")
    equal(sorted(after["files"] - before["files"]), [], "files left in /run, /dev and /var/tmp")
    equal(after["hostname"], before["hostname"], "host name of the caller")
    status = os.stat("/dev/null")
    equal((oct(status.st_mode), status.st_uid, status.st_gid), ("0o20666", 0, 0), "/dev/null")
    # podman does not remove a pod's own cgroup from the hierarchies that it does not manage.
    callers = {sandbox.parent_cgroup(), "conmon", *podman().ids_so_far("pod")}
    equal([path for path in observe.cgroup_directories("")
           if os.path.basename(path) not in callers], [], "cgroups left")


sandbox.enter(suite)
suite.main()
