"""The suite with podman: what all its cases share."""

import os

import observe
from caller_suite import CallerSuite
from podman_caller import Podman
from support.report import eventually

suite = CallerSuite("podman", budget=120, long_budget=600)
operation = suite.operation

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
    """Everything outside podman's own directories that a container could leave."""
    return {"files": observe.files("/run", "/dev", "/var/tmp", without=("/run/libpod",)),
            "tmp": set(os.listdir("/tmp")), "mounts": set(observe.host_mounts()),
            "hostname": os.uname().nodename}
