"""A census of the machine: what a runtime could leave behind, before and after.

Other programs run on the same machine, so a census is taken within a Scope: what belongs to one
test by its unique id, its directory, or its processes. Equal censuses before and after mean that
nothing was left.
"""

import os
import socket

_CGROUP_ROOT = "/sys/fs/cgroup"


class Scope:
    """What belongs to a test. An empty scope is the whole machine.

    unique: cgroups, sockets, network interfaces and processes (by cgroup or command line) that
    have it in their name; directory: mounts and sockets under it, processes whose working
    directory, root or program lies under it; root_pid: processes descended from it.
    """

    def __init__(self, unique=None, directory=None, root_pid=None, state_roots=()):
        self.unique = unique
        self.directory = directory
        self.root_pid = root_pid
        self.state_roots = list(state_roots)

    @property
    def whole(self):
        return self.unique is None and self.directory is None and self.root_pid is None

    def has_name(self, name):
        return self.whole or (self.unique is not None and self.unique in name)

    def has_path(self, path):
        if self.whole or self.has_name(path):
            return True
        return self.directory is not None and (
            path == self.directory or path.startswith(self.directory + "/"))


class Census:
    """Sorted sets of text, one a kind of thing."""

    KINDS = ("cgroups", "mounts", "processes", "sockets", "states", "interfaces", "files")

    def __init__(self, **sets):
        for kind in self.KINDS:
            setattr(self, kind, sets.get(kind, frozenset()))

    def __eq__(self, other):
        return all(getattr(self, kind) == getattr(other, kind) for kind in self.KINDS)


def take(scope=None):
    scope = scope or Scope()
    return Census(cgroups=frozenset(_cgroups(scope)), mounts=frozenset(_mounts(scope)),
                  processes=frozenset(_processes(scope)), sockets=frozenset(_sockets(scope)),
                  states=frozenset(_states(scope)), interfaces=frozenset(_interfaces(scope)),
                  files=frozenset(_files(scope)))


def of_test(test, *state_roots):
    """The census of one test of support.report: its unique id, directory, and descendants."""
    roots = state_roots or (os.path.join(test.directory, "root"),)
    return take(Scope(test.unique, test.directory, os.getpid(), roots))


def difference(before, after):
    """What appeared and disappeared, as text; empty if nothing did."""
    lines = []
    for kind in Census.KINDS:
        old, new = getattr(before, kind), getattr(after, kind)
        lines += [f"{kind}: left over: {item}" for item in sorted(new - old)]
        lines += [f"{kind}: gone: {item}" for item in sorted(old - new)]
    return "\n".join(lines)


def assert_same(before, after):
    text = difference(before, after)
    if text:
        raise AssertionError("the census differs\n" + text)


def settled(take_again, before, timeout=3.0):
    """Compares until equal or the time is over: the kernel empties a cgroup, and a parent reaps,
    a moment after the runtime returned. Returns the difference as text."""
    import time
    end = time.monotonic() + timeout
    while True:
        text = difference(before, take_again())
        if not text or time.monotonic() >= end:
            return text
        time.sleep(0.02)


def _cgroups(scope):
    for directory, names, _ in os.walk(_CGROUP_ROOT):
        for name in names:
            path = os.path.join(directory, name)
            if not os.path.islink(path) and scope.has_name(path):
                yield path


def _mounts(scope):
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            fields = line.split()
            separator = fields.index("-")
            if scope.has_path(fields[4]) or scope.has_path(fields[3]):
                yield f"{fields[4]} ({fields[separator + 1]}, root {fields[3]})"


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _process_table():
    table = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        stat = _read(f"/proc/{name}/stat")
        if not stat:
            continue
        head, _, tail = stat.rpartition(")")
        fields = tail.split()
        table[int(name)] = {"comm": head.partition("(")[2], "state": fields[0],
                            "parent": int(fields[1]), "start": int(fields[19])}
    return table


def _descends(table, pid, ancestor):
    seen = set()
    while pid in table and pid not in seen:
        seen.add(pid)
        pid = table[pid]["parent"]
        if pid == ancestor:
            return True
    return False


def _belongs(scope, pid):
    if scope.has_name(_read(f"/proc/{pid}/cgroup")) or scope.has_name(
            _read(f"/proc/{pid}/cmdline")):
        return True
    return any(scope.has_path(_link(f"/proc/{pid}/{name}")) for name in ("cwd", "root", "exe"))


def _processes(scope):
    table = _process_table()
    for pid, entry in table.items():
        # Kernel threads are children of kthreadd (2); this process and its parents are no news.
        if pid in (1, 2, os.getpid()) or entry["parent"] == 2:
            continue
        inside = scope.whole or _descends(table, pid, scope.root_pid) or _belongs(scope, pid)
        if inside and os.getpid() != pid and not _descends(table, os.getpid(), pid):
            yield (f"pid {pid} started {entry['start']} parent {entry['parent']} "
                   f"state {entry['state']} {entry['comm']} {_link(f'/proc/{pid}/exe')}")


def _sockets(scope):
    for line in _read("/proc/net/unix").splitlines()[1:]:
        fields = line.split(maxsplit=7)
        listening = int(fields[3], 16) & 0x10000  # __SO_ACCEPTCON, unix.rst
        if listening and len(fields) == 8 and scope.has_path(fields[7]):
            yield fields[7]


def _states(scope):
    for root in scope.state_roots:
        if os.path.isdir(root):
            for name in os.listdir(root):
                yield os.path.join(root, name)


def _interfaces(scope):
    for _, name in socket.if_nameindex():
        if scope.has_name(name):
            yield name


def _files(scope):
    """Names under the test's directory; not the root file system, which a container may fill,
    and not the state roots, which have their own kind."""
    if scope.directory is None:
        return
    for directory, names, files in os.walk(scope.directory):
        if directory in scope.state_roots:
            names.clear()
            continue
        names[:] = [name for name in names if name != "rootfs"]
        for name in files:
            yield os.path.join(directory, name)
