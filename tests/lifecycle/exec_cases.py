"""exec: what it enters, what it returns, and what it refuses (contract, A3 and B7)."""

import copy
import os
import signal

from common import Box, alive, done, ours, refused, suite, wait_output
from run_cases import NO_SOCKET, Foreground, console
from support import report
from support.runtime import read_terminal, reap


def running(t, *arguments, change=None):
    return Box(t, *arguments, change=change).run_detached()


def exits_with(script, status):
    def test(t):
        box = running(t)
        result = t.runtime.exec(box.id, "sh", "-c", script).must(status)
        report.equal(result.stderr, "", "stderr of exec")
        report.equal(t.runtime.status(box.id), "running", "status of the container")
        box.stop().delete()
    return test


suite.add("execs_and_exits_with_0", exits_with("exit 0", 0))
suite.add("execs_and_exits_with_the_programs_code", exits_with("exit 3", 3))
suite.add("execs_and_exits_with_128_and_the_signal", exits_with("kill -TERM $$", 128 + signal.SIGTERM))
suite.add("execs_and_exits_with_137_after_SIGKILL", exits_with("kill -KILL $$", 128 + signal.SIGKILL))


def fails_to_exec(command, text):
    def test(t):
        box = running(t)
        refused(t.runtime.exec(box.id, command), text, 255)
        report.equal(t.runtime.status(box.id), "running", "status of the container")
        box.stop().delete()
    return test


suite.add("exits_with_255_if_the_command_of_exec_is_missing",
          fails_to_exec("no-such-command", "executable file not found in $PATH"))
suite.add("exits_with_255_if_the_path_of_exec_is_missing",
          fails_to_exec("/no/such/command", "no such file or directory"))
suite.add("exits_with_255_if_the_command_of_exec_is_not_executable",
          fails_to_exec("/etc/passwd", "permission denied"))


@suite.test
def refuses_exec_in_a_stopped_container(t):
    box = running(t).stop()
    refused(t.runtime.exec(box.id, "true"), "cannot exec in a stopped container", 255)
    box.delete()


@suite.test
def refuses_exec_in_a_container_that_is_not_there(t):
    box = Box(t)
    refused(t.runtime.exec(box.id, "true"), "does not exist", 255)
    box.nothing_left()


@suite.test
def execs_in_a_created_container(t):
    # runtime.md says nothing of exec; podman's and containerd's callers may do it before start.
    box = Box(t).create()
    report.equal(done(t.runtime.exec(box.id, "hostname")).stdout, "box\n", "the host name inside")
    report.equal(t.runtime.status(box.id), "created", "status")
    box.delete()


@suite.test
def enters_every_namespace_of_the_container(t):
    script = "for kind in pid net ipc uts mnt cgroup; do readlink /proc/self/ns/$kind; done"
    box = running(t, "sh", "-c", f"{script}; sleep 1000")
    pid = box.pid()
    inside = done(t.runtime.exec(box.id, "sh", "-c", script)).stdout.split()
    kinds = ("pid", "net", "ipc", "uts", "mnt", "cgroup")
    report.equal(inside, [os.readlink(f"/proc/{pid}/ns/{kind}") for kind in kinds], "namespaces")
    for kind, name in zip(kinds, inside):
        report.check(os.readlink(f"/proc/self/ns/{kind}") != name, f"{kind} is not the host's")
    box.stop().delete()


@suite.test
def enters_every_cgroup_of_the_container(t):
    box = running(t)
    with open(f"/proc/{box.pid()}/cgroup", encoding="utf-8") as file:
        wanted = file.read()
    script = "echo ready; sleep 1000"
    entered = t.runtime.spawn("exec", box.id, "sh", "-c", script)
    wait_output(entered, "ready")
    seen = {text for pid in processes_of(t) if (text := read(f"/proc/{pid}/cgroup"))}
    report.equal(seen, {wanted}, "cgroups of all processes of the container")
    box.stop()
    report.equal(entered.wait().status, 137, "exit status of exec in a container that was killed")
    box.delete()


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def processes_of(t):
    return [int(name) for name in os.listdir("/proc")
            if name.isdigit() and alive(name) and t.unique in read(f"/proc/{name}/cgroup")]


@suite.test
def starts_from_the_process_of_the_config(t):
    def change(bundle):
        bundle.set("/process/cwd", "/tmp").set("/process/env", ["PATH=/bin", "MARK=from config"])
    box = running(t, change=change)
    result = done(t.runtime.exec(box.id, "sh", "-c", 'pwd; echo "$MARK"; id -u'))
    report.equal(result.stdout, "/tmp\nfrom config\n0\n", "cwd, env and user")
    box.stop().delete()


@suite.test
def takes_user_cwd_and_env_from_the_command_line(t):
    box = running(t)
    flags = ["--user", "1000:1000", "--cwd", "/tmp", "--env", "MARK=a b", "--env", "OTHER=2"]
    result = done(t.runtime.exec(box.id, "sh", "-c", 'pwd; echo "$MARK$OTHER"; id -u; id -g', flags=flags))
    report.equal(result.stdout, "/tmp\na b2\n1000\n1000\n", "cwd, env, uid, gid")
    box.stop().delete()


@suite.test
def takes_a_uid_alone(t):
    # CVE-2026-30892: `-u 1` was read as uid 0.
    box = running(t)
    result = done(t.runtime.exec(box.id, "sh", "-c", "id -u; id -g", flags=["-u", "1"]))
    report.equal(result.stdout, "1\n0\n", "uid, gid")
    box.stop().delete()


@suite.test
def gives_no_inheritable_capabilities_with_cap(t):
    # CVE-2022-29162
    box = running(t)
    result = done(t.runtime.exec(box.id, "grep", "Cap", "/proc/self/status", flags=["--cap", "CAP_NET_RAW"]))
    sets = dict(line.split(":\t") for line in result.stdout.splitlines())
    net_raw = 1 << 13
    report.equal(int(sets["CapInh"], 16), 0, "inheritable")
    for name in ("CapPrm", "CapEff", "CapBnd"):
        report.check(int(sets[name], 16) & net_raw, f"{name} {sets[name]} has CAP_NET_RAW")
    box.stop().delete()


@suite.test
def takes_nothing_after_the_command_as_an_option(t):
    box = running(t)
    result = done(t.runtime.exec(box.id, "echo", "-d", "--tty", "-e", "x"))
    report.contains(result.stdout, "-d --tty", "what echo printed")
    box.stop().delete()


def process_of(box, *arguments, **changes):
    process = copy.deepcopy(box.bundle.config["process"])
    process["args"] = list(arguments)
    process.update(changes)
    return process


@suite.test
def takes_the_process_from_a_file(t):
    box = running(t)
    process = process_of(box, "sh", "-c", 'pwd; id -u; id -g; id -G; echo "$A"',
                         cwd="/usr", env=["PATH=/bin", "A=1"],
                         user={"uid": 5, "gid": 6, "additionalGids": [7, 8]})
    result = done(t.runtime.exec_process(box.id, process))
    report.equal(result.stdout, "/usr\n5\n6\n6 7 8\n1\n", "cwd, ids, env")
    box.stop().delete()


@suite.test
def takes_the_umask_of_the_process_file(t):
    if not ours(t):
        report.skip("Debian's runc 1.1 leaves the umask of exec alone", impossible=True)
    box = running(t)
    process = process_of(box, "sh", "-c", "umask", user={"uid": 0, "gid": 0, "umask": 0o27})
    report.equal(done(t.runtime.exec_process(box.id, process)).stdout, "0027\n", "umask")
    box.stop().delete()


@suite.test
def passes_stdin_to_exec(t):
    box = running(t)
    with open(os.path.join(box.bundle.rootfs, "given"), "w+", encoding="utf-8") as file:
        file.write("line\n")
        file.seek(0)
        result = done(t.runtime.exec(box.id, "cat", stdin=file))
    report.equal(result.stdout, "line\n", "stdout")
    box.stop().delete()


@suite.test
def returns_from_a_detached_exec_with_a_pid_file(t):
    box = running(t)
    path = os.path.join(box.bundle.rootfs, "pid")
    done(t.runtime.exec_process(box.id, process_of(box, "sh", "-c", "sleep 0.3; exit 4"),
                                "--detach", "--pid-file", path))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    report.check(text.isdigit(), f"the pid file holds digits and no newline: {text!r}")
    pid = int(text)
    report.contains(read(f"/proc/{pid}/cgroup"), box.id, "cgroup of the process")
    report.equal(os.readlink(f"/proc/{pid}/ns/mnt"), os.readlink(f"/proc/{box.pid()}/ns/mnt"),
                 "mount namespace of the process")
    report.equal(reap(pid), 4, "exit status, which its caller gets as subreaper")
    report.equal(t.runtime.status(box.id), "running", "status of the container")
    box.stop().delete()


@suite.test
def writes_no_pid_file_for_an_exec_that_failed(t):
    box = running(t)
    path = os.path.join(box.bundle.rootfs, "pid")
    result = t.runtime.exec_process(box.id, process_of(box, "/no/such/command"), "--detach",
                                    "--pid-file", path)
    result.must(255)
    report.contains(result.stderr, "no such file or directory", "stderr")
    report.check(not os.path.exists(path), "there is no pid file")
    box.stop().delete()


@suite.test
def refuses_a_detached_exec_with_a_terminal_and_no_socket(t):
    box = running(t)
    refused(t.runtime.exec(box.id, "true", flags=["--detach", "--tty"]), NO_SOCKET, 255)
    box.stop().delete()


@suite.test
def sends_the_terminal_of_exec_to_the_console_socket(t):
    box = running(t)
    socket = console(t)
    path = os.path.join(box.bundle.rootfs, "pid")
    process = process_of(box, "sh", "-c", "tty; test -t 0 && echo terminal", terminal=True)
    done(t.runtime.exec_process(box.id, process, "--detach", "--tty", "--console-socket", socket.path,
                                "--pid-file", path))
    master, _, count = socket.receive()
    report.equal(count, 1, "descriptors in the message")
    reap(int(read(path)))
    shown = read_terminal(master)
    os.close(master)
    socket.close()
    report.contains(shown, "/dev/pts/", "the terminal inside")
    report.contains(shown, "terminal\n", "what stdin is")
    box.stop().delete()


@suite.test
def gives_a_foreground_exec_a_terminal(t):
    box = running(t)
    screen = Foreground(t, box, "exec", "--tty", box.id, "sh", "-c",
                        "stty size; read line; echo line=$line; exit 5")
    screen.wait_for("24 80")
    os.write(screen.master, b"typed\n")
    screen.wait_for("line=typed")
    report.equal(screen.end(), 5, f"exit status; {screen.shown}")
    box.stop().delete()


@suite.test
def forwards_a_signal_to_a_foreground_exec(t):
    box = running(t)
    script = "trap 'echo got TERM; exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    entered = t.runtime.spawn("exec", box.id, "sh", "-c", script)
    wait_output(entered, "ready")
    entered.process.send_signal(signal.SIGTERM)
    report.equal(entered.wait().status, 9, "exit status of exec")
    report.equal(t.runtime.status(box.id), "running", "status of the container")
    box.stop().delete()


def refuses_process(name, change, text):
    """`text` is in nucleus's own words; the peer's refusal is a non-zero status."""
    def test(t):
        box = running(t)
        process = process_of(box, "true")
        change(process)
        result = t.runtime.exec_process(box.id, process)
        report.check(result.status not in (0, None), f"{result!r}")
        if ours(t):
            refused(result, text, 255)
        report.equal(t.runtime.status(box.id), "running", "status of the container")
        box.stop().delete()
    suite.add(f"refuses_a_process_file_{name}", test)


refuses_process("with_a_relative_cwd", lambda process: process.update(cwd="tmp"), "/cwd")
refuses_process("without_args", lambda process: process.update(args=[]), "args")
refuses_process("with_a_wrong_type", lambda process: process.update(env="A=1"), "/env")
