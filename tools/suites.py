"""The table of suites: what tools/test runs, in this order, and how long each may take."""

import collections
import glob
import os

# kind: "suite" ends with the line `N passed, N failed, N skipped`; "check" counts as one test that
#   passes if the exit status is 0.
# tier: "short" is the 20-minute tier; "long" runs with --all only.
# {build} is the build directory, {runtime} the program that was built.
Suite = collections.namedtuple("Suite", "name command budget tier kind")


def _suite(name, command, budget, tier="short"):
    return Suite(name, command.split(), budget, tier, "suite")


def _check(name, command, budget, tier="short"):
    return Suite(name, command.split(), budget, tier, "check")


SUITES = [
    _check("lint-layers", "tools/lint-layers", 5),
    _check("lint-format", "tools/lint-format", 25),
    _check("lint-docs", "tools/lint-docs", 5),
    _check("lint-conformance", "tools/lint-conformance {build}", 10),
    _check("lint-init", "tools/lint-init {init}", 5),
    _suite("tools", "tests/tools/run", 35),
    _suite("support", "tests/support/run", 10),
    _suite("unit", "tools/run-unit-tests {build}", 30),
    _suite("cgroups", "tests/cgroups/run --runtime {runtime}", 10),
    _suite("limits", "tests/limits/run --runtime {runtime}", 20),
    _suite("mounts", "tests/mounts/run --runtime {runtime}", 25),
    _suite("peers", "tests/peers/run --runtime {runtime}", 65),
    _suite("lifecycle", "tests/lifecycle/run --runtime {runtime}", 40),
    _suite("commandline", "tests/commandline/run --runtime {runtime}", 25),
    _suite("namespaces", "tests/namespaces/run --runtime {runtime}", 25),
    _suite("operations", "tests/operations/run --runtime {runtime}", 40),
    _suite("process", "tests/process/run --runtime {runtime}", 25),
    _suite("rootless", "tests/rootless/run --runtime {runtime}", 20),
    _suite("seccomp", "tests/seccomp/run --runtime {runtime}", 30),
    _suite("labels", "tests/labels/run --runtime {runtime}", 5),
    _suite("systemd", "tests/systemd/run --runtime {runtime}", 20),
    _suite("netdevices", "tests/netdevices/run --runtime {runtime}", 20),
    _suite("bad-input", "tests/bad_input/run --runtime {runtime}", 60),
    _suite("kill-sweep", "tests/kill_sweep/run --runtime {runtime}", 100),
    _suite("attacks", "tests/attacks/run --runtime {runtime}", 55),
    _suite("schema", "tests/schema/run --runtime {runtime}", 25),
    _suite("podman", "tests/callers/podman.py --runtime {runtime}", 60),
    _suite("containerd", "tests/callers/containerd.py --runtime {runtime}", 17),
    _suite("docker", "tests/callers/docker.py --runtime {runtime}", 18),
    _suite("vm-small", "tests/vm/small/run --runtime {runtime}", 135),
    _check("bench-short", "bench/run --short --runtime {runtime} --peer crun --peer runc", 20),
    # The suites must judge Debian's runc well, or they judge nothing.
    _suite("mounts-on-runc", "tests/mounts/run --runtime runc", 150, "long"),
    _suite("lifecycle-on-runc", "tests/lifecycle/run --runtime runc", 150, "long"),
    _suite("commandline-on-runc", "tests/commandline/run --runtime runc", 100, "long"),
    _suite("bad-input-on-runc", "tests/bad_input/run --runtime runc", 150, "long"),
    _suite("vm-large", "tests/vm/large/run --runtime {runtime}", 900, "long"),
    _suite("callers", "tests/callers/table --write --runtime {runtime}", 4800, "long"),
    _suite("prove", "conformance/prove --write --runtime {runtime}", 1800, "long"),
    _check("lint-tidy", "tools/lint-tidy {build}", 1800, "long"),
    _check("bench", "bench/run --runtime {runtime} --peer crun --peer runc", 300, "long"),
]

# Nothing runs beside these.
MEASURING = {"bench", "bench-short"}

# Installing and building come on top of the budgets of the 20-minute tier.
BUILD_ALLOWANCE = 215

# A suite that stands in tests/ and not in the table gets this much.
UNLISTED_BUDGET = 30


def table(root):
    """The rows above, and one for each tests/*/run that no row names: none is forgotten."""
    rows = list(SUITES)
    named = {row.command[0] for row in rows}
    for path in sorted(glob.glob(os.path.join(root, "tests", "*", "run"))):
        command = os.path.relpath(path, root)
        if command not in named:
            name = command.split("/")[1].replace("_", "-")
            rows.append(_suite(name, command + " --runtime {runtime}", UNLISTED_BUDGET))
    return rows
