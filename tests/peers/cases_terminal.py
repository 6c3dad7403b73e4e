"""The terminal: console socket, size, owner."""

import os

from cases_identity import user
from support.runtime import ConsoleSocket, read_terminal
from table import case


def terminal(side, rows=None):
    """create with a console socket, as conmon does; the report as it came out of the terminal."""
    console = ConsoleSocket(os.path.join(side.directory, "console"))
    side.test.on_cleanup(console.close)
    side.bundle.set("/process/terminal", True)
    if rows:
        side.bundle.set("/process/consoleSize", {"height": rows, "width": 2 * rows})
    side.create_flags += ["--console-socket", console.path]
    side.create().must()
    master, payload, count = console.receive()
    side.start().must()
    text = read_terminal(master)
    os.close(master)
    side.wait()
    found = side.report_of(text)
    found["descriptors_in_the_message"] = count
    found["message_has_a_payload"] = len(payload) > 0
    return found


@case(expects={"/session/standard/0/terminal": True, "/session/controlling": "ok",
               "/devices/~1dev~1console/type": "c"})
def a_terminal(side):
    side.probe("session", "descriptors", "devices", "mounts", "signals")
    return terminal(side)


@case(expects={"/session/standard/1/rows": 40, "/session/standard/1/columns": 80})
def a_terminal_with_a_size(side):
    side.probe("session")
    return terminal(side, 40)


@case(expects={"/descriptors/0/uid": 1000, "/session/controlling": "ok"})
def a_terminal_of_a_user(side):
    user(side, 1000)
    side.probe("session", "descriptors", "devices")
    return terminal(side)
