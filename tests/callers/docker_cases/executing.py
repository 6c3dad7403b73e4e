"""docker exec, without a terminal."""

import image
import observe
from docker_suite import docker, operation
from support.report import check, contains, equal, eventually


@operation("exec")
def exec_enters_all_namespaces_and_the_cgroup_of_the_container(t):
    container = docker().start(t, [], "sleep", "1000")
    script = ("for kind in mnt pid uts ipc net user cgroup; do readlink /proc/self/ns/$kind; done;"
              "cat /proc/self/cgroup; cat /proc/1/cmdline")
    lines = observe.cgroup_lines(container.exec("sh", "-c", script).stdout)
    for link in lines[:7]:
        kind = link.partition(":")[0]
        equal(link, observe.namespace(container.pid, kind), kind + " namespace")
    for line in lines[7:-1]:
        contains(line, container.identity, "/proc/self/cgroup")
    equal(lines[-1], "sleep\x001000\x00", "process 1 as exec sees it")


@operation("exec")
def exec_returns_the_exit_code_and_carries_all_three_streams(t):
    container = docker().start(t, [], "sleep", "1000")
    answer = container.exec("sh", "-c", "tr a-z A-Z; echo err >&2; exit 3", options=["-i"],
                            status=3, stdin=b"xyz\n")
    equal((answer.stdout, answer.stderr), ("XYZ\n", "err\n"), "stdout and stderr")


@operation("exec -e, -w, -u", tier="long")
def exec_takes_environment_directory_and_user(t):
    container = docker().start(t, ["-e", "OUTER=1"], "sleep", "1000")
    answer = container.exec("sh", "-c", "echo $OUTER $INNER; pwd; id -u; id -g; echo x >/dev/stderr",
                            options=["-e", "INNER=2", "-w", "/tmp", "-u", "1000:1001"])
    equal(answer.stdout.split(), ["1", "2", "/tmp", "1000", "1001"], "what exec saw")
    equal(answer.stderr, "x\n", "what it wrote to /dev/stderr")


@operation("exec -d", tier="long")
def exec_d_leaves_a_process_that_ends_with_the_container(t):
    container = docker().start(t, [], "sleep", "1000")
    container.exec("sleep", "2345", options=["-d"])
    pid = eventually(lambda: observe.pids_running("sleep", "2345"), "the process runs")[0]
    equal(observe.namespace(pid, "pid"), observe.namespace(container.pid, "pid"), "pid namespace")
    equal(observe.cgroups(pid), observe.cgroups(container.pid), "cgroups")
    docker()("kill", container.name).must()
    eventually(lambda: not observe.alive(pid), "it ends with the container")


@operation("exec --privileged", tier="long")
def exec_has_the_capabilities_of_the_container_or_all(t):
    container = docker().start(t, ["--cap-drop", "all", "--cap-add", "chown"], "sleep", "1000")
    own = observe.status(container.pid)
    seen = observe.parse_status(container.exec("cat", "/proc/self/status").stdout)
    for field in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb", "Seccomp"):
        equal(seen[field], own[field], field)
    text = container.exec("cat", "/proc/self/status", options=["--privileged"]).stdout
    equal(int(observe.parse_status(text)["CapEff"], 16), docker().capabilities(), "CapEff")


@operation("exec of a missing command", tier="long")
def a_failing_exec_has_its_exit_code_and_cause_and_spares_the_container(t):
    container = docker().start(t, [], "sleep", "1000")
    # dockerd 20.10 knows one code for every failure of an exec.
    missing = 126 if docker().release < 25 else 127
    for program, code, words in (
            ("no-such-program", missing, "executable file not found"),
            (image.NOT_EXECUTABLE, 126, "permission denied")):
        answer = docker()("exec", container.name, program)
        equal(answer.status, code, f"exit status of {answer!r}")
        contains(answer.stdout + answer.stderr, program, "the message")
        contains((answer.stdout + answer.stderr).lower(), words, "the cause")
    check(observe.alive(container.pid), "the container did not survive")
    equal(container.exec("echo", "still here").line, "still here", "a later exec")
