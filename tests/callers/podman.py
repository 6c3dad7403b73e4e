#!/usr/bin/env python3
"""Debian's podman drives the runtime under test. Each operation is judged by what the container or
the kernel shows, never by an exit status alone."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import image
import observe
import sandbox
from podman_caller import IMAGE, Podman
from support import report
from support.report import check, contains, equal, eventually

suite = report.Suite("podman", budget=120)

_podman = None
_before = {}


def podman():
    """The suite's podman, made by the first test that asks."""
    global _podman
    if _podman is None:
        _podman = Podman(suite.options.runtime)
        # One container, so that what podman makes only once is there when files are counted.
        _podman.run([], "true").must()
        eventually(lambda: not observe.processes(), "podman's cleanup process ends", 20.0)
        _before.update(_remains())
    return _podman


def _remains():
    return {"files": observe.files("/run", "/dev", "/var/tmp", without=("/run/libpod",)),
            "tmp": set(os.listdir("/tmp")), "mounts": set(observe.host_mounts()),
            "hostname": os.uname().nodename}


def test(function):
    return suite.test(function, timeout=90)


# --- run ---------------------------------------------------------------------------------------

@test
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


@test
def run_returns_the_exit_code_of_the_command(t):
    equal(podman().run([], "sh", "-c", "exit 42").status, 42, "exit status")
    equal(podman().run([], "false").status, 1, "exit status of false")


@test
def run_attached_carries_stdin_stdout_and_stderr_apart(t):
    answer = podman().run(["-i"], "sh", "-c", "tr a-z A-Z; echo to-stderr >&2", stdin=b"abc\n")
    equal((answer.must().stdout, answer.stderr), ("ABC\n", "to-stderr\n"), "stdout and stderr")


@test
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


@test
def run_with_the_usual_parent_cgroup_uses_libpod_parent(t):
    answer = podman()("run", "--rm", "--network", "none", IMAGE, "cat", "/proc/self/cgroup")
    for line in observe.cgroup_lines(answer.must().stdout):
        contains(line, ":/libpod_parent/libpod-", "/proc/self/cgroup")


@test
def run_of_a_missing_command_exits_127(t):
    answer = podman().run(["--name", t.container_id()], "no-such-program")
    equal(answer.status, 127, f"exit status of {answer!r}")
    contains(answer.stderr, "no-such-program", "the message")
    answer = podman().run(["--name", t.container_id()], "/no/such/program")
    equal(answer.status, 127, f"exit status of {answer!r}")


@test
def run_of_a_file_that_is_no_program_exits_126(t):
    for path in (image.NOT_EXECUTABLE, "/etc"):
        answer = podman().run(["--name", t.container_id()], path)
        equal(answer.status, 126, f"exit status of {answer!r}")
        message = answer.stderr.lower()
        check("permission denied" in message or "is a directory" in message, f"cause: {answer!r}")


@test
def a_failing_create_tells_podman_its_cause_by_the_json_log(t):
    answer = podman().run(["--name", t.container_id()], "no-such-program", json_log=True)
    equal(answer.status, 127, f"exit status of {answer!r}")
    contains(answer.stderr, "no-such-program", "the message")
    check('"level"' not in answer.stderr, f"podman shows raw JSON: {answer!r}")


@test
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


@test
def a_stopped_container_starts_again(t):
    container = podman().start(t, [], "sh", "-c", "echo started; exec sleep 1000")
    podman()("restart", "-t", "0", container.name).must()
    again = int(container.inspect("{{.State.Pid}}"))
    check(again != container.pid and not observe.alive(container.pid), "the first process is left")
    equal(observe.status(again)["NSpid"].split()[-1], "1", "pid in its own namespace")
    container.wait_for_log("started\nstarted\n")


# --- terminal ----------------------------------------------------------------------------------

_SIZED = "until [ \"$(stty size 2>&1)\" = \"{size}\" ]; do sleep 0.05; done; echo size-is-{mark}; "


@test
def run_it_gives_a_terminal_that_knows_its_size(t):
    script = ("test -t 0 && test -t 1 && test -t 2 && echo all three; tty; "
              "test /dev/console -ef /dev/pts/0 && echo console; "
              + _SIZED.format(size="33 99", mark="first")
              + _SIZED.format(size="44 120", mark="second")
              + "read line; echo line=$line; exit 7")
    terminal = podman().terminal(t, "run", "--rm", "-it", *podman().options(), IMAGE, "sh", "-c",
                                 script)
    terminal.read_until("size-is-first")
    terminal.resize(44, 120)
    terminal.read_until("size-is-second")
    terminal.write("hello\n")
    text = terminal.read_until("line=hello")
    equal(terminal.wait(), 7, "exit status")
    contains(text, "all three\n", "isatty of stdin, stdout and stderr")
    check("/dev/pts/0\n" in text or "/dev/console\n" in text, f"what tty printed: {text}")


@test
def control_c_on_the_terminal_interrupts_the_foreground_process(t):
    script = "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    terminal = podman().terminal(t, "run", "--rm", "-it", *podman().options(), IMAGE, "sh", "-c",
                                 script)
    terminal.read_until("ready")
    terminal.write("\x03")
    terminal.read_until("interrupted")
    equal(terminal.wait(), 9, "exit status")


@test
def exec_it_gives_a_terminal_that_knows_its_size(t):
    container = podman().start(t, [], "sleep", "1000")
    script = ("test -t 0 && test -t 1 && test -t 2 && echo all three; "
              + _SIZED.format(size="33 99", mark="first") + "read line; echo line=$line; exit 5")
    terminal = podman().terminal(t, "exec", "-it", container.name, "sh", "-c", script)
    terminal.read_until("size-is-first")
    terminal.write("hello\n")
    contains(terminal.read_until("line=hello"), "all three\n", "isatty")
    equal(terminal.wait(), 5, "exit status")


# --- exec --------------------------------------------------------------------------------------

@test
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


@test
def exec_returns_the_exit_code_and_carries_all_three_streams(t):
    container = podman().start(t, [], "sleep", "1000")
    answer = container.exec("sh", "-c", "tr a-z A-Z; echo err >&2; exit 3", options=["-i"],
                            stdin=b"xyz\n", status=3)
    equal((answer.stdout, answer.stderr.splitlines()[0]), ("XYZ\n", "err"), "stdout, stderr")


@test
def exec_takes_environment_directory_and_user(t):
    container = podman().start(t, ["-e", "OUTER=1"], "sleep", "1000")
    answer = container.exec("sh", "-c", "echo $OUTER $INNER; pwd; id -u; id -g",
                            options=["-e", "INNER=2", "-w", "/tmp", "-u", "1000:1001"])
    equal(answer.stdout.split(), ["1", "2", "/tmp", "1000", "1001"], "what exec saw")


@test
def exec_d_leaves_a_process_in_the_container(t):
    container = podman().start(t, [], "sleep", "1000")
    container.exec("sleep", "2345", options=["-d"])
    pid = eventually(lambda: observe.pids_running("sleep", "2345"), "the process runs")[0]
    equal(observe.namespace(pid, "pid"), observe.namespace(container.pid, "pid"), "pid namespace")
    equal(observe.cgroups(pid), observe.cgroups(container.pid), "cgroups")
    podman().remove(container.name)
    eventually(lambda: not observe.alive(pid), "it ends with the container")


@test
def exec_has_the_capabilities_and_the_filter_of_the_container(t):
    container = podman().start(t, ["--cap-drop", "all", "--cap-add", "chown"], "sleep", "1000")
    seen = observe.parse_status(container.exec("cat", "/proc/self/status").stdout)
    host = observe.status(container.pid)
    for field in ("CapBnd", "CapEff", "CapPrm", "Seccomp", "NoNewPrivs"):
        equal(seen[field], host[field], field)
    equal(int(seen["CapBnd"], 16), 1 << 0, "CapBnd: CAP_CHOWN alone")


@test
def exec_of_a_missing_command_exits_127(t):
    container = podman().start(t, [], "sleep", "1000")
    answer = podman()("exec", container.name, "no-such-program")
    equal(answer.status, 127, f"exit status of {answer!r}")
    contains(answer.stderr, "no-such-program", "the message")
    check(observe.alive(container.pid), "the container did not survive a failed exec")


@test
def exec_of_a_file_that_is_no_program_exits_126(t):
    container = podman().start(t, [], "sleep", "1000")
    answer = podman()("exec", container.name, image.NOT_EXECUTABLE)
    equal(answer.status, 126, f"exit status of {answer!r}")
    contains(answer.stderr.lower(), "permission denied", "the message")
    check(observe.alive(container.pid), "the container did not survive a failed exec")


# --- logs, signals, the end ----------------------------------------------------------------------

@test
def logs_hold_the_output_of_a_detached_container(t):
    container = podman().start(t, [], "sh", "-c", "echo out; echo err >&2; sleep 0.1; echo last")
    podman()("wait", container.name).must()
    answer = podman()("logs", container.name).must()
    equal((answer.stdout, answer.stderr), ("out\nlast\n", "err\n"), "the logs")


@test
def attach_shows_what_a_detached_container_writes_later(t):
    container = podman().start(t, ["-i"], "sh", "-c", "read line; echo later $line")
    answer = podman()("attach", container.name, stdin=b"word\n")
    contains(answer.must().stdout, "later word\n", "what attach showed")


@test
def stop_lets_the_command_handle_sigterm(t):
    script = "trap 'echo terminated; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    container = podman().start(t, [], "sh", "-c", script)
    container.wait_for_log("ready")
    podman()("stop", "-t", "20", container.name).must()
    equal(container.inspect("{{.State.ExitCode}} {{.State.Status}}"), "5 exited", "exit code")
    contains(podman()("logs", container.name).stdout, "terminated", "what the handler wrote")
    check(not observe.alive(container.pid), "the process is left")


@test
def stop_kills_a_command_that_ignores_sigterm(t):
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    container = podman().start(t, [], "sh", "-c", script)
    container.wait_for_log("ready")
    started = time.monotonic()
    podman()("stop", "-t", "1", container.name).must()
    check(time.monotonic() - started >= 1, "stop did not wait for the command")
    equal(container.inspect("{{.State.ExitCode}}"), "137", "exit code")
    check(not observe.alive(container.pid), "the process is left")


@test
def kill_ends_a_container_with_sigkill(t):
    container = podman().start(t, [], "sh", "-c", "sleep 3456 & exec sleep 1000")
    child = eventually(lambda: observe.pids_running("sleep", "3456"), "the child runs")[0]
    podman()("kill", container.name).must()
    equal(podman()("wait", container.name).line, "137", "exit code")
    eventually(lambda: not observe.alive(container.pid) and not observe.alive(child),
               "both processes end")


@test
def kill_s_hup_delivers_that_signal_and_no_other(t):
    script = "trap 'echo hangup' HUP; trap 'exit 1' TERM; echo ready; while :; do sleep 0.05; done"
    container = podman().start(t, [], "sh", "-c", script)
    container.wait_for_log("ready")
    podman()("kill", "-s", "HUP", container.name).must()
    container.wait_for_log("hangup")
    check(observe.alive(container.pid), "the container ended")


@test
def rm_f_removes_a_running_container_with_its_processes_and_cgroups(t):
    container = podman().start(t, [], "sh", "-c", "sleep 4567 & exec sleep 1000")
    child = eventually(lambda: observe.pids_running("sleep", "4567"), "the child runs")[0]
    check(observe.cgroup_directories(container.identity), "there is no cgroup to be removed")
    podman().remove(container.name)
    eventually(lambda: not observe.alive(container.pid) and not observe.alive(child),
               "both processes end")
    observe.check_gone(container.identity)
    equal(podman()("ps", "-aq", "--filter", "name=" + container.name).line, "", "podman ps")


@test
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


# --- pods and shared namespaces ------------------------------------------------------------------

def _pod(t, *options):
    name = t.container_id("pod")
    t.on_cleanup(lambda: podman()("pod", "rm", "-f", "-t", "0", name).must())
    podman()("pod", "create", "--name", name, "--infra-image", IMAGE, "--infra-command",
             "sleep 1000", "--cgroup-parent", "/" + sandbox.parent_cgroup(), "--network", "none",
             *options).must()
    return name


@test
def a_pod_of_two_containers_shares_network_ipc_and_uts(t):
    pod = _pod(t, "--hostname", "in-the-pod")
    first = podman().start(t, ["--pod", pod], "sleep", "1000", suffix="a")
    second = podman().start(t, ["--pod", pod], "sleep", "1000", suffix="b")
    seen = [container.exec("sh", "-c", "for kind in net ipc uts mnt pid; do "
                           "readlink /proc/self/ns/$kind; done; hostname").stdout.splitlines()
            for container in (first, second)]
    for kind, one, other in zip(("net", "ipc", "uts"), seen[0], seen[1]):
        equal(one, other, kind + " namespaces of the two")
        check(one != observe.namespace("self", kind), f"the pod is in our {kind} namespace")
    for kind, one, other in zip(("mnt", "pid"), seen[0][3:], seen[1][3:]):
        check(one != other, f"the two share the {kind} namespace")
    equal((seen[0][5], seen[1][5]), ("in-the-pod", "in-the-pod"), "host names")
    first.exec("sh", "-c", "echo shared > /dev/shm/word")
    equal(second.exec("cat", "/dev/shm/word").line, "shared", "/dev/shm of the other")
    podman()("pod", "rm", "-f", "-t", "0", pod).must()
    for container in (first, second):
        observe.check_gone(container.identity)


@test
def a_pod_with_one_pid_namespace_loses_one_container_with_all_its_processes(t):
    pod = _pod(t, "--share", "net,ipc,uts,pid")
    first = podman().start(t, ["--pod", pod], "sleep", "1000", suffix="a")
    second = podman().start(t, ["--pod", pod], "sh", "-c", "sleep 6789 & exec sleep 1000",
                            suffix="b")
    equal(observe.namespace(first.pid, "pid"), observe.namespace(second.pid, "pid"),
          "pid namespaces of the two")
    contains(first.exec("ps").stdout, "sleep 6789", "what the first sees of the second")
    child = observe.pids_running("sleep", "6789")[0]
    podman().remove(second.name)
    eventually(lambda: not observe.alive(second.pid) and not observe.alive(child),
               "both processes of the second end")
    check(observe.alive(first.pid), "the first ended too")
    observe.check_gone(second.identity)


@test
def a_container_joins_the_namespaces_of_another(t):
    first = podman().start(t, ["--ipc", "shareable"], "sleep", "1000", suffix="a")
    join = "container:" + first.name
    lines = podman().shell(["--network", join, "--pid", join, "--ipc", join],
                           "for kind in net pid ipc; do readlink /proc/self/ns/$kind; done;"
                           "cat /proc/1/cmdline").splitlines()
    for link in lines[:3]:
        kind = link.partition(":")[0]
        equal(link, observe.namespace(first.pid, kind), kind + " namespace")
    equal(lines[3], "sleep\x001000\x00", "process 1 of the joined pid namespace")


@test
def network_none_has_only_its_own_loopback(t):
    lines = podman().shell(["--network", "none"],
                           "readlink /proc/self/ns/net; ls /sys/class/net").split()
    check(lines[0] != observe.namespace("self", "net"), "the network namespace is ours")
    equal(lines[1:], ["lo"], "network interfaces")


@test
def network_host_is_the_network_namespace_of_the_caller(t):
    link = podman().shell(["--network", "host"], "readlink /proc/self/ns/net").strip()
    equal(link, observe.namespace("self", "net"), "network namespace")


@test
def ipc_and_uts_host_are_those_of_the_caller(t):
    lines = podman().shell(["--ipc", "host", "--uts", "host"],
                           "readlink /proc/self/ns/ipc; readlink /proc/self/ns/uts").split()
    equal(lines, [observe.namespace("self", "ipc"), observe.namespace("self", "uts")],
          "namespaces")


@test
def a_private_cgroup_namespace_hides_the_path(t):
    lines = podman().shell(["--cgroupns", "private"],
                           "readlink /proc/self/ns/cgroup; cat /proc/self/cgroup").splitlines()
    check(lines[0] != observe.namespace("self", "cgroup"), "the cgroup namespace is ours")
    for line in lines[1:]:
        equal(line.rpartition(":")[2], "/", f"the path in {line}")


# --- users ---------------------------------------------------------------------------------------

def _check_user_namespace(container, first, size):
    """The maps are as asked for, inside and on the host, and files of the image are root's."""
    for name in ("uid_map", "gid_map"):
        fields = container.exec("cat", "/proc/self/" + name).stdout.split()
        equal(fields, ["0", str(first), str(size)], name)
    status = observe.status(container.pid)
    equal((status["Uid"].split(), status["Gid"].split()), ([str(first)] * 4,) * 2,
          "the process's ids on the host")
    check(observe.namespace(container.pid, "user") != observe.namespace("self", "user"),
          "the user namespace is ours")
    owner = container.exec("stat", "-c", "%u %g", "/bin/busybox", "/proc/1", "/dev/pts").stdout
    equal(owner.splitlines()[:2], ["0 0", "0 0"], "owner of the image's files and of process 1")
    contains(container.exec("sh", "-c", "echo x > /written && cat /written").stdout, "x",
             "a file that its root wrote")


@test
def uidmap_maps_the_ids_inside_and_on_the_host(t):
    container = podman().start(t, ["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"],
                               "sleep", "1000")
    _check_user_namespace(container, 100000, 65536)


@test
def userns_auto_takes_a_range_of_the_subordinate_ids(t):
    container = podman().start(t, ["--userns", "auto:size=1024"], "sleep", "1000")
    first = int(observe.status(container.pid)["Uid"].split()[0])
    check(200000 <= first <= 200000 + 65536 - 1024, f"uid {first} on the host")
    _check_user_namespace(container, first, 1024)


@test
def a_container_joins_the_user_namespace_of_another(t):
    first = podman().start(t, ["--uidmap", "0:100000:65536"], "sleep", "1000", suffix="a")
    second = podman().start(t, ["--userns", "container:" + first.name], "sleep", "1000",
                            suffix="b")
    equal(observe.namespace(second.pid, "user"), observe.namespace(first.pid, "user"), "user")
    equal(observe.status(second.pid)["Uid"].split()[0], "100000", "uid on the host")
    equal(second.exec("id", "-u").stdout, "0\n", "uid of an executed process")


@test
def exec_in_a_user_namespace_has_its_ids_and_capabilities(t):
    container = podman().start(t, ["--uidmap", "0:100000:65536"], "sleep", "1000")
    container.exec("sleep", "7890", options=["-d", "-u", "5"])
    pid = eventually(lambda: observe.pids_running("sleep", "7890"), "the process runs")[0]
    equal(observe.status(pid)["Uid"].split()[0], "100005", "uid on the host")
    equal(observe.namespace(pid, "user"), observe.namespace(container.pid, "user"), "user")
    seen = observe.parse_status(container.exec("cat", "/proc/self/status").stdout)
    equal(seen["CapEff"], observe.status(container.pid)["CapEff"], "CapEff of root")


@test
def a_user_with_groups_umask_and_directory(t):
    script = "id -u; id -G; umask; pwd; echo $HOME; echo $WORD"
    lines = podman().shell(["-u", "1000:1001", "--group-add", "77", "--umask", "0027", "-w", "/tmp",
                            "-e", "WORD=a b"], script).splitlines()
    equal(lines[0], "1000", "uid")
    equal(sorted(lines[1].split()), ["1001", "77"], "groups")
    equal(lines[2:], ["0027", "/tmp", "/home/user", "a b"],
          "umask, directory, HOME and WORD")


@test
def a_user_other_than_root_can_open_its_own_standard_streams(t):
    answer = podman().run(["-u", "1000"], "sh", "-ec",
                          "echo out > /dev/stdout; echo err > /dev/stderr").must()
    equal((answer.stdout, answer.stderr), ("out\n", "err\n"), "stdout, stderr")


# --- mounts --------------------------------------------------------------------------------------

@test
def volumes_are_read_write_or_read_only_as_asked(t):
    for name in ("rw", "ro"):
        os.mkdir(os.path.join(t.directory, name))
        with open(os.path.join(t.directory, name, "given"), "w", encoding="utf-8") as file:
            file.write(name + " given\n")
    script = ("cat /rw/given /ro/given; echo new > /rw/new; "
              "if echo new > /ro/new; then echo written; else echo refused; fi")
    answer = podman().run(["-v", t.directory + "/rw:/rw", "-v", t.directory + "/ro:/ro:ro"],
                          "sh", "-ec", script).must()
    equal(answer.stdout, "rw given\nro given\nrefused\n", "what the container saw")
    contains(answer.stderr, "Read-only file system", "the reason")
    equal(sorted(os.listdir(t.directory + "/rw")), ["given", "new"], "the rw directory")
    equal(os.listdir(t.directory + "/ro"), ["given"], "the ro directory")


@test
def one_file_is_mounted_over_one_that_the_image_lacks(t):
    with open(t.directory + "/file", "w", encoding="utf-8") as file:
        file.write("from the host\n")
    text = podman().shell(["-v", t.directory + "/file:/new/place/file:ro"], "cat /new/place/file")
    equal(text, "from the host\n", "the file")


@test
def tmpfs_and_shm_have_the_asked_options_and_sizes(t):
    text = podman().shell(["--tmpfs", "/scratch:rw,noexec,size=1m", "--shm-size", "2m"],
                          "echo word > /scratch/file; cat /proc/self/mountinfo")
    options, kind, more = observe.mount_line(text, "/scratch")
    equal(kind, "tmpfs", "type of /scratch")
    check("noexec" in options and "nosuid" in options, f"options of /scratch: {options}")
    contains(more, "size=1024k", "options of /scratch")
    contains(observe.mount_line(text, "/dev/shm")[2], "size=2048k", "options of /dev/shm")


@test
def read_only_leaves_the_root_unwritable_and_tmp_writable(t):
    script = ("for place in / /etc /tmp /run; do if echo x 2>/dev/null > $place/file; then "
              "echo $place; fi; done; cat /proc/self/mountinfo")
    lines = podman().shell(["--read-only"], script)
    equal([line for line in lines.splitlines() if line.startswith("/")], ["/tmp", "/run"],
          "writable places")
    contains(observe.mount_line(lines, "/")[0], "ro", "options of /")


@test
def the_usual_container_has_masked_and_read_only_paths_in_proc(t):
    script = ("cat /proc/kcore | wc -c; ls /proc/acpi /sys/firmware | grep -vc :; "
              "if (echo 1 > /proc/sys/kernel/domainname) 2>/dev/null; then echo written; "
              "else echo refused; fi; cat /proc/self/mountinfo")
    answer = podman().run([], "sh", "-c", script).must()
    lines = answer.stdout.splitlines()
    equal((lines[0], lines[2]), ("0", "refused"), "bytes of /proc/kcore, write to /proc/sys")
    contains(observe.mount_line(answer.stdout, "/proc/sys")[0], "ro", "options of /proc/sys")
    contains(observe.mount_line(answer.stdout, "/sys")[0], "ro", "options of /sys")


@test
def devices_are_the_usual_ones_and_those_that_were_given(t):
    os.mknod("/dev/given", 0o020660, os.makedev(1, 5))
    t.on_cleanup(os.unlink, "/dev/given")
    script = ("for name in null zero full random urandom tty given; do "
              "stat -c '%n %F %t %T' /dev/$name; done; head -c 3 /dev/given | wc -c; "
              "readlink /dev/fd; readlink /dev/ptmx")
    lines = podman().shell(["--device", "/dev/given"], script).splitlines()
    numbers = {"null": "1 3", "zero": "1 5", "full": "1 7", "random": "1 8", "urandom": "1 9",
               "tty": "5 0", "given": "1 5"}
    equal(lines[:7], [f"/dev/{name} character special file {number}"
                      for name, number in numbers.items()], "devices")
    equal(lines[7:], ["3", "/proc/self/fd", "pts/ptmx"], "bytes of /dev/given, /dev/fd, /dev/ptmx")


@test
def a_device_opens_only_if_the_rules_allow_it(t):
    for options, wanted in (([], "refused"), (["--device-cgroup-rule", "c 1:11 rwm"], "opened")):
        equal(podman().shell(options, observe.OPEN_KMSG).strip(), wanted,
              f"opening /dev/kmsg's twin with {options}")


# --- privileges ----------------------------------------------------------------------------------

@test
def cap_drop_and_cap_add_decide_the_effective_set(t):
    for options, mask in ((["--cap-drop", "all"], 0),
                          (["--cap-drop", "all", "--cap-add", "net_admin"], 1 << 12),
                          (["--cap-add", "all"], observe.all_capabilities())):
        seen = observe.parse_status(podman().shell(options, "cat /proc/self/status"))
        own = int(observe.status("self")["CapBnd"], 16)
        for field in ("CapEff", "CapPrm", "CapBnd"):
            equal(int(seen[field], 16), mask & own, f"{field} with {options}")


@test
def another_user_has_no_effective_capability(t):
    seen = observe.parse_status(podman().shell(["-u", "1000"], "cat /proc/self/status"))
    equal(int(seen["CapEff"], 16), 0, "CapEff")


@test
def privileged_has_all_of_it(t):
    os.mknod("/dev/extra", 0o020666, os.makedev(1, 5))
    t.on_cleanup(os.unlink, "/dev/extra")
    text = podman().shell(["--privileged"], "head -c 3 /dev/extra | wc -c; "
                          "mknod /tmp/zero c 1 5; head -c 3 /tmp/zero | wc -c; "
                          "mkdir /new; mount -t tmpfs none /new; "
                          "cat /proc/self/mountinfo; cat /proc/self/status")
    equal(text.splitlines()[:2], ["3", "3"], "bytes of the host's device and of one it made")
    seen = observe.parse_status(text[text.index("Name:"):])
    equal(seen["CapEff"], observe.status("self")["CapBnd"], "CapEff")
    equal((seen["Seccomp"], seen["NoNewPrivs"]), ("0", "0"), "Seccomp, NoNewPrivs")
    contains(observe.mount_line(text, "/sys")[0], "rw", "options of /sys")
    check(" /proc/kcore " not in text, "/proc/kcore is masked")


@test
def a_usual_container_runs_under_the_default_seccomp_filter(t):
    seen = observe.parse_status(podman().shell([], "cat /proc/self/status"))
    equal(seen["Seccomp"], "2", "Seccomp (2: filter)")
    seen = observe.parse_status(podman().shell(["--security-opt", "seccomp=unconfined"],
                                               "cat /proc/self/status"))
    equal(seen["Seccomp"], "0", "Seccomp when it is unconfined")


@test
def a_seccomp_profile_of_the_user_is_in_force(t):
    profile = {"defaultAction": "SCMP_ACT_ALLOW",
               "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
                             "errnoRet": 18}]}
    with open(t.directory + "/profile.json", "w", encoding="utf-8") as file:
        json.dump(profile, file)
    answer = podman().run(["--security-opt", f"seccomp={t.directory}/profile.json"], "sh", "-c",
                          "mkdir /new; touch /file && echo touched")
    equal(answer.must().stdout, "touched\n", "stdout")
    contains(answer.stderr, "cross-device link", "the text of errno 18 (EXDEV)")


@test
def no_new_privileges_is_set_on_request(t):
    seen = podman().shell(["--security-opt", "no-new-privileges"], "cat /proc/self/status")
    equal(observe.parse_status(seen)["NoNewPrivs"], "1", "NoNewPrivs")
    equal(observe.parse_status(podman().shell([], "cat /proc/self/status"))["NoNewPrivs"], "0",
          "NoNewPrivs of a usual container")


@test
def ulimits_and_oom_score_are_lowered_as_asked(t):
    for user in ("0", "1000"):
        text = podman().shell(["-u", user, "--ulimit", "nofile=123:456", "--ulimit",
                               "nproc=789:789", "--oom-score-adj", "500"],
                              "ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj")
        equal(text.split(), ["123", "456", "500"], f"limits of nofile, oom_score_adj of uid {user}")


# --- resources -----------------------------------------------------------------------------------

@test
def memory_pids_and_cpus_reach_the_cgroup(t):
    container = podman().start(t, ["--memory", "64m", "--memory-swap", "64m", "--pids-limit",
                                   "77", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus",
                                   "0"], "sleep", "1000")
    wanted = {("memory", "memory.limit_in_bytes"): str(64 << 20), ("pids", "pids.max"): "77",
              ("cpu", "cpu.shares"): "512", ("cpuset", "cpuset.cpus"): "0"}
    for (controller, name), value in wanted.items():
        equal(observe.cgroup_value(container.pid, controller, name), value, name)
    quota, period = (int(observe.cgroup_value(container.pid, "cpu", "cpu.cfs_" + name))
                     for name in ("quota_us", "period_us"))
    equal(quota * 2, period, "half a processor")


@test
def the_pids_limit_is_felt_inside(t):
    answer = podman().run(["--pids-limit", "5"], "sh", "-c",
                          "for i in 1 2 3 4 5 6 7 8; do sleep 3 & done; wait")
    check(answer.status != 0, f"eight processes where five are allowed: {answer!r}")
    contains(answer.stderr, "fork", "the shell's complaint")


@test
def the_memory_limit_is_felt_inside(t):
    script = "echo begin; dd if=/dev/zero of=/big/file bs=1M count={}; echo status $?"
    for size, passes in ((4, True), (40, False)):
        answer = podman().run(["--memory", "16m", "--memory-swap", "16m", "--tmpfs",
                               "/big:size=64m"], "sh", "-c", script.format(size))
        contains(answer.stdout, "begin\n", f"the script ran: {answer!r}")
        equal("status 0\n" in answer.stdout, passes, f"{size} MiB in 16 MiB: {answer!r}")


@test
def hostname_is_set_inside_only(t):
    before = os.uname().nodename
    text = podman().shell(["--hostname", "box.example"], "hostname; cat /etc/hostname")
    equal(text.split(), ["box.example"] * 2, "hostname and /etc/hostname")
    equal(os.uname().nodename, before, "our own host name")


@test
def sysctls_are_set_inside_only(t):
    def own(name):
        with open("/proc/sys/" + name, encoding="utf-8") as file:
            return file.read().strip()
    names = ("net/ipv4/ip_default_ttl", "kernel/shm_rmid_forced")
    before = [own(name) for name in names]
    text = podman().shell(["--sysctl", "net.ipv4.ip_default_ttl=77", "--sysctl",
                           "kernel.shm_rmid_forced=1"],
                          f"cat /proc/sys/{names[0]} /proc/sys/{names[1]}")
    equal(text.split(), ["77", "1"], "sysctls inside")
    equal([own(name) for name in names], before, "our own sysctls")


# --- the rest ------------------------------------------------------------------------------------

@test
def init_puts_catatonit_before_the_command(t):
    if not os.path.exists("/usr/libexec/podman/catatonit"):
        report.skip("catatonit is not installed")
    container = podman().start(t, ["--init"], "sleep", "1000")
    contains(container.exec("cat", "/proc/1/cmdline").stdout, "init\x00--\x00sleep", "process 1")
    text = container.exec("ps").stdout
    contains(text, "sleep 1000", "the processes")


@test
def preserved_descriptors_reach_the_command(t):
    path = t.directory + "/passed"
    with open(path, "w", encoding="utf-8") as file:
        file.write("through descriptor 3\n")
    with open(path, encoding="utf-8") as file:
        target = 3
        saved = os.dup(target) if os.path.exists(f"/proc/self/fd/{target}") else None
        os.dup2(file.fileno(), target)
        try:
            answer = podman().run(["--preserve-fds", "1"], "sh", "-ec",
                                  "cat <&3; ls /proc/self/fd", pass_fds=[target])
        finally:
            if saved is None:
                os.close(target)
            else:
                os.dup2(saved, target)
                os.close(saved)
    lines = answer.must().stdout.splitlines()
    equal(lines[0], "through descriptor 3", "the contents")
    equal(lines[1:5], ["0", "1", "2", "3"], "open descriptors")


@test
def hooks_run_with_the_state_on_their_stdin(t):
    script = t.directory + "/hook"
    with open(script, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\ncat > {t.directory}/$1.json\n")
    os.chmod(script, 0o755)
    hooks = t.directory + "/hooks.d"
    os.mkdir(hooks)
    for stage in ("createRuntime", "poststart", "poststop"):
        with open(f"{hooks}/{stage}.json", "w", encoding="utf-8") as file:
            json.dump({"version": "1.0.0", "hook": {"path": script, "args": ["hook", stage]},
                       "when": {"always": True}, "stages": [stage]}, file)
    answer = podman()("--hooks-dir", hooks, "run", "--rm", *podman().options(), IMAGE, "sh", "-c",
                      "cat /proc/self/cgroup").must()
    identity = answer.stdout.split()[0].rpartition("libpod-")[2]
    eventually(lambda: os.path.exists(t.directory + "/poststop.json"), "poststop ran")
    # runtime.md#lifecycle has "running" at poststart; runc 1.1.5 says "created".
    for stage, status in (("createRuntime", ("creating", "created")),
                          ("poststart", ("created", "running")), ("poststop", ("stopped",))):
        path = f"{t.directory}/{stage}.json"
        eventually(lambda: os.path.exists(path) and os.path.getsize(path), f"{stage} ran")
        with open(path, encoding="utf-8") as file:
            state = json.load(file)
        equal(state["id"], identity, f"id in the state that {stage} read")
        check(state["status"] in status, f"status in the state that {stage} read: {state}")
        if stage == "createRuntime":
            check(int(state["pid"]) > 1, f"pid in the state that {stage} read: {state}")


@test
def build_runs_its_commands_in_containers_of_their_own(t):
    # buildah polls `state` and deletes without force.
    with open(t.directory + "/Containerfile", "w", encoding="utf-8") as file:
        file.write(f"FROM {IMAGE}\nENV WORD=built\nRUN echo $WORD > /made; readlink "
                   "/proc/self/ns/pid >> /made; cat /proc/self/cgroup\n")
    name = "localhost/" + t.container_id()
    parent = f"/{sandbox.parent_cgroup()}/{t.unique}"  # buildah 1.28 takes it for the cgroup itself
    t.on_cleanup(podman(), "rmi", "--force", name)
    answer = podman()("build", "--isolation", "oci", "--network", "none", "--cgroup-parent",
                      parent, "-t", name, t.directory).must()
    contains(answer.stdout, ":" + parent, "the cgroup of the RUN step")
    lines = podman()("run", "--rm", *podman().options(), name, "cat", "/made").must()
    word, namespace = lines.stdout.split()
    equal(word, "built", "what the RUN step wrote")
    check(namespace != observe.namespace("self", "pid"), "the RUN step was in our pid namespace")
    observe.check_gone(t.unique)


@test
def info_shows_the_version_that_the_runtime_prints(t):
    answer = podman()("info", "--format", "{{.Host.OCIRuntime.Path}}\n{{.Host.OCIRuntime.Version}}")
    lines = answer.must().stdout.splitlines()
    equal(lines[0], suite.options.runtime, "path")
    contains(lines[1], "version", "the version")


@test
def nothing_is_left_of_all_these_containers(t):
    podman().close()
    eventually(lambda: not observe.processes(), "every process ended", 20.0)
    for identity in podman().ids_so_far("container"):
        observe.check_gone(identity)
    after = _remains()
    equal(sorted(after["mounts"] - _before["mounts"]), [], "mounts left")
    equal(sorted(after["files"] - _before["files"]), [], "files left in /run, /dev and /var/tmp")
    equal(after["hostname"], _before["hostname"], "host name of the caller")
    status = os.stat("/dev/null")
    equal((oct(status.st_mode), status.st_uid, status.st_gid), ("0o20666", 0, 0), "/dev/null")
    # podman does not remove a pod's own cgroup from the hierarchies that it does not manage.
    callers = {sandbox.parent_cgroup(), "conmon", *podman().ids_so_far("pod")}
    equal([path for path in observe.cgroup_directories("")
           if os.path.basename(path) not in callers], [], "cgroups left")


sandbox.enter(suite)
suite.main()
