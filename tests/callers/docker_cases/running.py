"""docker run, create, start, logs."""

import json
import os

import image
import observe
from docker_caller import IMAGE
from docker_suite import docker, operation, suite
from support.report import check, contains, equal, eventually, skip


@operation("info")
def info_shows_the_runtime_and_its_version(t):
    info = json.loads(docker()("info", "--format", "{{json .}}").must().stdout)
    equal(info["DefaultRuntime"], "tested", "the default runtime")
    equal(info["Runtimes"]["tested"]["path"], suite.options.runtime, "its path")
    equal(info["CgroupDriver"], "cgroupfs", "the cgroup driver")
    # dockerd reads both from what the runtime prints of itself.
    equal([line for line in info.get("Warnings") or [] if "runtime" in line.lower()], [],
          "warnings")
    check(info["RuncCommit"]["ID"] not in ("", "N/A"), f"the version: {info['RuncCommit']}")


@operation("info", tier="long")
def info_shows_the_features_of_the_runtime(t):
    if docker().release < 25:
        skip("this dockerd does not ask a runtime for its features", impossible=True)
    info = json.loads(docker()("info", "--format", "{{json .Runtimes}}").must().stdout)
    features = json.loads(info["tested"]["status"]["org.opencontainers.runtime-spec.features"])
    contains(features["mountOptions"], "rro", "mount options")
    contains(features["linux"]["namespaces"], "user", "namespaces")
    equal(features["ociVersionMin"].partition(".")[0], "1", "the lowest version")


@operation("run")
def run_rm_shows_namespaces_of_its_own_and_leaves_nothing(t):
    script = ("hostname; cat /proc/1/comm; "
              "for kind in mnt pid uts ipc net; do readlink /proc/self/ns/$kind; done")
    lines = docker().shell(["--cidfile", t.directory + "/id"], script).splitlines()
    with open(t.directory + "/id", encoding="utf-8") as file:
        identity = file.read()
    equal(lines[:2], [identity[:12], "sh"], "host name, name of process 1")
    for link in lines[2:]:
        kind = link.partition(":")[0]
        check(link != observe.namespace("self", kind), f"the container is in our {kind} namespace")
    observe.check_gone(identity)
    check(identity not in docker().containers(), "docker ps still has it")


@operation("run", tier="long")
def run_returns_the_exit_code_of_the_command(t):
    equal(docker().run([], "sh", "-c", "exit 42").status, 42, "exit status")


@operation("run")
def run_attached_carries_stdin_stdout_and_stderr_apart(t):
    answer = docker().run(["-i"], "sh", "-c", "tr a-z A-Z; echo to-stderr >&2", stdin=b"abc\n")
    equal((answer.must().stdout, answer.stderr), ("ABC\n", "to-stderr\n"), "stdout and stderr")


@operation("run -d")
def run_d_starts_a_container_that_the_host_sees(t):
    container = docker().start(t, [], "sleep", "1000")
    equal(observe.command_line(container.pid), ["sleep", "1000"], "command line of State.Pid")
    equal(observe.status(container.pid)["NSpid"].split()[-1], "1", "pid in its own namespace")
    observe.check_in_own_cgroups(container.pid, container.identity)
    contains(observe.command_line(observe.status(container.pid)["PPid"])[0], "containerd-shim",
             "the parent of the container's process")
    container.must_be("running")
    docker().remove(container.name)
    check(not observe.alive(container.pid), "the process is left")
    observe.check_gone(container.identity)


@operation("create, start", tier="long")
def create_holds_the_command_back_until_start(t):
    name = t.container_id()
    t.on_cleanup(docker().remove, name)
    docker()("create", "--name", name, *docker().options("-v", t.directory + ":/marks"), IMAGE,
             "sh", "-c", "echo > /marks/ran; echo started; exit 3").must()
    check(not os.path.exists(t.directory + "/ran"), "the command ran before start")
    answer = docker()("start", "--attach", name)
    equal((answer.status, answer.stdout), (3, "started\n"), "exit status and output")
    check(os.path.exists(t.directory + "/ran"), "the command did not run")
    equal(docker()("inspect", "--format", "{{.State.ExitCode}}", name).must().line, "3",
          "exit code in docker's books")


@operation("logs", tier="long")
def logs_hold_both_streams(t):
    container = docker().start(t, [], "sh", "-c", "echo out; echo err >&2; exec sleep 1000")
    container.wait_for_log("out")
    answer = docker()("logs", container.name).must()
    equal((answer.stdout, answer.stderr), ("out\n", "err\n"), "stdout and stderr")


@operation("run --user")
def another_user_writes_to_dev_stderr_and_dev_stdout(t):
    answer = docker().run(["-u", "1000"], "sh", "-ec", "id -u; echo out > /dev/stdout; "
                          "echo err > /dev/stderr; echo end > /proc/self/fd/2")
    equal((answer.must().stdout, answer.stderr), ("1000\nout\n", "err\nend\n"), "the streams")


@operation("run --user", tier="long")
def user_and_groups_are_those_of_the_options(t):
    seen = observe.parse_status(docker().shell(
        ["-u", "1000:1001", "--group-add", "1500"], "cat /proc/self/status"))
    equal((seen["Uid"].split(), seen["Gid"].split(), seen["Groups"].split()),
          (["1000"] * 4, ["1001"] * 4, ["1001", "1500"]), "ids of the process")
    equal(int(seen["CapEff"], 16), 0, "CapEff")


@operation("run of a missing command")
def run_of_a_missing_command_exits_127_and_names_it(t):
    for program in ("no-such-program", "/no/such/program"):
        answer = docker().run(["--name", t.container_id()], program)
        equal(answer.status, 127, f"exit status of {answer!r}")
        contains(answer.stderr, program, "the message")
        check("executable file not found" in answer.stderr
              or "no such file or directory" in answer.stderr, f"the cause in {answer!r}")
    docker().remove(t.container_id())


@operation("run of a file that is no program")
def run_of_a_file_that_is_no_program_exits_126_and_tells_why(t):
    for path, words in ((image.NOT_EXECUTABLE, ("permission denied",)),
                        ("/etc", ("is a directory", "permission denied"))):
        answer = docker().run(["--name", t.container_id()], path)
        equal(answer.status, 126, f"exit status of {answer!r}")
        contains(answer.stderr, path, "the message")
        check(any(word in answer.stderr for word in words), f"the cause in {answer!r}")
    docker().remove(t.container_id())


@operation("run --env, --workdir, --hostname", tier="long")
def environment_directory_and_host_name_are_as_asked(t):
    options = ["-e", "WORD=a b", "-w", "/made/for/it", "-h", "box", "--add-host", "other:10.0.0.7"]
    lines = docker().shell(options, "echo $WORD; pwd; hostname; cat /etc/hosts").splitlines()
    equal(lines[:3], ["a b", "/made/for/it", "box"], "what the container saw")
    check(any(line.split() == ["10.0.0.7", "other"] for line in lines), f"/etc/hosts: {lines}")


@operation("run --init", tier="long")
def init_stands_before_the_command_and_reaps_orphans(t):
    container = docker().start(t, ["--init"], "sleep", "1000")
    first = observe.command_line(container.pid)
    contains(os.path.basename(first[0]), "init", "process 1")
    equal(first[-2:], ["sleep", "1000"], "what it was told to start")
    eventually(lambda: len(_processes(container)) == 2, "the two processes")
    container.exec("sh", "-c", "(sleep 0.1 &)")
    eventually(lambda: len(_processes(container)) == 2, "the orphan is reaped, not a zombie")


def _processes(container):
    return container.exec("sh", "-c", "for i in /proc/[0-9]*; do test -e $i/ns/pid && "
                          "test ${i#/proc/} != $$ && echo $i; done; true").stdout.split()
