"""One sweep: the same command again and again, one process of it killed at its first point, its
second, and so on to the last; after each kill the machine must be cleanable by `delete --force`.

A point is the entry of a system call, or the moment after a child was made (stepper.cpp). The work
is shared among worker processes. Each has a bundle, a state root and an id of its own, and is the
subreaper of what its runtime leaves, so "no process survives" is "no child is left to wait for".
"""

import json
import os
import signal
import subprocess
import tempfile
import time

from support import census, report
from support.runtime import Runtime, become_subreaper

WORKERS = 2
QUIET_WITHIN = 2.0  # seconds that what was left alone may take to end
COMMAND_TIMEOUT = 20.0


class Place:
    """Where one worker works: its directory, id, runtime and bundle."""

    def __init__(self, runtime_path, directory, unique, make_bundle):
        os.mkdir(directory, 0o755)
        self.directory = directory
        self.unique = unique
        self.id = unique
        self.runtime = Runtime(runtime_path, os.path.join(directory, "root"))
        self.pid_file = os.path.join(directory, "pid")
        self.user = []  # the command that turns into an ordinary user, if one runs the runtime
        self.bundle = make_bundle(self)
        self.flags = ["--bundle", self.bundle.path, "--pid-file", self.pid_file]
        self.baseline = None  # the census that every step must come back to

    def census(self):
        scope = census.Scope(self.unique, self.directory, os.getpid(), [self.runtime.root])
        return census.take(scope)

    def pid(self):
        return self.runtime.state(self.id)["pid"]


class Point:
    """The outcome of one step: what was hit, how the command ended, and what was wrong."""

    def __init__(self, number):
        self.number = number
        self.call = ""
        self.status = None
        self.points = 0
        self.stderr = ""
        self.problems = []

    def must(self, condition, text):
        if not condition:
            self.problems.append(text)


def step(stepper, place, mode, at, arguments):
    """Runs a command of the place's runtime under the stepper; at 0 nobody is killed."""
    point = Point(at)
    # A user's steps are taken by the user too, so that the way there has no points.
    wrapper = [] if place.user else place.runtime.wrapper
    command = [*place.user, stepper, str(mode), str(at), *wrapper, place.runtime.path, "--root",
               place.runtime.root, *arguments]
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, check=False,
                              input=b"", timeout=COMMAND_TIMEOUT)
        errors.seek(0)
        point.stderr = errors.read().decode("utf-8", "replace")
    if done.returncode != 0:
        raise AssertionError(f"the stepper failed: {done.returncode}\n{point.stderr}")
    seen = json.loads(done.stdout)
    point.call, point.status, point.points = seen["call"], seen["status"], seen["points"]
    return point


def orphans():
    """Reaps what has ended; true if a child is left. Only when no command is under way."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return True
    except ChildProcessError:
        return False


def children():
    """The pids of the children of this process, zombies too."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.append(int(name))
    return found


def quiet(limit=None):
    """Waits until no process is left of what was started."""
    end = time.monotonic() + (QUIET_WITHIN if limit is None else limit)
    while orphans():
        if time.monotonic() >= end:
            return False
        time.sleep(0.001)
    return True


def remove_pid_file(place):
    """The pid file is the caller's; nothing else may stand beside it."""
    if os.path.exists(place.pid_file):
        os.unlink(place.pid_file)


def clean(point, place, before):
    """`delete --force` succeeds in silence and leaves nothing."""
    removed = place.runtime.delete(place.id, "--force")
    point.must(removed.status == 0, f"delete --force failed\n{removed!r}")
    point.must(removed.stderr == "", f"delete --force was not silent\n{removed!r}")
    point.must(quiet(), "a process survives delete --force")
    remove_pid_file(place)
    left = census.settled(place.census, before, QUIET_WITHIN)
    point.must(left == "", left)


class Sweep:
    """mode: whose points (stepper.cpp); a function makes it from the place if it is not one word.

    make_bundle(place) writes a bundle; before(place) brings the container to where the command
    under the sweep begins; arguments(place) is that command; judge(point, place, before) says
    what else must hold after the kill and before `delete --force`.
    """

    def __init__(self, make_bundle, mode, arguments, before=None, judge=None, every=1):
        self.make_bundle = make_bundle
        self.mode = mode
        self.arguments = arguments
        self.before = before
        self.judge = judge
        self.every = every

    def one(self, stepper, place, number):
        census_before = place.baseline = place.baseline or place.census()
        if self.before is not None:
            self.before(place)
        mode = self.mode(place) if callable(self.mode) else self.mode
        point = step(stepper, place, mode, number, self.arguments(place))
        if self.judge is not None:
            self.judge(point, place, census_before)
        clean(point, place, census_before)
        if point.problems:
            place.baseline = None  # what one step left is not the next one's
        return point

    def run(self, t, stepper, runtime_path=None):
        """Sweeps the points; fails with every problem found."""
        places = [Place(runtime_path or t.runtime_path, f"{t.directory}/w{i}", f"{t.unique}-w{i}",
                        self.make_bundle) for i in range(WORKERS)]
        for place in places:  # after the workers have ended: what a worker that failed has left
            t.on_cleanup(place.runtime.delete_all)
        total = self._count(t, stepper, places[0])
        points = self._share(t, stepper, places, range(1, total + 1, self.every))
        missed = [point.number for point in points if not point.call]
        print(f"# {t.name}: {total} points, 1 of {self.every}: {len(points)} kills, "
              f"{len(missed)} points never reached", flush=True)
        problems = [f"killed at point {point.number} ({point.call or 'never reached'}), status "
                    f"{point.status}: {problem}" for point in points for problem in point.problems]
        if problems:
            hidden = len(problems) - 12
            tail = [f"and {hidden} more"] if hidden > 0 else []
            report.fail("\n".join(problems[:12] + tail))
        # Waiting differs from run to run by a call or two (a short sleep, EINTR).
        report.check(len(missed) <= max(2, len(points) // 20), f"points never reached: {missed}")

    def _count(self, t, stepper, place):
        # The second one counts: the first makes what stays, such as the state root.
        counted = _in_child(t, lambda: [self.one(stepper, place, 0) for _ in range(2)])[1]
        report.equal(counted.problems, [], "the command without a kill")
        report.equal((counted.status, counted.stderr), (0, ""), "the command without a kill")
        report.check(counted.points > 10, f"only {counted.points} points")
        return counted.points

    def _share(self, t, stepper, places, numbers):
        workers = [_fork(t, lambda place=place, first=first: [
            self.one(stepper, place, number) for number in numbers[first::len(places)]])
            for first, place in enumerate(places)]
        found = [point for worker in workers for point in _join(worker)]
        return sorted(found, key=lambda point: point.number)


def _in_child(t, work):
    return _join(_fork(t, work))


def _fork(t, work):
    """Runs work() in a subreaper of its own; its points come back through a file."""
    results = tempfile.TemporaryFile("w+")
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            become_subreaper()
            json.dump([point.__dict__ for point in work()], results)
            results.flush()
            status = 0
        except BaseException as error:  # the parent shows it, whatever it was
            results.truncate(0)
            json.dump(f"{type(error).__name__}: {error}", results)
            results.flush()
        finally:
            os._exit(status)
    t.on_cleanup(_end, pid)
    return pid, results


def _end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def _join(worker):
    pid, results = worker
    _, status = os.waitpid(pid, 0)
    results.seek(0)
    text = results.read()
    if status != 0:
        report.fail(f"a worker failed: {text}")
    points = []
    for entry in json.loads(text):
        point = Point(entry["number"])
        point.__dict__.update(entry)
        points.append(point)
    return points
