"""--pidfd-socket: the caller gets a pidfd of the process that it asked for (contract, A2)."""

import os
import signal

from common import Box, ours, refused, suite
from support import report
from support.runtime import ConsoleSocket, reap


def needs_pidfds(t):
    if not ours(t):
        report.skip("runc has --pidfd-socket from 1.2 on", impossible=True)


def listen(t):
    socket = ConsoleSocket(os.path.join(t.directory, "pidfd"))
    t.on_cleanup(socket.close)
    return socket


def received(t, socket):
    """(the descriptor, the pid of its process as the kernel has it)"""
    descriptor, payload, count = socket.receive()
    t.on_cleanup(os.close, descriptor)
    report.equal((bool(payload), count), (True, 1), "payload and number of descriptors")
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return descriptor, int(fields["Pid"])


@suite.test
def create_sends_a_pidfd_of_the_container_process(t):
    needs_pidfds(t)
    socket = listen(t)
    box = Box(t).create("--pidfd-socket", socket.path)
    report.equal(received(t, socket)[1], box.pid(), "the process of the pidfd")
    box.delete()


@suite.test
def a_signal_to_the_pidfd_of_run_ends_the_program(t):
    needs_pidfds(t)
    socket = listen(t)
    box = Box(t).run_detached("--pidfd-socket", socket.path)
    signal.pidfd_send_signal(received(t, socket)[0], signal.SIGKILL)
    t.runtime.wait_status(box.id, "stopped")
    box.delete()


@suite.test
def exec_sends_a_pidfd_of_its_own_process(t):
    needs_pidfds(t)
    socket = listen(t)
    box = Box(t).run_detached()
    pid_file = os.path.join(t.directory, "exec.pid")
    t.runtime.exec(box.id, "sleep", "1000", flags=(
        "--detach", "--pid-file", pid_file, "--pidfd-socket", socket.path)).must()
    descriptor, pid = received(t, socket)
    with open(pid_file, encoding="ascii") as file:
        report.equal(pid, int(file.read()), "the process of the pidfd")
    os.unlink(pid_file)
    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    reap(pid)
    box.stop().delete()


@suite.test
def a_pidfd_socket_where_nobody_listens_is_refused_and_leaves_nothing(t):
    needs_pidfds(t)
    box = Box(t)
    path = os.path.join(t.directory, "nobody")
    refused(t.runtime.create(box.id, box.bundle, "--pidfd-socket", path), path)
    box.nothing_left()
