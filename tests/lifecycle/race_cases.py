"""Commands beside each other, and what a hook leaves behind when create fails."""

import json
import os
import threading

from common import Box, ours, refused, suite
from support import report


@suite.test
def of_two_starts_at_a_time_one_starts(t):
    # The container's file counts how often the program was started.
    box = Box(t, "sh", "-c", "echo x >> /started; exec sleep 1000").create()
    results = [None, None]

    def start(index):
        results[index] = t.runtime.start(box.id)
    threads = [threading.Thread(target=start, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.equal(sorted(result.status for result in results), [0, 1], "statuses")
    if ours(t):
        loser = next(result for result in results if result.status)
        report.check("already running" in loser.stderr or "at work" in loser.stderr, loser.stderr)
    marker = os.path.join(box.bundle.rootfs, "started")
    report.eventually(lambda: os.path.exists(marker), "the program ran")
    with open(marker, encoding="utf-8") as file:
        report.equal(file.read(), "x\n", "starts of the program")
    box.stop().delete()


def _shared(t):
    """A running container, and another bundle that names the same cgroup."""
    def shared(bundle):
        bundle.set("/linux/cgroupsPath", f"/{t.unique}-shared")
    second = Box(t, name="second", change=shared)
    second.id = t.container_id("second")
    return Box(t, change=shared).run_detached(), second


@suite.test
def a_refused_create_touches_nothing_in_the_cgroup_of_another(t):
    if not ours(t):
        report.skip("Debian's runc 1.1 shares the cgroup with a warning", impossible=True)
    first, second = _shared(t)
    inner = f"/sys/fs/cgroup/pids/{t.unique}-shared/inner"
    if not os.path.isdir(os.path.dirname(inner)):
        report.skip("no pids hierarchy of cgroup v1", impossible=True)
    os.mkdir(inner)
    refused(t.runtime.create(second.id, second.bundle), "container's cgroup is not empty")
    report.check(os.path.isdir(inner), "the other container's own cgroup is still there")
    report.equal(t.runtime.status(first.id), "running", "status of the other")
    first.stop().delete()


@suite.test
def deleting_a_create_that_was_killed_early_spares_the_cgroup_of_another(t):
    # As if killed between writing down its plan and finding the cgroup taken.
    if not ours(t):
        report.skip("the record is nucleus's own", impossible=True)
    first, second = _shared(t)
    with open(os.path.join(t.runtime.root, first.id, "state.jsonl"), encoding="utf-8") as file:
        record = json.loads(file.read().splitlines()[-1])
    del record["init"]
    record.update(id=second.id, committed=False)
    record["cgroup"]["made"] = []
    directory = os.path.join(t.runtime.root, second.id)
    os.mkdir(directory, 0o700)
    with open(os.path.join(directory, "state.jsonl"), "w", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    t.runtime.kill(second.id, "KILL", "--all")
    t.runtime.delete(second.id, "--force").must()
    report.check(not os.path.exists(directory), "the early record is gone")
    report.equal(t.runtime.status(first.id), "running", "status of the other")
    first.stop().delete()


@suite.test
def kills_what_a_failing_hook_left_in_the_cgroup(t):
    if not ours(t):
        report.skip("runc 1.1 leaves the process and the cgroup", impossible=True)
    script = os.path.join(t.directory, "hook")
    with open(script, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nsleep 1000 > /dev/null 2>&1 < /dev/null &\nexit 3\n")
    os.chmod(script, 0o755)

    def hook(bundle):
        bundle.config["hooks"] = {"createContainer": [{"path": script}]}
        # Without a pid namespace nobody else would end it.
        linux = bundle.config["linux"]
        linux["namespaces"] = [entry for entry in linux["namespaces"] if entry["type"] != "pid"]
    box = Box(t, change=hook)
    refused(t.runtime.create(box.id, box.bundle), "exit status 3")
    box.nothing_left()
