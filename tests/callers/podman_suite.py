"""The suite with podman: what all its cases share."""

import os

import observe
from caller_suite import CallerSuite
from podman_caller import Podman
from support.report import eventually

suite = CallerSuite("podman", budget=120, long_budget=600)
operation = suite.operation

# What podman and crun make when they first need it, and keep.
_OWN = ("/dev/shm/libpod_rootless_lock_", "/run/crun/.cache", "/var/tmp/intermediate-mountpoint-")

_podman = None
before = {}  # what was there before the first test


def podman():
    """The suite's podman, made by the first test that asks."""
    global _podman
    if _podman is None:
        _podman = Podman(suite.options.runtime)
        suite.announce(_podman("--version").must().line.replace(" version", ""))
        # One container, so that what podman makes only once is there when files are counted.
        _podman.run([], "true").must()
        eventually(lambda: not observe.processes(), "podman's cleanup process ends", 20.0)
        before.update(remains())
    return _podman


def remains():
    """Everything outside podman's own files that a container could leave."""
    found = observe.files("/run", "/dev", "/var/tmp", without=("/run/libpod",))
    return {"files": {path for path in found if not path.startswith(_OWN)},
            "tmp": set(os.listdir("/tmp")), "mounts": set(observe.host_mounts()),
            "hostname": os.uname().nodename}
