"""What the cases share: a bundle whose process is the probe, and a container to execute in."""

import copy
import json

from support import report
from support.container import Container
from support.runtime import reap

suite = report.Suite("process", budget=60)


class Box(Container):
    """A container whose process is the probe, unless a test asks for another one."""

    def __init__(self, t, change=None, args=("/probe",), runtime=None, name="bundle"):
        super().__init__(t, args, change, name, runtime)

    def observe(self, *sections, **options):
        """Runs the probe as the container's process; its report."""
        self.bundle.args("/probe", *sections).write()
        found = report_of(self.runtime.run(self.id, self.bundle, **options).must())
        self.nothing_left()
        return found

    def run_detached(self, **options):
        self.runtime.run(self.id, self.bundle, "--detach", **options).must()
        return self

    def pid(self):
        return self.state()["pid"]

    def process(self, *arguments, **changes):
        """The bundle's process with other arguments, for `exec --process`."""
        process = copy.deepcopy(self.bundle.config["process"])
        process["args"] = list(arguments)
        process.update(changes)
        return process

    def executed(self, *sections, **changes):
        """The report of a probe that is executed by `exec --process`; a value of None removes."""
        process = self.process("/probe", *sections, **changes)
        process = {name: value for name, value in process.items() if value is not None}
        return report_of(self.runtime.exec_process(self.id, process).must())

    def refuses(self, text, **changes):
        """`exec --process` ends with 255 and one line that holds the text; the container runs on."""
        result = self.runtime.exec_process(self.id, self.process("true", **changes)).must(255)
        report.equal(len(result.stderr.splitlines()), 1, f"lines on stderr: {result.stderr!r}")
        report.contains(result.stderr, text, "stderr")
        report.equal(self.runtime.status(self.id), "running", "status of the container")

    def delete(self):
        pid = self.pid()
        self.runtime.delete(self.id, "--force").must()
        reap(pid)
        self.nothing_left()


def running(t, change=None):
    """A container whose process sleeps, for exec."""
    return Box(t, change, args=("sleep", "1000")).run_detached()


def report_of(result):
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    report.check(lines, f"the probe's report\n{result!r}")
    return json.loads(lines[0])


def setting(pointer, value):
    """A change that sets the value at a JSON pointer."""
    return lambda bundle: bundle.set(pointer, value)
