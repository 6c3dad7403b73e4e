"""state, create, start, kill and delete: what each does, and what it refuses without effect
(runtime.md#operations)."""

import json
import os
import subprocess

from common import Box, suite
from support import census, report
from support.container import reap_orphans
from support.runtime import reap

STATUSES = ("creating", "created", "running", "stopped")


@suite.test
def the_state_keeps_to_its_schema(t):
    # schema/state-schema.json: five members with their types, annotations a map of strings.
    box = Box(t)
    box.bundle.set("/annotations", {"org.example.key": "value"})
    box.create()
    for act in (lambda: None, box.start, box.stop):
        act()
        state = box.state()
        for name in ("ociVersion", "id", "status", "bundle"):
            report.check(isinstance(state.get(name), str) and state[name], f"{name} of {state}")
        report.check(state["status"] in STATUSES, f"status {state['status']}")
        report.check(isinstance(state["pid"], int) and state["pid"] >= 0, f"pid {state['pid']}")
        report.equal(state["annotations"], {"org.example.key": "value"}, "annotations")
    major, minor, _ = state["ociVersion"].split(".")
    report.check((int(major), int(minor)) <= (1, 3), f"ociVersion {state['ociVersion']}")


@suite.test
def the_bundle_of_the_state_is_absolute_though_a_relative_one_was_given(t):
    box = Box(t).write()
    relative = os.path.relpath(box.bundle.path)
    t.runtime.call("create", "--bundle", relative, box.id).must()
    told = box.state()["bundle"]
    report.check(os.path.isabs(told), f"absolute: {told}")
    report.check(os.path.samefile(told, box.bundle.path), f"the bundle's own directory: {told}")


@suite.test
def the_environment_stands_when_create_returns(t):
    # Everything but process: what is looked at belongs to the waiting container process.
    box = Box(t)
    box.bundle.set("/hostname", "made.example").set("/root/readonly", True)
    box.bundle.mount("/tmp", "tmpfs", options=["size=1m"])
    box.bundle.set("/linux/sysctl", {"net.ipv4.ip_forward": "1"})
    box.create()
    pid = box.state()["pid"]
    with open(f"/proc/{pid}/mounts", encoding="utf-8") as file:
        mounts = {line.split()[1]: line.split() for line in file}
    report.contains(mounts["/tmp"][3], "size=1024k", "options of /tmp")
    report.check("ro" in mounts["/"][3].split(","), f"options of /: {mounts['/'][3]}")
    for name in ("pid", "net", "ipc", "uts", "mnt"):
        report.check(os.readlink(f"/proc/{pid}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}"),
                     f"the {name} namespace is new")
    enter = ["--target", str(pid), "--uts", "--net", "--mount"]
    report.equal(nsenter(*enter, "hostname"), "made.example\n", "hostname")
    report.equal(nsenter(*enter, "cat", "/proc/sys/net/ipv4/ip_forward"), "1\n", "ip_forward")


def nsenter(*arguments):
    done = subprocess.run(["nsenter", *arguments], capture_output=True, text=True, input="",
                          check=True)
    return done.stdout


@suite.test
def a_bundle_that_is_emptied_after_create_still_runs(t):
    box = Box(t, "hostname")
    box.write()
    created = t.runtime.create(box.id, box.bundle).must()
    pid = box.state()["pid"]
    box.bundle.write_text("no JSON at all")
    box.start()
    report.equal(reap(pid), 0, "exit status")
    report.equal(created.stdout, "box\n", "what the program printed")
    t.runtime.wait_status(box.id, "stopped")
    t.runtime.delete(box.id).must()
    box.bundle.write()
    box.nothing_left()


@suite.test
def start_kill_and_delete_without_an_id_are_errors(t):
    box = Box(t).write()
    for command in ("start", "kill", "delete", "state"):
        box.refused(t.runtime.call(command))
    box.nothing_left()


@suite.test
def create_in_a_directory_that_is_no_bundle_is_an_error(t):
    box = Box(t).write()
    empty = t.directory + "/empty"
    os.mkdir(empty)
    box.before = census.of_test(t)
    box.refused(t.runtime.call("create", "--bundle", empty, box.id), "config.json")
    box.refused(t.runtime.call("create", "--bundle", empty + "/no", box.id), "no such file")
    box.nothing_left()


def picture(t, box):
    """What a refused operation must not change: state, processes, mounts, cgroups, files."""
    reap_orphans()
    return json.dumps(t.runtime.call("state", box.id).stdout), census.of_test(t)


def unchanged(t, box, operations, status):
    """Each operation is an error and leaves the container of this status as it was."""
    report.equal(box.state()["status"], status, "status before")
    before = picture(t, box)
    for operation in operations:
        box.refused(t.runtime.call(*operation, box.id))
        state, after = picture(t, box)
        report.equal(state, before[0], f"state after {operation[0]}")
        report.equal(census.difference(before[1], after), "", f"changed by {operation[0]}")


@suite.test
def a_refused_operation_changes_nothing(t):
    box = Box(t).create()
    again = ("create", "--bundle", box.bundle.path)
    unchanged(t, box, [again], "created")
    box.start()
    unchanged(t, box, [again, ("start",), ("delete",)], "running")
    box.stop()
    for operation in (again, ("start",), ("kill",)):
        before = picture(t, box)
        box.refused(t.runtime.call(*operation, box.id))
        report.equal(picture(t, box)[0], before[0], f"state after {operation[0]}")
    t.runtime.delete(box.id).must()
    box.nothing_left()
    for operation in (("start",), ("kill",), ("delete",), ("state",)):
        box.refused(t.runtime.call(*operation, box.id), "does not exist")
    box.nothing_left()


@suite.test
def a_container_without_a_process_is_created_and_cannot_start(t):
    # config.md#process: OPTIONAL, and REQUIRED when start is called.
    box = Box(t)
    box.bundle.remove("/process")
    box.create()
    report.equal(box.state()["status"], "created", "status")
    box.refused(t.runtime.start(box.id), "process")
    report.equal(box.state()["status"], "created", "status after the refused start")
    t.runtime.delete(box.id).must()
    box.nothing_left()
