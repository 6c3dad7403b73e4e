"""What the cases share: a container with its census, hooks that leave a record, and the words of a
refusal."""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.dirname(HERE))

from support import report  # noqa: E402
from support.container import Container  # noqa: E402

suite = report.Suite("operations", budget=60)

KINDS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


class Box(Container):
    """A container that a test may change until it is created."""

    def __init__(self, t, *arguments, change=None):
        super().__init__(t, arguments, change, write=False)

    def create(self, *flags, **options):
        if self.before is None:
            self.write()
        return super().create(*flags, **options)

    def run(self):
        """The output of a container that runs to its end."""
        if self.before is None:
            self.write()
        return self.runtime.run(self.id, self.bundle).must().stdout

    def refused(self, result, *fragments):
        """An error in one line that holds the fragments."""
        report.check(result.status is not None and result.status > 0, f"an error: {result!r}")
        report.equal(result.stdout, "", "stdout of a command that failed")
        for fragment in fragments:
            report.contains(result.stderr, fragment, "stderr")
        return result


class Hooks:
    """Hooks that append what they see to records, a file a kind; in the container to its root."""

    def __init__(self, t, bundle):
        self.t = t
        self.bundle = bundle
        self.directory = os.path.join(t.directory, "hooks")
        os.mkdir(self.directory)

    def add(self, kind, script, status=0):
        """A hook of the kind: a shell script that finds the state in $state, says what it sees on
        its stdout (the record), and ends with the status."""
        number = len(self.bundle.config.get("hooks", {}).get(kind, []))
        record = self.path(kind)
        text = f"#!/bin/sh\nstate=$(cat)\n(\n{script}\n) >>{record} 2>&1\nexit {status}\n"
        name = f"hook-{kind}-{number}"
        if kind == "startContainer":
            inside = text.replace(record, "/record-startContainer")
            self.bundle.write_file("/" + name, inside, 0o755)
            self.bundle.hook(kind, "/" + name)
        else:
            path = os.path.join(self.directory, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(path, 0o755)
            self.bundle.hook(kind, path)
        return self

    def path(self, kind):
        if kind == "startContainer":
            return os.path.join(self.bundle.rootfs, "record-startContainer")
        return os.path.join(self.directory, "record-" + kind)

    def record(self, kind):
        """What hooks of the kind said; None if none ran."""
        if not os.path.exists(self.path(kind)):
            return None
        with open(self.path(kind), encoding="utf-8") as file:
            return file.read()

    def state(self, kind):
        return json.loads(self.record(kind))
