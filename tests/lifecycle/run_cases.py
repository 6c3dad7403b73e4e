"""run in the foreground and detached, pid files, and the rules of terminals (contract, A3 and B7)."""

import fcntl
import os
import signal
import struct
import termios

from common import Box, alive, done, ours, refused, suite, wait_output
from support import report
from support.runtime import ConsoleSocket, read_terminal, reap

NO_SOCKET = "will detach without setting console socket"
NO_TERMINAL = "will not detach or allocate tty"


def exits_with(script, status, change=None):
    def test(t):
        box = Box(t, "sh", "-c", script, change=change)
        result = t.runtime.run(box.id, box.bundle).must(status)
        report.equal(result.stderr, "", "stderr of run")
        report.equal(t.runtime.status(box.id), None, "status after run")
        box.nothing_left()
    return test


def without_pid_namespace(bundle):
    # The first process of a pid namespace cannot signal itself to death (pid_namespaces(7)).
    bundle.without_namespace("pid")


suite.add("runs_and_exits_with_0", exits_with("exit 0", 0))
suite.add("runs_and_exits_with_the_programs_code", exits_with("exit 7", 7))
suite.add("runs_and_exits_with_255", exits_with("exit 255", 255))
suite.add("runs_and_exits_with_128_and_the_signal",
          exits_with("kill -TERM $$", 128 + signal.SIGTERM, without_pid_namespace))
suite.add("runs_and_exits_with_137_after_SIGKILL",
          exits_with("kill -KILL $$", 128 + signal.SIGKILL, without_pid_namespace))


@suite.test
def runs_until_another_command_kills(t):
    box = Box(t, "sh", "-c", "echo ready; sleep 1000")
    running = t.runtime.spawn("run", "--bundle", box.bundle.path, box.id)
    wait_output(running, "ready")
    done(t.runtime.kill(box.id, "KILL"))
    report.equal(running.wait().status, 128 + signal.SIGKILL, "exit status of run")
    box.nothing_left()


@suite.test
def passes_what_the_program_writes(t):
    box = Box(t, "sh", "-c", "echo out; echo err >&2; cat")
    given = os.path.join(box.bundle.rootfs, "given")
    with open(given, "w+", encoding="utf-8") as file:
        file.write("from stdin\n")
        file.seek(0)
        result = t.runtime.run(box.id, box.bundle, stdin=file).must()
    report.equal((result.stdout, result.stderr), ("out\nfrom stdin\n", "err\n"), "stdout, stderr")


def forwards(name):
    def test(t):
        script = f"trap 'echo got {name}; exit 9' {name}; echo ready; while :; do sleep 0.05; done"
        box = Box(t, "sh", "-c", script)
        running = t.runtime.spawn("run", "--bundle", box.bundle.path, box.id)
        wait_output(running, "ready")
        running.process.send_signal(getattr(signal, "SIG" + name))
        report.equal(running.wait().status, 9, "exit status of run")
        report.contains(running.stdout, f"got {name}", "what the container wrote")
        box.nothing_left()
    return test


for signal_name in ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "CONT"):
    suite.add(f"forwards_SIG{signal_name}_to_the_container", forwards(signal_name))


@suite.test
def keeps_the_container_if_told(t):
    box = Box(t, "true")
    done(t.runtime.run(box.id, box.bundle, "--keep"))
    report.equal(t.runtime.status(box.id), "stopped", "status after run --keep")
    box.delete()


@suite.test
def leaves_nothing_of_a_run_whose_command_is_missing(t):
    box = Box(t, "no-such-command")
    result = t.runtime.run(box.id, box.bundle)
    refused(result, "executable file not found in $PATH")
    box.nothing_left()


@suite.test
def leaves_nothing_of_a_create_whose_command_is_missing(t):
    box = Box(t, "/no/such/command")
    result = t.runtime.create(box.id, box.bundle)
    refused(result, "no such file or directory")
    box.nothing_left()


@suite.test
def leaves_nothing_of_a_create_whose_command_is_not_executable(t):
    box = Box(t, "/etc/passwd")
    refused(t.runtime.create(box.id, box.bundle), "permission denied")
    box.nothing_left()


@suite.test
def leaves_nothing_of_a_run_whose_program_has_no_known_format(t):
    # Only execve can say so: it is reported by `run`, after the container was started.
    box = Box(t, "/bin/odd", change=lambda bundle: bundle.write_file("/bin/odd", "odd\n", 0o755))
    refused(t.runtime.run(box.id, box.bundle), "exec format error")
    box.nothing_left()


@suite.test
def refuses_an_id_in_use_and_keeps_its_container(t):
    box = Box(t).run_detached()
    pid = box.pid()
    refused(t.runtime.run(box.id, box.bundle), "container with given ID already exists")
    report.check(alive(pid), "the first container runs")
    box.stop().delete()


@suite.test
def returns_from_a_detached_run_while_the_container_runs(t):
    box = Box(t).run_detached()
    report.equal(t.runtime.status(box.id), "running", "status")
    pid = box.pid()
    report.check(alive(pid), "the container process is alive")
    box.stop().delete()


def writes_pid_file(command):
    def test(t):
        box = Box(t)
        path = os.path.join(box.bundle.rootfs, "pid")
        done(getattr(t.runtime, command)(box.id, box.bundle, "--pid-file", path,
                                         *(["--detach"] if command == "run" else [])))
        with open(path, encoding="utf-8") as file:
            report.equal(file.read(), str(box.pid()), "the file: digits and no newline")
        box.stop().delete()
    return test


suite.add("writes_a_pid_file_at_create", writes_pid_file("create"))
suite.add("writes_a_pid_file_at_run", writes_pid_file("run"))


@suite.test
def replaces_a_longer_pid_file(t):
    box = Box(t)
    path = os.path.join(box.bundle.rootfs, "pid")
    with open(path, "w", encoding="utf-8") as file:
        file.write("123456789012345678901234567890\n")
    box.create("--pid-file", path)
    with open(path, encoding="utf-8") as file:
        report.equal(file.read(), str(box.pid()), "the file")
    box.delete()


@suite.test
def leaves_no_container_if_the_pid_file_cannot_be_written(t):
    box = Box(t)
    result = t.runtime.create(box.id, box.bundle, "--pid-file", f"{t.directory}/no/such/pid").must(1)
    report.contains(result.stderr, "no such file", "stderr")
    box.nothing_left()


def terminal(bundle):
    bundle.set("/process/terminal", True)


@suite.test
def refuses_to_create_with_a_terminal_and_no_socket(t):
    box = Box(t, change=terminal)
    refused(t.runtime.create(box.id, box.bundle), NO_SOCKET)
    box.nothing_left()


@suite.test
def refuses_to_run_detached_with_a_terminal_and_no_socket(t):
    box = Box(t, change=terminal)
    refused(t.runtime.run(box.id, box.bundle, "--detach"), NO_SOCKET)
    box.nothing_left()


@suite.test
def refuses_a_socket_without_a_terminal(t):
    box = Box(t)
    refused(t.runtime.create(box.id, box.bundle, "--console-socket", f"{t.directory}/s"), NO_TERMINAL)
    box.nothing_left()


@suite.test
def leaves_nothing_if_nobody_listens_on_the_console_socket(t):
    box = Box(t, change=terminal)
    result = t.runtime.create(box.id, box.bundle, "--console-socket", f"{t.directory}/none").must(1)
    report.contains(result.stderr, "no such file", "stderr")
    box.nothing_left()


def console(t):
    socket = ConsoleSocket(os.path.join(t.directory, "console"))
    t.on_cleanup(socket.close)
    return socket


@suite.test
def sends_a_terminal_to_the_console_socket(t):
    script = "tty; test -t 0 && test -t 1 && test -t 2 && echo all; stty size; ls -l /dev/console"
    box = Box(t, "sh", "-c", script, change=lambda bundle: bundle.set(
        "/process", {**bundle.config["process"], "terminal": True,
                     "consoleSize": {"height": 31, "width": 97}}))
    socket = console(t)
    box.create("--console-socket", socket.path)
    master, payload, count = socket.receive()
    report.equal(count, 1, "descriptors in the message")
    report.check(payload, "the message has a byte beside the descriptor (cmsg(3))")
    pid = box.pid()
    box.start()
    report.equal(reap(pid), 0, "exit status")
    shown = read_terminal(master)
    os.close(master)
    socket.close()
    report.contains(shown, "/dev/pts/", "the name of the terminal inside")
    report.contains(shown, "all\n", "what the descriptors are")
    report.contains(shown, "31 97", "the size of consoleSize")
    report.check("/dev/console" in shown and "No such" not in shown, f"/dev/console: {shown!r}")
    box.delete()


class Foreground:
    """`run` on a terminal of its own, as a person's shell would start it."""

    def __init__(self, t, box, *arguments):
        self.master, slave = os.openpty()
        self.slave = slave
        t.on_cleanup(self.close)
        resize(self.master, 24, 80)
        self.settings = termios.tcgetattr(slave)
        self.running = t.runtime.spawn(*arguments, stdin=slave, stdout=slave, stderr=slave,
                                       before_exec=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.shown = ""

    def wait_for(self, text):
        def seen():
            self.shown += drain(self.master)
            return text in self.shown
        report.eventually(seen, f"{text!r} on the terminal", 10)

    def end(self):
        """The exit status; the terminal must be as it was."""
        try:
            status = self.running.process.wait(20)
        finally:
            self.shown += drain(self.master)
        report.equal(termios.tcgetattr(self.slave), self.settings, f"the terminal's settings; {self.shown}")
        return status

    def close(self):
        if self.running.process.poll() is None:
            self.running.process.kill()
            self.running.process.wait()
        os.close(self.master)
        os.close(self.slave)


def drain(master):
    os.set_blocking(master, False)
    text = b""
    try:
        while data := os.read(master, 65536):
            text += data
    except (BlockingIOError, OSError):
        pass
    return text.decode("utf-8", "replace").replace("\r\n", "\n")


def resize(descriptor, rows, columns):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def run_on_terminal(t, box):
    return Foreground(t, box, "run", "--bundle", box.bundle.path, box.id)


@suite.test
def gives_a_foreground_run_a_terminal_of_its_own(t):
    box = Box(t, "sh", "-c", "tty; stty size; read line; echo line=$line; exit 5", change=terminal)
    screen = run_on_terminal(t, box)
    screen.wait_for("24 80")
    os.write(screen.master, b"typed\n")
    screen.wait_for("line=typed")
    report.equal(screen.end(), 5, f"exit status; {screen.shown}")
    report.contains(screen.shown, "/dev/pts/0", "the container's terminal is of its own devpts")
    box.nothing_left()


@suite.test
def passes_a_resize_to_the_container(t):
    script = "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done"
    box = Box(t, "sh", "-c", script, change=terminal)
    screen = run_on_terminal(t, box)
    screen.wait_for("ready")
    resize(screen.master, 41, 123)
    screen.wait_for("41 123")
    report.equal(screen.end(), 0, "exit status")
    box.nothing_left()


@suite.test
def passes_an_interrupt_typed_on_the_terminal(t):
    script = "trap 'echo interrupted; exit 6' INT; echo ready; while :; do sleep 0.05; done"
    box = Box(t, "sh", "-c", script, change=terminal)
    screen = run_on_terminal(t, box)
    screen.wait_for("ready")
    os.write(screen.master, b"\x03")
    screen.wait_for("interrupted")
    report.equal(screen.end(), 6, "exit status")
    box.nothing_left()


@suite.test
def restores_the_terminal_when_the_container_is_killed(t):
    box = Box(t, "sh", "-c", "echo ready; sleep 1000", change=terminal)
    screen = run_on_terminal(t, box)
    screen.wait_for("ready")
    done(t.runtime.kill(box.id, "KILL"))
    report.equal(screen.end(), 137, "exit status")
    box.nothing_left()


@suite.test
def restores_the_terminal_when_run_fails(t):
    box = Box(t, "/no/such/command", change=terminal)
    screen = run_on_terminal(t, box)
    report.equal(screen.end(), 1, "exit status")
    report.contains(screen.shown, "no such file or directory", "what the terminal shows")
    box.nothing_left()


@suite.test
def refuses_a_foreground_terminal_where_stdin_is_none(t):
    # Without a terminal of the caller's own there is nothing to put the container's on.
    box = Box(t, change=terminal)
    result = t.runtime.run(box.id, box.bundle)
    report.check(result.status not in (0, None), f"status of {result!r}")
    if ours(t):
        refused(result, "terminal", result.status)
    box.nothing_left()
