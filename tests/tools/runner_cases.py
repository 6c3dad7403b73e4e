"""tools/test judged: a suite that fails, dies, hangs, counts nothing or leaves a process is a failure."""

import importlib.util
import os
import sys

from support import report

TOOLS = os.path.join(report.REPOSITORY, "tools")


def load(name):
    sys.path.insert(0, TOOLS)
    try:
        spec = importlib.util.spec_from_file_location(name, os.path.join(TOOLS, name + ".py"))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(TOOLS)


def run_script(t, script, kind="suite", budget=20):
    """The outcome of a suite that is this shell script."""
    runner = load("run_suites")
    runner.become_subreaper()
    runner.LOGS = t.directory
    path = os.path.join(t.directory, "script")
    if script is not None:
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + script + "\n")
        os.chmod(path, 0o755)
    row = runner.suites.Suite("script", [path], budget, "short", kind)
    outcome, _ = runner.run_suite(row, {})
    return outcome


def judges(suite, name, script, counts, problem, **options):
    def test(t):
        outcome = run_script(t, script, **options)
        report.equal((outcome.passed, outcome.failed, outcome.skipped), counts, "counts")
        if problem is None:
            report.equal(outcome.problem, None, "problem")
        else:
            report.contains(outcome.problem or "", problem, "problem")
    suite.add(f"the_runner_{name}", test)


def scripts(t, runner, *texts):
    rows = []
    for number, text in enumerate(texts):
        path = os.path.join(t.directory, f"script{number}")
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + text + "\n")
        os.chmod(path, 0o755)
        rows.append(runner.suites.Suite(f"script{number}", [path], 20, "long", "suite"))
    return rows


def register(suite):
    @suite.test
    def two_lanes_run_at_once_and_what_one_leaves_is_its_own(t):
        runner = load("run_suites")
        runner.LOGS = t.directory
        # Each waits for the other's file: one after the other they would fail.
        meet = "touch {0}/{1}; for i in $(seq 100); do [ -e {0}/{2} ] && break; sleep 0.1; done; [ -e {0}/{2} ]"
        rows = scripts(t, runner,
                       meet.format(t.directory, "a", "b") + " && echo '3 passed, 0 failed, 1 skipped'",
                       meet.format(t.directory, "b", "a") + " && setsid sleep 1000 & "
                       "echo '4 passed, 0 failed, 0 skipped'",
                       "echo '5 passed, 2 failed, 0 skipped'; exit 1")
        total = runner.run_all(rows, {}, 2)
        report.equal((total.passed, total.failed, total.skipped), (12, 3, 1), "counts")

    @suite.test
    def a_lane_that_dies_is_a_failure(t):
        runner = load("run_suites")
        runner.LOGS = t.directory
        total = runner.run_all(scripts(t, runner, "kill -KILL $PPID"), {}, 2)
        report.equal((total.passed, total.failed), (0, 1), "counts")

    judges(suite, "adds_up_a_suite_that_passes", "echo ok a; echo '3 passed, 0 failed, 1 skipped'",
           (3, 0, 1), None)
    judges(suite, "adds_up_a_suite_that_fails", "echo '3 passed, 2 failed, 0 skipped'; exit 1",
           (3, 2, 0), None)
    judges(suite, "fails_a_suite_without_a_count", "echo ok a", (0, 1, 0), "printed no count")
    judges(suite, "fails_a_suite_whose_count_is_not_last",
           "echo '3 passed, 0 failed, 0 skipped'; echo later", (0, 1, 0), "printed no count")
    judges(suite, "fails_a_suite_that_dies", "echo ok a; kill -KILL $$", (0, 1, 0), "exit status -9")
    judges(suite, "fails_a_suite_that_counts_no_failure_and_fails",
           "echo '3 passed, 0 failed, 0 skipped'; exit 1", (3, 1, 0), "ended with status 1")
    judges(suite, "fails_a_suite_that_runs_no_test", "echo '0 passed, 0 failed, 0 skipped'",
           (0, 1, 0), "ran no test")
    judges(suite, "fails_a_suite_that_outlives_its_budget", "echo ok a; sleep 1000", (1, 1, 0),
           "timed out", budget=1)
    judges(suite, "fails_a_suite_that_leaves_a_process",
           "setsid sleep 1000 & echo '1 passed, 0 failed, 0 skipped'", (1, 1, 0),
           "left processes behind: sleep")
    judges(suite, "fails_a_suite_that_is_missing", None, (0, 1, 0), "missing or not executable")
    judges(suite, "counts_a_check_that_passes", "exit 0", (1, 0, 0), None, kind="check")
    judges(suite, "counts_a_check_that_fails", "exit 3", (0, 1, 0), "exit status 3", kind="check")

    @suite.test
    def the_table_fits_into_20_minutes(_t):
        table = load("suites")
        budgets = [row.budget for row in table.table(report.REPOSITORY) if row.tier == "short"]
        total = sum(budgets) + table.BUILD_ALLOWANCE
        report.check(total <= 20 * 60, f"the budgets and the build come to {total} s")

    @suite.test
    def the_table_names_each_suite_once(_t):
        names = [row.name for row in load("suites").table(report.REPOSITORY)]
        report.equal(sorted(names), sorted(set(names)), "names")
