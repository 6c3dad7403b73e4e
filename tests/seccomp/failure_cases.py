"""Agents that are not there, or go: one clear error, nothing left, and a start that can be repeated."""

import errno
import os
import socket

from common import MKDIR, Box, notify, suite
from support import report
from support.agent import NUMBERS

POINTER = "/linux/seccomp/listenerPath"


def box_of(t, *arguments, **more):
    more.setdefault("listenerPath", os.path.join(t.directory, "agent.sock"))
    return Box(t, *(arguments or ("mkdir", "/tmp/one")), rules=[notify(*MKDIR)], **more)


def one_line(result, *fragments):
    report.check(result.status != 0, "a status that is not 0")
    report.equal(len(result.stderr.splitlines()), 1, f"lines on stderr: {result.stderr!r}")
    for fragment in fragments:
        report.contains(result.stderr, fragment, "stderr")


@suite.test
def a_start_without_an_agent_fails_and_can_be_repeated(t):
    box = box_of(t).create()
    one_line(t.runtime.start(box.id), POINTER, "there is no socket", box.path)
    report.equal(t.runtime.status(box.id), "created", "status after the start that failed")
    box.agent(answer=lambda number, pid: errno.EDQUOT)
    box.start()
    report.equal(box.wait()[0], 1, "status of mkdir")
    box.delete()


@suite.test
def a_run_without_an_agent_leaves_nothing(t):
    box = box_of(t)
    one_line(t.runtime.run(box.id, box.bundle), POINTER, "there is no socket")
    box.nothing_left()


@suite.test
def an_exec_without_an_agent_leaves_the_container_as_it_was(t):
    box = box_of(t, "sleep", "1000")
    agent = box.agent()
    box.create().start()
    agent.connection()
    os.unlink(box.path)
    result = t.runtime.exec(box.id, "true")
    one_line(result, POINTER, "there is no socket")
    report.equal(result.status, 255, "status of exec")
    report.equal(t.runtime.status(box.id), "running", "status of the container")
    box.delete()


@suite.test
def a_listener_path_that_is_no_socket_is_told(t):
    box = box_of(t)
    with open(box.path, "w", encoding="utf-8"):
        pass
    one_line(t.runtime.run(box.id, box.bundle), POINTER, "nobody listens", box.path)
    os.unlink(box.path)
    box.nothing_left()


@suite.test
def a_socket_where_nobody_listens_is_told(t):
    box = box_of(t)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(box.path)
    one_line(t.runtime.run(box.id, box.bundle), POINTER, "nobody listens", box.path)
    os.unlink(box.path)
    box.nothing_left()


@suite.test
def an_agent_that_hangs_up_fails_the_start_and_no_program_runs(t):
    # More than the socket takes, so that the end of the agent is felt.
    box = box_of(t, "sh", "-c", "echo ran > /tmp/ran", listenerMetadata="m" * 1_000_000)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(box.path)
        listener.listen(1)
        box.create()
        start = t.runtime.spawn("start", box.id)
        listener.accept()[0].close()
        one_line(start.wait(), "take seccomp listener", box.path)
    report.check(not os.path.exists(box.bundle.rootfs + "/tmp/ran"), "the program did not run")
    report.eventually(lambda: t.runtime.status(box.id) == "stopped", "stopped")
    os.unlink(box.path)
    box.delete()


@suite.test
def an_agent_that_never_accepts_is_given_up(t):
    box = box_of(t)
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(box.path)
        busy.listen(0)
        waiting = socket.socket(socket.AF_UNIX)
        waiting.connect(box.path)
        with waiting:
            one_line(t.runtime.run(box.id, box.bundle, timeout=20), POINTER, "nobody accepts")
    os.unlink(box.path)
    box.nothing_left()


@suite.test
def calls_after_the_agent_has_gone_are_not_implemented(t):
    box = box_of(t, "sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.02; done; mkdir /tmp/one")
    agent = box.agent()
    box.create().start()
    agent.connection()
    agent.close()
    box.bundle.write_file("/tmp/go", "")
    report.contains(box.wait()[1], "Function not implemented", "what mkdir said")
    box.delete()


@suite.test
def an_execution_that_the_agent_refuses_is_told(t):
    def answer(number, _pid):
        return errno.EPERM if number == NUMBERS["execve"] else 0
    box = Box(t, "true", rules=[notify("execve")],
              listenerPath=os.path.join(t.directory, "agent.sock"))
    box.agent(answer=answer)
    box.create()
    one_line(t.runtime.start(box.id), "permission denied")
    report.eventually(lambda: t.runtime.status(box.id) == "stopped", "stopped")
    box.delete()


@suite.test
def a_refused_execution_ends_even_where_every_call_is_refused(t):
    box = Box(t, "true", default="SCMP_ACT_NOTIFY",
              listenerPath=os.path.join(t.directory, "agent.sock"))
    box.agent(answer=lambda number, pid: errno.EPERM)
    box.create()
    t.runtime.start(box.id)
    report.equal(box.wait()[0] in (-4, -11, -5), True, "ended by a signal, since exit was refused")
    box.delete()


def refuses(name, fragments, change):
    def test(t):
        box = box_of(t, change=change)
        one_line(t.runtime.create(box.id, box.bundle), *fragments)
        box.nothing_left()
    suite.add(name, test)


refuses("refuses_notify_without_a_listener_path", ["/linux/seccomp/listenerPath", "required"],
        lambda bundle: bundle.remove("/linux/seccomp/listenerPath"))
refuses("refuses_listener_metadata_without_a_listener_path",
        ["/linux/seccomp/listenerMetadata", "listenerPath"],
        lambda bundle: bundle.set("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW",
                                                     "listenerMetadata": "m"}))
refuses("refuses_an_errno_of_notify", ["/linux/seccomp/syscalls/0/errnoRet", "SCMP_ACT_NOTIFY"],
        lambda bundle: bundle.set("/linux/seccomp/syscalls/0/errnoRet", 1))
refuses("refuses_a_default_errno_of_an_action_without_one",
        ["/linux/seccomp/defaultErrnoRet", "SCMP_ACT_KILL"],
        lambda bundle: bundle.set("/linux/seccomp", {"defaultAction": "SCMP_ACT_KILL",
                                                     "defaultErrnoRet": 1}))
refuses("refuses_a_rule_without_names", ["/linux/seccomp/syscalls/0", "names"],
        lambda bundle: bundle.set("/linux/seccomp/syscalls/0/names", []))
refuses("refuses_an_unknown_operator", ["/linux/seccomp/syscalls/0/args/0/op", "SCMP_CMP_LIKE"],
        lambda bundle: bundle.set("/linux/seccomp/syscalls/0/args",
                                  [{"index": 0, "value": 1, "op": "SCMP_CMP_LIKE"}]))
refuses("refuses_an_unknown_flag", ["/linux/seccomp/flags/0", "SECCOMP_FILTER_FLAG_X"],
        lambda bundle: bundle.set("/linux/seccomp/flags", ["SECCOMP_FILTER_FLAG_X"]))
refuses("refuses_an_unknown_architecture", ["/linux/seccomp/architectures/0", "SCMP_ARCH_VAX"],
        lambda bundle: bundle.set("/linux/seccomp/architectures", ["SCMP_ARCH_VAX"]))
