"""Descriptors that the caller hands on: --preserve-fds and LISTEN_FDS (sd_listen_fds(3))."""

import os
import tempfile

from common import Box
from line import need_nucleus, suite
from support import report

SHOW = "env | grep LISTEN; for fd in 3 4 5 6; do [ -e /proc/self/fd/$fd ] && cat <&$fd; done; exit 0"


def files(t, count):
    """Open files that say `first`, `second` ...: what the container is to find from 3 on."""
    found = []
    for name in ("first", "second", "third", "fourth")[:count]:
        file = tempfile.TemporaryFile("w+", encoding="ascii")
        t.on_cleanup(file.close)
        file.write(name + "\n")
        file.flush()
        file.seek(0)
        found.append(file)
    return found


def shown(t, given, command, environment=()):
    """What a container, or an executed process of one, prints of its descriptors."""
    out = tempfile.TemporaryFile("w+", encoding="ascii")
    t.on_cleanup(out.close)
    words = [*t.runtime.wrapper, t.runtime.path, "--root", t.runtime.root, *command]
    pid = os.fork()
    if pid == 0:
        try:
            # Away from the places first: one may be another's.
            moved = [os.dup2(file.fileno(), 100 + place) for place, file in enumerate(given)]
            for place, descriptor in enumerate(moved):
                os.dup2(descriptor, 3 + place)
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
            environ = {"PATH": os.environ["PATH"]}
            for name, value in environment:
                environ[name] = str(os.getpid()) if value is None else value
            os.closerange(3 + len(given), 4096)
            os.execvpe(words[0], words, environ)
        finally:
            os._exit(127)
    _, status = os.waitpid(pid, 0)
    out.seek(0)
    return os.waitstatus_to_exitcode(status), out.read().splitlines()


def bundle_of(t):
    return Box(t, "sh", "-c", SHOW)


def run_of(box):
    return ["run", "--bundle", box.bundle.path, box.id]


@suite.test
def hands_on_no_descriptor_that_is_not_asked_for(t):
    box = bundle_of(t)
    report.equal(shown(t, files(t, 3), command=run_of(box)), (0, []), "what it found")
    box.nothing_left()


@suite.test
def hands_on_as_many_descriptors_as_it_is_told(t):
    box = bundle_of(t)
    found = shown(t, files(t, 3), command=["run", "--preserve-fds", "2", "--bundle", box.bundle.path, box.id])
    report.equal(found, (0, ["first", "second"]), "what it found")
    box.nothing_left()


@suite.test
def refuses_to_hand_on_a_descriptor_that_is_not_open(t):
    need_nucleus(t, "the words are nucleus's")
    box = bundle_of(t)
    status, said = shown(t, files(t, 1), command=["run", "--preserve-fds=2", "--bundle", box.bundle.path, box.id])
    report.equal((status, len(said)), (1, 1), f"status and lines {said}")
    report.contains(said[0], "cannot preserve descriptor 4: the caller has not opened it", "stderr")
    box.nothing_left()


@suite.test
def hands_on_announced_sockets_and_announces_them(t):
    box = bundle_of(t)
    announced = [("LISTEN_FDS", "2"), ("LISTEN_PID", None)]
    found = shown(t, files(t, 3), environment=announced, command=run_of(box))
    report.equal(found, (0, ["LISTEN_FDS=2", "LISTEN_PID=1", "first", "second"]), "what it found")
    box.nothing_left()


@suite.test
def hands_on_announced_sockets_before_the_others(t):
    box = bundle_of(t)
    announced = [("LISTEN_FDS", "1"), ("LISTEN_PID", None)]
    found = shown(t, files(t, 3), environment=announced,
                  command=["run", "--preserve-fds", "1", "--bundle", box.bundle.path, box.id])
    report.equal(found, (0, ["LISTEN_FDS=1", "LISTEN_PID=1", "first", "second"]), "what it found")
    box.nothing_left()


@suite.test
def leaves_sockets_alone_that_are_announced_to_another(t):
    box = bundle_of(t)
    found = shown(t, files(t, 2), environment=[("LISTEN_FDS", "2"), ("LISTEN_PID", "1")],
                  command=run_of(box))
    report.equal(found, (0, []), "what it found")
    box.nothing_left()


@suite.test
def hands_descriptors_on_to_an_executed_process(t):
    box = Box(t).run_detached()
    found = shown(t, files(t, 3), command=["exec", "--preserve-fds", "2", box.id, "sh", "-c", SHOW])
    report.equal(found, (0, ["first", "second"]), "what it found")
    found = shown(t, files(t, 3), command=["exec", box.id, "sh", "-c", SHOW])
    report.equal(found, (0, []), "what it found without the option")
    box.stop().delete()
