"""ctr tasks exec, without a terminal."""

import image
import observe
from containerd_suite import containerd, operation
from support.report import check, contains, equal, eventually


@operation("tasks exec")
def exec_enters_all_namespaces_and_the_cgroup_of_the_container(t):
    task = containerd().start(t, [], "sleep", "1000")
    script = ("for kind in mnt pid uts ipc net user cgroup; do readlink /proc/self/ns/$kind; done;"
              "cat /proc/self/cgroup; cat /proc/1/cmdline")
    lines = observe.cgroup_lines(task.exec("sh", "-c", script).must().stdout)
    for link in lines[:7]:
        kind = link.partition(":")[0]
        equal(link, observe.namespace(task.pid, kind), kind + " namespace")
    for line in lines[7:-1]:
        contains(line, task.name, "/proc/self/cgroup")
    equal(lines[-1], "sleep\x001000\x00", "process 1 as exec sees it")


@operation("tasks exec")
def exec_returns_the_exit_code_and_carries_all_three_streams(t):
    task = containerd().start(t, [], "sleep", "1000")
    answer = task.exec("sh", "-c", "tr a-z A-Z; echo err >&2; exit 3", stdin=b"xyz\n").must(3)
    equal((answer.stdout, answer.stderr), ("XYZ\n", "err\n"), "stdout and stderr")


@operation("tasks exec --cwd, --user")
def exec_takes_directory_and_user(t):
    task = containerd().start(t, ["--env", "OUTER=1"], "sleep", "1000")
    answer = task.exec("sh", "-c", "pwd; id -u; id -g; echo $OUTER",
                       options=["--cwd", "/tmp", "--user", "1000:1001"])
    equal(answer.must().stdout.split(), ["/tmp", "1000", "1001", "1"], "what exec saw")


@operation("tasks exec --detach")
def exec_d_leaves_a_process_that_ends_with_the_container(t):
    task = containerd().start(t, [], "sleep", "1000")
    task.exec("sleep", "2345", options=["--detach"]).must()
    pid = eventually(lambda: observe.pids_running("sleep", "2345"), "the process runs")[0]
    equal(observe.namespace(pid, "pid"), observe.namespace(task.pid, "pid"), "pid namespace")
    equal(observe.cgroups(pid), observe.cgroups(task.pid), "cgroups")
    task.kill("SIGKILL")
    eventually(lambda: not observe.alive(pid), "it ends with the container")


@operation("tasks exec of a missing command")
def a_failing_exec_tells_its_cause_and_spares_the_container(t):
    task = containerd().start(t, [], "sleep", "1000")
    answer = task.exec("no-such-program")
    check(answer.status != 0, f"it succeeded: {answer!r}")
    contains(answer.stderr, "no-such-program", "the message")
    answer = task.exec(image.NOT_EXECUTABLE)
    check(answer.status != 0, f"it succeeded: {answer!r}")
    contains(answer.stderr.lower(), "permission denied", "the cause")
    check(observe.alive(task.pid), "the container did not survive")
    equal(task.exec("echo", "still here").must().line, "still here", "a later exec")
