"""exec: a further process in a container, and what it shares with the first."""

import os

from cases_namespaces import ALL
from normal import differences
from side import probe_command
from support.runtime import ConsoleSocket, read_terminal, reap
from table import case


def exec_report(side, process, *flags, pieces=ALL):
    """A probe that is executed in a container whose own process waits."""
    side.probe("namespaces", flags=["--wait"])
    side.create().must()
    side.start().must()
    side.wait_for_report()
    base = {"cwd": "/", "args": probe_command(*pieces), "user": {"uid": 0, "gid": 0},
            "env": ["PATH=/bin", "NAME=value"]}
    base.update(process)
    inode_of = side.namespaces_of(side.pid)
    for name, inode in inode_of.items():
        if side.known_namespaces.get(inode) is None:
            side.known_namespaces[inode] = "the container's"
    result = side.runtime.exec_process(side.id, base, *flags).must()
    return side.report_of(result.stdout, result.stderr)


EXEC_SECTIONS = tuple(name for name in ALL if name not in ("processes", "session"))


@case(expects={"/namespaces/pid": "the container's", "/namespaces/mnt": "the container's",
               "/namespaces/net": "the container's", "/capabilities/effective": ["CAP_KILL"],
               "/rlimits/NOFILE": ["20", "20"], "/scheduling/oom_score_adj": "100"})
def an_executed_process(side):
    return exec_report(side, {
        "capabilities": {name: ["CAP_KILL"] for name in ("bounding", "effective", "permitted")},
        # Equal: Go's start-up raises a soft limit that runc set a moment too early.
        "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 20, "hard": 20}],
        "noNewPrivileges": True, "oomScoreAdj": 100}, pieces=EXEC_SECTIONS)


@case(expects={"/ids/uid/0": 1000, "/ids/groups": [5], "/ids/umask": "0077",
               "/process/cwd": "/tmp"})
def an_executed_process_of_a_user(side):
    return exec_report(side, {
        "user": {"uid": 1000, "gid": 1000, "umask": 0o077, "additionalGids": [5]}, "cwd": "/tmp"},
                       pieces=("ids", "process", "capabilities", "security", "keyring", "cgroup"))


@case(expects={"/process/arguments/0": "/probe", "/capabilities/effective/0": "CAP_KILL",
               "/ids/uid/0": 0})
def an_executed_process_by_command_line(side):
    side.probe("namespaces", flags=["--wait"])
    side.create().must()
    side.start().must()
    side.wait_for_report()
    result = side.runtime.exec(
        side.id, *probe_command("process", "capabilities", "ids", "security", "rlimits")).must()
    return side.report_of(result.stdout, result.stderr)


@case(expects={"/session/standard/0/terminal": True, "/session/controlling": "ok"})
def an_executed_process_with_a_terminal(side):
    side.probe("namespaces", flags=["--wait"])
    side.create().must()
    side.start().must()
    side.wait_for_report()
    console = ConsoleSocket(os.path.join(side.directory, "console"))
    side.test.on_cleanup(console.close)
    pid_file = os.path.join(side.directory, "exec-pid")
    process = {"cwd": "/", "args": probe_command("session", "descriptors", "signals"),
               "user": {"uid": 0, "gid": 0}, "env": ["PATH=/bin"], "terminal": True}
    side.runtime.exec_process(side.id, process, "--detach", "--pid-file", pid_file,
                              "--console-socket", console.path).must()
    master, _, _ = console.receive()
    found = side.report_of(read_terminal(master))
    os.close(master)
    # It is our child, not process 1's: the pid namespace cannot end before it is waited for.
    with open(pid_file, encoding="ascii") as file:
        reap(int(file.read()))
    del found["session"]["pid"], found["session"]["group"], found["session"]["session"]
    return found


@case(expects={"/unlike": []})
def an_executed_process_is_like_the_first(side):
    # The container's own process description, executed: what it sees must be what the first saw.
    sections = [name for name in EXEC_SECTIONS if name != "descriptors"]
    side.probe(*sections, flags=["--wait"])
    side.create().must()
    side.start().must()
    first = side.wait_for_report()
    process = dict(side.bundle.config["process"], args=probe_command(*sections))
    result = side.runtime.exec_process(side.id, process).must()
    second = side.report_of(result.stdout, result.stderr)
    for report_ in (first, second):
        del report_["process"]["arguments"]
        # A keyring of its own, and of the same name.
        report_["keyring"]["session_keyring"].pop("serial", None)
    return {"unlike": [pointer for pointer, *_ in differences(first, second)]}
