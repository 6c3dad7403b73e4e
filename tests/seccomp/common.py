"""What the seccomp cases share: the suite, and a bundle with a profile, an agent and a census."""

import os

from agent import Agent
from support import census, report
from support.bundle import Bundle
from support.runtime import reap

suite = report.Suite("seccomp", budget=30)

MKDIR = ["mkdir", "mkdirat"]


def notify(*names):
    return {"names": list(names), "action": "SCMP_ACT_NOTIFY"}


class Box:
    """One container with a profile; listenerPath is `path`."""

    def __init__(self, t, *arguments, rules=(), default="SCMP_ACT_ALLOW", change=None, **more):
        self.t = t
        self.id = t.container_id()
        self.path = os.path.join(t.directory, "agent.sock")
        self._agent = None
        os.makedirs(t.directory, exist_ok=True)
        self.bundle = Bundle(os.path.join(t.directory, "bundle"))
        self.bundle.args(*(arguments or ("sleep", "1000")))
        self.bundle.set("/linux/seccomp", {"defaultAction": default, "syscalls": list(rules)})
        for key, value in more.items():
            self.bundle.set("/linux/seccomp/" + key, value)
        if change:
            change(self.bundle)
        self.bundle.write()
        t.runtime  # its cleanup belongs before everything else
        reap_orphans()
        self.before = census.of_test(t)

    def agent(self, **options):
        self._agent = Agent(self.path, **options)
        self.t.on_cleanup(self._agent.close)
        return self._agent

    def create(self, *flags):
        self.created = self.t.runtime.create(self.id, self.bundle, *flags).must()
        self.pid = self.t.runtime.state(self.id)["pid"]
        return self

    def start(self):
        self.t.runtime.start(self.id).must()
        return self

    def wait(self):
        """The program's exit status and what it wrote."""
        status = reap(self.pid)
        return status, self.created.stdout + self.created.stderr

    def nothing_left(self):
        def again():
            reap_orphans()
            return census.of_test(self.t)
        report.equal(census.settled(again, self.before), "", "left behind")

    def delete(self):
        self.t.runtime.delete(self.id, "--force").must()
        if self._agent:
            self._agent.close()
        self.nothing_left()


def reap_orphans():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def status_of(pid):
    """{field: value} of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
