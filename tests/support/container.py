"""One container of a test: its bundle, the way through its life, and what the machine looked like
before anything was made of it. Each suite's own Box says what its tests ask of a container."""

import os

from support import census, report
from support.bundle import Bundle
from support.runtime import reap


def ours(t):
    """True for the runtime that this project makes, and for any other that claims no older habit."""
    return t.runtime.kind not in ("runc", "crun")


def reap_orphans():
    """Ended containers are children of this subreaper; call it only when no runtime command runs."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


class Container:
    """Not yet created; `change(bundle)` is called before config.json is written."""

    def __init__(self, t, arguments=(), change=None, name="bundle", runtime=None,
                 write=True):
        self.t = t
        self.runtime = runtime or t.runtime  # its cleanup belongs before everything else
        self.id = t.container_id("" if name == "bundle" else name)
        self.bundle = Bundle(os.path.join(t.directory, name))
        self.prepare()
        self.bundle.args(*(arguments or ("sleep", "1000")))
        if change:
            change(self.bundle)
        self.before = None
        if write:
            self.write()

    def prepare(self):
        """What a suite changes in every bundle of its own, before a test does."""

    def write(self):
        self.bundle.write()
        return self.settle()

    def settle(self):
        """Takes the census that must hold again in the end."""
        self.before = self.census()
        return self

    def census(self):
        reap_orphans()
        return census.of_test(self.t)

    def create(self, *flags, **options):
        self.created = self.runtime.create(self.id, self.bundle, *flags, **options).must()
        return self

    def start(self):
        self.runtime.start(self.id).must()
        return self

    def state(self):
        return self.runtime.state(self.id)

    def stop(self):
        """Ends the container's process and waits until it is gone."""
        pid = self.state()["pid"]
        self.runtime.kill(self.id, "KILL").must()
        reap(pid)
        self.runtime.wait_status(self.id, "stopped")
        return self

    def delete(self):
        self.runtime.delete(self.id, "--force").must()
        self.nothing_left()

    def nothing_left(self):
        """Neither cgroup, mount, process, socket nor state directory: as before the first command."""
        report.equal(census.settled(self.census, self.before), "", "left behind")

    def refused(self, *fragments):
        """create refuses the bundle in one line that holds the fragments, and leaves nothing."""
        result = self.runtime.create(self.id, self.bundle)
        report.check(result.status not in (0, None), f"a refusal\n{result!r}")
        if ours(self.t):
            report.equal(len(result.stderr.splitlines()), 1, f"lines on stderr {result.stderr!r}")
            for fragment in fragments:
                report.contains(result.stderr, fragment, "stderr")
        self.nothing_left()
