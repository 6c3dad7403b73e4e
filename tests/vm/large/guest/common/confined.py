"""One container in a cgroup of its own below the root of cgroup v2, and what the kernel says."""

import os
import subprocess
import time

from support import report
from support.bundle import Bundle

CGROUPS = "/sys/fs/cgroup"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def keyed(path, key):
    """The number behind a key of a flat keyed file (cpu.stat, memory.events)."""
    for line in read(path).splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    raise AssertionError(f"{path} has no {key}")


class Confined:
    """A container whose program is a shell script, with limits. Its output: `said()`."""

    def __init__(self, test, script, resources=None, suffix=""):
        self.test = test
        self.runtime = test.runtime
        self.id = test.container_id(suffix)
        self.path = "/" + self.id
        self.bundle = Bundle(f"{test.directory}/bundle{suffix}").args("sh", "-c", script)
        self.bundle.set("/linux/cgroupsPath", self.path)
        for name, value in (resources or {}).items():
            self.bundle.set("/linux/resources/" + name, value)
        self.created = None

    def give_to(self, uid):
        """Gives the root file system to the root of a user namespace."""
        subprocess.run(["chown", "-R", "-h", f"{uid}:{uid}", self.bundle.rootfs], check=True)

    @property
    def cgroup(self):
        return CGROUPS + self.path

    def file(self, name):
        return read(os.path.join(self.cgroup, name)).strip()

    def count(self, name, key):
        return keyed(os.path.join(self.cgroup, name), key)

    def create(self):
        pid_file = self.bundle.path + ".pid"
        self.created = self.runtime.create(
            self.id, self.bundle.write(), "--pid-file", pid_file).must()
        self.pid = int(read(pid_file))
        return self

    def start(self):
        self.create()
        self.runtime.start(self.id).must()
        return self

    def said(self):
        return self.created.stdout + self.created.stderr

    def wait_for(self, part, timeout=60.0):
        report.eventually(lambda: part in self.said(),
                          f"{part!r} in the container's output", timeout, 0.05)

    def wait_end(self, timeout=60.0):
        report.eventually(lambda: self.runtime.status(self.id) == "stopped",
                          "the container stopped", timeout, 0.1)

    def delete(self):
        """Deletes by force; nothing of it may be left."""
        self.runtime.delete(self.id, "--force", timeout=60).must()
        end = time.monotonic() + 3
        while os.path.exists(self.cgroup) and time.monotonic() < end:
            time.sleep(0.05)
        report.check(not os.path.exists(self.cgroup), f"{self.cgroup} is still there")
