"""Where errors and warnings go: files, the journal, syslog, and how much of them (contract, A1, A4)."""

import json
import os
import socket

from common import Box, done, ours, refused
from line import need_nucleus, suite
from support import report

# A machine of our own with a journal and a syslog daemon: sockets of the test's.
_DAEMONS = """
mount -t tmpfs none /run && mkdir -p /run/systemd/journal && ln -s {0}/journal /run/systemd/journal/socket &&
mount -t tmpfs none /dev && ln -s {0}/log /dev/log && exec "$@"
"""


def daemons(t):
    found = []
    for name in ("journal", "log"):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(os.path.join(t.directory, name))
        listener.settimeout(5)
        t.on_cleanup(listener.close)
        found.append(listener)
    t.runtime.wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                         _DAEMONS.format(t.directory), "sh"]
    return found


@suite.test
def writes_to_the_file_that_is_named_with_or_without_a_prefix(t):
    for prefix in ("", "file:"):
        if prefix and not ours(t):
            continue
        path = os.path.join(t.directory, "log" + prefix.strip(":"))
        t.runtime.global_arguments = ["--log", prefix + path, "--log-format", "json"]
        t.runtime.call("state", "absent").must(1)
        with open(path, encoding="utf-8") as file:
            report.contains(json.load(file)["msg"], "does not exist", f"the log {prefix}")


@suite.test
def writes_to_a_file_beside_the_working_directory(t):
    t.runtime.global_arguments = ["--log", "here.log"]
    t.runtime.call("state", "absent", cwd=t.directory).must(1)
    with open(os.path.join(t.directory, "here.log"), encoding="utf-8") as file:
        report.contains(file.read(), "does not exist", "the log")


@suite.test
def writes_to_the_journal(t):
    need_nucleus(t, "runc has files only")
    journal, _ = daemons(t)
    # conmon-rs gives both (contract, B5).
    t.runtime.global_arguments = ["--log=journald:c1", "--log-level=debug"]
    refused(t.runtime.call("state", "absent"), "does not exist")
    entries = [dict(row.split("=", 1) for row in journal.recv(4096).decode().splitlines())
               for _ in range(2)]
    report.equal([entry["SYSLOG_IDENTIFIER"] for entry in entries], ["c1", "c1"], "identifiers")
    report.equal([entry["PRIORITY"] for entry in entries], ["7", "3"], "priorities")
    report.equal(entries[1]["MESSAGE"], "state 'absent': container does not exist", "message")


@suite.test
def writes_to_syslog(t):
    need_nucleus(t, "runc has files only")
    _, daemon = daemons(t)
    t.runtime.global_arguments = ["--log", "syslog:c1"]
    result = refused(t.runtime.call("state", "absent"), "does not exist")
    report.equal(daemon.recv(4096).decode(),
                 f"<11>c1[{result.process.pid}]: state 'absent': container does not exist", "datagram")


@suite.test
def refuses_a_journal_and_a_syslog_that_are_not_there(t):
    need_nucleus(t, "runc has files only")
    daemons(t)
    for name, place in (("journal", "journald"), ("log", "syslog")):
        os.unlink(os.path.join(t.directory, name))
        t.runtime.global_arguments = ["--log", place + ":"]
        refused(t.runtime.call("list"), "--log: connect to")


@suite.test
def tells_what_it_does_only_if_told_so(t):
    need_nucleus(t, "the words are nucleus's")
    box = Box(t)
    for number, (flags, lines) in enumerate(((["--debug"], 1), (["--log-level", "debug"], 1),
                                             (["--log-level", "error"], 0), ([], 0),
                                             (["--debug=false"], 0))):
        path = os.path.join(box.bundle.rootfs, f"log{number}")
        t.runtime.global_arguments = ["--log", path, *flags]
        done(t.runtime.call("delete", "--force", "absent"))
        with open(path, encoding="utf-8") as file:
            report.equal(len(file.read().splitlines()), lines, f"lines with {flags}")


@suite.test
def leaves_warnings_out_if_only_errors_are_wanted(t):
    need_nucleus(t, "the words are nucleus's")
    box = Box(t, "true", change=lambda bundle: bundle.hook("poststop", "/no/such/hook"))
    for flags, wanted in (([], True), (["--log-level", "error"], False)):
        path = os.path.join(box.bundle.rootfs, "log" + "".join(flags))
        t.runtime.global_arguments = ["--log", path, *flags]
        done(t.runtime.run(box.id, box.bundle))
        with open(path, encoding="utf-8") as file:
            report.equal("poststop hook" in file.read(), wanted, f"a warning with {flags}")
    box.nothing_left()


@suite.test
def reads_settings_of_another_file(t):
    need_nucleus(t, "only nucleus has settings")
    box = Box(t)
    path = os.path.join(box.bundle.rootfs, "settings.yaml")
    log = os.path.join(box.bundle.rootfs, "log")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"log: {log}\nlog_level: debug\n")
    t.runtime.global_arguments = ["--settings", path]
    refused(t.runtime.call("state", "absent"), "does not exist")
    with open(log, encoding="utf-8") as file:
        report.equal(len(file.read().splitlines()), 2, "lines of the log")
