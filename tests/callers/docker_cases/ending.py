"""docker stop, kill, restart, rm, and what ends a container without being asked."""

import os
import signal
import time

import observe
from docker_suite import docker, operation
from support.report import check, equal, eventually

_TRAPPED = "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.05; done"


@operation("stop")
def stop_lets_the_command_handle_sigterm(t):
    container = docker().start(t, [], "sh", "-c", _TRAPPED)
    container.wait_for_log("ready")
    docker()("stop", "-t", "20", container.name).must()
    container.wait_for_log("caught")
    equal(container.inspect("{{.State.ExitCode}}"), "5", "exit code")
    check(not observe.alive(container.pid), "the process is left")
    equal(observe.cgroup_directories(container.identity), [], "cgroups left")


@operation("stop", tier="long")
def stop_kills_what_does_not_listen(t):
    container = docker().start(t, [], "sh", "-c", "trap '' TERM; echo ready; "
                               "while :; do sleep 0.05; done")
    container.wait_for_log("ready")
    started = time.monotonic()
    docker()("stop", "-t", "1", container.name).must()
    check(time.monotonic() - started >= 1.0, "it did not wait for the second")
    equal(container.inspect("{{.State.ExitCode}}"), "137", "exit code")
    check(not observe.alive(container.pid), "the process is left")


@operation("start, restart")
def a_stopped_container_starts_again_and_restart_gives_it_a_new_process(t):
    container = docker().start(t, [], "sh", "-c", "echo x >> /written; exec sleep 1000")
    eventually(lambda: observe.command_line(container.pid) == ["sleep", "1000"], "it runs")
    docker()("kill", container.name).must()
    docker()("start", container.name).must()
    second = container.process()
    docker()("restart", "-t", "0", container.name).must()
    third = container.process()
    check(len({container.pid, second, third}) == 3, "the processes are the same")
    check(not observe.alive(second), "the second process is left")
    eventually(lambda: observe.command_line(third) == ["sleep", "1000"], "the third one runs")
    equal(container.exec("cat", "/written").stdout, "x\n" * 3, "what each start wrote")
    observe.check_in_own_cgroups(third, container.identity)


@operation("run --restart", tier="long")
def a_failing_container_is_started_again_as_often_as_asked(t):
    container = docker().start(t, ["--restart", "on-failure:2"], "sh", "-c",
                               "echo attempt; exit 3")
    eventually(lambda: container.inspect("{{.State.Status}} {{.RestartCount}}") == "exited 2",
               "it was restarted twice", 20.0, 0.1)
    equal(docker()("logs", container.name).must().stdout, "attempt\n" * 3, "its log")
    equal(observe.cgroup_directories(container.identity), [], "cgroups left")


@operation("kill", tier="long")
def kill_delivers_the_named_signal_and_no_other(t):
    container = docker().start(t, [], "sh", "-c", "trap 'echo hangup' HUP; trap 'exit 1' TERM; "
                               "echo ready; while :; do sleep 0.05; done")
    container.wait_for_log("ready")
    docker()("kill", "-s", "HUP", container.name).must()
    container.wait_for_log("hangup")
    check(observe.alive(container.pid), "the container ended")
    docker()("kill", container.name).must()
    eventually(lambda: not observe.alive(container.pid), "it ends")
    equal(docker()("wait", container.name).must().line, "137", "exit code")


@operation("rm -f")
def rm_f_ends_every_process_and_leaves_nothing(t):
    container = docker().start(t, [], "sh", "-c", "sleep 3456 & exec sleep 1000")
    child = eventually(lambda: observe.pids_running("sleep", "3456"), "the child runs")[0]
    check(observe.cgroup_directories(container.identity), "there is no cgroup to be removed")
    docker()("rm", "-f", container.name).must()
    for pid in (container.pid, child):
        eventually(lambda: not observe.alive(pid), f"process {pid} ends")
    observe.check_gone(container.identity)


@operation("shim killed", tier="long")
def a_killed_shim_does_not_leave_its_container(t):
    container = docker().start(t, [], "sleep", "1000")
    os.kill(int(observe.status(container.pid)["PPid"]), signal.SIGKILL)
    eventually(lambda: not observe.alive(container.pid), "the container ends", 20.0)
    eventually(lambda: container.inspect("{{.State.Status}}") == "exited", "docker knows", 20.0)
    eventually(lambda: not observe.cgroup_directories(container.identity), "no cgroup left", 20.0)
    docker()("start", container.name).must()
    equal(observe.command_line(container.process()), ["sleep", "1000"], "it runs again")


@operation("run --pid host", tier="long")
def a_container_in_the_host_pid_namespace_ends_with_all_its_processes(t):
    container = docker().start(t, ["--pid", "host"], "sh", "-c",
                               "sleep 5678 & setsid sleep 5679 & exec sleep 1000")
    equal(observe.namespace(container.pid, "pid"), observe.namespace("self", "pid"), "namespace")
    children = [eventually(lambda: observe.pids_running("sleep", seconds), "the child runs")[0]
                for seconds in ("5678", "5679")]
    os.kill(container.pid, signal.SIGKILL)
    for pid in children:
        eventually(lambda: not observe.alive(pid), f"process {pid} ends", 20.0)
    eventually(lambda: container.inspect("{{.State.ExitCode}} {{.State.Status}}") == "137 exited",
               "docker knows", 20.0)
    equal(observe.cgroup_directories(container.identity), [], "cgroups left")
