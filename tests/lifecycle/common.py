"""What the lifecycle cases share: the suite, a bundle with its census, and the two ends of a command:
refused in the contract's words, or done in silence.

Where runc is the measure, the same expectation holds for nucleus and for Debian's runc 1.1. Where it
is not, the case says `ours(t)` and why.
"""

import time

from support import report
from support.container import Container, ours

suite = report.Suite("lifecycle", budget=120)


class Box(Container):
    """A container whose commands succeed in silence."""

    def __init__(self, t, *arguments, name="bundle", change=None):
        super().__init__(t, arguments, change, name)

    def create(self, *flags, **options):
        done(self.runtime.create(self.id, self.bundle, *flags, **options))
        return self

    def start(self):
        done(self.runtime.start(self.id))
        return self

    def run_detached(self, *flags):
        done(self.runtime.run(self.id, self.bundle, "--detach", *flags))
        return self

    def pid(self):
        return self.state()["pid"]

    def delete(self, *flags):
        result = self.runtime.delete(self.id, *flags).must()
        # runc 1.1 warns of each attempt to remove a cgroup whose processes are about to end.
        if ours(self.t) or "will retry" not in result.stderr:
            done(result)
        self.nothing_left()


def done(result):
    """Success, and nothing on stderr: callers read both streams as one (contract, B3)."""
    result.must()
    report.equal(result.stderr, "", "stderr of a command that succeeded")
    return result


def refused(result, text, status=1):
    """The exit status, nothing on stdout, and one line on stderr that holds the text."""
    result.must(status)
    report.equal(result.stdout, "", "stdout of a command that failed")
    lines = result.stderr.splitlines()
    report.equal(len(lines), 1, f"lines on stderr: {result.stderr!r}")
    report.contains(result.stderr, text, "stderr")
    return result


def alive(pid):
    """The process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_output(result, text, timeout=10.0):
    """Waits until the container has written the text on the stdout that it got from `result`."""
    report.eventually(lambda: text in result.stdout, f"{text!r} in {result!r}", timeout)


def stays(condition, what, seconds=0.3):
    """The condition holds during all of the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        report.check(condition(), what)
        time.sleep(0.02)
