"""Makes bundles: a root file system of busybox applets and the probe, and a config.json that is
our own writing of the usual default container. One test changes one property of it."""

import copy
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import threading

from support import removal
from support.report import REPOSITORY

PROBE_DIRECTORY = os.path.join(REPOSITORY, "tests", "probe")
PROBE_FLAGS = ["-std=c++20", "-O1", "-Wall", "-Wextra", "-static"]

APPLETS = """[ arch awk basename cat chgrp chmod chown clear cmp cp cut date dd df dirname echo
env expr false find free getopt grep head hexdump hostname id ifconfig ip ipcs kill ln ls mkdir
mkfifo mknod mktemp more mount mv nc nice nohup nproc od ping pipe_progress ps pwd readlink
realpath reset rm rmdir sed seq setsid sh sleep sort stat stty sync sysctl tail tee test time
timeout top touch tr true tty umount uname uniq unshare usleep wc which whoami xargs yes""".split()

DEFAULT_CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]

_DEFAULT_CONFIG = {
    "ociVersion": "1.0.2",
    "process": {
        "terminal": False,
        "user": {"uid": 0, "gid": 0},
        "args": ["sh"],
        "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
        "cwd": "/",
        "capabilities": {
            "bounding": DEFAULT_CAPABILITIES,
            "effective": DEFAULT_CAPABILITIES,
            "permitted": DEFAULT_CAPABILITIES,
        },
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs", "readonly": False},
    "hostname": "box",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
         "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
         "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs",
         "options": ["nosuid", "noexec", "nodev", "ro"]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
         "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]},
    ],
    "linux": {
        "namespaces": [{"type": kind} for kind in
                       ("pid", "network", "ipc", "uts", "mount", "cgroup")],
        "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
                        "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                        "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                          "/proc/sysrq-trigger"],
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
    },
}


def default_config():
    """A fresh copy of the default config."""
    return copy.deepcopy(_DEFAULT_CONFIG)


def set_pointer(document, pointer, value):
    """Sets the value at a JSON pointer (RFC 6901), making objects on the way; `-` appends."""
    tokens = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    place = document
    for token in tokens[:-1]:
        place = place[int(token)] if isinstance(place, list) else place.setdefault(token, {})
    last = tokens[-1]
    if not isinstance(place, list):
        place[last] = value
    elif last == "-":
        place.append(value)
    else:
        place[int(last)] = value


class Bundle:
    """A bundle directory. Change `config` (or use the helpers), then write()."""

    def __init__(self, path, with_rootfs=True):
        self.path = path
        self.rootfs = os.path.join(path, "rootfs")
        self.config = default_config()
        self.is_complete = False  # conformance/prove takes nothing out of this one
        os.makedirs(path, mode=0o755)
        if with_rootfs:
            make_rootfs(self.rootfs)

    def set(self, pointer, value):
        """bundle.set("/process/cwd", "/tmp"); returns the bundle."""
        set_pointer(self.config, pointer, value)
        return self

    def remove(self, pointer):
        parent, _, last = pointer.rpartition("/")
        place = self.config
        for token in parent.split("/")[1:]:
            place = place[int(token)] if isinstance(place, list) else place[token]
        del place[int(last) if isinstance(place, list) else last]
        return self

    def args(self, *arguments):
        return self.set("/process/args", list(arguments))

    def namespace(self, kind, path=None):
        """Adds the namespace, or replaces the entry of its kind."""
        self.without_namespace(kind)
        entry = {"type": kind} if path is None else {"type": kind, "path": path}
        self.config["linux"]["namespaces"].append(entry)
        return self

    def without_namespace(self, kind):
        entries = self.config["linux"]["namespaces"]
        entries[:] = [entry for entry in entries if entry["type"] != kind]
        return self

    def mount(self, destination, kind="bind", source=None, options=(), **more):
        """Appends a mount."""
        entry = {"destination": destination, "type": kind, "source": source or kind,
                 "options": list(options), **more}
        self.config["mounts"].append(entry)
        return self

    def change_mount(self, destination, **changes):
        """Changes keys of the mount at destination; a value of None removes the key."""
        for entry in self.config["mounts"]:
            if entry["destination"] == destination:
                for key, value in changes.items():
                    entry[key] = value
                    if value is None:
                        del entry[key]
                return self
        raise KeyError(destination)

    def without_mount(self, destination):
        self.config["mounts"] = [entry for entry in self.config["mounts"]
                                 if entry["destination"] != destination]
        return self

    def capabilities(self, **sets):
        """bundle.capabilities(bounding=[...], effective=[...], ...): exactly these sets."""
        return self.set("/process/capabilities", {name: list(v) for name, v in sets.items()})

    def user_namespace(self, host=100000, size=65536):
        """A user namespace 0 -> host; the root file system is given to its root."""
        mapping = [{"containerID": 0, "hostID": host, "size": size}]
        self.namespace("user")
        self.config["linux"]["uidMappings"] = copy.deepcopy(mapping)
        self.config["linux"]["gidMappings"] = copy.deepcopy(mapping)
        return self

    def hook(self, kind, path, args=None, **more):
        """Appends a hook; args[0] defaults to the path."""
        entry = {"path": path, "args": args or [path], **more}
        self.config.setdefault("hooks", {}).setdefault(kind, []).append(entry)
        return self

    def write_file(self, name, content, mode=0o644):
        """Writes a file into the root file system and returns its path on the host."""
        path = os.path.join(self.rootfs, name.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def write(self):
        """Writes config.json; returns the bundle."""
        config = self.config if self.is_complete else removal.from_environment(self.config)
        return self.write_text(json.dumps(config, indent=1))

    def write_text(self, text):
        """Writes config.json as it is given, valid or not."""
        with open(os.path.join(self.path, "config.json"), "w", encoding="utf-8") as file:
            file.write(text)
        return self


_templates = {}
_templates_lock = threading.Lock()


def make_rootfs(rootfs, probe=True):
    """A root file system: busybox and its applets, /etc, the mount points, and /probe.

    The programs are hard links to a copy that this process made once, so a container that spoils
    one spoils neither the machine's busybox nor the build's probe.
    """
    os.makedirs(rootfs, mode=0o755)
    for name in ("bin", "dev", "etc", "home", "proc", "root", "sys", "usr", "var"):
        os.mkdir(os.path.join(rootfs, name), 0o755)
    os.mkdir(os.path.join(rootfs, "tmp"))
    os.chmod(os.path.join(rootfs, "tmp"), 0o1777)
    _link(_busybox(), os.path.join(rootfs, "bin", "busybox"))
    for applet in APPLETS:
        os.symlink("busybox", os.path.join(rootfs, "bin", applet))
    if probe:
        _link(probe_path(), os.path.join(rootfs, "probe"))
    texts = {"passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n",
             "group": "root:x:0:\ntty:x:5:\nuser:x:1000:\n", "hosts": "127.0.0.1 localhost\n"}
    for name, text in texts.items():
        with open(os.path.join(rootfs, "etc", name), "w", encoding="utf-8") as file:
            file.write(text)


def _link(source, target):
    """A hard link to this process's copy of the program on the target's file system."""
    key = (source, os.stat(os.path.dirname(target)).st_dev)
    with _templates_lock:
        if key not in _templates:
            _templates[key] = _make_template(source, _top_of(os.path.dirname(target)))
    os.link(_templates[key][1], target)


def _make_template(source, place):
    """(directory that goes away with this process, copy of the program in it)"""
    directory = tempfile.TemporaryDirectory(prefix="nt-template-", dir=place)
    os.chmod(directory.name, 0o755)
    program = os.path.join(directory.name, os.path.basename(source))
    shutil.copyfile(source, program)
    os.chmod(program, 0o755)
    return directory, program


def _top_of(path):
    """The highest writable directory over path on the same device: outlives any one test."""
    device = os.stat(path).st_dev
    best = path
    while path != "/":
        path = os.path.dirname(path)
        if os.stat(path).st_dev != device or not os.access(path, os.W_OK) or path == "/":
            break
        best = path
    return best


def _busybox():
    path = shutil.which("busybox", path="/bin:/usr/bin")
    if path is None:
        raise RuntimeError("busybox is missing (Debian package busybox-static)")
    return path


def probe_path():
    """The static probe: $NUCLEUS_PROBE, the build's, or compiled now and kept in a cache."""
    chosen = os.environ.get("NUCLEUS_PROBE")
    if chosen:
        return chosen
    built = os.path.join(REPOSITORY, "build", "tests", "probe", "nucleus-probe")
    newest = max(os.path.getmtime(path) for path in _probe_sources())
    if os.path.exists(built) and os.path.getmtime(built) >= newest:
        return built
    return _compile_probe()


def _probe_sources():
    names = sorted(os.listdir(PROBE_DIRECTORY))
    return [os.path.join(PROBE_DIRECTORY, name) for name in names
            if name.endswith((".cpp", ".hpp"))]


def _compile_probe():
    digest = hashlib.sha256()
    for path in _probe_sources():
        with open(path, "rb") as file:
            digest.update(file.read())
    cache = os.path.join(tempfile.gettempdir(), f"nucleus-probe-{os.getuid()}")
    os.makedirs(cache, mode=0o700, exist_ok=True)
    status = os.lstat(cache)
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise RuntimeError(f"{cache} may be written by others")
    program = os.path.join(cache, "nucleus-probe-" + digest.hexdigest()[:16])
    with open(os.path.join(cache, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(program):
            compiler = os.environ.get("CXX", "g++").split()
            sources = [path for path in _probe_sources() if path.endswith(".cpp")]
            subprocess.run([*compiler, *PROBE_FLAGS, "-o", program + ".new", *sources], check=True)
            os.rename(program + ".new", program)
    return program
