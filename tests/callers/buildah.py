#!/usr/bin/env python3
"""Debian's buildah drives the runtime under test: create, start, state until it has ended, delete
without force. Each operation is judged by what the container or the kernel shows."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import observe
import sandbox
from buildah_caller import IMAGE, Buildah
from caller_suite import CallerSuite
from support.report import check, contains, equal, eventually

suite = CallerSuite("buildah", budget=60, long_budget=300)
operation = suite.operation

_buildah = None
_before = {}
# buildah 1.39 gives containers its own default limits, higher than a root without
# CAP_SYS_RESOURCE may set.
_LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")


def buildah():
    """The suite's buildah, made by the first test that asks."""
    global _buildah
    if _buildah is None:
        _buildah = Buildah(suite.options.runtime)
        words = _buildah("--version").must().line.split()
        suite.announce(f"{words[0]} {words[2]}")
        # One command, so that what is made only once is there when files are counted.
        name = _buildah("from", *_LIMITS, "--network", "none", IMAGE).must().line
        _buildah.run(name, "true").must()
        _buildah("rm", name).must()
        _before.update(_remains())
    return _buildah


def _remains():
    return {"files": observe.files("/run", "/dev", "/var/tmp", without=("/run/crun/.cache",)),
            "mounts": set(observe.host_mounts()), "hostname": os.uname().nodename}


def working(t, *options):
    return buildah().working(t, *_LIMITS, *options)


@operation("run")
def run_has_namespaces_of_its_own_and_leaves_nothing(t):
    name = working(t)
    script = ("cat /proc/1/comm; for kind in mnt pid uts ipc net; do "
              "readlink /proc/self/ns/$kind; done; cat /proc/self/cgroup")
    lines = observe.cgroup_lines(buildah().run(name, "sh", "-c", script).must().stdout)
    equal(lines[0], "sh", "name of process 1")
    for link in lines[1:6]:
        kind = link.partition(":")[0]
        check(link != observe.namespace("self", kind), f"the container is in our {kind} namespace")
    for line in lines[6:]:
        contains(line, buildah().parent(t), "/proc/self/cgroup")
    observe.check_gone(t.unique)


@operation("run")
def run_carries_the_streams_and_the_exit_code(t):
    answer = buildah().run(working(t), "sh", "-c", "tr a-z A-Z; echo err >&2; exit 42",
                           stdin=b"abc\n")
    equal((answer.status, answer.stdout), (42, "ABC\n"), "exit status and stdout")
    contains(answer.stderr, "err\n", "stderr")


@operation("run")
def what_one_run_wrote_the_next_one_and_the_committed_image_have(t):
    name = working(t)
    buildah().run(name, "sh", "-c", "echo word > /written").must()
    equal(buildah().run(name, "cat", "/written").must().stdout, "word\n", "the file")
    new = "localhost/" + t.container_id("image")
    t.on_cleanup(buildah(), "rmi", "--force", new)
    buildah()("commit", "--quiet", name, new).must()
    again = buildah()("from", new).must().line
    t.on_cleanup(lambda: buildah()("rm", again).must())
    with open(buildah()("mount", again).must().line + "/written", encoding="utf-8") as file:
        equal(file.read(), "word\n", "the file in the image")


@operation("run of what cannot run")
def run_of_a_missing_command_tells_the_cause_and_leaves_nothing(t):
    answer = buildah().run(working(t), "no-such-program")
    check(answer.status != 0, f"it succeeded: {answer!r}")
    contains(answer.stderr, "no-such-program", "the message")
    observe.check_gone(t.unique)


@operation("run -t")
def run_t_gives_a_terminal_that_knows_its_size(t):
    terminal = buildah().terminal(t, *buildah().arguments_of_run(
        working(t), "sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo all three; until [ "
        "\"$(stty size 2>&1)\" = \"33 99\" ]; do sleep 0.05; done; echo sized; read line; "
        "echo line=$line; exit 7", options=["-t"]))
    terminal.read_until("sized")
    terminal.write("hello\n")
    contains(terminal.read_until("line=hello"), "all three\n", "isatty")
    equal(terminal.wait(), 7, "exit status")
    observe.check_gone(t.unique)


@operation("run --user, --workingdir, --env, --hostname")
def run_has_the_user_directory_environment_and_name_that_were_asked_for(t):
    before = os.uname().nodename
    text = buildah().run(working(t), "sh", "-c", "id -u; id -g; pwd; echo $WORD; hostname",
                         options=["--user", "1000:1001", "--workingdir", "/tmp", "--env",
                                  "WORD=word", "--hostname", "box"]).must().stdout
    equal(text.split(), ["1000", "1001", "/tmp", "word", "box"], "what it saw")
    equal(os.uname().nodename, before, "our own host name")


@operation("run --cap-add, --cap-drop")
def capabilities_and_the_filter_are_as_asked(t):
    name = working(t, "--cap-drop", "all", "--cap-add", "chown")
    seen = observe.parse_status(buildah().run(name, "cat", "/proc/self/status").must().stdout)
    equal((int(seen["CapBnd"], 16), int(seen["CapEff"], 16)), (1, 1), "CapBnd, CapEff")
    equal(seen["Seccomp"], "2", "Seccomp (2: filter)")
    seen = observe.parse_status(buildah().run(name, "cat", "/proc/self/status",
                                              options=["--cap-add", "CAP_NET_ADMIN"]).must().stdout)
    equal(int(seen["CapEff"], 16), 1 | 1 << 12, "CapEff with one more")


@operation("run -v")
def volumes_are_read_write_or_read_only_as_asked(t):
    for kind in ("rw", "ro"):
        os.mkdir(f"{t.directory}/{kind}")
    script = ("echo new > /rw/new; if echo new > /ro/new; then echo written; else echo refused; "
              "fi 2> /dev/null")
    answer = buildah().run(working(t), "sh", "-c", script, options=[
        "-v", t.directory + "/rw:/rw", "-v", t.directory + "/ro:/ro:ro"])
    equal(answer.must().stdout, "refused\n", "what was said of the ro volume")
    equal((os.listdir(t.directory + "/rw"), os.listdir(t.directory + "/ro")), (["new"], []),
          "the directories")


@operation("run, limited and killed")
def limits_reach_the_cgroup_and_a_killed_command_is_noticed(t):
    name = working(t, "--memory", "64m", "--cpu-shares", "512")
    terminal = buildah().terminal(t, *buildah().arguments_of_run(name, "sleep", "4321"))
    pid = eventually(lambda: observe.pids_running("/bin/sleep", "4321"), "the command runs", 20.0)[0]
    equal(observe.cgroup_value(pid, "memory", "memory.limit_in_bytes"), str(64 << 20), "memory")
    equal(observe.cgroup_value(pid, "cpu", "cpu.shares"), "512", "cpu.shares")
    equal(observe.status(pid)["NSpid"].split()[-1], "1", "pid in its own namespace")
    os.kill(pid, 9)
    check(terminal.wait() != 0, "the command was killed and buildah says that it succeeded")
    observe.check_gone(t.unique)


@operation("run in a user namespace")
def ids_are_mapped_inside_and_on_the_host(t):
    name = working(t, "--userns-uid-map", "0:100000:65536", "--userns-gid-map", "0:100000:65536")
    terminal = buildah().terminal(t, *buildah().arguments_of_run(
        name, "sh", "-c", "id -u; cat /proc/self/uid_map; stat -c %u /bin/busybox; exec sleep 4322"))
    pid = eventually(lambda: observe.pids_running("sleep", "4322"), "the command runs", 20.0)[0]
    equal(observe.status(pid)["Uid"].split()[0], "100000", "uid on the host")
    check(observe.namespace(pid, "user") != observe.namespace("self", "user"), "user namespace")
    os.kill(pid, 9)
    terminal.wait()
    equal(terminal.text.split()[:5], ["0", "0", "100000", "65536", "0"],
          "uid, map, and owner of an image's file, inside")
    observe.check_gone(t.unique)


@operation("bud")
def bud_runs_its_steps_in_containers_of_their_own(t):
    name, answer = buildah().build(
        t, "ENV WORD=built\nWORKDIR /home\nRUN echo $WORD > made; readlink /proc/self/ns/pid >> "
           "made; cat /proc/self/cgroup\nUSER 1000:1001\nRUN id -u; id -g; pwd; echo end\n",
        *_LIMITS)
    lines = answer.must().stdout.splitlines()
    contains(answer.stdout, ":" + buildah().parent(t), "the cgroup of the RUN step")
    end = lines.index("end")
    equal(lines[end - 3:end], ["1000", "1001", "/home"], "uid, gid, directory")
    made = buildah()("from", name).must().line
    t.on_cleanup(lambda: buildah()("rm", made).must())
    with open(buildah()("mount", made).must().line + "/home/made", encoding="utf-8") as file:
        word, namespace = file.read().split()
    equal(word, "built", "what the RUN step wrote")
    check(namespace != observe.namespace("self", "pid"), "the RUN step was in our pid namespace")
    observe.check_gone(t.unique)


@operation("bud")
def a_step_that_fails_ends_the_build_with_its_status(t):
    name, answer = buildah().build(t, "RUN echo words; exit 7\nRUN touch /later\n", *_LIMITS)
    check(answer.status != 0, f"the build succeeded: {answer!r}")
    contains(answer.stdout, "words", "what the step wrote")
    contains(answer.stderr, "exit status 7", "the message")
    equal(buildah()("images", "-q", "--filter", "reference=" + name).line, "", "images")
    observe.check_gone(t.unique)


@operation("nothing left")
def nothing_is_left_of_all_these_commands(t):
    buildah()("rm", "--all").must()
    eventually(lambda: not observe.processes(), "every process ended", 20.0)
    after = _remains()
    equal(sorted(after["mounts"] - _before["mounts"]), [], "mounts left")
    equal(sorted(after["files"] - _before["files"]), [], "files left in /run, /dev and /var/tmp")
    equal(after["hostname"], _before["hostname"], "host name of the caller")
    status = os.stat("/dev/null")
    equal((oct(status.st_mode), status.st_uid, status.st_gid), ("0o20666", 0, 0), "/dev/null")
    equal([path for path in observe.cgroup_directories("")
           if os.path.basename(path) != sandbox.parent_cgroup()], [], "cgroups left")


sandbox.enter(suite)
suite.main()
