"""The test runner of the black-box suites: one line a test, one summary line at the end.

A suite is a plain script that makes a Suite, registers tests with @suite.test and ends with
suite.main(). Each test gets a Test, which owns its scratch directory, its unique id, its runtime
and the cleanups that run whatever happened.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import uuid

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEFAULT_TIMEOUT = 30.0


class Skip(Exception):
    """A test that cannot run here; impossible=True: this host can never run it."""

    def __init__(self, cause, impossible=False):
        super().__init__(cause)
        self.cause = cause
        self.impossible = impossible


class Timeout(BaseException):
    """Raised in the test when its time is over; no `except Exception` can swallow it."""


def skip(cause, impossible=False):
    """Ends the test as skipped. With NUCLEUS_MUST_RUN=1 only an impossible skip stays one."""
    raise Skip(cause, impossible)


def fail(message):
    raise AssertionError(message)


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(actual, expected, what="value"):
    if actual != expected:
        raise AssertionError(f"{what}\n  expected: {expected!r}\n  actual:   {actual!r}")


def contains(text, part, what="text"):
    if part not in text:
        raise AssertionError(f"{what}\n  expected to contain: {part!r}\n  actual: {text!r}")


def eventually(condition, what, timeout=5.0, interval=0.01):
    """Waits until condition() is true and returns its value; fails after timeout seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(interval)


class Test:
    """What one running test owns. Handed to the test function as its only argument."""

    def __init__(self, suite, name):
        self.suite = suite
        self.name = name
        self.unique = "nt" + uuid.uuid4().hex[:12]
        self._directory = None
        self._runtime = None
        self._cleanups = []

    @property
    def directory(self):
        """A scratch directory whose name holds the unique id; removed after the test."""
        if self._directory is None:
            self._directory = os.path.join(self.suite.scratch, self.unique)
            os.mkdir(self._directory, 0o755)
        return self._directory

    @property
    def runtime_path(self):
        return self.suite.options.runtime

    @property
    def runtime(self):
        """The runtime under test with a state root of this test's own."""
        if self._runtime is None:
            self._runtime = self.make_runtime(self.runtime_path)
        return self._runtime

    def make_runtime(self, path, name="root"):
        from support.runtime import Runtime
        runtime = Runtime(path, os.path.join(self.directory, name))
        self.on_cleanup(runtime.delete_all)
        return runtime

    def container_id(self, suffix=""):
        """An id that holds the unique id, so that a census finds what belongs to it."""
        return self.unique + ("-" + suffix if suffix else "")

    def on_cleanup(self, function, *arguments):
        """Cleanups run in reverse order after the test; one that raises fails the test."""
        self._cleanups.append((function, arguments))

    def close(self):
        """Runs every cleanup and returns the failures as text lines."""
        problems = []
        for function, arguments in reversed(self._cleanups):
            try:
                function(*arguments)
            except Exception:  # each cleanup must run; the failure is reported below
                problems.append("cleanup failed:\n" + traceback.format_exc())
        if self._directory is not None and not problems:
            problems += _remove_directory(self._directory)
        return problems


def _remove_directory(directory):
    mounts = []
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            point = line.split()[4]
            if point == directory or point.startswith(directory + "/"):
                mounts.append(point)
    if mounts:
        return ["mounts left under the test's directory: " + ", ".join(mounts)]
    shutil.rmtree(directory, ignore_errors=True)
    return []


class _Case:
    def __init__(self, name, function, timeout):
        self.name = name
        self.function = function
        self.timeout = timeout


class Suite:
    """The tests of one script. A suite that takes longer than `budget` seconds fails."""

    def __init__(self, name, budget=None):
        self.name = name
        self.budget = budget
        self.cases = []
        self.scratch = None
        self.parser = argparse.ArgumentParser(prog=name)
        self.parser.add_argument("--runtime", default=None, help="runtime under test")
        self.parser.add_argument("--only", default="", help="run tests whose name contains this")
        self.parser.add_argument("--test", action="append", default=[], metavar="NAME",
                                 help="run exactly this test (repeatable)")
        self.parser.add_argument("--list", action="store_true", help="print the names and stop")
        self.parser.add_argument("--times", action="store_true", help="print the time of each test")
        self.options = None

    def test(self, function=None, *, name=None, timeout=DEFAULT_TIMEOUT):
        """Decorator: registers a test. The function's name is the test's sentence."""
        def register(chosen):
            self.add(name or chosen.__name__, chosen, timeout)
            return chosen
        return register(function) if function is not None else register

    def add(self, name, function, timeout=DEFAULT_TIMEOUT):
        """Registers one test of a table of tests."""
        if any(case.name == name for case in self.cases):
            raise ValueError(f"two tests are called {name}")
        self.cases.append(_Case(name, function, timeout))

    def main(self):
        sys.exit(self.run(sys.argv[1:]))

    def run(self, arguments):
        self.options = self.parser.parse_args(arguments)
        chosen = self._choose()
        if self.options.list:
            print("\n".join(case.name for case in chosen))
            return 0
        if not self._settle_runtime():
            return 2
        counts = {"ok": 0, "FAIL": 0, "skip": 0}
        started = time.monotonic()
        with _scratch_directory(self.name) as self.scratch:
            for case in chosen:
                counts[self._run_case(case)] += 1
        self._check_budget(counts, time.monotonic() - started)
        if not chosen:
            print(f"FAIL {self.name}: no test has {self.options.only!r} in its name")
            counts["FAIL"] += 1
        print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped",
              flush=True)
        return 1 if counts["FAIL"] else 0

    def _choose(self):
        unknown = set(self.options.test) - {case.name for case in self.cases}
        if unknown:
            self.parser.error("no test is called " + ", ".join(sorted(unknown)))
        return [case for case in self.cases if self.options.only in case.name
                and (not self.options.test or case.name in self.options.test)]

    def _settle_runtime(self):
        path = self.options.runtime or os.environ.get("NUCLEUS")
        path = path or os.path.join(REPOSITORY, "build", "nucleus")
        found = shutil.which(path)
        if found is None:
            print(f"FAIL {self.name}: no runtime at {path}")
            print("0 passed, 1 failed, 0 skipped")
            return False
        self.options.runtime = os.path.abspath(found)
        return True

    def _check_budget(self, counts, elapsed):
        if self.budget is None or elapsed <= self.budget or self.options.only or (
                self.options.test):
            return
        print(f"FAIL {self.name} fits its time budget: {elapsed:.0f} s of {self.budget} s")
        counts["FAIL"] += 1

    def _run_case(self, case):
        test = Test(self, case.name)
        started = time.monotonic()
        verdict, text = self._call(case, test)
        problems = _guarded(case.timeout, test.close)
        if problems and verdict != "FAIL":
            verdict, text = "FAIL", ""
        text = "\n".join([part for part in [text.rstrip("\n"), *problems] if part])
        self._print(case.name, verdict, text, time.monotonic() - started)
        return verdict

    def _call(self, case, test):
        try:
            with _time_limit(case.timeout):
                case.function(test)
            return "ok", ""
        except Skip as reason:
            if os.environ.get("NUCLEUS_MUST_RUN") == "1" and not reason.impossible:
                return "FAIL", f"skipped although NUCLEUS_MUST_RUN=1: {reason.cause}"
            return "skip", reason.cause
        except Timeout:
            return "FAIL", f"timed out after {case.timeout} s\n" + traceback.format_exc()
        except AssertionError as error:
            return "FAIL", f"{error}\n{_last_test_line(error)}"
        except Exception:  # a broken test is a failed test, whatever it raised
            return "FAIL", traceback.format_exc()

    def _print(self, name, verdict, text, elapsed):
        suffix = f"  [{elapsed:.2f} s]" if self.options.times else ""
        if verdict == "skip":
            print(f"skip {name}: {text}{suffix}", flush=True)
            return
        print(f"{verdict} {name}{suffix}", flush=True)
        for line in text.splitlines():
            print("    " + line, flush=True)


def _guarded(timeout, close):
    try:
        with _time_limit(timeout):
            return close()
    except Timeout:
        return ["cleanup timed out\n" + traceback.format_exc()]


def _last_test_line(error):
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if "/support/" not in frame.filename]
    return f"at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""


@contextlib.contextmanager
def _time_limit(seconds):
    def expired(_signal, _frame):
        raise Timeout()
    previous = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


@contextlib.contextmanager
def _scratch_directory(name):
    # Short and in /tmp: a unix socket's path must fit in 108 bytes (unix(7)). 0755, so that a
    # container in a user namespace can reach its root file system.
    path = tempfile.mkdtemp(prefix=f"nt-{name[:12]}-", dir=os.environ.get("TMPDIR", "/tmp"))
    os.chmod(path, 0o755)
    try:
        yield path
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", path], check=False)
