"""podman of an ordinary user, with storage and state of its own: nothing here may need root."""

import os

import image
import observe
from podman_caller import IMAGE, UserPodman
from podman_suite import before, operation, podman, remains, suite
from support.report import check, contains, equal, eventually

_user = None


def user():
    """The ordinary user's podman, made by the first test that asks."""
    global _user
    if _user is None:
        podman()  # what root's podman makes stands before the files are counted
        _user = UserPodman(suite.options.runtime)
        _user.run([], "true").must()
    return _user


def _own_ids(container):
    status = observe.status(container.pid)
    return int(status["Uid"].split()[0]), int(status["Gid"].split()[0])


@operation("rootless run")
def a_user_runs_a_container_that_is_root_only_inside(t):
    os.mkdir(t.directory + "/out")
    os.chown(t.directory + "/out", user().uid, user().uid)
    container = user().start(t, ["-v", t.directory + "/out:/out"], "sh", "-c",
                             "id -u > /out/made; exec sleep 1000")
    eventually(lambda: observe.command_line(container.pid) == ["sleep", "1000"], "it runs")
    equal(_own_ids(container), (user().uid, user().uid), "ids on the host")
    check(observe.namespace(container.pid, "user") != observe.namespace("self", "user"),
          "the user namespace is ours")
    with open(t.directory + "/out/made", encoding="utf-8") as file:
        equal(file.read(), "0\n", "uid inside")
    equal(os.stat(t.directory + "/out/made").st_uid, user().uid, "owner of a file it made")
    seen = container.exec("sh", "-c", "cat /proc/self/uid_map; hostname").stdout.split()
    equal(seen[:6], ["0", str(user().uid), "1", "1", str(user().first), str(user().size)],
          "uid_map")
    equal(seen[6], container.identity[:12], "host name")
    user().remove(container.name)
    eventually(lambda: not observe.alive(container.pid), "the process ends")
    observe.check_gone(container.identity)


@operation("rootless run", tier="long")
def a_users_run_carries_streams_and_the_exit_code(t):
    answer = user().run(["-i"], "sh", "-c", "tr a-z A-Z; echo err >&2; exit 42", stdin=b"abc\n")
    equal((answer.status, answer.stdout, answer.stderr), (42, "ABC\n", "err\n"),
          "exit status, stdout, stderr")


@operation("rootless run", tier="long")
def a_users_run_of_what_cannot_run_exits_127_and_126(t):
    answer = user().run(["--name", t.container_id("a")], "no-such-program")
    equal(answer.status, 127, f"exit status of {answer!r}")
    answer = user().run(["--name", t.container_id("b")], image.NOT_EXECUTABLE)
    equal(answer.status, 126, f"exit status of {answer!r}")


@operation("rootless run --userns", tier="long")
def a_users_keep_id_has_the_same_uid_inside(t):
    container = user().start(t, ["--userns", "keep-id"], "sleep", "1000")
    equal(_own_ids(container), (user().uid, user().uid), "ids on the host")
    equal(container.exec("id", "-u").line, str(user().uid), "uid inside")


@operation("rootless run", tier="long")
def a_user_with_another_id_inside_is_one_of_the_subordinate_ids(t):
    container = user().start(t, ["-u", "1000"], "sleep", "1000")
    equal(_own_ids(container)[0], user().first + 999, "uid on the host")
    equal(int(observe.status(container.pid)["CapEff"], 16), 0, "CapEff")


@operation("rootless run", tier="long")
def a_users_read_only_root_capabilities_and_filter_are_as_asked(t):
    text = user().shell(["--read-only", "--cap-drop", "all", "--cap-add", "chown",
                         "--security-opt", "no-new-privileges"],
                        "cat /proc/self/status; cat /proc/self/mountinfo; "
                        "if (: > /file) 2> /dev/null; then echo written; fi")
    seen = observe.parse_status(text)
    equal((int(seen["CapBnd"], 16), seen["Seccomp"], seen["NoNewPrivs"]), (1, "2", "1"),
          "CapBnd, Seccomp, NoNewPrivs")
    contains(observe.mount_line(text, "/")[0], "ro", "options of /")
    check("written" not in text.splitlines(), "/ was written to")


@operation("rootless run -it", tier="long")
def a_user_has_a_terminal(t):
    terminal = user().terminal(t, "run", "--rm", "-it", *user().options(), IMAGE, "sh", "-c",
                               "test -t 0 && test -t 1 && echo both; until [ \"$(stty size 2>&1)\" = "
                               "\"33 99\" ]; do sleep 0.05; done; echo sized; read line; exit 7")
    terminal.read_until("sized")
    terminal.write("hello\n")
    equal(terminal.wait(), 7, "exit status")
    contains(terminal.text, "both\n", "isatty")


@operation("rootless exec", tier="long")
def a_users_exec_enters_the_container(t):
    container = user().start(t, [], "sleep", "1000")
    lines = container.exec("sh", "-c", "for kind in mnt pid uts ipc net user; do "
                           "readlink /proc/self/ns/$kind; done").stdout.splitlines()
    for link in lines:
        kind = link.partition(":")[0]
        equal(link, observe.namespace(container.pid, kind), kind + " namespace")
    container.exec("sh", "-c", "exit 9", status=9)
    terminal = user().terminal(t, "exec", "-it", container.name, "sh", "-c",
                               "test -t 0 && echo terminal; exit 5")
    equal(terminal.wait(), 5, "exit status")
    contains(terminal.text, "terminal\n", "isatty")


@operation("rootless stop, kill, restart", tier="long")
def a_users_container_is_stopped_started_again_and_killed(t):
    script = "trap 'echo terminated; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    container = user().start(t, [], "sh", "-c", script)
    container.wait_for_log("ready")
    user()("stop", "-t", "20", container.name).must()
    equal(container.inspect("{{.State.ExitCode}}"), "5", "exit code")
    check(not observe.alive(container.pid), "the process is left")
    user()("start", container.name).must()
    again = int(container.inspect("{{.State.Pid}}"))
    eventually(lambda: observe.alive(again), "it runs again")
    user()("kill", container.name).must()
    eventually(lambda: not observe.alive(again), "it ends")
    equal(user()("wait", container.name).line, "137", "exit code")


@operation("rootless logs", tier="long")
def a_users_logs_hold_the_output_of_a_detached_container(t):
    container = user().start(t, [], "sh", "-c", "echo out; echo err >&2; exec sleep 1000")
    container.wait_for_log("out")
    eventually(lambda: user()("logs", container.name).stderr == "err\n", "the error output", 10.0)


@operation("rootless pod", tier="long")
def a_users_pod_shares_its_namespaces(t):
    pod = t.container_id("pod")
    t.on_cleanup(lambda: user()("pod", "rm", "-f", "-t", "0", pod).must())
    user()("pod", "create", "--name", pod, "--infra-image", IMAGE, "--infra-command",
           "sleep 1000", "--network", "none").must()
    pair = []
    for suffix in ("a", "b"):
        name = t.container_id(suffix)
        user()("run", "-d", "--name", name, "--pod", pod, IMAGE, "sleep", "1000").must()
        pair.append(user().container(name))
    for kind in ("net", "ipc", "uts", "user"):
        equal(observe.namespace(pair[0].pid, kind), observe.namespace(pair[1].pid, kind), kind)
    check(observe.namespace(pair[0].pid, "pid") != observe.namespace(pair[1].pid, "pid"), "pid")
    equal(_own_ids(pair[0]), (user().uid, user().uid), "ids on the host")
    user()("pod", "rm", "-f", "-t", "0", pod).must()
    for container in pair:
        eventually(lambda: not observe.alive(container.pid), "the process ends")


@operation("rootless build", tier="long")
def a_users_build_runs_its_commands_as_root_inside(t):
    with open(t.directory + "/Containerfile", "w", encoding="utf-8") as file:
        file.write(f"FROM {IMAGE}\nRUN cat /proc/self/uid_map; id -u > /made\n")
    name = "localhost/" + t.container_id()
    t.on_cleanup(user(), "rmi", "--force", name)
    answer = user()("build", "--isolation", "oci", "--network", "none", "--ulimit",
                    "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "-t", name, t.directory)
    contains(answer.must().stdout.split(), str(user().uid), "the uid map of the RUN step")
    text = user()("run", "--rm", *user().options(), name, "cat", "/made").must().stdout
    equal(text, "0\n", "what the step wrote")


@operation("rootless: nothing left")
def nothing_is_left_of_the_users_containers(t):
    user().close()
    eventually(lambda: not observe.processes(), "every process ended", 20.0)
    for identity in user().ids_so_far("container"):
        observe.check_gone(identity)
    after = remains()
    # Those of root's podman are not judged here: it has not ended yet.
    mounts = {mount for mount in after["mounts"] if not mount.startswith("/podman-suite/")}
    equal(sorted(mounts - before["mounts"]), [], "mounts left")
    equal(sorted(after["files"] - before["files"]), [], "files left in /run, /dev and /var/tmp")
