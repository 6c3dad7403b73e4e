"""process.consoleSize, as the terminal itself tells it (TIOCGWINSZ)."""

import fcntl
import os
import struct
import termios

from common import Box, running, suite
from support import report
from support.runtime import ConsoleSocket, read_terminal, reap


def window(master):
    """(rows, columns)"""
    return struct.unpack("4H", fcntl.ioctl(master, termios.TIOCGWINSZ, bytes(8)))[:2]


def console(t):
    socket = ConsoleSocket(os.path.join(t.directory, "console"))
    t.on_cleanup(socket.close)
    return socket


@suite.test
def gives_the_terminal_of_exec_its_size(t):
    box = running(t)
    socket = console(t)
    process = box.process("stty", "size", terminal=True,
                          consoleSize={"height": 33, "width": 444})
    pid_file = os.path.join(t.directory, "pid")
    box.runtime.exec_process(box.id, process, "--detach", "--console-socket", socket.path,
                             "--pid-file", pid_file).must()
    master, _, _ = socket.receive()
    report.equal(window(master), (33, 444), "the size from outside")
    report.equal(read_terminal(master), "33 444\n", "the size from inside")
    os.close(master)
    with open(pid_file, encoding="ascii") as file:
        reap(int(file.read()))
    os.unlink(pid_file)
    socket.close()
    box.delete()


@suite.test
def ignores_a_console_size_without_a_terminal(t):
    # config.md#process: "Runtimes MUST ignore consoleSize if terminal is false or unset".
    size = {"height": 1 << 20, "width": 7}
    def change(bundle):
        bundle.set("/process/consoleSize", size)
    found = Box(t, change).observe("session")
    report.equal([each["terminal"] for each in found["session"]["standard"]], [False] * 3,
                 "standard streams that are a terminal")
    box = Box(t, lambda bundle: change(bundle.remove("/process/terminal")), name="unset")
    report.equal([each["terminal"] for each in box.observe("session")["session"]["standard"]],
                 [False] * 3, "standard streams that are a terminal")


@suite.test
def leaves_the_size_to_the_kernel_that_is_not_given(t):
    box = Box(t, lambda bundle: bundle.set("/process/terminal", True), args=("sleep", "1000"))
    socket = console(t)
    box.runtime.create(box.id, box.bundle, "--console-socket", socket.path).must()
    master, _, _ = socket.receive()
    report.equal(window(master), (0, 0), "the size")
    socket.close()
    box.delete()
    os.close(master)  # not before: the process is this terminal's, and would be hung up
