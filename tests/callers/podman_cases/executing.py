"""podman exec."""

import image
import observe
from podman_suite import operation, podman
from support.report import check, contains, equal, eventually


@operation("exec")
def exec_enters_all_namespaces_and_the_cgroup_of_the_container(t):
    container = podman().start(t, [], "sleep", "1000")
    script = ("for kind in mnt pid uts ipc net user cgroup; do readlink /proc/self/ns/$kind; done;"
              "cat /proc/self/cgroup; cat /proc/1/cmdline")
    lines = observe.cgroup_lines(container.exec("sh", "-c", script).stdout)
    for link in lines[:7]:
        kind = link.partition(":")[0]
        equal(link, observe.namespace(container.pid, kind), kind + " namespace")
    for line in lines[7:-1]:
        contains(line, "libpod-" + container.identity, "/proc/self/cgroup")
    equal(lines[-1], "sleep\x001000\x00", "process 1 as exec sees it")


@operation("exec")
def exec_returns_the_exit_code_and_carries_all_three_streams(t):
    container = podman().start(t, [], "sleep", "1000")
    answer = container.exec("sh", "-c", "tr a-z A-Z; echo err >&2; exit 3", options=["-i"],
                            stdin=b"xyz\n", status=3)
    equal((answer.stdout, answer.stderr.splitlines()[0]), ("XYZ\n", "err"), "stdout, stderr")


@operation("exec")
def exec_takes_environment_directory_and_user(t):
    container = podman().start(t, ["-e", "OUTER=1"], "sleep", "1000")
    answer = container.exec("sh", "-c", "echo $OUTER $INNER; pwd; id -u; id -g",
                            options=["-e", "INNER=2", "-w", "/tmp", "-u", "1000:1001"])
    equal(answer.stdout.split(), ["1", "2", "/tmp", "1000", "1001"], "what exec saw")


@operation("exec -d")
def exec_d_leaves_a_process_in_the_container(t):
    container = podman().start(t, [], "sleep", "1000")
    container.exec("sleep", "2345", options=["-d"])
    pid = eventually(lambda: observe.pids_running("sleep", "2345"), "the process runs")[0]
    equal(observe.namespace(pid, "pid"), observe.namespace(container.pid, "pid"), "pid namespace")
    equal(observe.cgroups(pid), observe.cgroups(container.pid), "cgroups")
    podman().remove(container.name)
    eventually(lambda: not observe.alive(pid), "it ends with the container")


@operation("exec")
def exec_has_the_capabilities_and_the_filter_of_the_container(t):
    container = podman().start(t, ["--cap-drop", "all", "--cap-add", "chown"], "sleep", "1000")
    seen = observe.parse_status(container.exec("cat", "/proc/self/status").stdout)
    host = observe.status(container.pid)
    for field in ("CapBnd", "CapEff", "CapPrm", "Seccomp", "NoNewPrivs"):
        equal(seen[field], host[field], field)
    equal(int(seen["CapBnd"], 16), 1 << 0, "CapBnd: CAP_CHOWN alone")


@operation("exec of what cannot run")
def exec_of_a_missing_command_exits_127(t):
    container = podman().start(t, [], "sleep", "1000")
    answer = podman()("exec", container.name, "no-such-program")
    equal(answer.status, 127, f"exit status of {answer!r}")
    contains(answer.stderr, "no-such-program", "the message")
    check(observe.alive(container.pid), "the container did not survive a failed exec")


@operation("exec of what cannot run")
def exec_of_a_file_that_is_no_program_exits_126(t):
    container = podman().start(t, [], "sleep", "1000")
    answer = podman()("exec", container.name, image.NOT_EXECUTABLE)
    equal(answer.status, 126, f"exit status of {answer!r}")
    contains(answer.stderr.lower(), "permission denied", "the message")
    check(observe.alive(container.pid), "the container did not survive a failed exec")
