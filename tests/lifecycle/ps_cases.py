"""ps, and the commands that take a regular expression for an id (contract, A2, A5, B3)."""

import json
import os

from common import Box, alive, done, ours, refused, suite
from support import report
from support.hierarchies import use_v2_view
from support.runtime import reap


def members(box):
    """The pids of the container's processes, by the kernel."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and alive(name):
            try:
                with open(f"/proc/{name}/cgroup", encoding="utf-8") as file:
                    if box.id in file.read():
                        found.append(int(name))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return sorted(found)


def three(t):
    box = Box(t, "sh", "-c", "sleep 1001 & sleep 1002 & wait").run_detached()
    report.eventually(lambda: len(members(box)) == 3, "three processes")
    return box


@suite.test
def lists_the_processes_as_an_array_of_host_pids(t):
    box = three(t)
    for flags in (["--format", "json"], ["-f", "json"], ["--format=json"]):
        pids = json.loads(done(t.runtime.call("ps", *flags, box.id)).stdout)
        report.equal(sorted(pids), members(box), "pids")
    box.stop().delete()


@suite.test
def lists_the_processes_on_cgroup_v2(t):
    use_v2_view(t)
    lists_the_processes_as_an_array_of_host_pids(t)


@suite.test
def lists_processes_of_cgroups_below_the_containers(t):
    box = three(t)
    pids = members(box)
    with open(f"/proc/{pids[-1]}/cgroup", encoding="utf-8") as file:
        path = next(line.split(":", 2)[2] for line in file.read().splitlines() if ":freezer:" in line)
    below = "/sys/fs/cgroup/freezer" + path + "/below"
    os.mkdir(below)
    with open(below + "/cgroup.procs", "w", encoding="ascii") as file:
        file.write(str(pids[-1]))
    report.equal(sorted(json.loads(t.runtime.call("ps", "-f", "json", box.id).must().stdout)), pids, "pids")
    box.stop().delete()


@suite.test
def shows_the_rows_of_the_hosts_ps(t):
    box = three(t)
    lines = done(t.runtime.call("ps", box.id)).stdout.splitlines()
    heading = lines[0].split()
    report.equal(heading[:3], ["UID", "PID", "PPID"], "heading of ps -ef")
    column = heading.index("PID")
    report.equal(sorted(int(line.split()[column]) for line in lines[1:]), members(box), "pids")
    report.check(any(line.endswith("sleep 1002") for line in lines), "commands are shown")
    box.stop().delete()


@suite.test
def hands_ps_the_options_behind_the_id(t):
    box = three(t)
    lines = done(t.runtime.call("ps", box.id, "-e", "-o", "comm,pid")).stdout.splitlines()
    report.equal(lines[0].split(), ["COMMAND", "PID"], "heading")
    report.equal(sorted(int(line.split()[1]) for line in lines[1:]), members(box), "pids")
    box.stop().delete()


@suite.test
def runs_ps_without_a_path_in_the_environment(t):
    if not ours(t):
        report.skip("runc looks for ps in PATH", impossible=True)
    box = three(t)
    other = os.path.join(box.bundle.rootfs, "ps")
    with open(other, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\necho PID\n")
    os.chmod(other, 0o755)
    for environment in ({}, {"PATH": box.bundle.rootfs, "LC_ALL": "de_DE.UTF-8"}):
        lines = done(t.runtime.call("ps", box.id, environment=environment)).stdout.splitlines()
        report.equal(len(lines), 4, f"lines {lines}")
    box.stop().delete()


@suite.test
def tells_what_ps_complained_of(t):
    box = three(t)
    refused(t.runtime.call("ps", box.id, "--no-such-option"), "option" if ours(t) else "exit status 1")
    if ours(t):
        refused(t.runtime.call("ps", box.id, "-e", "-o", "comm"), "no column PID")
    box.stop().delete()


@suite.test
def shows_the_waiting_process_of_a_created_container(t):
    box = Box(t).create()
    report.equal(json.loads(done(t.runtime.call("ps", "-f", "json", box.id)).stdout), [box.pid()], "pids")
    box.delete()


@suite.test
def shows_no_process_of_a_stopped_container(t):
    box = Box(t).run_detached().stop()
    shown = json.loads(done(t.runtime.call("ps", "-f", "json", box.id)).stdout)
    report.equal(shown, [] if ours(t) else None, "pids")
    report.equal(len(done(t.runtime.call("ps", box.id)).stdout.splitlines()), 1, "the heading alone")
    box.delete()
    refused(t.runtime.call("ps", box.id), "does not exist")


@suite.test
def refuses_an_unknown_ps_format(t):
    box = Box(t).create()
    result = t.runtime.call("ps", "--format", "yaml", box.id)
    report.check(result.status not in (0, None), f"{result!r}")
    box.delete()


def several(t, *names):
    if t.runtime.kind == "runc":
        report.skip("runc has no --regex", impossible=True)
    boxes = []
    for name in names:
        box = Box(t, name="bundle-" + name)
        box.id = t.container_id(name)
        boxes.append(box)
    return boxes


@suite.test
def kills_every_container_that_an_expression_finds(t):
    boxes = several(t, "web1", "web2", "db")
    other = boxes[-1]
    pids = [box.run_detached().pid() for box in boxes]
    done(t.runtime.call("kill", "--regex", f"^{t.container_id('web')}[0-9]$", "KILL"))
    for pid in pids[:2]:
        report.equal(reap(pid), -9, "how the container's process ended")
    report.equal(t.runtime.status(other.id), "running", "status of the one that is not meant")
    other.stop()
    for box in boxes:
        done(t.runtime.delete(box.id))
    other.nothing_left()


@suite.test
def deletes_every_container_that_an_expression_finds(t):
    boxes = several(t, "web1", "web2", "db")
    boxes[0].run_detached()
    boxes[1].create()
    boxes[2].create()
    done(t.runtime.call("delete", "--force", "-r", f"{t.container_id('web')}."))
    report.equal(done(t.runtime.call("list", "-q")).stdout, boxes[2].id + "\n", "what is left")
    boxes[2].delete()


@suite.test
def goes_on_behind_a_container_that_could_not_be_deleted(t):
    boxes = several(t, "a", "b", "c")
    boxes[0].create()
    boxes[1].run_detached()
    boxes[2].create()
    result = t.runtime.call("delete", "--regex", ".")
    report.contains(result.stderr, boxes[1].id, "stderr names the container")
    # crun warns and exits 0; who asked for a container to go is to know that it did not.
    report.equal(result.status, 1 if ours(t) else 0, "exit status")
    report.equal(done(t.runtime.call("list", "-q")).stdout, boxes[1].id + "\n", "what is left")
    done(t.runtime.delete(boxes[1].stop().id))
    boxes[2].nothing_left()
    refused(t.runtime.call("kill", "-r", "a["), "invalid regular expression")
    done(t.runtime.call("kill", "-r", "none"))
