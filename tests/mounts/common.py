"""What the tests of mounts share: a container that looks at its own mounts, and a host with mounts
made for one test in a mount namespace of its own."""

import collections
import os
import subprocess

from support import census, report
from support.bundle import Bundle
from support.container import ours, reap_orphans

PLACE = "/place"

# One line of mountinfo (proc_pid_mountinfo(5)); the options of the mount and of the file system.
Mount = collections.namedtuple("Mount", "root point options propagation type source super")


def mounts_of(text):
    """The mounts in a text that holds lines of mountinfo, in their order."""
    found = []
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 6:
            continue
        kind, source, options = after.split(" ", 2)
        found.append(Mount(fields[3], fields[4], fields[5].split(","), fields[6:], kind, source,
                           options.split(",")))
    return found


def mount_at(text, point=PLACE):
    """The topmost mount at the point."""
    found = [mount for mount in mounts_of(text) if mount.point == point]
    report.check(found, f"nothing is mounted at {point}:\n{text}")
    return found[-1]


def bundle(t, name="bundle"):
    return Bundle(os.path.join(t.directory, name))


def source(t, name="source"):
    """A directory of the host that holds one file."""
    path = os.path.join(t.directory, name)
    os.mkdir(path)
    with open(os.path.join(path, "file"), "w", encoding="utf-8") as file:
        file.write("content\n")
    return path


def look(t, made, script="", status=0):
    """Runs the bundle with a shell that prints its mountinfo, then does the script: the output."""
    made.args("sh", "-c", "cat /proc/self/mountinfo\n" + script).write()
    return t.runtime.run(t.container_id(), made).must(status).stdout


def host(t, script):
    """The runtime under test sees the mounts that the script makes; no other process does."""
    holder = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
         script + "\necho ready\nexec sleep 600"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def end():
        holder.kill()
        holder.wait()
        holder.stdout.close()
        holder.stdin.close()
    t.on_cleanup(end)
    report.equal(holder.stdout.readline(), "ready\n", "the mounts of the host")
    t.runtime.wrapper = ["nsenter", f"--mount=/proc/{holder.pid}/ns/mnt", *t.runtime.wrapper]


def refusal(t, made, *parts):
    """The bundle is refused: one error that holds every part, and nothing is left of it. The words are
    nucleus's own: of another runtime only the refusal is asked."""
    made.write()
    before = census.of_test(t)
    result = t.runtime.create(t.container_id(), made)
    report.check(result.status not in (0, None), f"it was accepted\n{result!r}")
    lines = result.stderr.splitlines()
    if ours(t):
        report.equal(len(lines), 1, f"lines of the error\n{result.stderr}")
        for part in parts:
            report.contains(lines[0], part, "the error")
    else:
        reap_orphans()
    report.equal(census.settled(lambda: census.of_test(t), before), "", "left behind")
    return lines[0]
