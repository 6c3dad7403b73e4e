"""What ends a task: kill, delete, a shim that is gone."""

import os
import signal

import observe
from containerd_suite import bind, containerd, operation
from support.report import check, equal, eventually


@operation("tasks kill")
def kill_lets_the_command_handle_sigterm(t):
    script = ("trap 'exit 5' TERM; echo > /marks/ready; while :; do sleep 0.05; done")
    task = containerd().start(t, bind(t.directory, "/marks", "rw"), "sh", "-c", script)
    eventually(lambda: os.path.exists(t.directory + "/ready"), "the trap is set")
    task.kill()
    task.wait_until_stopped()
    equal(task.remove(), 5, "exit code")
    observe.check_gone(task.name)


@operation("tasks kill")
def kill_delivers_the_named_signal_and_no_other(t):
    script = ("trap 'echo > /marks/hangup' HUP; trap 'exit 1' TERM; echo > /marks/ready; "
              "while :; do sleep 0.05; done")
    task = containerd().start(t, bind(t.directory, "/marks", "rw"), "sh", "-c", script)
    eventually(lambda: os.path.exists(t.directory + "/ready"), "the traps are set")
    task.kill("SIGHUP")
    eventually(lambda: os.path.exists(t.directory + "/hangup"), "the handler ran")
    check(observe.alive(task.pid), "the container ended")


@operation("tasks rm")
def delete_after_sigkill_leaves_nothing(t):
    task = containerd().start(t, [], "sh", "-c", "sleep 3456 & exec sleep 1000")
    child = eventually(lambda: observe.pids_running("sleep", "3456"), "the child runs")[0]
    check(observe.cgroup_directories(task.name), "there is no cgroup to be removed")
    task.kill("SIGKILL")
    task.wait_until_stopped()
    check(not observe.alive(task.pid), "the process is left")
    eventually(lambda: not observe.alive(child), "the child ends")
    equal(task.remove(), 137, "exit code")
    observe.check_gone(task.name)
    eventually(lambda: not observe.shims(), "the shim ends", 20.0)


@operation("tasks rm --force")
def a_running_task_is_deleted_only_by_force(t):
    task = containerd().start(t, [], "sleep", "1000")
    answer = containerd()("tasks", "rm", task.name)
    check(answer.status != 0 and observe.alive(task.pid), f"it was deleted: {answer!r}")
    containerd()("tasks", "rm", "--force", task.name)
    eventually(lambda: not observe.alive(task.pid), "the process ends")
    containerd()("containers", "rm", task.name).must()
    observe.check_gone(task.name)


@operation("tasks start")
def a_container_whose_task_was_deleted_starts_again(t):
    task = containerd().start(t, [], "sleep", "1000")
    task.kill("SIGKILL")
    task.wait_until_stopped()
    containerd()("tasks", "rm", task.name).must()
    containerd()("tasks", "start", "--detach", task.name).must()
    pid, status = containerd().tasks()[task.name]
    equal((status, observe.command_line(pid)), ("RUNNING", ["sleep", "1000"]), "the second task")


@operation("shim killed")
def a_killed_shim_does_not_leave_its_container(t):
    task = containerd().start(t, [], "sleep", "1000")
    shim = int(observe.status(task.pid)["PPid"])
    os.kill(shim, signal.SIGKILL)
    eventually(lambda: not observe.alive(task.pid), "containerd deletes the container", 20.0)
    eventually(lambda: task.name not in containerd().tasks(), "its task is gone", 20.0, 0.05)
    containerd()("containers", "rm", task.name).must()
    observe.check_gone(task.name)


@operation("run --with-ns")
def a_container_in_the_host_pid_namespace_ends_with_all_its_processes(t):
    task = containerd().start(t, ["--with-ns", "pid:/proc/1/ns/pid"], "sh", "-c",
                              "sleep 5678 & setsid sleep 5679 & exec sleep 1000")
    equal(observe.namespace(task.pid, "pid"), observe.namespace("self", "pid"), "pid namespace")
    children = [eventually(lambda: observe.pids_running("sleep", seconds), "the child runs")[0]
                for seconds in ("5678", "5679")]
    os.kill(task.pid, signal.SIGKILL)
    for pid in children:
        eventually(lambda: not observe.alive(pid), f"process {pid} ends", 20.0)
    task.wait_until_stopped()
    equal(task.remove(), 137, "exit code")
    observe.check_gone(task.name)
