"""The suite with dockerd: what all its cases share."""

import os

import observe
from caller_suite import CallerSuite
from docker_caller import Docker

suite = CallerSuite("docker", budget=60, long_budget=600)
operation = suite.operation

_docker = None
before = {}  # what was there before the first test
names = set()  # every container's id, of which nothing may be left at the end


def docker():
    """The suite's dockerd, started by the first test that asks."""
    global _docker
    if _docker is None:
        _docker = Docker(suite.options.runtime)
        suite.announce("dockerd " + _docker.version.partition("+")[0])
        # Two containers, so that what is made only once is there when files are counted: the
        # name of the host's network namespace, for one.
        for network in ("none", "host"):
            _docker.run(["--network", network], "true").must()
        before.update(remains())
    return _docker


def remains():
    """Everything outside docker's own directories that a container could leave."""
    found = observe.files("/run", "/dev", "/var/tmp", without=("/run/docker-suite",))
    # BuildKit names no state root: the runtime's usual one stays, empty.
    roots = {path for path in found if os.path.dirname(path) == "/run" and os.path.isdir(path)
             and not os.listdir(path)}
    return {"files": found - roots,
            "tmp": {name for name in os.listdir("/tmp") if not name.startswith("nt-")},
            "mounts": set(observe.host_mounts()), "hostname": os.uname().nodename}
