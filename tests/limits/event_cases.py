"""`events`: what the kernel counts of a container, and notices of its memory."""

import json
import os
import time

from common import Box, needs, ours, suite, use_v2_view
from support import report
from support.bundle import Bundle
from support.runtime import find_peer

MEGABYTE = 1 << 20


def stats_of(runtime, container):
    result = runtime.call("events", "--stats", container).must()
    report.equal(result.stderr, "", "standard error")
    report.equal(result.stdout.count("\n"), 1, "lines")
    event = json.loads(result.stdout)
    report.equal((event["type"], event["id"]), ("stats", container), "type and id")
    return event["data"]


def lines(events):
    """The whole lines so far."""
    return [json.loads(line) for line in events.stdout.split("\n")[:-1]]


def stream(t, box, *flags):
    events = t.runtime.spawn("events", *flags, box.id)

    counts = "memory.oom_control" if "memory" in known_hierarchies() and not t.runtime.wrapper \
        else "[pidfd]"

    def listens():
        place = f"/proc/{events.process.pid}/fd"
        return not ours(t) or any(os.readlink(os.path.join(place, name)).endswith(counts)
                                  for name in os.listdir(place))
    report.eventually(listens, "it listens")
    if not ours(t):
        time.sleep(0.3)  # runc registers in the background
    return events


def set_frozen(box, word):
    file = os.path.join(box.directory("freezer"), "freezer.state")
    with open(file, "w", encoding="ascii") as out:
        out.write(word)
    report.eventually(lambda: open(file, encoding="ascii").read().strip() == word, word)


# runc is shown our container's cgroups as if they were those of a container of its own.
@suite.test
def event_statistics_are_those_that_runc_prints_of_the_same_cgroups(t):
    peer = find_peer("runc")
    if peer is None or not ours(t):
        report.skip("needs Debian's runc beside ours", impossible=True)
    for controller in ("cpu", "cpuset", "memory", "pids", "blkio", "freezer"):
        needs(controller)
    box = Box(t, {"memory": {"limit": 64 * MEGABYTE}, "pids": {"limit": 9},
                  "cpu": {"quota": 5000, "period": 20000}},
              "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 1000")
    other = t.make_runtime(peer, "runc-root")
    bundle = Bundle(os.path.join(t.directory, "other"))
    bundle.args("sleep", "1000").set("/linux/cgroupsPath", "/" + t.container_id("other"))
    bundle.write()
    box.create().start()
    name = t.container_id("other")
    other.create(name, bundle).must()
    state = os.path.join(other.root, name, "state.json")
    with open(state, encoding="utf-8") as file:
        before = file.read()
    document = json.loads(before)
    for controller in document["cgroup_paths"]:
        if controller not in ("", "devices"):
            document["cgroup_paths"][controller] = box.directory(controller)
    report.eventually(lambda: stats_of(t.runtime, box.id)["cpu"]["throttling"].get(
        "throttledPeriods", 0) > 0, "it is throttled", timeout=15)
    set_frozen(box, "FROZEN")
    with open(state, "w", encoding="utf-8") as file:
        json.dump(document, file)

    def both():
        mine, theirs = stats_of(t.runtime, box.id), stats_of(other, name)
        report.equal(mine["memory"].pop("event_count"), {}, "runc 1.1 has no event_count")
        # This machine has huge pages on cgroup v2 beside v1, where runc does not look.
        report.equal((sorted(mine.pop("hugetlb")), theirs.pop("hugetlb")),
                     (sorted(sizes_of_huge_pages(box)), {}), "huge pages")
        return mine, theirs

    try:
        # The kernel brings its sums up to date in its own time.
        report.eventually(lambda: (lambda mine, theirs: mine == theirs)(*both()),
                          "both print the same", timeout=5)
    except AssertionError:
        report.equal(*both(), "statistics")
    finally:
        with open(state, "w", encoding="utf-8") as file:
            file.write(before)
        set_frozen(box, "THAWED")
        other.delete(name, "--force").must()
    mine = stats_of(t.runtime, box.id)
    report.equal(mine["pids"], {"current": 1, "limit": 9}, "pids")
    report.equal(mine["memory"]["usage"]["limit"], 64 * MEGABYTE, "memory")
    t.runtime.delete(box.id, "--force").must()


def sizes_of_huge_pages(box):
    names = os.listdir(box.directory("")) if "" in known_hierarchies() else []
    return [name.split(".")[1] for name in names
            if name.startswith("hugetlb.") and name.endswith(".current") and ".rsvd." not in name]


def known_hierarchies():
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        return [controller for line in file for controller in line.split(":")[1].split(",")]


@suite.test
def events_come_at_the_interval_and_end_with_the_container(t):
    box = Box(t, {"pids": {"limit": 12}}).create()
    begun = time.monotonic()
    events = stream(t, box, "--interval", "100ms")
    report.eventually(lambda: len(lines(events)) >= 3, "three lines", timeout=10)
    report.check(time.monotonic() - begun > 0.29, "not all at once")
    box.start()
    for event in lines(events):
        report.equal((event["type"], event["id"]), ("stats", box.id), "type and id")
        report.equal(event["data"]["pids"]["limit"], 12, "limit of processes")
    t.runtime.kill(box.id, "KILL").must()
    if not ours(t):  # runc's end with the cgroup
        t.runtime.wait_status(box.id, "stopped")
        t.runtime.delete(box.id).must()
    events.wait(10).must()
    if ours(t):
        box.delete()


@suite.test
def events_tell_of_a_process_that_the_kernel_killed_for_memory(t):
    needs("memory")
    script = "while [ ! -e /dev/shm/go ]; do sleep 0.05; done; " \
             "dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 1000"
    box = Box(t, {"memory": {"limit": 24 * MEGABYTE, "swap": 24 * MEGABYTE}}, "sh", "-c", script)
    box.create().start()
    events = stream(t, box, "--interval", "1h")
    time.sleep(0.2)
    report.equal(events.stdout, "", "nothing has happened yet")
    t.runtime.exec(box.id, "touch", "/dev/shm/go").must()
    report.eventually(lambda: lines(events), "a notice", timeout=10)
    report.equal(lines(events)[0], {"type": "oom", "id": box.id}, "notice")
    report.contains(box.file("memory", "memory.oom_control"), "oom_kill 1")
    report.equal(t.runtime.status(box.id), "running", "status")
    t.runtime.kill(box.id, "KILL").must()
    if not ours(t):
        t.runtime.wait_status(box.id, "stopped")
        t.runtime.delete(box.id).must()
    events.wait(10).must()
    report.equal({event["type"] for event in lines(events)}, {"oom"}, "the end is no notice")
    if ours(t):
        box.delete()


@suite.test
def events_tell_of_a_container_that_the_kernel_killed_for_memory_and_end(t):
    if not ours(t):
        report.skip("runc's events go on until the cgroup is removed", impossible=True)
    needs("memory")
    script = "while [ ! -e /dev/shm/go ]; do sleep 0.05; done; " \
             "exec dd if=/dev/zero of=/dev/null bs=64M count=1"
    box = Box(t, {"memory": {"limit": 24 * MEGABYTE, "swap": 24 * MEGABYTE}}, "sh", "-c", script)
    box.create().start()
    events = stream(t, box)
    t.runtime.exec(box.id, "touch", "/dev/shm/go").must()
    events.wait(10).must()
    report.equal([event for event in lines(events) if event["type"] != "stats"],
                 [{"type": "oom", "id": box.id}], "notices")
    t.runtime.wait_status(box.id, "stopped")
    box.delete()


@suite.test
def events_tell_of_pressure_only_where_they_are_asked_to(t):
    if not ours(t):
        report.skip("runc's events know no pressure", impossible=True)
    needs("memory")
    script = "while :; do dd if=/dev/zero of=/file bs=1M count=60 2>/dev/null; done"
    box = Box(t, {"memory": {"limit": 24 * MEGABYTE, "swap": 24 * MEGABYTE}}, "sh", "-c", script)
    box.create()
    asked = stream(t, box, "--interval", "1h", "--memory-pressure", "low")
    silent = stream(t, box, "--interval", "1h")
    box.start()
    report.eventually(lambda: lines(asked), "a notice", timeout=15)
    report.equal(lines(asked)[0], {"type": "pressure", "id": box.id, "data": {"level": "low"}},
                 "notice")
    t.runtime.kill(box.id, "KILL").must()
    asked.wait(10).must()
    silent.wait(10).must()
    report.equal([event for event in lines(silent) if event["type"] == "pressure"], [], "unasked")
    box.delete()


@suite.test
def event_statistics_show_huge_pages_on_cgroup_v2(t):
    use_v2_view(t)
    if not ours(t):
        report.skip("runc wants the controllers that this machine has on v1", impossible=True)
    box = Box(t, {}).create().start()
    stats = stats_of(t.runtime, box.id)
    report.equal(sorted(stats["hugetlb"]), sorted(sizes_of_huge_pages(box)), "sizes of huge pages")
    report.check("2MB" in stats["hugetlb"], "huge pages of 2 MiB")
    report.equal(stats["pids"], {}, "no pids controller, no count")
    events = stream(t, box, "--interval", "50ms")
    report.eventually(lambda: len(lines(events)) >= 2, "lines", timeout=10)
    t.runtime.kill(box.id, "KILL").must()
    events.wait(10).must()
    box.delete()


@suite.test
def events_refuse_what_has_no_meaning(t):
    box = Box(t, {}).create()
    for flags, words in [(["--interval", "0s"], "duration interval must be greater than 0"),
                         (["--interval", "soon"], "--interval"),
                         (["--interval", "5"], "--interval"),
                         (["--memory-pressure", "high"], "--memory-pressure")]:
        refused = t.runtime.call("events", *flags, box.id)
        report.check(refused.status not in (0, None), f"{flags} was accepted")
        if ours(t):  # runc prints its usage
            report.equal(refused.stdout, "", "standard output")
            report.contains(refused.stderr, words)
            report.equal(refused.stderr.count("\n"), 1, "lines of the error")
    t.runtime.kill(box.id, "KILL").must()
    t.runtime.wait_status(box.id, "stopped")
    for flags in (["--stats"], []):
        stopped = t.runtime.call("events", *flags, box.id)
        report.check(stopped.status not in (0, None), "of a stopped container")
        report.contains(stopped.stderr, "not running")
    box.delete()
    report.contains(t.runtime.call("events", "--stats", "nobody").stderr, "does not exist")
