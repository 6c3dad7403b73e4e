"""kill: what reaches whom, in created, running and stopped containers (contract, B7)."""

import os
import signal

from common import Box, alive, done, ours, refused, stays, suite, wait_output
from support import report
from support.runtime import reap

TRAP = "trap 'echo got {0}; exit 7' {0}; echo ready; while :; do sleep 0.05; done"


def ends_a_created_container(name):
    def test(t):
        box = Box(t).create()
        pid = box.pid()
        done(t.runtime.kill(box.id, name))
        reap(pid)
        report.equal(t.runtime.status(box.id), "stopped", "status")
        box.delete()
    return test


for signal_name in ("KILL", "TERM", "INT", "HUP"):
    suite.add(f"ends_a_created_container_with_SIG{signal_name}", ends_a_created_container(signal_name))


@suite.test
def ends_a_created_container_with_SIGUSR1(t):
    # Its default action is the end of the process (signal(7)); runc's Go runtime swallows it.
    if not ours(t):
        report.skip("runc's waiting process has the dispositions of the Go runtime", impossible=True)
    ends_a_created_container("USR1")(t)


def spares_a_created_container(name):
    def test(t):
        box = Box(t).create()
        pid = box.pid()
        done(t.runtime.kill(box.id, name))
        stays(lambda: alive(pid), f"SIG{name} leaves the waiting process alone")
        report.equal(t.runtime.status(box.id), "created", "status")
        box.start()
        report.equal(t.runtime.status(box.id), "running", "status after start")
        box.stop().delete()
    return test


for signal_name in ("CHLD", "WINCH", "URG"):
    suite.add(f"spares_a_created_container_from_SIG{signal_name}",
              spares_a_created_container(signal_name))


def delivers(spelling, shown):
    def test(t):
        box = Box(t, "sh", "-c", TRAP.format(shown))
        created = t.runtime.create(box.id, box.bundle).must()
        pid = box.pid()
        box.start()
        wait_output(created, "ready")
        arguments = [] if spelling is None else [spelling]
        done(t.runtime.call("kill", box.id, *arguments))
        report.equal(reap(pid), 7, "exit status of the trap")
        report.contains(created.stdout, f"got {shown}", "what the container wrote")
        box.delete()
    return test


for spelled, shell_name in ((None, "TERM"), ("TERM", "TERM"), ("SIGTERM", "TERM"), ("15", "TERM"),
                            ("sigusr1", "USR1"), ("usr2", "USR2"), ("1", "HUP")):
    suite.add(f"delivers_{spelled or 'SIGTERM_if_none_is_named'}", delivers(spelled, shell_name))


@suite.test
def accepts_signal_0_as_a_question(t):
    box = Box(t).run_detached()
    done(t.runtime.kill(box.id, "0"))
    report.equal(t.runtime.status(box.id), "running", "status")
    box.stop()
    refused(t.runtime.kill(box.id, "0"), "container not running")
    box.delete()


def refuses_signal(name):
    def test(t):
        box = Box(t).run_detached()
        refused(t.runtime.kill(box.id, name), "unknown signal")
        report.equal(t.runtime.status(box.id), "running", "status")
        box.stop().delete()
    return test


for bad_name in ("SIGBOGUS", "KILLKILL", "9x"):
    suite.add(f"refuses_the_signal_{bad_name}", refuses_signal(bad_name))


@suite.test
def refuses_to_kill_a_stopped_container(t):
    box = Box(t).run_detached().stop()
    refused(t.runtime.kill(box.id, "KILL"), "container not running")
    box.delete()


@suite.test
def forgives_kill_all_of_a_stopped_container(t):
    box = Box(t).run_detached().stop()
    done(t.runtime.kill(box.id, "KILL", "--all"))
    report.equal(t.runtime.status(box.id), "stopped", "status")
    box.delete()


@suite.test
def refuses_to_kill_a_container_that_is_not_there(t):
    box = Box(t)
    refused(t.runtime.kill(box.id, "KILL"), "does not exist")
    refused(t.runtime.kill(box.id, "KILL", "--all"), "does not exist")
    box.nothing_left()


@suite.test
def refuses_to_kill_a_zombie(t):
    box = Box(t, "true").create()
    pid = box.pid()
    box.start()
    report.eventually(lambda: not alive(pid), "the program ends")
    refused(t.runtime.kill(box.id, "KILL"), "container not running")
    reap(pid)
    box.delete()


@suite.test
def sends_a_signal_to_every_process_with_all(t):
    child = "trap 'echo child got USR1; exit 0' USR1; echo child ready; while :; do sleep 0.05; done"
    script = (f'sh -c "{child}" & trap "echo init got USR1" USR1; echo init ready; '
              "while :; do sleep 0.05; done")
    box = Box(t, "sh", "-c", script)
    created = t.runtime.create(box.id, box.bundle).must()
    box.start()
    wait_output(created, "child ready")
    wait_output(created, "init ready")
    done(t.runtime.kill(box.id, "USR1", "--all"))
    wait_output(created, "child got USR1")
    wait_output(created, "init got USR1")
    report.equal(t.runtime.status(box.id), "running", "status")
    box.stop().delete()


@suite.test
def sends_a_signal_to_the_first_process_only_without_all(t):
    child = "trap 'echo child got USR1; exit 0' USR1; echo child ready; while :; do sleep 0.05; done"
    script = (f'sh -c "{child}" & trap "echo init got USR1" USR1; echo init ready; '
              "while :; do sleep 0.05; done")
    box = Box(t, "sh", "-c", script)
    created = t.runtime.create(box.id, box.bundle).must()
    box.start()
    wait_output(created, "child ready")
    wait_output(created, "init ready")
    done(t.runtime.kill(box.id, "USR1"))
    wait_output(created, "init got USR1")
    stays(lambda: "child got" not in created.stdout, "the child gets no signal", 0.2)
    box.stop().delete()


# Without a pid namespace nothing dies with the first process: kill and delete take the cgroup.
BRANCHES = ("setsid sleep 1000 & sleep 1001 & (setsid sh -c 'sleep 1002 & sleep 1003' &) ; "
            "echo ready; ")


def members(t):
    """Pids of the processes whose cgroup is the test's."""
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit() and alive(name):
            try:
                with open(f"/proc/{name}/cgroup", encoding="utf-8") as file:
                    if t.unique in file.read():
                        found.add(int(name))
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def without_pid_namespace(t, end):
    box = Box(t, "sh", "-c", BRANCHES + end, change=lambda bundle: bundle.without_namespace("pid"))
    created = t.runtime.create(box.id, box.bundle).must()
    box.start()
    wait_output(created, "ready")
    report.eventually(lambda: len(members(t)) >= 5 - (end == "exit 0"), "all branches run")
    return box


@suite.test
def kills_the_whole_cgroup_of_a_container_without_a_pid_namespace(t):
    # runc kills the whole cgroup since 1.2; the older one does with --all (contract, B7).
    box = without_pid_namespace(t, "sleep 1004")
    done(t.runtime.kill(box.id, "KILL", *([] if ours(t) else ["--all"])))
    report.eventually(lambda: not members(t), "every process of the cgroup is gone")
    box.delete()


@suite.test
def kills_what_outlived_the_first_process_with_all(t):
    # containerd's shim calls `kill --all ID 9` after the exit of init (contract, B3).
    box = without_pid_namespace(t, "exit 0")
    t.runtime.wait_status(box.id, "stopped")
    report.check(members(t), "the branches outlive the first process")
    done(t.runtime.kill(box.id, "9", "--all"))
    report.eventually(lambda: not members(t), "every process of the cgroup is gone")
    box.delete()


@suite.test
def deletes_a_running_container_without_a_pid_namespace_by_force(t):
    box = without_pid_namespace(t, "sleep 1004")
    box.delete("--force")
    report.equal(members(t), set(), "processes of the cgroup")


@suite.test
def deletes_what_outlived_the_first_process_by_force(t):
    box = without_pid_namespace(t, "exit 0")
    t.runtime.wait_status(box.id, "stopped")
    box.delete("--force")
    report.equal(members(t), set(), "processes of the cgroup")


@suite.test
def deletes_what_outlived_the_first_process(t):
    box = without_pid_namespace(t, "exit 0")
    t.runtime.wait_status(box.id, "stopped")
    box.delete()
    report.equal(members(t), set(), "processes of the cgroup")


@suite.test
def ends_every_process_of_a_pid_namespace_with_its_first(t):
    box = Box(t, "sh", "-c", BRANCHES + "sleep 1004")
    created = t.runtime.create(box.id, box.bundle).must()
    box.start()
    wait_output(created, "ready")
    report.eventually(lambda: len(members(t)) >= 5, "all branches run")
    pid = box.pid()
    done(t.runtime.kill(box.id, str(int(signal.SIGKILL))))
    reap(pid)
    report.eventually(lambda: not members(t), "every process of the namespace is gone")
    box.delete()
