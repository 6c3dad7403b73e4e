"""SCMP_ACT_NOTIFY: what the agent is told, when, and what its answers do inside."""

import errno
import os
import signal
import time

from common import MKDIR, Box, notify, status_of, suite
from support import report
from support.agent import NUMBERS


def refusing_directories(number, _pid):
    return errno.EDQUOT if number in (NUMBERS.get("mkdir"), NUMBERS["mkdirat"]) else 0


def box_of(t, *arguments, **more):
    """Directories are the agent's business."""
    more.setdefault("listenerPath", os.path.join(t.directory, "agent.sock"))
    return Box(t, *arguments, rules=[notify(*MKDIR)], **more)


@suite.test
def an_agent_answers_the_calls_of_a_started_container(t):
    box = box_of(t, "mkdir", "/tmp/one")
    agent = box.agent(answer=refusing_directories)
    box.create()
    report.equal(len(agent.connections), 0, "states sent by create, which starts nothing")
    box.start()
    status, output = box.wait()
    report.equal(status, 1, "status of mkdir")
    report.contains(output, "Disk quota exceeded", "what mkdir said")
    report.check(not os.path.exists(box.bundle.rootfs + "/tmp/one"), "no directory was made")
    report.equal(agent.connection().calls[0][1], box.pid, "the pid that the kernel tells")
    box.delete()


@suite.test
def an_agent_that_lets_a_call_go_on_lets_it_happen(t):
    box = box_of(t, "mkdir", "/tmp/one")
    agent = box.agent()
    box.create().start()
    report.equal(box.wait()[0], 0, "status of mkdir")
    report.check(os.path.isdir(box.bundle.rootfs + "/tmp/one"), "the directory was made")
    report.equal(len(agent.connection().calls), 1, "calls that were notified")
    box.delete()


@suite.test
def the_container_process_state_is_complete(t):
    box = box_of(t, "true", listenerMetadata="opaque: {\"a\": 1}",
                 change=lambda bundle: bundle.set("/annotations", {"org.example.key": "value"}))
    agent = box.agent()
    box.create().start()
    box.wait()
    connection = agent.connection()
    state = connection.state
    report.equal(state["fds"], ["seccompFd"], "fds")
    report.equal(len(connection.descriptors), 1, "descriptors that came")
    report.equal(os.readlink(f"/proc/self/fd/{connection.descriptors[0]}"),
                 "anon_inode:seccomp notify", "what the descriptor is")
    report.equal(state["pid"], box.pid, "pid")
    report.equal(state["metadata"], "opaque: {\"a\": 1}", "metadata")
    report.check(state["ociVersion"].startswith("1."), state["ociVersion"])
    container = state["state"]
    report.equal(container["id"], box.id, "state.id")
    report.equal(container["pid"], box.pid, "state.pid")
    report.equal(container["status"], "created", "state.status, before the program is executed")
    report.equal(container["bundle"], box.bundle.path, "state.bundle")
    report.equal(container["annotations"], {"org.example.key": "value"}, "state.annotations")
    report.check(container["ociVersion"].startswith("1."), container["ociVersion"])
    box.delete()


@suite.test
def metadata_that_is_not_given_is_not_sent(t):
    box = box_of(t, "true")
    agent = box.agent()
    box.create().start()
    box.wait()
    report.check("metadata" not in agent.connection().state, agent.connection().payload)
    box.delete()


@suite.test
def metadata_larger_than_a_socket_takes_at_once_arrives_whole(t):
    metadata = "m" * 1_000_000
    box = box_of(t, "mkdir", "/tmp/one", listenerMetadata=metadata)
    agent = box.agent(answer=refusing_directories)
    box.create().start()
    report.equal(box.wait()[0], 1, "status of mkdir")
    report.check(agent.connection().state["metadata"] == metadata, "the metadata")
    report.equal(len(agent.connection().descriptors), 1, "descriptors that came")
    box.delete()


@suite.test
def a_profile_that_notifies_every_system_call_starts(t):
    box = Box(t, "sh", "-c", "echo hello; exit 3", default="SCMP_ACT_NOTIFY",
              listenerPath=os.path.join(t.directory, "agent.sock"))
    agent = box.agent()
    box.create().start()
    status, output = box.wait()
    report.equal((status, output), (3, "hello\n"), "status and output")
    calls = agent.connection().calls
    report.equal(calls[0], (NUMBERS["execve"], box.pid),
                 "the first call: the program's execution, and nothing of the runtime's before it")
    report.check(len(calls) > 10, f"calls: {len(calls)}")
    box.delete()


@suite.test
def a_profile_that_notifies_every_system_call_runs_and_executes(t):
    box = Box(t, "sleep", "1000", default="SCMP_ACT_NOTIFY",
              listenerPath=os.path.join(t.directory, "agent.sock"))
    agent = box.agent()
    t.runtime.run(box.id, box.bundle, "--detach").must()
    pid = t.runtime.state(box.id)["pid"]
    result = t.runtime.exec(box.id, "echo", "inside").must()
    report.equal(result.stdout, "inside\n", "what exec printed")
    report.equal(agent.connection(0).state["pid"], pid, "pid of run's state")
    report.equal(agent.connection(0).state["state"]["status"], "created", "its status")
    second = agent.connection(1)
    report.check(second.state["pid"] != pid, "exec's process has a pid of its own")
    report.equal(second.state["state"]["pid"], pid, "state.pid: the container's process")
    report.equal(second.state["state"]["status"], "running", "state.status of exec")
    report.equal(second.calls[0], (NUMBERS["execve"], second.state["pid"]), "exec's first call")
    report.equal(len(agent.connections), 2, "connections: one a process")
    box.delete()


@suite.test
def the_container_holds_no_listener(t):
    box = box_of(t)
    box.agent()
    box.create().start()
    links = [os.readlink(f"/proc/{box.pid}/fd/{name}") for name in os.listdir(f"/proc/{box.pid}/fd")]
    report.check(not any("seccomp" in link for link in links), f"descriptors: {links}")
    status = status_of(box.pid)
    report.equal((status["Seccomp"], status["Seccomp_filters"]), ("2", "1"), "the kernel's word")
    report.equal(status["TracerPid"], "0", "nobody traces it any more")
    box.delete()


@suite.test
def a_relative_listener_path_begins_at_the_bundle(t):
    box = box_of(t, "mkdir", "/tmp/one", listenerPath="a.sock")
    box.path = box.bundle.path + "/a.sock"
    box.agent(answer=refusing_directories)
    box.create().start()
    report.equal(box.wait()[0], 1, "status of mkdir")
    box.delete()


@suite.test
def a_user_without_no_new_privileges_gets_an_agent(t):
    def change(bundle):
        bundle.set("/process/noNewPrivileges", False)
        bundle.set("/process/user", {"uid": 1000, "gid": 1000})
    box = box_of(t, "mkdir", "/tmp/one", change=change)
    box.agent(answer=refusing_directories)
    box.create().start()
    report.contains(box.wait()[1], "Disk quota exceeded", "what mkdir said")
    box.delete()


@suite.test
def a_user_namespace_gets_an_agent(t):
    box = box_of(t, "mkdir", "/tmp/one", change=lambda bundle: bundle.user_namespace())
    agent = box.agent(answer=refusing_directories)
    box.create().start()
    report.contains(box.wait()[1], "Disk quota exceeded", "what mkdir said")
    report.equal(agent.connection().state["pid"], box.pid, "pid")
    box.delete()


@suite.test
def a_start_container_hook_has_a_listener_of_its_own(t):
    def change(bundle):
        bundle.hook("startContainer", "/bin/sh",
                    ["sh", "-c", "mkdir /tmp/one 2>/tmp/said; exit 0"], env=["PATH=/bin"])
    box = box_of(t, "true", change=change)
    agent = box.agent(answer=refusing_directories)
    box.create().start()
    box.wait()
    with open(box.bundle.rootfs + "/tmp/said", encoding="utf-8") as file:
        report.contains(file.read(), "Disk quota exceeded", "what the hook's mkdir said")
    report.check(agent.connection(0).state["pid"] != box.pid, "the hook's own process")
    report.equal(agent.connection(0).state["state"]["pid"], box.pid, "state.pid")
    report.equal(agent.connection(1).state["pid"], box.pid, "the container's process")
    box.delete()


@suite.test
def all_filter_flags_go_together_with_an_agent(t):
    flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
             "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]
    box = box_of(t, "mkdir", "/tmp/one", flags=flags)
    box.agent(answer=refusing_directories)
    box.create().start()
    report.equal(box.wait()[0], 1, "status of mkdir")
    box.delete()


def call_with_a_signal(t, *flags):
    """The shell changes its directory once, and gets a signal that it handles while the agent
    thinks: (times that the agent was told of the call, the shell's status)."""
    def answer(number, pid):
        if number != NUMBERS["chdir"]:
            return 0
        heard.append(number)
        if len(heard) == 1:
            os.kill(pid, signal.SIGUSR1)
            time.sleep(0.1)
        return 0
    heard = []
    box = Box(t, "sh", "-c", "trap : USR1; cd /tmp", rules=[notify("chdir")], flags=list(flags),
              listenerPath=os.path.join(t.directory, "agent.sock"))
    box.agent(answer=answer)
    box.create().start()
    status, _ = box.wait()
    box.delete()
    return len(heard), status
