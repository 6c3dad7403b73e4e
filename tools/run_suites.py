#!/usr/bin/env python3
"""Builds, runs the suites of tools/suites.py, and adds up what they counted.

The 20-minute tier runs one suite after the other; with --all two run side by side, once those that measure
have had the machine to themselves.
"""

import argparse
import ctypes
import datetime
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import suites

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.path.join(ROOT, "build")
LOGS = os.path.join(BUILD, "test-logs")
BUILD_BUDGET = 900
LANES = 2  # suites that run at once with --all
SHOWN_LINES = 300  # of a failed suite's output; the rest is in its file

COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
PR_SET_CHILD_SUBREAPER = 36


class Outcome:
    """What one suite came to. `problem` is what went wrong beside its own count."""

    def __init__(self, passed=0, failed=0, skipped=0, problem=None):
        self.passed, self.failed, self.skipped, self.problem = passed, failed, skipped, problem

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def fail(self, problem):
        self.failed += 1
        self.problem = problem if self.problem is None else f"{self.problem}; {problem}"

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/test", description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true",
                        help="the long tier too; the result goes to conformance/RESULTS.md")
    parser.add_argument("--suite", action="append", default=[], metavar="NAME",
                        help="only this suite (repeatable; of any tier)")
    parser.add_argument("--list", action="store_true", help="print the table and stop")
    return parser.parse_args()


def choose(rows, options):
    known = {row.name for row in rows}
    for name in options.suite:
        if name not in known:
            sys.exit(f"tools/test: no suite is called {name}: {', '.join(sorted(known))}")
    if options.suite:
        return [row for row in rows if row.name in options.suite]
    return [row for row in rows if options.all or row.tier == "short"]


def become_subreaper():
    """What a suite leaves behind becomes this process's child, and is found."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children_of(parents):
    """Pids of all descendants, as {pid: command name}; zombies are reaped, not counted."""
    found, table = {}, {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                head, _, tail = file.read().rpartition(")")
        except OSError:
            continue
        table[int(name)] = (int(tail.split()[1]), tail.split()[0], head.partition("(")[2])
    grown = set(parents)
    while True:
        more = {pid for pid, entry in table.items() if entry[0] in grown and pid not in grown}
        if not more:
            break
        grown |= more
        found.update({pid: table[pid][2] for pid in more if table[pid][1] != "Z"})
    return found


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_leftovers(patience=2.0):
    """Ends every process that a suite left, and returns their names."""
    end = time.monotonic() + patience
    while True:
        reap()
        left = children_of([os.getpid()])
        if not left:
            return []
        if time.monotonic() >= end:
            break
        time.sleep(0.05)
    for _ in range(50):
        for pid in children_of([os.getpid()]):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
        reap()
        if not children_of([os.getpid()]):
            break
    return sorted(set(left.values()))


def null_device():
    status = os.stat("/dev/null")
    return status.st_mode, status.st_uid, status.st_gid, status.st_rdev


def run_process(command, log, budget):
    """The exit status (-N: ended by signal N), or None if the time was over."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)
    process.stdin.close()
    status = await_end(process.pid, budget)
    if status is None:
        os.killpg(process.pid, signal.SIGTERM)  # a suite's own cleanup gets a moment
        if await_end(process.pid, 5) is None:
            os.killpg(process.pid, signal.SIGKILL)
            await_end(process.pid, 60)
    process.returncode = 0 if status is None else status  # waited for here, not by Popen
    return status


def await_end(pid, seconds):
    """Reaps every child meanwhile: the init of a container whose runtime has ended is now this
    process's child, and a suite that takes a census must not find a zombie of it."""
    end = time.monotonic() + seconds
    while True:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == pid:
            return os.waitstatus_to_exitcode(status)
        if child == 0:
            if time.monotonic() >= end:
                return None
            time.sleep(0.01)


def count(row, status, lines):
    """What a suite that ended by itself says, held against its exit status."""
    if row.kind == "check":
        outcome = Outcome(passed=1 if status == 0 else 0)
        if status != 0:
            outcome.fail(f"exit status {status}")
        return outcome
    found = COUNTS.match(lines[-1]) if lines else None
    if not found:
        outcome = Outcome()
        outcome.fail(f"printed no count as its last line (exit status {status})")
        return outcome
    outcome = Outcome(*map(int, found.groups()))
    if outcome.failed == 0 and status != 0:
        outcome.fail(f"counted no failure but ended with status {status}")
    if outcome.failed and status == 0:
        outcome.problem = "counted failures but ended with status 0"
    if outcome.passed + outcome.failed + outcome.skipped == 0:
        outcome.fail("ran no test")
    return outcome


def read_lines(log):
    with open(log, encoding="utf-8", errors="replace") as file:
        return file.read().rstrip("\n").split("\n")


def run_suite(row, places):
    command = [word.format(**places) for word in row.command]
    program = os.path.join(ROOT, command[0])
    if not os.access(program, os.X_OK):
        outcome = Outcome()
        outcome.fail(f"{command[0]} is missing or not executable")
        return outcome, []
    log = os.path.join(LOGS, row.name + ".log")
    before = null_device()
    status = run_process([program, *command[1:]], log, row.budget)
    lines = read_lines(log)
    if status is None:
        outcome = partial_count(lines)
        outcome.fail(f"timed out after {row.budget} s")
    else:
        outcome = count(row, status, lines)
    left = end_leftovers()
    if left:
        outcome.fail("left processes behind: " + ", ".join(left))
    if null_device() != before:
        outcome.fail("changed the machine's /dev/null")
    return outcome, lines


def partial_count(lines):
    """Of a suite that was ended: the tests that it had finished."""
    verdicts = [line.split(" ", 1)[0] for line in lines]
    return Outcome(verdicts.count("ok"), verdicts.count("FAIL"), verdicts.count("skip"))


def report(row, outcome, lines, elapsed):
    print(f"{row.name}: {outcome} ({elapsed:.0f} s of {row.budget} s)", flush=True)
    for line in lines:
        if line.startswith("skip "):
            print(f"  {line}", flush=True)
    if outcome.problem:
        print(f"  FAIL {row.name}: {outcome.problem}", flush=True)
    if outcome.failed and lines:
        shown = [line for line in lines if not line.startswith(("ok ", "skip "))]
        for line in shown[-SHOWN_LINES:]:
            print(f"  | {line}")
        print(f"  | all of it: {os.path.join('build', 'test-logs', row.name + '.log')}", flush=True)


def build():
    """Configures once, builds always. Returns what went wrong, or None."""
    steps = [["ninja", "-C", BUILD]]
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        steps.insert(0, ["meson", "setup", BUILD, ROOT])
    os.makedirs(LOGS, exist_ok=True)
    for step in steps:
        log = os.path.join(LOGS, f"build-{step[0]}.log")
        started = time.monotonic()
        status = run_process(step, log, BUILD_BUDGET)
        if status != 0:
            print("\n".join(read_lines(log)[-SHOWN_LINES:]))
            how = "timed out" if status is None else f"exit status {status}"
            return f"{' '.join(step)}: {how}"
        print(f"build: {step[0]} ({time.monotonic() - started:.0f} s)", flush=True)
    return None


def find_program(name):
    for folder, _, files in os.walk(BUILD):
        if name in files:
            return os.path.join(folder, name)
    return os.path.join(BUILD, name)


def git_commit():
    git = shutil.which("git")
    done = subprocess.run([git, "-C", ROOT, "rev-parse", "--short=12", "HEAD"], text=True,
                          capture_output=True, check=False) if git else None
    return done.stdout.strip() if done and done.returncode == 0 else "unknown"


RESULTS_HEADER = """# Results of tools/test --all

One line a run, appended by the run itself.

| date | commit | kernel | passed | failed | skipped |
|---|---|---|---|---|---|
"""


def append_result(total):
    path = os.path.join(ROOT, "conformance", "RESULTS.md")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    is_new = not os.path.exists(path)
    with open(path, "a", encoding="utf-8") as file:
        if is_new:
            file.write(RESULTS_HEADER)
        file.write(f"| {datetime.date.today()} | {git_commit()} | {os.uname().release} | "
                   f"{total.passed} | {total.failed} | {total.skipped} |\n")


def run_one(row, places, lock):
    """Runs and reports it; returns its counts, and what to say of it in the end."""
    started = time.monotonic()
    outcome, lines = run_suite(row, places)
    fcntl.flock(lock, fcntl.LOCK_EX)
    report(row, outcome, lines, time.monotonic() - started)
    sys.stdout.flush()
    fcntl.flock(lock, fcntl.LOCK_UN)
    complaint = f"{row.name} ({outcome.problem or str(outcome.failed) + ' tests'})"
    return [outcome.passed, outcome.failed, outcome.skipped, complaint if outcome.failed else ""]


def run_lane(rows, queue, answers, places, directory):
    """A process of its own: what its suites leave behind is its child and no other lane's."""
    become_subreaper()
    with open(os.path.join(directory, "lock"), "w", encoding="utf-8") as lock:
        while token := os.read(queue, 1):
            counts = run_one(rows[token[0]], places, lock)
            os.write(answers, (json.dumps(counts) + "\n").encode())


def run_side_by_side(rows, places, directory):
    """[counts] of the rows: each lane takes the next one when it has done with the last."""
    rows = sorted(rows, key=lambda row: -row.budget)
    queue, filled = os.pipe()
    os.write(filled, bytes(range(len(rows))))
    os.close(filled)
    answered, answers = os.pipe()
    sys.stdout.flush()
    lanes = []
    for _ in range(LANES):
        pid = os.fork()
        if pid == 0:
            os.close(answered)
            status = 1
            try:
                run_lane(rows, queue, answers, places, directory)
                status = 0
            finally:
                sys.stdout.flush()
                os._exit(status)
        lanes.append(pid)
    os.close(queue)
    os.close(answers)
    with open(answered, encoding="utf-8") as file:
        counts = [json.loads(line) for line in file]
    for pid in lanes:
        os.waitpid(pid, 0)
    if len(counts) != len(rows):
        counts.append([0, 1, 0, f"{len(rows) - len(counts)} suites gave no result"])
    return counts


def run_all(chosen, places, lanes):
    alone = [row for row in chosen if lanes == 1 or row.name in suites.MEASURING]
    beside = [row for row in chosen if row not in alone]
    with tempfile.TemporaryDirectory(prefix="nucleus-test-") as directory:
        with open(os.path.join(directory, "lock"), "w", encoding="utf-8") as lock:
            counts = [run_one(row, places, lock) for row in alone]
        if beside:
            counts += run_side_by_side(beside, places, directory)
    total, complaints = Outcome(), [complaint for *_, complaint in counts if complaint]
    for passed, failed, skipped, _ in counts:
        total.add(Outcome(passed, failed, skipped))
    if complaints:
        print("failed suites: " + "; ".join(complaints))
    return total


def main():
    options = parse_arguments()
    rows = suites.table(ROOT)
    chosen = choose(rows, options)
    if options.list:
        for row in chosen:
            print(f"{row.name:20} {row.budget:5} s  {row.tier:6} {' '.join(row.command)}")
        return 0
    become_subreaper()
    started = time.monotonic()
    problem = build()
    if problem:
        print(f"FAIL build: {problem}")
        total = Outcome(0, 1, 0)
    else:
        places = {"build": BUILD, "runtime": find_program("nucleus"),
                  "init": find_program("nucleus-init")}
        total = run_all(chosen, places, LANES if options.all else 1)
    if options.all and not options.suite:
        append_result(total)
    print(f"time: {time.monotonic() - started:.0f} s")
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
