"""Hooks in the life cycle: their time, their order, the state they are told, and what their failure
does (runtime.md#lifecycle, config.md#posix-platform-hooks)."""

import os

from common import KINDS, Box, Hooks, suite
from support import report
from support.runtime import reap

TELL_STATE = 'printf %s "$state"'
FIND_PID = r"""pid=$(printf %s "$state" | tr -d ' \n' | sed 's/.*"pid":\([0-9]*\).*/\1/')"""


def box_with(t, *arguments):
    box = Box(t, *arguments)
    return box, Hooks(t, box.bundle)


@suite.test
def the_status_is_creating_created_running_and_stopped_in_its_time(t):
    box, hooks = box_with(t)
    for kind in KINDS:
        hooks.add(kind, TELL_STATE)
    box.create()
    report.equal(box.state()["status"], "created", "after create")
    box.start()
    report.equal(box.state()["status"], "running", "after start")
    box.stop()
    report.equal(box.state()["status"], "stopped", "after its end")
    t.runtime.delete(box.id).must()
    wanted = {"prestart": "creating", "createRuntime": "creating", "createContainer": "creating",
              "startContainer": "created", "poststart": "running", "poststop": "stopped"}
    report.equal({kind: hooks.state(kind)["status"] for kind in KINDS}, wanted, "as hooks are told")
    for kind in KINDS:
        state = hooks.state(kind)
        report.equal((state["id"], state["bundle"]), (box.id, box.bundle.path), f"told to {kind}")


@suite.test
def the_pid_given_to_a_hook_is_as_its_namespace_sees_it(t):
    box, hooks = box_with(t)
    for kind in ("createRuntime", "startContainer", "poststart"):
        hooks.add(kind, TELL_STATE)
    box.create().start()
    pid = box.state()["pid"]
    told = {kind: hooks.state(kind)["pid"] for kind in ("createRuntime", "startContainer",
                                                        "poststart")}
    report.equal(told, {"createRuntime": pid, "startContainer": 1, "poststart": pid}, "pids")
    box.stop()


@suite.test
def hooks_of_a_kind_run_in_the_listed_order(t):
    box, hooks = box_with(t)
    for kind in KINDS:
        for word in ("first", "second", "third"):
            hooks.add(kind, f"echo {word}")
    box.create().start().stop()
    t.runtime.delete(box.id).must()
    for kind in KINDS:
        report.equal(hooks.record(kind), "first\nsecond\nthird\n", f"order of {kind} hooks")


@suite.test
def the_kinds_of_hooks_run_in_the_order_of_the_life_cycle(t):
    # One file for all, which the container sees at /shared; the program writes to it too.
    box, hooks = box_with(t, "sh", "-c", "echo program >>/shared/order; sleep 1000")
    shared = os.path.join(t.directory, "shared")
    os.mkdir(shared)
    box.bundle.mount("/shared", source=shared, options=["bind"])
    for kind in KINDS:
        place = "/shared" if kind == "startContainer" else shared
        # A poststart hook comes after the execve, which is before the program's first word.
        wait = f"until grep -q program {place}/order; do sleep 0.01; done; " * (kind == "poststart")
        hooks.add(kind, f"{wait}echo {kind} >>{place}/order")
    box.create()
    with open(shared + "/order", encoding="utf-8") as file:
        report.equal(file.read().split(), list(KINDS[:3]), "by create")
    box.start()
    box.stop()
    t.runtime.delete(box.id).must()
    with open(shared + "/order", encoding="utf-8") as file:
        report.equal(file.read().split(), [*KINDS[:4], "program", *KINDS[4:]], "in all")


@suite.test
def hooks_of_create_run_after_the_environment_and_before_the_pivot(t):
    # The container's mounts are there in the namespaces of its process, below the bundle's root:
    # the root of that process is not yet the root file system.
    box, hooks = box_with(t)
    mount = f"{box.bundle.rootfs}/dev/shm "
    look = f'{FIND_PID}\ngrep -c "{mount}" /proc/$pid/mountinfo\nreadlink /proc/$pid/root'
    hooks.add("prestart", look).add("createRuntime", look)
    hooks.add("createContainer", f'grep -c "{mount}" /proc/self/mountinfo')
    box.create()
    for kind in ("prestart", "createRuntime"):
        report.equal(hooks.record(kind), "1\n/\n", f"seen by a {kind} hook")
    report.equal(hooks.record("createContainer"), "1\n", "mounts seen by a createContainer hook")


@suite.test
def a_poststart_hook_sees_the_program_run_before_start_returns(t):
    box, hooks = box_with(t, "sleep", "1001")
    look = FIND_PID + '\ntr "\\0" " " </proc/$pid/cmdline'
    hooks.add("poststart", look)
    box.create().start()
    report.equal(hooks.record("poststart"), "sleep 1001 ", "command line of the container process")
    box.stop()


@suite.test
def a_poststop_hook_sees_nothing_of_the_container_before_delete_returns(t):
    box, hooks = box_with(t)
    hooks.add("poststop", f"ls -d {t.runtime.root}/{box.id}; grep -c {box.bundle.rootfs} "
                          "/proc/mounts; echo seen")
    box.create().start().stop()
    report.equal(hooks.record("poststop"), None, "before delete")
    t.runtime.delete(box.id).must()
    record = hooks.record("poststop")
    report.check(record is not None, "the hook ran before delete returned")
    report.contains(record, "No such file", "the state directory, as the hook sees it")
    report.contains(record, "\n0\nseen\n", "mounts, as the hook sees them")


def failing_hook_case(kind):
    def test(t):
        """Steps 3 to 9: an error, the container is stopped; step 12: destroyed, poststop hooks."""
        box, hooks = box_with(t, "sh", "-c", "echo ran; sleep 1000")
        hooks.add(kind, "echo failing", status=3)
        hooks.add(kind, "echo not reached")
        hooks.add("poststop", TELL_STATE)
        box.write()
        result = t.runtime.create(box.id, box.bundle)
        if kind in ("startContainer", "poststart"):
            pid = box_pid(t, box, result)
            result = t.runtime.start(box.id)
            reap(pid)
        box.refused(result, "hook")
        report.equal(hooks.record(kind), "failing\n", f"hooks of {kind} that ran")
        report.equal(t.runtime.status(box.id), None, "status: the container is destroyed")
        report.equal(hooks.state("poststop")["status"], "stopped", "told to the poststop hook")
        for path in (hooks.path(kind), hooks.path("poststop")):
            os.unlink(path)
        box.nothing_left()
    test.__name__ = f"a_{kind}_hook_that_fails_destroys_the_container_and_runs_poststop"
    suite.add(test.__name__, test)


def box_pid(t, box, created):
    created.must()
    return t.runtime.state(box.id)["pid"]


for failing in KINDS[:-1]:
    failing_hook_case(failing)


def failing_hook_of_run_case(kind):
    def test(t):
        box, hooks = box_with(t)
        hooks.add(kind, "echo ran", status=7).add("poststop", "echo ran")
        for number, flags in enumerate(((), ("--detach",)), 1):
            box.write()
            box.refused(t.runtime.run(box.id, box.bundle, *flags), f"{kind} hook 0", "status 7")
            report.equal(hooks.record("poststop"), "ran\n" * number, "poststop hooks that ran")
            report.equal(t.runtime.status(box.id), None, "status afterwards")
    test.__name__ = f"a_{kind}_hook_that_fails_ends_run_and_destroys_the_container"
    suite.add(test.__name__, test)


for failing in ("startContainer", "poststart"):
    failing_hook_of_run_case(failing)


def late_hook_case(kind):
    """A hook that outlives its time, with a child in the background: both are killed."""
    def test(t):
        box = Box(t)
        box.bundle.hook(kind, "/bin/sh", ["sh", "-c", "sleep 1001 & sleep 1002"],
                        env=["PATH=/bin:/usr/bin"], timeout=1)
        box.write()
        if kind in ("startContainer", "poststart"):
            box.create()
            failed = t.runtime.start(box.id)
        else:
            failed = t.runtime.create(box.id, box.bundle)
        box.refused(failed, f"{kind} hook 0 '/bin/sh': timed out after 1 s")
        report.equal(t.runtime.status(box.id), None, "status afterwards")
        box.nothing_left()
    test.__name__ = f"a_{kind}_hook_that_outlives_its_timeout_is_killed_with_its_children"
    suite.add(test.__name__, test)


for late in KINDS[:-1]:
    late_hook_case(late)


@suite.test
def a_poststop_hook_that_outlives_its_timeout_is_killed_with_its_children(t):
    box = Box(t)
    box.bundle.hook("poststop", "/bin/sh", ["sh", "-c", "sleep 1001 & sleep 1002"],
                    env=["PATH=/bin:/usr/bin"], timeout=1)
    box.create()
    t.runtime.delete(box.id, "--force").must()
    box.nothing_left()


@suite.test
def a_hook_whose_process_is_killed_before_its_program_is_told_in_its_own_words(t):
    # By the container's own profile, which the file of its image is held to.
    box = Box(t, change=lambda bundle: bundle.hook("startContainer", "/bin/true"))
    box.bundle.set("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["execve"], "action": "SCMP_ACT_KILL_PROCESS"}]})
    box.create()
    box.refused(t.runtime.start(box.id), "startContainer hook 0 '/bin/true'", "signal 31")
    box.nothing_left()


@suite.test
def a_poststop_hook_that_fails_is_a_warning_and_the_next_one_runs(t):
    box, hooks = box_with(t)
    hooks.add("poststop", "echo first", status=4).add("poststop", "echo second")
    box.create()
    log = os.path.join(t.directory, "log")
    t.runtime.global_arguments = ["--log", log]
    result = t.runtime.delete(box.id).must()
    report.equal(result.stderr, "", "stderr: a warning is for the log")
    report.equal(hooks.record("poststop"), "first\nsecond\n", "hooks that ran")
    report.equal(t.runtime.status(box.id), None, "status after delete")
    with open(log, encoding="utf-8") as file:
        text = file.read()
    report.contains(text, "level=warning", "the log")
    report.contains(text, "hook", "the log")


@suite.test
def a_hook_without_a_path_is_refused(t):
    box = Box(t)
    for kind in KINDS:
        box.bundle.config["hooks"] = {kind: [{"args": ["x"]}]}
        box.write()
        box.refused(t.runtime.create(box.id, box.bundle), f"/hooks/{kind}/0/path")
    box.nothing_left()


@suite.test
def a_hook_with_a_relative_path_is_refused(t):
    box = Box(t)
    for kind in KINDS:
        box.bundle.config["hooks"] = {kind: [{"path": "bin/true"}]}
        box.write()
        box.refused(t.runtime.create(box.id, box.bundle), f"/hooks/{kind}/0/path", "absolute")
    box.nothing_left()


@suite.test
def a_hook_timeout_of_0_is_refused(t):
    box = Box(t)
    for kind in KINDS:
        for timeout in (0, -1):
            box.bundle.config["hooks"] = {kind: [{"path": "/bin/true", "timeout": timeout}]}
            box.write()
            box.refused(t.runtime.create(box.id, box.bundle), f"/hooks/{kind}/0/timeout")
    box.nothing_left()
