"""What the seccomp cases share: the suite, and a bundle with a profile, an agent and a census."""

import os

from support import report
from support.agent import Agent
from support.container import Container
from support.runtime import reap

suite = report.Suite("seccomp", budget=30)

MKDIR = ["mkdir", "mkdirat"]


def notify(*names):
    return {"names": list(names), "action": "SCMP_ACT_NOTIFY"}


class Box(Container):
    """One container with a profile; listenerPath is `path`."""

    def __init__(self, t, *arguments, rules=(), default="SCMP_ACT_ALLOW", change=None, **more):
        os.makedirs(t.directory, exist_ok=True)
        self.path = os.path.join(t.directory, "agent.sock")
        self.profile = {"defaultAction": default, "syscalls": list(rules), **more}
        self._agent = None
        super().__init__(t, arguments, change)

    def prepare(self):
        self.bundle.set("/linux/seccomp", self.profile)

    def agent(self, **options):
        self._agent = Agent(self.path, **options)
        self.t.on_cleanup(self._agent.close)
        return self._agent

    def create(self, *flags, **options):
        super().create(*flags, **options)
        self.pid = self.state()["pid"]
        return self

    def wait(self):
        """The program's exit status and what it wrote."""
        status = reap(self.pid)
        return status, self.created.stdout + self.created.stderr

    def delete(self):
        self.runtime.delete(self.id, "--force").must()
        if self._agent:
            self._agent.close()
        self.nothing_left()


def status_of(pid):
    """{field: value} of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
