"""Commands beside each other, and what a hook leaves behind when create fails."""

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
