"""podman run -it and exec -it, as a person sees them."""

from podman_caller import IMAGE
from podman_suite import operation, podman
from support.report import check, contains, equal


_SIZED = "until [ \"$(stty size 2>&1)\" = \"{size}\" ]; do sleep 0.05; done; echo size-is-{mark}; "


@operation("run -it")
def run_it_gives_a_terminal_that_knows_its_size(t):
    script = ("test -t 0 && test -t 1 && test -t 2 && echo all three; tty; "
              "test /dev/console -ef /dev/pts/0 && echo console; "
              + _SIZED.format(size="33 99", mark="first")
              + _SIZED.format(size="44 120", mark="second")
              + "read line; echo line=$line; exit 7")
    terminal = podman().terminal(t, "run", "--rm", "-it", *podman().options(), IMAGE, "sh", "-c",
                                 script)
    terminal.read_until("size-is-first")
    terminal.resize(44, 120)
    terminal.read_until("size-is-second")
    terminal.write("hello\n")
    text = terminal.read_until("line=hello")
    equal(terminal.wait(), 7, "exit status")
    contains(text, "all three\n", "isatty of stdin, stdout and stderr")
    check("/dev/pts/0\n" in text or "/dev/console\n" in text, f"what tty printed: {text}")


@operation("run -it")
def control_c_on_the_terminal_interrupts_the_foreground_process(t):
    script = "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.05; done"
    terminal = podman().terminal(t, "run", "--rm", "-it", *podman().options(), IMAGE, "sh", "-c",
                                 script)
    terminal.read_until("ready")
    terminal.write("\x03")
    terminal.read_until("interrupted")
    equal(terminal.wait(), 9, "exit status")


@operation("exec -it")
def exec_it_gives_a_terminal_that_knows_its_size(t):
    container = podman().start(t, [], "sleep", "1000")
    script = ("test -t 0 && test -t 1 && test -t 2 && echo all three; "
              + _SIZED.format(size="33 99", mark="first") + "read line; echo line=$line; exit 5")
    terminal = podman().terminal(t, "exec", "-it", container.name, "sh", "-c", script)
    terminal.read_until("size-is-first")
    terminal.write("hello\n")
    contains(terminal.read_until("line=hello"), "all three\n", "isatty")
    equal(terminal.wait(), 5, "exit status")
