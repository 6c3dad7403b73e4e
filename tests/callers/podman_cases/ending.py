"""podman logs, attach, stop, kill, rm."""

import time

import observe
from podman_suite import operation, podman
from support.report import check, contains, equal, eventually


@operation("logs")
def logs_hold_the_output_of_a_detached_container(t):
    container = podman().start(t, [], "sh", "-c", "echo out; echo err >&2; sleep 0.1; echo last")
    podman()("wait", container.name).must()
    answer = podman()("logs", container.name).must()
    equal((answer.stdout, answer.stderr), ("out\nlast\n", "err\n"), "the logs")


@operation("attach")
def attach_shows_what_a_detached_container_writes_later(t):
    container = podman().start(t, ["-i"], "sh", "-c", "read line; echo later $line")
    answer = podman()("attach", container.name, stdin=b"word\n")
    contains(answer.must().stdout, "later word\n", "what attach showed")


@operation("stop")
def stop_lets_the_command_handle_sigterm(t):
    script = "trap 'echo terminated; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    container = podman().start(t, [], "sh", "-c", script)
    container.wait_for_log("ready")
    podman()("stop", "-t", "20", container.name).must()
    equal(container.inspect("{{.State.ExitCode}} {{.State.Status}}"), "5 exited", "exit code")
    contains(podman()("logs", container.name).stdout, "terminated", "what the handler wrote")
    check(not observe.alive(container.pid), "the process is left")


@operation("stop")
def stop_kills_a_command_that_ignores_sigterm(t):
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    container = podman().start(t, [], "sh", "-c", script)
    container.wait_for_log("ready")
    started = time.monotonic()
    podman()("stop", "-t", "1", container.name).must()
    check(time.monotonic() - started >= 1, "stop did not wait for the command")
    equal(container.inspect("{{.State.ExitCode}}"), "137", "exit code")
    check(not observe.alive(container.pid), "the process is left")


@operation("kill")
def kill_ends_a_container_with_sigkill(t):
    container = podman().start(t, [], "sh", "-c", "sleep 3456 & exec sleep 1000")
    child = eventually(lambda: observe.pids_running("sleep", "3456"), "the child runs")[0]
    podman()("kill", container.name).must()
    equal(podman()("wait", container.name).line, "137", "exit code")
    eventually(lambda: not observe.alive(container.pid) and not observe.alive(child),
               "both processes end")


@operation("kill")
def kill_s_hup_delivers_that_signal_and_no_other(t):
    script = "trap 'echo hangup' HUP; trap 'exit 1' TERM; echo ready; while :; do sleep 0.05; done"
    container = podman().start(t, [], "sh", "-c", script)
    container.wait_for_log("ready")
    podman()("kill", "-s", "HUP", container.name).must()
    container.wait_for_log("hangup")
    check(observe.alive(container.pid), "the container ended")


@operation("rm -f")
def rm_f_removes_a_running_container_with_its_processes_and_cgroups(t):
    container = podman().start(t, [], "sh", "-c", "sleep 4567 & exec sleep 1000")
    child = eventually(lambda: observe.pids_running("sleep", "4567"), "the child runs")[0]
    check(observe.cgroup_directories(container.identity), "there is no cgroup to be removed")
    podman().remove(container.name)
    eventually(lambda: not observe.alive(container.pid) and not observe.alive(child),
               "both processes end")
    observe.check_gone(container.identity)
    equal(podman()("ps", "-aq", "--filter", "name=" + container.name).line, "", "podman ps")


@operation("rm -f")
def a_container_in_the_host_pid_namespace_is_removed_with_all_its_processes(t):
    container = podman().start(t, ["--pid", "host"], "sh", "-c",
                               "sleep 5678 & setsid sleep 5679 & exec sleep 1000")
    equal(observe.namespace(container.pid, "pid"), observe.namespace("self", "pid"),
          "pid namespace")
    children = [eventually(lambda: observe.pids_running("sleep", seconds), "the child runs")[0]
                for seconds in ("5678", "5679")]
    podman().remove(container.name)
    for pid in [container.pid, *children]:
        eventually(lambda: not observe.alive(pid), f"process {pid} ends")
    observe.check_gone(container.identity)
