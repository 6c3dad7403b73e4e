"""podman run, create, init, start, restart, wait."""

import os

import image
import observe
from podman_caller import IMAGE
from podman_suite import operation, podman
from support.report import check, contains, equal, eventually


@operation("run")
def run_rm_shows_namespaces_of_its_own_and_leaves_nothing(t):
    name = t.container_id()
    script = ("hostname; cat /proc/1/comm; for kind in mnt pid uts ipc net; do "
              "readlink /proc/self/ns/$kind; done; cat /proc/self/cgroup")
    lines = observe.cgroup_lines(podman().shell(["--name", name], script))
    identity = lines[-1].rpartition("libpod-")[2]
    equal(len(identity), 64, f"length of the id in the cgroup's name {lines[-1]}")
    equal(lines[0], identity[:12], "host name")
    equal(lines[1], "sh", "name of process 1")
    for link in lines[2:7]:
        kind = link.partition(":")[0]
        check(link != observe.namespace("self", kind), f"the container is in our {kind} namespace")
    observe.check_gone(identity)
    equal(podman()("ps", "-aq", "--filter", "id=" + identity).line, "", "podman ps")


@operation("run")
def run_returns_the_exit_code_of_the_command(t):
    equal(podman().run([], "sh", "-c", "exit 42").status, 42, "exit status")
    equal(podman().run([], "false").status, 1, "exit status of false")


@operation("run")
def run_attached_carries_stdin_stdout_and_stderr_apart(t):
    answer = podman().run(["-i"], "sh", "-c", "tr a-z A-Z; echo to-stderr >&2", stdin=b"abc\n")
    equal((answer.must().stdout, answer.stderr), ("ABC\n", "to-stderr\n"), "stdout and stderr")


@operation("run -d")
def run_d_starts_a_container_that_the_host_sees(t):
    container = podman().start(t, [], "sleep", "1000")
    equal(observe.command_line(container.pid), ["sleep", "1000"], "command line of State.Pid")
    equal(observe.status(container.pid)["NSpid"].split()[-1], "1", "pid in its own namespace")
    observe.check_in_own_cgroups(container.pid, "libpod-" + container.identity)
    parent = observe.status(container.pid)["PPid"]
    contains(observe.command_line(parent)[0], "conmon", "the parent of the container's process")
    equal(container.inspect("{{.State.Status}}"), "running", "status")
    podman().remove(container.name)
    observe.check_gone(container.identity)


@operation("run")
def run_with_the_usual_parent_cgroup_uses_libpod_parent(t):
    answer = podman()("run", "--rm", "--network", "none", IMAGE, "cat", "/proc/self/cgroup")
    for line in observe.cgroup_lines(answer.must().stdout):
        contains(line, ":/libpod_parent/libpod-", "/proc/self/cgroup")


@operation("run of what cannot run")
def run_of_a_missing_command_exits_127(t):
    answer = podman().run(["--name", t.container_id()], "no-such-program")
    equal(answer.status, 127, f"exit status of {answer!r}")
    contains(answer.stderr, "no-such-program", "the message")
    answer = podman().run(["--name", t.container_id()], "/no/such/program")
    equal(answer.status, 127, f"exit status of {answer!r}")


@operation("run of what cannot run")
def run_of_a_file_that_is_no_program_exits_126(t):
    for path in (image.NOT_EXECUTABLE, "/etc"):
        answer = podman().run(["--name", t.container_id()], path)
        equal(answer.status, 126, f"exit status of {answer!r}")
        message = answer.stderr.lower()
        check("permission denied" in message or "is a directory" in message, f"cause: {answer!r}")


@operation("run of what cannot run")
def a_failing_create_tells_podman_its_cause_by_the_json_log(t):
    answer = podman().run(["--name", t.container_id()], "no-such-program", json_log=True)
    equal(answer.status, 127, f"exit status of {answer!r}")
    contains(answer.stderr, "no-such-program", "the message")
    check('"level"' not in answer.stderr, f"podman shows raw JSON: {answer!r}")


@operation("create, init, start")
def create_and_init_hold_the_command_back_until_start(t):
    name, marks = t.container_id(), t.directory
    t.on_cleanup(podman().remove, name)
    podman()("create", "--name", name, *podman().options("-v", marks + ":/marks"), IMAGE, "sh",
             "-c", "touch /marks/ran; exec sleep 1000").must()
    podman()("init", name).must()
    pid = int(podman()("inspect", "--format", "{{.State.Pid}}", name).must().line)
    check(observe.alive(pid), f"the container's process {pid} is not there after init")
    check(observe.namespace(pid, "pid") != observe.namespace("self", "pid"), "our pid namespace")
    check(not os.path.exists(marks + "/ran"), "the command ran before start")
    podman()("start", name).must()
    eventually(lambda: os.path.exists(marks + "/ran"), "the command runs after start")
    eventually(lambda: observe.command_line(pid) == ["sleep", "1000"], "the same process runs it")


@operation("restart")
def a_stopped_container_starts_again(t):
    container = podman().start(t, [], "sh", "-c", "echo started; exec sleep 1000")
    podman()("restart", "-t", "0", container.name).must()
    again = int(container.inspect("{{.State.Pid}}"))
    check(again != container.pid and not observe.alive(container.pid), "the first process is left")
    equal(observe.status(again)["NSpid"].split()[-1], "1", "pid in its own namespace")
    container.wait_for_log("started\nstarted\n")
