#!/usr/bin/env python3
"""containerd's runc shim drives the runtime under test (`ctr run --runc-binary`). Each operation is
judged by what the container or the kernel shows, never by an exit status alone."""

import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import image
import observe
import sandbox
from caller_suite import CallerSuite
from containerd_caller import Containerd
from support.report import check, contains, equal, eventually

suite = CallerSuite("containerd", budget=60, long_budget=300)

_containerd = None
_before = {}


def containerd():
    """The suite's containerd, started by the first test that asks."""
    global _containerd
    if _containerd is None:
        _containerd = Containerd(suite.options.runtime)
        suite.announce(_containerd.version())
        # One container, so that what is made only once is there when files are counted.
        name = _containerd.namespace + "-first"
        _containerd(*_containerd.arguments_of_run(["--rm"], name, "true")).must()
        _before.update(_remains())
    return _containerd


def _remains():
    return {"files": observe.files("/run", "/dev", "/var/tmp", without=_KEPT),
            "tmp": {name for name in os.listdir("/tmp") if not name.startswith("nt-")},
            "mounts": set(observe.host_mounts()), "hostname": os.uname().nodename}


# containerd's own.
_KEPT = ("/run/containerd-suite", "/run/containerd/fifo", "/run/containerd/s")


def test(function):
    return suite.test(function, timeout=90)


# --- run ---------------------------------------------------------------------------------------

@test
def run_rm_shows_namespaces_of_its_own_and_leaves_nothing(t):
    script = ("cat /proc/1/comm; "
              "for kind in mnt pid uts ipc net; do readlink /proc/self/ns/$kind; done")
    lines = containerd().shell(t, [], script).splitlines()
    equal(lines[0], "sh", "name of process 1")
    for link in lines[1:]:
        kind = link.partition(":")[0]
        check(link != observe.namespace("self", kind), f"the container is in our {kind} namespace")
    observe.check_gone(t.container_id())
    equal(containerd()("containers", "ls", "-q").line, "", "containers")


@test
def run_returns_the_exit_code_of_the_command(t):
    equal(containerd().run(t, [], "sh", "-c", "exit 42").status, 42, "exit status")


@test
def run_carries_stdin_stdout_and_stderr_apart(t):
    # `ctr run` does not pass the end of its stdin on: the script must not wait for it.
    answer = containerd().run(t, [], "sh", "-c", "read line; echo =$line; echo to-stderr >&2",
                              stdin=b"abc\n")
    equal((answer.must().stdout, answer.stderr), ("=abc\n", "to-stderr\n"), "stdout and stderr")


@test
def run_takes_a_directory_as_root_file_system(t):
    with open(containerd().rootfs + "/etc/mark", "w", encoding="utf-8") as file:
        file.write("given directory\n")
    text = containerd().shell(t, ["--rootfs", "--env", "PATH=/bin"],
                              "cat /etc/mark; echo new > /written-inside",
                              root=containerd().rootfs)
    equal(text, "given directory\n", "a file of the directory")
    check(os.path.exists(containerd().rootfs + "/written-inside"), "the file written inside")


@test
def run_d_starts_a_container_that_the_host_sees(t):
    task = containerd().start(t, ["--pid-file", t.directory + "/pid"], "sleep", "1000")
    equal(containerd().tasks()[task.name], (task.pid, "RUNNING"), "pid and status")
    with open(t.directory + "/pid", encoding="utf-8") as file:
        equal(file.read(), str(task.pid), "the pid file")
    equal(observe.command_line(task.pid), ["sleep", "1000"], "command line")
    equal(observe.status(task.pid)["NSpid"].split()[-1], "1", "pid in its own namespace")
    observe.check_in_own_cgroups(task.pid, task.name)
    contains(observe.command_line(observe.status(task.pid)["PPid"])[0], "containerd-shim",
             "the parent of the container's process")


@test
def a_detached_container_writes_its_log(t):
    task = containerd().start(t, ["--log-uri", f"file://{t.directory}/log"], "sh", "-c",
                              "echo out; echo err >&2")
    task.wait_until_stopped()

    def log():
        with open(t.directory + "/log", encoding="utf-8") as file:
            return sorted(file.read().splitlines())
    # The shim copies on its own time; anything beyond the two lines would stay wrong.
    eventually(lambda: log() == ["err", "out"], "both lines in the log", 10.0)


@test
def run_of_a_missing_command_tells_the_cause_and_leaves_nothing(t):
    for program in ("no-such-program", "/no/such/program"):
        suffix = "a" if program.startswith("/") else "b"
        answer = containerd().run(t, [], program, suffix=suffix)
        check(answer.status != 0, f"it succeeded: {answer!r}")
        contains(answer.stderr, program, "the message")
        check("executable file not found" in answer.stderr
              or "no such file or directory" in answer.stderr.lower(), f"the cause in {answer!r}")
        check("unable to retrieve OCI runtime error" not in answer.stderr, f"no log: {answer!r}")
        observe.check_gone(t.container_id(suffix))


@test
def run_of_a_file_that_is_no_program_tells_the_cause_and_leaves_nothing(t):
    answer = containerd().run(t, [], image.NOT_EXECUTABLE)
    check(answer.status != 0, f"it succeeded: {answer!r}")
    contains(answer.stderr.lower(), "permission denied", "the cause")
    observe.check_gone(t.container_id())


# --- terminal ----------------------------------------------------------------------------------

_SIZED = "until [ \"$(stty size 2>&1)\" = \"{size}\" ]; do sleep 0.05; done; echo size-is-{mark}; "


@test
def run_t_gives_a_terminal_that_knows_its_size(t):
    script = ("test -t 0 && test -t 1 && test -t 2 && echo all three; "
              "test /dev/console -ef /dev/pts/0 && echo console; "
              + _SIZED.format(size="33 99", mark="first")
              + _SIZED.format(size="44 120", mark="second")
              + "read line; echo line=$line; exit 7")
    name = t.container_id()
    t.on_cleanup(containerd().remove, name)
    terminal = containerd().terminal(t, *containerd().arguments_of_run(
        ["--rm", "-t"], name, "sh", "-c", script))
    terminal.read_until("size-is-first")
    terminal.resize(44, 120)
    terminal.read_until("size-is-second")
    terminal.write("hello\n")
    contains(terminal.read_until("line=hello"), "all three\n", "isatty")
    equal(terminal.wait(), 7, "exit status")
    observe.check_gone(name)


@test
def exec_t_gives_a_terminal_that_knows_its_size(t):
    task = containerd().start(t, [], "sleep", "1000")
    script = ("test -t 0 && test -t 1 && test -t 2 && echo all three; "
              + _SIZED.format(size="33 99", mark="first")
              + "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.05; done")
    terminal = containerd().terminal(t, *task.arguments_of_exec(["-t"], "sh", "-c", script))
    contains(terminal.read_until("ready"), "all three\n", "isatty")
    terminal.write("\x03")
    terminal.read_until("interrupted")
    equal(terminal.wait(), 5, "exit status")


# --- exec --------------------------------------------------------------------------------------

@test
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


@test
def exec_returns_the_exit_code_and_carries_all_three_streams(t):
    task = containerd().start(t, [], "sleep", "1000")
    answer = task.exec("sh", "-c", "tr a-z A-Z; echo err >&2; exit 3", stdin=b"xyz\n").must(3)
    equal((answer.stdout, answer.stderr), ("XYZ\n", "err\n"), "stdout and stderr")


@test
def exec_takes_directory_and_user(t):
    task = containerd().start(t, ["--env", "OUTER=1"], "sleep", "1000")
    answer = task.exec("sh", "-c", "pwd; id -u; id -g; echo $OUTER",
                       options=["--cwd", "/tmp", "--user", "1000:1001"])
    equal(answer.must().stdout.split(), ["/tmp", "1000", "1001", "1"], "what exec saw")


@test
def exec_d_leaves_a_process_that_ends_with_the_container(t):
    task = containerd().start(t, [], "sleep", "1000")
    task.exec("sleep", "2345", options=["--detach"]).must()
    pid = eventually(lambda: observe.pids_running("sleep", "2345"), "the process runs")[0]
    equal(observe.namespace(pid, "pid"), observe.namespace(task.pid, "pid"), "pid namespace")
    equal(observe.cgroups(pid), observe.cgroups(task.pid), "cgroups")
    task.kill("SIGKILL")
    eventually(lambda: not observe.alive(pid), "it ends with the container")


@test
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


# --- kill and delete -----------------------------------------------------------------------------

@test
def kill_lets_the_command_handle_sigterm(t):
    script = ("trap 'exit 5' TERM; echo > /marks/ready; while :; do sleep 0.05; done")
    task = containerd().start(t, _bind(t.directory, "/marks", "rw"), "sh", "-c", script)
    eventually(lambda: os.path.exists(t.directory + "/ready"), "the trap is set")
    task.kill()
    task.wait_until_stopped()
    equal(task.remove(), 5, "exit code")
    observe.check_gone(task.name)


@test
def kill_delivers_the_named_signal_and_no_other(t):
    script = ("trap 'echo > /marks/hangup' HUP; trap 'exit 1' TERM; echo > /marks/ready; "
              "while :; do sleep 0.05; done")
    task = containerd().start(t, _bind(t.directory, "/marks", "rw"), "sh", "-c", script)
    eventually(lambda: os.path.exists(t.directory + "/ready"), "the traps are set")
    task.kill("SIGHUP")
    eventually(lambda: os.path.exists(t.directory + "/hangup"), "the handler ran")
    check(observe.alive(task.pid), "the container ended")


@test
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


@test
def a_running_task_is_deleted_only_by_force(t):
    task = containerd().start(t, [], "sleep", "1000")
    answer = containerd()("tasks", "rm", task.name)
    check(answer.status != 0 and observe.alive(task.pid), f"it was deleted: {answer!r}")
    containerd()("tasks", "rm", "--force", task.name)
    eventually(lambda: not observe.alive(task.pid), "the process ends")
    containerd()("containers", "rm", task.name).must()
    observe.check_gone(task.name)


@test
def a_container_whose_task_was_deleted_starts_again(t):
    task = containerd().start(t, [], "sleep", "1000")
    task.kill("SIGKILL")
    task.wait_until_stopped()
    containerd()("tasks", "rm", task.name).must()
    containerd()("tasks", "start", "--detach", task.name).must()
    pid, status = containerd().tasks()[task.name]
    equal((status, observe.command_line(pid)), ("RUNNING", ["sleep", "1000"]), "the second task")


@test
def a_killed_shim_does_not_leave_its_container(t):
    task = containerd().start(t, [], "sleep", "1000")
    shim = int(observe.status(task.pid)["PPid"])
    os.kill(shim, signal.SIGKILL)
    eventually(lambda: not observe.alive(task.pid), "containerd deletes the container", 20.0)
    eventually(lambda: task.name not in containerd().tasks(), "its task is gone", 20.0, 0.05)
    containerd()("containers", "rm", task.name).must()
    observe.check_gone(task.name)


@test
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


# --- what the options ask for --------------------------------------------------------------------

def _bind(source, destination, access):
    return ["--mount", f"type=bind,src={source},dst={destination},options=rbind:{access}"]


@test
def uidmap_and_gidmap_map_the_ids_inside_and_on_the_host(t):
    task = containerd().start(t, ["--uidmap", "0:100000:65536", "--gidmap", "0:200000:65536"],
                              "sleep", "1000")
    status = observe.status(task.pid)
    equal((status["Uid"].split(), status["Gid"].split()), (["100000"] * 4, ["200000"] * 4),
          "the process's ids on the host")
    check(observe.namespace(task.pid, "user") != observe.namespace("self", "user"),
          "the user namespace is ours")
    lines = task.exec("sh", "-c", "cat /proc/self/uid_map /proc/self/gid_map; "
                      "stat -c '%u %g' /bin/busybox; echo x > /written && cat /written").must()
    equal([line.split() for line in lines.stdout.splitlines()],
          [["0", "100000", "65536"], ["0", "200000", "65536"], ["0", "0"], ["x"]], "inside")


@test
def environment_directory_and_mounts_are_as_asked(t):
    for name in ("rw", "ro"):
        os.mkdir(os.path.join(t.directory, name))
    script = ("echo $WORD; pwd; echo new > /rw/new; "
              "if echo new 2>/dev/null > /ro/new; then echo written; else echo refused; fi")
    lines = containerd().shell(t, ["--env", "WORD=a b", "--cwd", "/tmp",
                                   *_bind(t.directory + "/rw", "/rw", "rw"),
                                   *_bind(t.directory + "/ro", "/ro", "ro")], script).splitlines()
    equal(lines, ["a b", "/tmp", "refused"], "what the container saw")
    equal((os.listdir(t.directory + "/rw"), os.listdir(t.directory + "/ro")), (["new"], []),
          "the directories on the host")


@test
def read_only_makes_the_root_unwritable(t):
    answer = containerd().run(t, ["--read-only"], "sh", "-c", "echo x > /file; echo end")
    equal(answer.must().stdout, "end\n", "stdout")
    contains(answer.stderr, "Read-only file system", "the reason")


@test
def capabilities_and_no_new_privileges_are_as_asked(t):
    text = containerd().shell(t, ["--cap-drop", "CAP_CHOWN", "--cap-add", "CAP_NET_ADMIN"],
                              "cat /proc/self/status")
    seen = observe.parse_status(text)
    for field in ("CapEff", "CapPrm", "CapBnd"):
        mask = int(seen[field], 16)
        equal((mask >> 0 & 1, mask >> 12 & 1), (0, 1), f"CAP_CHOWN and CAP_NET_ADMIN in {field}")
    equal(seen["NoNewPrivs"], "1", "NoNewPrivs")


@test
def the_usual_container_has_masked_and_read_only_paths_in_proc(t):
    text = containerd().shell(t, [], "cat /proc/kcore | wc -c; "
                              "if (echo x > /proc/sys/kernel/domainname) 2> /dev/null; "
                              "then echo written; else echo refused; fi; cat /proc/self/mountinfo")
    equal(text.splitlines()[:2], ["0", "refused"], "bytes of /proc/kcore, write to /proc/sys")
    for point in ("/proc/sys", "/proc/irq", "/sys"):
        contains(observe.mount_line(text, point)[0], "ro", "options of " + point)


@test
def a_device_opens_only_if_the_rules_allow_it(t):
    for options, suffix, wanted in (([], "a", "refused"), (["--privileged"], "b", "opened")):
        equal(containerd().shell(t, options, observe.OPEN_KMSG, suffix=suffix).strip(), wanted,
              f"opening /dev/kmsg's twin with {options}")


@test
def the_default_seccomp_profile_is_in_force_on_request(t):
    seen = observe.parse_status(containerd().shell(t, ["--seccomp"], "cat /proc/self/status"))
    equal(seen["Seccomp"], "2", "Seccomp")


@test
def privileged_has_every_capability_of_the_caller(t):
    text = containerd().shell(t, ["--privileged"], "mkdir -p /m; mount -t tmpfs none /m; "
                              "echo mounted; cat /proc/self/status")
    contains(text, "mounted", "a mount inside")
    equal(observe.parse_status(text)["CapEff"], observe.status("self")["CapBnd"], "CapEff")


@test
def memory_and_cpus_reach_the_cgroup(t):
    task = containerd().start(t, ["--memory-limit", str(64 << 20), "--cpus", "0.5"], "sleep",
                              "1000")
    equal(observe.cgroup_value(task.pid, "memory", "memory.limit_in_bytes"), str(64 << 20),
          "memory.limit_in_bytes")
    quota, period = (int(observe.cgroup_value(task.pid, "cpu", "cpu.cfs_" + name))
                     for name in ("quota_us", "period_us"))
    equal(quota * 2, period, "half a processor")
    contains(containerd()("tasks", "metrics", task.name).must().stdout, str(64 << 20),
             "the limit in containerd's metrics of the task")


@test
def net_host_and_joined_namespaces_are_those_of_the_path(t):
    first = containerd().start(t, [], "sleep", "1000", suffix="a")
    equal(containerd().shell(t, ["--net-host"], "readlink /proc/self/ns/net",
                             suffix="b").strip(), observe.namespace("self", "net"), "--net-host")
    options = [f"--with-ns={kind}:/proc/{first.pid}/ns/{name}"
               for kind, name in (("network", "net"), ("ipc", "ipc"), ("pid", "pid"))]
    lines = containerd().shell(t, options, "for kind in net ipc pid; do "
                               "readlink /proc/self/ns/$kind; done; cat /proc/1/cmdline",
                               suffix="c").splitlines()
    equal(lines[:3], [observe.namespace(first.pid, kind) for kind in ("net", "ipc", "pid")],
          "the joined namespaces")
    equal(lines[3], "sleep\x001000\x00", "process 1 of the joined pid namespace")


@test
def runc_root_holds_the_state_while_the_container_runs(t):
    root = t.directory + "/state"
    task = containerd().start(t, ["--runc-root", root], "sleep", "1000")
    where = f"{root}/{containerd().namespace}/{task.name}"
    check(os.path.isdir(where), f"no state in {where}")
    task.kill("SIGKILL")
    task.wait_until_stopped()
    task.remove()
    check(not os.path.exists(where), f"state is left in {where}")


@test
def nothing_is_left_of_all_these_containers(t):
    equal(containerd().tasks(), {}, "tasks")
    eventually(lambda: not observe.shims(), "every shim ends", 20.0)
    containerd().close()
    eventually(lambda: not observe.processes(), "every process ends", 20.0)
    for name in containerd().names:
        observe.check_gone(name)
    after = _remains()
    for kind in ("mounts", "files", "tmp"):
        equal(sorted(after[kind] - _before[kind]), [], f"{kind} left")
    equal(after["hostname"], _before["hostname"], "host name of the caller")
    status = os.stat("/dev/null")
    equal((oct(status.st_mode), status.st_uid, status.st_gid), ("0o20666", 0, 0), "/dev/null")
    equal([path for path in observe.cgroup_directories("")
           if os.path.basename(path) != sandbox.parent_cgroup()], [], "cgroups left")


sandbox.enter(suite)
suite.main()
