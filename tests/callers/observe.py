"""What the kernel says about a container, seen from the host (proc(5), cgroup-v1/)."""

import glob
import os

import sandbox
from support.report import check, equal, eventually, fail, skip

CGROUP_ROOT = "/sys/fs/cgroup"
# What podman and containerd keep for themselves.
CALLERS_DIRECTORIES = ("/run/libpod", "/run/containers", "/run/containerd-suite",
                       "/run/containerd/fifo")
ALL_CAPABILITIES_FILE = "/proc/sys/kernel/cap_last_cap"

# Opening the kernel's log for writing takes no capability: only the rules for devices refuse it.
OPEN_KMSG = ("mknod /kmsg c 1 11; if (: > /kmsg) 2> /dev/null; then echo opened; "
             "else echo refused; fi")


def namespace(pid, kind):
    """"pid:[4026531836]": two processes share a namespace if and only if these are equal."""
    return os.readlink(f"/proc/{pid}/ns/{kind}")


def parse_status(text):
    """The fields of /proc/PID/status."""
    return dict((part.strip() for part in line.split(":", 1)) for line in text.splitlines()
                if ":" in line)


def status(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return parse_status(file.read())


def alive(pid):
    """True if the process exists and is no zombie."""
    try:
        return status(pid)["State"][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().decode().split("\0")[:-1]


def pids_running(*command):
    """The host's pids of the processes with exactly this command line."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        pid = int(path.split("/")[2])
        try:
            if command_line(pid) == list(command) and alive(pid):
                found.append(pid)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return sorted(found)


def shims():
    """containerd's shims, each as "pid command line"."""
    return [line for line in processes() if "containerd-shim" in line]


def cgroups(pid):
    """Path by controller; the v2 hierarchy's has the empty name (cgroups(7))."""
    result = {}
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        for line in file.read().splitlines():
            _, controllers, path = line.split(":", 2)
            result.update((name, path) for name in controllers.split(","))
    return result


def cgroup_lines(text):
    """The lines of a /proc/PID/cgroup that stand for a hierarchy which is mounted here: the kernel
    always shows the v2 one ("0::") but crun's sandbox hides it."""
    unified = any("unified" in top or top == CGROUP_ROOT for top in sandbox.hierarchies())
    return [line for line in text.splitlines() if unified or not line.startswith("0::")]


def cgroup_value(pid, controller, name):
    """The text of a cgroup v1 file of the process's cgroup."""
    if not os.path.isdir(f"{CGROUP_ROOT}/{controller}"):
        skip(f"this machine has no cgroup v1 hierarchy of {controller}", impossible=True)
    path = cgroups(pid)[controller]
    with open(f"{CGROUP_ROOT}/{controller}{path}/{name}", encoding="utf-8") as file:
        return file.read().strip()


def check_in_own_cgroups(pid, name):
    """The process is in a cgroup of that name in every hierarchy that is mounted here."""
    found = list(sandbox.hierarchies())
    check(found, "no cgroup hierarchy is mounted here")
    for top in found:
        holders = [directory for directory in cgroup_directories(name) if
                   directory.startswith(top + "/") and str(pid) in _members(directory)]
        check(holders, f"{top}: the process is not in a cgroup of {name}: {cgroups(pid)}")


def _members(directory):
    with open(directory + "/cgroup.procs", encoding="utf-8") as file:
        return file.read().split()


def cgroup_directories(part, parent=None):
    """The cgroups with the part in their path, in every hierarchy, below the suite's own parent
    (or another one: "" is all of the machine)."""
    found = []
    parent = sandbox.parent_cgroup() if parent is None else parent
    for top in sandbox.hierarchies():
        for directory, _, _ in os.walk(f"{top}/{parent}"):
            if part in directory[len(top):]:
                found.append(directory)
    return sorted(found)


def state_paths(part):
    """Files and directories under /run with the part in their name: a runtime's state."""
    return sorted(path for path in files("/run", without=CALLERS_DIRECTORIES)
                  if part in os.path.basename(path))


def host_mounts():
    """The sandbox's mounts: a container's must not be among them."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return sorted(" ".join(line.split()[3:5]) for line in file)


def check_gone(part, timeout=10.0):
    """Nothing has the container's id any more: process, cgroup, mount or state."""
    def left():
        mounts = [mount for mount in host_mounts() if part in mount]
        processes = []
        for path in glob.glob("/proc/[0-9]*/cgroup"):
            try:
                with open(path, encoding="utf-8") as file:
                    if part in file.read() and alive(int(path.split("/")[2])):
                        processes.append(path)
            except (FileNotFoundError, ProcessLookupError):
                pass
        return cgroup_directories(part) + state_paths(part) + mounts + processes
    try:
        eventually(lambda: not left(), "nothing left", timeout)
    except AssertionError:
        equal(left(), [], f"left of {part} after {timeout} s")


def processes():
    """All processes of the sandbox but process 1 and this one, as "pid command line"."""
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        pid = int(path.rpartition("/")[2])
        try:
            if pid not in (1, os.getpid()) and alive(pid):
                found.append(f"{pid} {' '.join(command_line(pid))}")
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def files(*tops, without=()):
    """Every path under the directories, except what lies under those of `without`."""
    found = set()
    for top in tops:
        for directory, names, entries in os.walk(top):
            names[:] = [name for name in names if os.path.join(directory, name) not in without]
            found.update(os.path.join(directory, name) for name in names + entries)
    return found


def mount_line(text, point):
    """(options, type, super options) of the last mount at a place, by the text of mountinfo."""
    for line in reversed(text.splitlines()):
        fields = line.split()
        if len(fields) > 9 and fields[4] == point:
            separator = fields.index("-")
            return fields[5].split(","), fields[separator + 1], fields[separator + 3].split(",")
    fail(f"{point} is no mount point in\n{text}")


def all_capabilities():
    """The mask of all capabilities that the kernel knows (capabilities(7))."""
    with open(ALL_CAPABILITIES_FILE, encoding="utf-8") as file:
        return (1 << (int(file.read()) + 1)) - 1
