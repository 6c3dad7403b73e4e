"""process.execCPUAffinity: an executed process before and after it enters the container's cgroup."""

import os

from common import Box, running, setting, suite
from support import report

CPUS = sorted(os.sched_getaffinity(0))
FREEZER = "/sys/fs/cgroup/freezer"


def two_processors():
    if len(CPUS) < 2:
        report.skip("one processor only", impossible=True)


def affinity(**lists):
    return setting("/process/execCPUAffinity", lists)


def seen(found):
    return found["scheduling"]["affinity"]


@suite.test
def executes_on_the_final_processors(t):
    two_processors()
    last = CPUS[-1]
    box = running(t, affinity(final=str(last)))
    result = box.runtime.exec(box.id, "/probe", "scheduling").must()
    report.contains(result.stdout, f'"affinity":[{last}]', "by command line")
    report.equal(seen(box.executed("scheduling")), [last], "by process file")
    lists = {"initial": str(last), "final": f" {CPUS[0]} - {last},"}
    report.equal(seen(box.executed("scheduling", execCPUAffinity=lists)), CPUS, "its own")
    box.delete()


@suite.test
def executes_on_the_processors_of_the_container_without_final_ones(t):
    two_processors()
    box = running(t)
    report.equal(seen(box.executed("scheduling", execCPUAffinity=None)), CPUS, "no affinity given")
    # "SHOULD NOT change": the kernel keeps what was asked for first (since Linux 6.2; before, it gave
    # the cpuset's).
    for lists in ({"initial": str(CPUS[0])}, {"initial": str(CPUS[0]), "final": ""}):
        version = tuple(int(part) for part in os.uname().release.split(".")[:2])
        left = [CPUS[0]] if version >= (6, 2) else CPUS
        report.equal(seen(box.executed("scheduling", execCPUAffinity=lists)), left, f"{lists}")
    box.delete()


@suite.test
def leaves_the_containers_own_process_alone(t):
    two_processors()
    change = affinity(initial=str(CPUS[0]), final=str(CPUS[0]))
    report.equal(seen(Box(t, change).observe("scheduling")), CPUS, "of the first process")


@suite.test
def enters_the_cgroup_on_the_initial_processors(t):
    # Frozen: it stops in the moment in which it enters.
    two_processors()
    if not os.path.isdir(FREEZER):
        report.skip("no cgroup v1 freezer", impossible=True)
    box = running(t, affinity(initial=str(CPUS[-1]), final=f"{CPUS[0]},{CPUS[-1]}"))
    freezer = freezer_of(box.pid())
    write(freezer + "/freezer.state", "FROZEN")
    try:
        report.eventually(lambda: read(freezer + "/freezer.state") == "FROZEN\n", "frozen")
        entering = box.runtime.spawn("exec", "--ignore-paused", box.id, "/probe", "scheduling")
        pid = report.eventually(lambda: entered(freezer, box.pid()), "a process that has entered")
        allowed = allowed_list(pid)
    finally:
        write(freezer + "/freezer.state", "THAWED")
    report.equal(allowed, str(CPUS[-1]), "processors while it enters")
    result = entering.wait().must()
    report.contains(result.stdout, '"affinity":[' + ",".join(map(str, CPUS)) + "]", "afterwards")
    box.delete()


def freezer_of(pid):
    for line in read(f"/proc/{pid}/cgroup").splitlines():
        _, names, path = line.split(":", 2)
        if names == "freezer":
            return FREEZER + path
    raise AssertionError(f"process {pid} is in no freezer")


def entered(freezer, first):
    """Another process in the cgroup than the first."""
    others = [int(pid) for pid in read(freezer + "/cgroup.procs").split() if int(pid) != first]
    return others[0] if others else None


def allowed_list(pid):
    for line in read(f"/proc/{pid}/status").splitlines():
        if line.startswith("Cpus_allowed_list:"):
            return line.split()[1]
    raise AssertionError("no Cpus_allowed_list")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


@suite.test
def refuses_processors_that_the_container_has_not_got(t):
    two_processors()
    def change(bundle):
        bundle.set("/linux/resources/cpu", {"cpus": str(CPUS[0])})
    box = running(t, change)
    box.refuses("process.execCPUAffinity.final: the container may run on none of these processors",
                execCPUAffinity={"final": str(CPUS[-1])})
    box.refuses("process.execCPUAffinity.initial: the runtime may run on none of these processors",
                execCPUAffinity={"initial": "8191"})
    box.refuses("process /execCPUAffinity/final: the range '1-0' runs backwards",
                execCPUAffinity={"final": "1-0"})
    box.delete()
