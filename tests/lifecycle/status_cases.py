"""create, start, state and delete in every order (runtime.md#lifecycle; contract, B7)."""

import datetime
import os
import re

from common import Box, alive, done, ours, refused, stays, suite
from support import report
from support.runtime import reap

STATE_KEYS = {"ociVersion": str, "id": str, "pid": int, "status": str, "bundle": str, "rootfs": str,
              "created": str, "owner": str}


@suite.test
def creates_without_running_the_program(t):
    box = Box(t, "touch", "/started").create()
    marker = os.path.join(box.bundle.rootfs, "started")
    report.equal(t.runtime.status(box.id), "created", "status")
    stays(lambda: not os.path.exists(marker), "the program does not run before start", 0.2)
    pid = box.pid()
    box.start()
    report.equal(reap(pid), 0, "exit status of the program")
    report.check(os.path.exists(marker), "the program ran after start")
    box.delete()


@suite.test
def deletes_a_container_that_was_never_started(t):
    box = Box(t).create()
    pid = box.pid()
    report.check(alive(pid), "the container process exists")
    box.delete()
    report.check(not alive(pid), "the container process is gone")


@suite.test
def deletes_a_container_that_was_never_started_by_force(t):
    box = Box(t).create()
    box.delete("--force")


@suite.test
def refuses_to_start_twice(t):
    box = Box(t).create().start()
    refused(t.runtime.start(box.id), "cannot start an already running container")
    report.equal(t.runtime.status(box.id), "running", "status after the second start")
    box.stop().delete()


@suite.test
def refuses_to_start_a_stopped_container(t):
    box = Box(t).run_detached().stop()
    refused(t.runtime.start(box.id), "cannot start a container that has stopped")
    box.delete()


@suite.test
def refuses_to_start_a_created_container_that_was_killed(t):
    box = Box(t).create().stop()
    refused(t.runtime.start(box.id), "cannot start a container that has stopped")
    box.delete()


@suite.test
def refuses_to_delete_twice_and_forgives_it_by_force(t):
    box = Box(t).create()
    box.delete()
    refused(t.runtime.delete(box.id), "does not exist")
    done(t.runtime.delete(box.id, "--force"))
    box.nothing_left()


@suite.test
def refuses_to_delete_a_running_container(t):
    box = Box(t).run_detached()
    pid = box.pid()
    refused(t.runtime.delete(box.id),
            f"cannot delete container {box.id} that is not stopped: running")
    report.check(alive(pid), "the container still runs")
    report.equal(t.runtime.status(box.id), "running", "status after the refused delete")
    box.stop().delete()


@suite.test
def deletes_a_running_container_by_force(t):
    box = Box(t).run_detached()
    pid = box.pid()
    box.delete("--force")
    report.check(not alive(pid), "the container process is gone")


@suite.test
def deletes_a_stopped_container_by_force(t):
    Box(t).run_detached().stop().delete("--force")


@suite.test
def refuses_an_id_in_use_and_leaves_its_container_alone(t):
    box = Box(t).create()
    pid = box.pid()
    refused(t.runtime.create(box.id, box.bundle), "container with given ID already exists")
    report.equal(box.pid(), pid, "pid of the first container")
    report.check(alive(pid), "the first container exists")
    box.start().stop().delete()


@suite.test
def allows_an_id_again_after_delete(t):
    box = Box(t)
    for _ in range(2):
        box.create().delete()


def check_state(box, state, status):
    for key, kind in STATE_KEYS.items():
        report.check(isinstance(state.get(key), kind), f"{key} is {state.get(key)!r}")
    report.equal(set(state) - set(STATE_KEYS) - {"annotations"}, set(), "other members of the state")
    report.equal(state["status"], status, "status")
    report.equal(state["id"], box.id, "id")
    report.equal(state["bundle"], box.bundle.path, "bundle")
    report.equal(state["rootfs"], box.bundle.rootfs, "rootfs")
    report.check(re.fullmatch(r"\d+\.\d+\.\d+(-\w+)?", state["ociVersion"]), state["ociVersion"])
    created = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)",
                           state["created"])
    report.check(created, f"created is no RFC 3339 time: {state['created']}")
    age = datetime.datetime.utcnow() - datetime.datetime.fromisoformat(created.group(1))
    report.check(-2 < age.total_seconds() < 60, f"created {age} ago")


def check_pid(box, pid):
    """It is the container process as the caller sees it: its root is the bundle's root."""
    report.check(pid > 1 and alive(pid), f"pid {pid} is alive")
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        report.contains(file.read(), box.id, f"cgroups of pid {pid}")


@suite.test
def reports_the_state_of_a_created_container(t):
    box = Box(t).create()
    state = t.runtime.state(box.id)
    check_state(box, state, "created")
    check_pid(box, state["pid"])
    box.delete()


@suite.test
def reports_the_state_of_a_running_container(t):
    box = Box(t).create()
    created = t.runtime.state(box.id)
    box.start()
    state = t.runtime.state(box.id)
    check_state(box, state, "running")
    check_pid(box, state["pid"])
    report.equal(state["pid"], created["pid"], "pid: start does not change it")
    report.equal(state["created"], created["created"], "created: start does not change it")
    box.stop().delete()


@suite.test
def reports_the_state_of_a_stopped_container(t):
    box = Box(t).run_detached().stop()
    state = t.runtime.state(box.id)
    check_state(box, state, "stopped")
    report.equal(state["pid"], 0, "pid")
    box.delete()


@suite.test
def reports_annotations_in_the_state(t):
    annotations = {"org.example.a": "1", "org.example.empty": "", "org.example.quoted": 'a "b" \\ é'}
    box = Box(t, change=lambda bundle: bundle.set("/annotations", annotations)).create()
    report.equal(t.runtime.state(box.id)["annotations"], annotations, "annotations")
    box.delete()


@suite.test
def prints_a_state_that_is_one_json_object_and_nothing_else(t):
    box = Box(t).create()
    result = done(t.runtime.call("state", box.id))
    report.check(result.stdout.startswith("{") and result.stdout.rstrip().endswith("}"),
                 result.stdout)
    box.delete()


@suite.test
def refuses_the_state_of_a_container_that_is_not_there(t):
    box = Box(t)
    refused(t.runtime.call("state", box.id), "does not exist")
    box.nothing_left()


@suite.test
def refuses_to_start_a_container_that_is_not_there(t):
    box = Box(t)
    refused(t.runtime.start(box.id), "does not exist")
    box.nothing_left()


@suite.test
def keeps_to_the_config_of_create_when_the_file_changes(t):
    # runtime.md#create: "Any changes made to the config.json file after this operation will not have
    # an effect on the container."
    box = Box(t, "sh", "-c", "echo first; sleep 1000")
    created = t.runtime.create(box.id, box.bundle).must()
    box.bundle.args("sh", "-c", "echo second").write()
    box.start()
    report.eventually(lambda: created.stdout == "first\n", f"the first program's word: {created!r}")
    box.stop().delete()


@suite.test
def deletes_a_container_whose_bundle_is_gone(t):
    box = Box(t).run_detached().stop()
    os.unlink(os.path.join(box.bundle.path, "config.json"))
    done(t.runtime.delete(box.id))
    with open(os.path.join(box.bundle.path, "config.json"), "w", encoding="utf-8"):
        pass
    box.nothing_left()


@suite.test
def makes_the_container_process_a_child_of_its_caller(t):
    # A caller takes the exit status as subreaper (contract, B1 and B3).
    box = Box(t, "sh", "-c", "exit 23").create()
    pid = box.pid()
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        report.equal(int(file.read().rpartition(")")[2].split()[1]), os.getpid(), "parent")
    box.start()
    report.equal(reap(pid), 23, "exit status")
    t.runtime.wait_status(box.id, "stopped")
    box.delete()


@suite.test
def reports_stopped_as_soon_as_the_process_is_a_zombie(t):
    box = Box(t, "true").create()
    pid = box.pid()
    box.start()
    report.eventually(lambda: not alive(pid), "the program ends")
    report.equal(t.runtime.status(box.id), "stopped", "status while nobody has reaped it")
    reap(pid)
    box.delete()


@suite.test
def leaves_nothing_of_a_create_that_is_killed_with_its_caller_waiting(t):
    # A container whose init was killed before start is deleted like any other.
    box = Box(t).create()
    pid = box.pid()
    os.kill(pid, 9)
    reap(pid)
    report.equal(t.runtime.status(box.id), "stopped", "status")
    box.delete()


@suite.test
def refuses_a_cgroup_that_others_stand_in(t):
    # runc 1.1 only warns; newer ones and nucleus refuse (contract, B7).
    if not ours(t):
        report.skip("Debian's runc 1.1 predates this refusal", impossible=True)
    def shared(bundle):
        bundle.set("/linux/cgroupsPath", f"/{t.unique}-shared")
    second = Box(t, name="second", change=shared)
    second.id = t.container_id("second")
    first = Box(t, change=shared)
    first.run_detached()
    refused(t.runtime.create(second.id, second.bundle), "container's cgroup is not empty: 1 process")
    report.equal(t.runtime.status(second.id), None, "status of the second")
    report.equal(t.runtime.status(first.id), "running", "status of the first")
    first.stop().delete()
