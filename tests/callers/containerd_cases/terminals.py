"""ctr run -t and tasks exec -t."""

import observe
from containerd_suite import containerd, operation
from support.report import contains, equal

_SIZED = "until [ \"$(stty size 2>&1)\" = \"{size}\" ]; do sleep 0.05; done; echo size-is-{mark}; "


@operation("run -t")
def run_t_gives_a_terminal_that_knows_its_size(t):
    script = ("test -t 0 && test -t 1 && test -t 2 && echo all three; "
              "test /dev/console -ef /dev/pts/0 && echo console; "
              + _SIZED.format(size="33 99", mark="first")
              + _SIZED.format(size="44 120", mark="second")
              + "read line; echo line=$line; exit 7")
    name = t.container_id()
    t.on_cleanup(containerd().remove, name)
    terminal = containerd().terminal(t, *containerd().arguments_of_run(
        ["--rm", "-t"], name, "sh", "-c", script))
    terminal.read_until("size-is-first")
    terminal.resize(44, 120)
    terminal.read_until("size-is-second")
    terminal.write("hello\n")
    contains(terminal.read_until("line=hello"), "all three\n", "isatty")
    equal(terminal.wait(), 7, "exit status")
    observe.check_gone(name)


@operation("tasks exec -t")
def exec_t_gives_a_terminal_that_knows_its_size(t):
    task = containerd().start(t, [], "sleep", "1000")
    script = ("test -t 0 && test -t 1 && test -t 2 && echo all three; "
              + _SIZED.format(size="33 99", mark="first")
              + "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.05; done")
    terminal = containerd().terminal(t, *task.arguments_of_exec(["-t"], "sh", "-c", script))
    contains(terminal.read_until("ready"), "all three\n", "isatty")
    terminal.write("\x03")
    terminal.read_until("interrupted")
    equal(terminal.wait(), 5, "exit status")
