"""pause, resume and what a paused container does and does not take (contract, A2 and B7)."""

import os
import time

from common import Box, alive, done, ours, refused, stays, suite, wait_output
from support import report
from support.container import reap_orphans
from support.hierarchies import use_v2_view
from support.runtime import reap

COUNTS = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done"


def on_each_version(test):
    """The test on the machine's own cgroups, and on a view of them with v2 alone."""
    suite.add(test.__name__, test)

    def on_v2(t):
        use_v2_view(t)
        test(t)
    suite.add(test.__name__ + "_on_cgroup_v2", on_v2)
    return test


def counting(t):
    box = Box(t, "sh", "-c", COUNTS)
    created = t.runtime.create(box.id, box.bundle).must()
    box.start()
    wait_output(created, "3\n")
    return box, created


@on_each_version
def pauses_every_process_until_resume(t):
    box, created = counting(t)
    done(t.runtime.call("pause", box.id))
    # Nothing is waited for: they stand still when the command has returned.
    frozen = created.stdout
    report.equal(t.runtime.status(box.id), "paused", "status")
    stays(lambda: created.stdout == frozen, "the program stands still", 0.3)
    done(t.runtime.call("resume", box.id))
    report.equal(t.runtime.status(box.id), "running", "status")
    report.eventually(lambda: len(created.stdout) > len(frozen), "the program counts on")
    box.stop().delete()


@on_each_version
def shows_a_paused_container_in_the_list(t):
    box = Box(t).run_detached()
    done(t.runtime.call("pause", box.id))
    row = done(t.runtime.call("list")).stdout.splitlines()[1].split()
    report.equal(row[:3], [box.id, str(box.pid()), "paused"], "row")
    box.delete("--force")


@suite.test
def pauses_a_created_container(t):
    box = Box(t, "touch", "/started").create()
    done(t.runtime.call("pause", box.id))
    report.equal(t.runtime.status(box.id), "paused", "status")
    refused(t.runtime.start(box.id), "cannot start a container in the paused state")
    done(t.runtime.call("resume", box.id))
    report.equal(t.runtime.status(box.id), "created", "status")
    pid = box.pid()
    box.start()
    report.equal(reap(pid), 0, "exit status of the program")
    box.delete()


@suite.test
def refuses_to_pause_what_does_not_run(t):
    box = Box(t)
    refused(t.runtime.call("pause", box.id), "does not exist")
    box.run_detached()
    done(t.runtime.call("pause", box.id))
    refused(t.runtime.call("pause", box.id), "container not running")
    report.equal(t.runtime.status(box.id), "paused", "status after the second pause")
    done(t.runtime.call("resume", box.id))
    box.stop()
    refused(t.runtime.call("pause", box.id), "container not running")
    box.delete()


@suite.test
def refuses_to_resume_what_is_not_paused(t):
    box = Box(t)
    refused(t.runtime.call("resume", box.id), "does not exist")
    box.create()
    refused(t.runtime.call("resume", box.id), "container not paused")
    box.start()
    refused(t.runtime.call("resume", box.id), "container not paused")
    box.stop()
    refused(t.runtime.call("resume", box.id), "container not paused")
    box.delete()


@on_each_version
def kills_a_paused_container_with_SIGKILL(t):
    box = Box(t).run_detached()
    pid = box.pid()
    done(t.runtime.call("pause", box.id))
    done(t.runtime.kill(box.id, "KILL"))
    report.equal(reap(pid), -9, "how the container's process ended")
    report.equal(t.runtime.status(box.id), "stopped", "status")
    box.delete()


@on_each_version
def kills_a_paused_container_without_a_pid_namespace(t):
    box = Box(t, "sh", "-c", "sleep 1001 & sleep 1002", change=lambda b: b.without_namespace("pid"))
    box.run_detached()
    pid = box.pid()
    done(t.runtime.call("pause", box.id))
    done(t.runtime.kill(box.id, "KILL", *([] if ours(t) else ["--all"])))
    report.equal(reap(pid), -9, "how the container's process ended")
    box.delete()


@suite.test
def keeps_another_signal_until_resume(t):
    box = Box(t, "sh", "-c", "trap 'echo got TERM; exit 7' TERM; echo ready; while :; do sleep 0.02; done")
    created = t.runtime.create(box.id, box.bundle).must()
    box.start()
    wait_output(created, "ready")
    pid = box.pid()
    done(t.runtime.call("pause", box.id))
    done(t.runtime.kill(box.id, "TERM"))
    stays(lambda: "got TERM" not in created.stdout, "the signal waits", 0.2)
    done(t.runtime.call("resume", box.id))
    report.equal(reap(pid), 7, "exit status of the program's handler")
    report.contains(created.stdout, "got TERM", "what it wrote")
    box.delete()


@on_each_version
def deletes_a_paused_container_by_force(t):
    box = Box(t).run_detached()
    pid = box.pid()
    done(t.runtime.call("pause", box.id))
    refused(t.runtime.delete(box.id), f"cannot delete container {box.id} that is not stopped: paused")
    report.check(alive(pid), "the container is still there")
    box.delete("--force")
    report.check(not alive(pid), "the container's process is gone")


@on_each_version
def execs_in_a_paused_container_only_if_told_and_waits_for_resume(t):
    box = Box(t).run_detached()
    done(t.runtime.call("pause", box.id))
    refused(t.runtime.exec(box.id, "true"),
            "cannot exec in a paused container (use --ignore-paused to override)", 255)
    entered = t.runtime.spawn("exec", "--ignore-paused", box.id, "sh", "-c", "echo here; exit 3")
    stays(lambda: entered.status is None and entered.stdout == "", "exec waits", 0.3)
    done(t.runtime.call("resume", box.id))
    entered.wait().must(3)
    report.equal(entered.stdout, "here\n", "what the process wrote")
    box.stop().delete()


@on_each_version
def leaves_nothing_of_an_exec_that_is_killed_while_it_waits_in_a_paused_container(t):
    box = Box(t).run_detached()
    done(t.runtime.call("pause", box.id))
    marker = os.path.join(box.bundle.rootfs, "executed")
    entered = t.runtime.spawn("exec", "--ignore-paused", box.id, "touch", "/executed")
    stays(lambda: entered.status is None, "exec waits", 0.2)
    entered.process.kill()
    entered.wait()
    done(t.runtime.call("resume", box.id))
    if ours(t):  # runc's process goes on without it
        stays(lambda: not os.path.exists(marker), "the program does not run", 0.2)
    report.equal(t.runtime.status(box.id), "running", "status")
    reap_orphans()  # the process that it left waiting: a pid namespace ends with its last one
    box.stop().delete()


@suite.test
def pauses_while_the_container_forks(t):
    # A v1 freezer that is told once may stay half-way for what was forked meanwhile.
    box = Box(t, "sh", "-c", "while :; do (sleep 0.001 &) ; done").run_detached()
    for _ in range(5):
        done(t.runtime.call("pause", box.id))
        report.equal(t.runtime.status(box.id), "paused", "status")
        done(t.runtime.call("resume", box.id))
        time.sleep(0.02)
    box.delete("--force")


@suite.test
def refuses_to_pause_a_container_without_a_cgroup(t):
    if not ours(t):
        report.skip("runc has no --cgroup-manager", impossible=True)
    t.runtime.global_arguments += ["--cgroup-manager", "disabled"]
    box = Box(t).run_detached()
    for command in ("pause", "ps"):
        refused(t.runtime.call(command, box.id), "the container has no cgroup")
    report.equal(t.runtime.status(box.id), "running", "status")
    box.stop().delete()


@suite.test
def pauses_from_an_environment_without_anything(t):
    # podman calls pause and resume so (contract, B2).
    box = Box(t).run_detached()
    for command, status in (("pause", "paused"), ("resume", "running")):
        done(t.runtime.call(command, box.id, environment={"XDG_RUNTIME_DIR": ""}))
        report.equal(t.runtime.status(box.id), status, "status")
    box.stop().delete()
