"""What the limits cases share: a container under limits, and the kernel's files of its cgroup."""

import json
import os

from support import census, report
from support.bundle import Bundle
from support.container import ours
from support.hierarchies import controller_mounts, needs, use_v2_view  # noqa: F401

suite = report.Suite("limits", budget=120)

class Box:
    """A container under these resources; config.json has the usual device rule besides."""

    def __init__(self, t, resources, *arguments, change=None, path=None):
        self.t = t
        number = str(sum(name.startswith("bundle") for name in os.listdir(t.directory)))
        self.id = t.container_id(number)
        self.bundle = Bundle(os.path.join(t.directory, "bundle" + number))
        self.bundle.args(*(arguments or ("sleep", "1000")))
        self.bundle.config["linux"]["resources"].update(resources)
        self.bundle.set("/linux/cgroupsPath", path or "/" + self.id)
        if change:
            change(self.bundle)
        self.bundle.write()
        self.before = census.of_test(t)

    def create(self):
        self.t.runtime.create(self.id, self.bundle).must()
        self.pid = self.t.runtime.state(self.id)["pid"]
        return self

    def start(self):
        self.t.runtime.start(self.id).must()
        return self

    def run(self):
        """Of a program that ends: how it ended."""
        return self.t.runtime.run(self.id, self.bundle)

    def directory(self, controller):
        """The container's cgroup, by the kernel's word."""
        with open(f"/proc/{self.pid}/cgroup", encoding="utf-8") as lines:
            for line in lines:
                _, controllers, path = line.rstrip("\n").split(":", 2)
                if controller in controllers.split(","):
                    return needs(controller) + path
        raise AssertionError(f"process {self.pid} is in no {controller} cgroup")

    def file(self, controller, name):
        with open(os.path.join(self.directory(controller), name), encoding="utf-8") as file:
            return file.read().strip()

    def delete(self):
        self.t.runtime.delete(self.id, "--force").must()
        report.equal(census.settled(lambda: census.of_test(self.t), self.before), "", "left behind")


def reads(t, resources, controller, **files):
    """The container under these resources has these values in the files of that controller; `__` in
    a name stands for a dot."""
    needs(controller)
    box = Box(t, resources).create()
    for name, value in files.items():
        report.equal(box.file(controller, name.replace("__", ".")), value, name)
    box.delete()


def refuses(t, pointer, resources, words="", change=None):
    """No container: one error that names the property, and nothing left."""
    box = Box(t, resources, change=change)
    refused = t.runtime.create(box.id, box.bundle)
    report.check(refused.status not in (0, None), f"it was accepted\n{refused!r}")
    if ours(t):
        report.contains(refused.stderr, pointer)
        report.contains(refused.stderr, words)
        report.equal(refused.stderr.count("\n"), 1, "lines of the error")
    t.runtime.delete(box.id, "--force")
    report.equal(census.settled(lambda: census.of_test(t), box.before), "", "left behind")


def messages(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["msg"] for line in lines]
