"""ctr run."""

import os

import image
import observe
from containerd_suite import containerd, operation
from support.report import check, contains, equal, eventually


@operation("run")
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


@operation("run")
def run_returns_the_exit_code_of_the_command(t):
    equal(containerd().run(t, [], "sh", "-c", "exit 42").status, 42, "exit status")


@operation("run")
def run_carries_stdin_stdout_and_stderr_apart(t):
    # `ctr run` does not pass the end of its stdin on: the script must not wait for it.
    answer = containerd().run(t, [], "sh", "-c", "read line; echo =$line; echo to-stderr >&2",
                              stdin=b"abc\n")
    equal((answer.must().stdout, answer.stderr), ("=abc\n", "to-stderr\n"), "stdout and stderr")


@operation("run --rootfs")
def run_takes_a_directory_as_root_file_system(t):
    with open(containerd().rootfs + "/etc/mark", "w", encoding="utf-8") as file:
        file.write("given directory\n")
    text = containerd().shell(t, ["--rootfs", "--env", "PATH=/bin"],
                              "cat /etc/mark; echo new > /written-inside",
                              root=containerd().rootfs)
    equal(text, "given directory\n", "a file of the directory")
    check(os.path.exists(containerd().rootfs + "/written-inside"), "the file written inside")


@operation("run -d")
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


@operation("run --log-uri")
def a_detached_container_writes_its_log(t):
    task = containerd().start(t, ["--log-uri", f"file://{t.directory}/log"], "sh", "-c",
                              "echo out; echo err >&2")
    task.wait_until_stopped()

    def log():
        with open(t.directory + "/log", encoding="utf-8") as file:
            return sorted(file.read().splitlines())
    # The shim copies on its own time; anything beyond the two lines would stay wrong.
    eventually(lambda: log() == ["err", "out"], "both lines in the log", 10.0)


@operation("run of a missing command")
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


@operation("run of a file that is no program")
def run_of_a_file_that_is_no_program_tells_the_cause_and_leaves_nothing(t):
    answer = containerd().run(t, [], image.NOT_EXECUTABLE)
    check(answer.status != 0, f"it succeeded: {answer!r}")
    contains(answer.stderr.lower(), "permission denied", "the cause")
    observe.check_gone(t.container_id())
