"""The table of callers judged: what a peer passes and nucleus does not is a failure, and so is a
peer that fails for no known reason."""

import contextlib
import importlib.util
import io
import os

from support import report

TESTS = {"runs_a": "run", "runs_b": "run", "executes": "exec"}
ALL_OK = "caller: podman 1.2\nruntime: x 3\nok runs_a\nok runs_b\nok executes\n"


def load():
    path = os.path.join(report.REPOSITORY, "tests", "callers", "comparison.py")
    spec = importlib.util.spec_from_file_location("comparison", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judged(nucleus, peer, differences):
    """(lines, counts, page) for these two outputs."""
    comparison = load()
    runs = {"nucleus": comparison.Run(nucleus, None), "crun": comparison.Run(peer, None)}
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        counts = comparison.judge("podman", TESTS, runs, differences)
    page = comparison.section("podman", TESTS, runs, differences)
    return output.getvalue(), (counts["ok"], counts["FAIL"], counts["skip"]), page


KNOWN = {("podman", "executes", "crun"): "crun lacks it"}
# name, nucleus's output, the peer's, known differences, counts, a part of the lines, of the page
CASES = [
    ("allows_what_all_pass", ALL_OK, ALL_OK, {}, (2, 0, 0), "ok podman: run\n",
     "| run | pass (2) | pass (2) |"),
    ("refuses_what_only_the_peer_passes",
     ALL_OK.replace("ok runs_b", "FAIL runs_b\n    the cause"), ALL_OK, {}, (1, 1, 0),
     "runs_b: fail (crun pass): the cause", "| run | pass (1), fail (1) | pass (2) |"),
    ("refuses_a_skip_of_what_the_peer_passes",
     ALL_OK.replace("ok executes", "skip executes: no time"), ALL_OK, {}, (1, 1, 0),
     "executes: skip (crun pass): no time", "skip: executes: no time"),
    ("refuses_what_nobody_passes", ALL_OK.replace("ok executes", "FAIL executes"),
     ALL_OK.replace("ok executes", "FAIL executes"), KNOWN, (1, 1, 0), "executes: fail: ",
     "| exec | fail | fail |"),
    ("skips_what_nobody_can_run", ALL_OK.replace("ok executes", "skip executes: no kernel"),
     ALL_OK.replace("ok executes", "skip executes: no kernel"), {}, (1, 0, 1),
     "skip podman: exec: executes: no kernel", "| exec | skip | skip |"),
    ("refuses_a_peer_that_fails_for_no_known_reason", ALL_OK,
     ALL_OK.replace("ok executes", "FAIL executes\n    strange"), {}, (1, 1, 0),
     "executes: crun fails and is not known to: strange", "fail: executes: strange"),
    ("allows_a_peer_that_fails_for_a_known_reason", ALL_OK,
     ALL_OK.replace("ok executes", "FAIL executes\n    strange"), KNOWN, (2, 0, 0),
     "ok podman: exec", "exec, crun: fail: executes: crun lacks it"),
    ("refuses_a_known_difference_that_is_none", ALL_OK, ALL_OK, KNOWN, (1, 1, 0),
     "callers.py says that it does not", "| exec | pass | pass |"),
    ("refuses_a_suite_that_did_not_come_to_its_end", ALL_OK.replace("ok executes\n", ""), ALL_OK,
     {}, (1, 1, 0), "executes: fail (crun pass): the suite did not come to it", "| exec | fail |"),
    ("tells_why_a_suite_ran_no_test", "caller: podman 1.2\nFAIL podman: no root: no network\n",
     ALL_OK, {}, (0, 2, 0), "executes: fail (crun pass): no root: no network", "| exec | fail |"),
]


def case(nucleus, peer, differences, counts, line, row):
    def test(_t):
        lines, found, page = judged(nucleus, peer, differences)
        report.equal(found, counts, lines)
        report.contains(lines, line, "the lines")
        report.contains(page, row, "the page")
        report.contains(page, "## podman: podman 1.2", "the heading")
    return test


def register(suite):
    for name, *rest in CASES:
        suite.add("table_of_callers_" + name, case(*rest))
