"""What the namespace cases share: holders of namespaces, a bundle with its census, and the two ends
of a command."""

import json
import os
import subprocess

from support import report
from support.container import Container

suite = report.Suite("namespaces", budget=60)

KINDS = ("user", "cgroup", "ipc", "uts", "network", "pid", "mount", "time")
PROC_NAMES = {"network": "net", "mount": "mnt"}
HOST_ID = 200000


def proc_name(kind):
    return PROC_NAMES.get(kind, kind)


def inode(pid, kind):
    return os.stat(f"/proc/{pid}/ns/{proc_name(kind)}").st_ino


class Holder:
    """A process in namespaces of its own, until the test ends. `owned` are made together with the
    user namespace, which then owns them; `kinds` before it."""

    def __init__(self, t, kinds=(), user=False, owned=(), deny_groups=False, size=65536):
        # Joined by whoever asks for them, a process each: `unshare` forks where it has to.
        command = ["sh", "-c", "echo ready; exec sleep 600"]
        if user or owned:
            command = ["unshare", "--user", *flags_of(owned), *command]
        if kinds:
            command = ["unshare", *flags_of(kinds), *command]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        t.on_cleanup(self.end)
        report.equal(self.process.stdout.readline(), "ready\n", "the holder of namespaces")
        self.pid = innermost(self.process.pid)
        if user or owned:
            write_maps(self.pid, deny_groups, size)
        self.kinds = (("user",) if user or owned else ()) + tuple(kinds) + tuple(owned)

    def path(self, kind):
        return f"/proc/{self.pid}/ns/{proc_name(kind)}"

    def inodes(self):
        return {kind: inode(self.pid, kind) for kind in self.kinds}

    def end(self):
        for pid in (self.pid, self.process.pid):
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process.stdout.close()


def flags_of(kinds):
    names = {"network": "net"}
    flags = [f"--{names.get(kind, kind)}" for kind in kinds]
    if "mount" in kinds:
        flags += ["--propagation", "private"]
    # A pid or time namespace holds the children only.
    if "pid" in kinds or "time" in kinds:
        flags += ["--fork", "--kill-child"]
    return flags


def innermost(pid):
    while True:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = file.read().split()
        if not children:
            return pid
        pid = int(children[0])


def write_maps(pid, deny_groups, size):
    for name, text in (("setgroups", "deny" if deny_groups else None),
                       ("uid_map", f"0 {HOST_ID} {size}"), ("gid_map", f"0 {HOST_ID} {size}")):
        if text is not None:
            with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:
                file.write(text)


def give_rootfs(bundle, uid=HOST_ID):
    """Directories and links of the root file system to the namespace's root; the programs are
    shared hard links and stay as they are."""
    for directory, _, files in os.walk(bundle.rootfs):
        os.lchown(directory, uid, uid)
        for name in files:
            path = os.path.join(directory, name)
            if os.path.islink(path) or os.stat(path).st_nlink == 1:
                os.lchown(path, uid, uid)


class Box(Container):
    """One container of a test."""

    def __init__(self, t, change=None, arguments=(), name="c"):
        super().__init__(t, arguments, change, name)

    def run(self):
        return self.create().start()

    @property
    def pid(self):
        return self.state()["pid"]

    def probe(self, *sections):
        """What a process that is executed in the container sees."""
        result = self.runtime.exec(self.id, "/probe", *sections).must()
        report.equal(result.stderr, "", "stderr of exec")
        return json.loads(result.stdout)
