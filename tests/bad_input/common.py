"""What the bad-input cases share: one attempt with a broken bundle, and what must come of it.

nucleus answers with one line on stderr, and the same in a JSON log, that names the JSON pointer or
the object at fault; a status that is not 0; and nothing left. The words are nucleus's own, so of
another runtime only the status and the census are asked.
"""

import json
import os

from support import census, report
from support.container import Container, ours, reap_orphans

suite = report.Suite("bad_input", budget=90)


class Attempt(Container):
    """A bundle that is about to be refused."""

    def __init__(self, t, change=None):
        self.reaps = False
        super().__init__(t, ("true",), change)

    def census(self):
        if self.reaps:
            reap_orphans()
        return census.of_test(self.t)

    def refused(self, *fragments, command=("create",), status=None):
        """`command` ends with the bundle and the id unless it holds an id of its own."""
        log = os.path.join(self.t.directory, "log.json")
        self.t.runtime.global_arguments = ["--log", log, "--log-format", "json"]
        arguments = [*command, "--bundle", self.bundle.path, self.id]
        result = self.t.runtime.call(*arguments)
        report.check(result.status not in (0, None) and result.status > 0,
                     f"a status that is not 0, and no signal\n{result!r}")
        if ours(self.t):
            check_words(result, log, fragments, status)
        if os.path.exists(log):
            os.unlink(log)
        self.nothing_left()
        return result

    def nothing_left(self, was_created=False):
        """A command that failed has reaped what it started; a container that was created and deleted
        is this subreaper's to reap, and so is what runc leaves."""
        self.reaps = was_created or not ours(self.t)
        super().nothing_left()


def check_words(result, log, fragments, status=None):
    if status is not None:
        report.equal(result.status, status, "status")
    report.equal(result.stdout, "", "stdout")
    lines = result.stderr.splitlines()
    report.equal(len(lines), 1, f"lines on stderr: {result.stderr!r}")
    with open(log, encoding="utf-8") as file:
        entry = json.loads(file.read())  # exactly one object: podman parses the whole file
    report.equal(entry["level"], "error", "level in the log")
    for fragment in fragments:
        report.contains(entry["msg"], fragment, "msg in the log")
        report.contains(result.stderr.replace('\\"', '"'), fragment, "stderr")


def refuses(name, change, *fragments, runc_accepts=None, command=("create",)):
    """Adds a test: the changed bundle is refused in words that hold the fragments. `runc_accepts`
    says why the peer does not refuse it."""
    def test(t):
        if runc_accepts and not ours(t):
            report.skip(runc_accepts, impossible=True)
        Attempt(t, change).refused(*fragments, command=command)
    suite.add(name, test)


def setting(pointer, value):
    """A change that sets the value at a JSON pointer."""
    return lambda bundle: bundle.set(pointer, value)
