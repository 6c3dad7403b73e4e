"""The suite with containerd: what all its cases share."""

import os

import observe
from caller_suite import CallerSuite
from containerd_caller import Containerd

suite = CallerSuite("containerd", budget=60, long_budget=300)
operation = suite.operation

_containerd = None
before = {}  # what was there before the first test


def containerd():
    """The suite's containerd, started by the first test that asks."""
    global _containerd
    if _containerd is None:
        _containerd = Containerd(suite.options.runtime)
        suite.announce(_containerd.version())
        # One container, so that what is made only once is there when files are counted.
        name = _containerd.namespace + "-first"
        _containerd(*_containerd.arguments_of_run(["--rm"], name, "true")).must()
        before.update(remains())
    return _containerd


def remains():
    """Everything outside containerd's own directories that a container could leave."""
    return {"files": observe.files("/run", "/dev", "/var/tmp", without=_KEPT),
            "tmp": {name for name in os.listdir("/tmp") if not name.startswith("nt-")},
            "mounts": set(observe.host_mounts()), "hostname": os.uname().nodename}


# containerd's own.
_KEPT = ("/run/containerd-suite", "/run/containerd/fifo", "/run/containerd/s")


def bind(source, destination, access):
    """The options of ctr run for one bind mount."""
    return ["--mount", f"type=bind,src={source},dst={destination},options=rbind:{access}"]
