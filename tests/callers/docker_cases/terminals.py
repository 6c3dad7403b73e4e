"""docker run -it and exec -it, as a person sees them."""

import contextlib

from docker_caller import IMAGE
from docker_suite import docker, operation
from support.report import contains, equal

_SIZED = "until [ \"$(stty size 2>&1)\" = \"{size}\" ]; do sleep 0.05; done; echo size-is-{mark}; "
_RESIZED = _SIZED.format(size="33 99", mark="first") + _SIZED.format(size="44 120", mark="second")


def _resize(terminal):
    """docker 28 may show the first output before it listens to changes of the size."""
    terminal.read_until("size-is-first")
    for _ in range(20):
        terminal.resize(44, 121)
        terminal.resize(44, 120)
        with contextlib.suppress(AssertionError):
            terminal.read_until("size-is-second", 1.0)
            return
    terminal.read_until("size-is-second", 1.0)


@operation("run -it")
def run_it_gives_a_terminal_that_knows_its_size(t):
    script = ("test -t 0 && test -t 1 && test -t 2 && echo all three; "
              "test /dev/console -ef /dev/pts/0 && echo console; "
              + _RESIZED + "read line; echo line=$line; exit 7")
    terminal = docker().terminal(t, "run", "--rm", "-it", *docker().options(), IMAGE, "sh", "-c",
                                 script)
    _resize(terminal)
    terminal.write("hello\n")
    text = terminal.read_until("line=hello")
    equal(terminal.wait(), 7, "exit status")
    contains(text, "all three\nconsole\n", "isatty of stdin, stdout and stderr, /dev/console")


@operation("run -it", tier="long")
def control_c_on_the_terminal_interrupts_the_foreground_process(t):
    script = "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    terminal = docker().terminal(t, "run", "--rm", "-it", *docker().options(), IMAGE, "sh", "-c",
                                 script)
    terminal.read_until("ready")
    terminal.write("\x03")
    terminal.read_until("interrupted")
    equal(terminal.wait(), 9, "exit status")


@operation("run -it", tier="long")
def another_user_owns_the_terminal_it_was_given(t):
    terminal = docker().terminal(t, "run", "--rm", "-it", "-u", "1000", *docker().options(), IMAGE,
                                 "sh", "-c", "stat -L -c 'owner %u' /dev/fd/0; "
                                 "echo written > /dev/stderr; echo there > $(tty); exit 4")
    equal(terminal.wait(), 4, "exit status")
    for part in ("owner 1000\n", "written\n", "there\n"):
        contains(terminal.text, part, "what the terminal showed")


@operation("exec -it", tier="long")
def exec_it_gives_a_terminal_that_knows_its_size(t):
    container = docker().start(t, [], "sleep", "1000")
    script = ("test -t 0 && test -t 1 && test -t 2 && echo all three; " + _RESIZED
              + "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.05; done")
    terminal = docker().terminal(t, "exec", "-it", container.name, "sh", "-c", script)
    _resize(terminal)
    contains(terminal.read_until("ready"), "all three\n", "isatty")
    terminal.write("\x03")
    terminal.read_until("interrupted")
    equal(terminal.wait(), 5, "exit status")


@operation("attach", tier="long")
def attach_reaches_the_terminal_of_a_running_container(t):
    container = docker().start(t, ["-it"], "sh", "-c", "read line; echo got $line; exit 6")
    terminal = docker().terminal(t, "attach", container.name)
    terminal.write("word\n")
    terminal.read_until("got word")
    equal(terminal.wait(), 6, "exit status")
