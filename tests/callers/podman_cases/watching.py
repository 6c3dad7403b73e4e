"""podman top, stats and ps: what they show against what the kernel says."""

import json

import observe
from podman_suite import operation, podman
from support.report import check, contains, equal, eventually


@operation("top")
def top_shows_the_processes_by_the_pids_of_both_sides(t):
    container = podman().start(t, [], "sh", "-c", "sleep 8901 & exec sleep 1000")
    child = eventually(lambda: observe.pids_running("sleep", "8901"), "the child runs")[0]
    lines = podman()("top", container.name, "hpid", "pid", "args").must().stdout.splitlines()[1:]
    rows = {line.split()[0]: line.split()[1:] for line in lines}
    equal(sorted(rows), sorted([str(container.pid), str(child)]), "pids on the host")
    equal(rows[str(container.pid)], ["1", "sleep", "1000"], "the first process, from inside")
    equal(rows[str(child)], [observe.status(child)["NSpid"].split()[-1], "sleep", "8901"],
          "the child, from inside")


@operation("stats", tier="long")
def stats_show_what_the_cgroup_counts(t):
    container = podman().start(t, ["--memory", "64m"], "sh", "-c", "sleep 8902 & exec sleep 1000")
    eventually(lambda: observe.pids_running("sleep", "8902"), "the child runs")
    text = podman()("stats", "--no-stream", "--format", "json", container.name).must().stdout
    row = json.loads(text)[0]
    equal(row["id"], container.identity[:12], "id")
    equal(str(row["pids"]), observe.cgroup_value(container.pid, "pids", "pids.current"), "pids")
    contains(row["mem_usage"], "/ 67.11MB", "the limit, 64 MiB")
    used = int(observe.cgroup_value(container.pid, "memory", "memory.usage_in_bytes"))
    check(used < 64 << 20, f"{used} bytes are used under a limit of 64 MiB")


@operation("ps", tier="long")
def ps_shows_the_state_that_the_process_is_in(t):
    container = podman().start(t, [], "sleep", "1000")

    def listed(state):
        return podman()("ps", "-aq", "--filter", "status=" + state, "--filter",
                        "name=" + container.name).must().line != ""
    check(listed("running") and not listed("exited"), "it is not listed as running")
    podman()("kill", container.name).must()
    eventually(lambda: not observe.alive(container.pid), "the process ends")
    eventually(lambda: listed("exited") and not listed("running"), "it is listed as exited", 20.0)
