"""The private machine in which a caller (podman, containerd) and the runtime under test work.

A suite calls enter() before its Suite runs. The process replaces itself by one in namespaces of
its own (mount, pid, network, ipc, uts): /dev, /run, /tmp and the callers' directories are new and
empty, so nothing that an old runtime does to its stdio or its directories reaches the machine; and
process 1 of the pid namespace is this suite's, so no process survives it (pid_namespaces(7)).
cgroups are the machine's: what the suite makes there lies under parent_cgroup(). With --root the
programs are those of another release of Debian: its root becomes the suite's, by pivot_root(2).
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys

import debian
from support.report import REPOSITORY
from support.runtime import Runtime

_INSIDE = "NUCLEUS_CALLERS_SANDBOX"
_ROOT = "NUCLEUS_CALLERS_ROOT"
_PARENT = "nucleus-callers-"
_UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--net",
            "--ipc", "--uts", "--propagation", "private"]
_EMPTIED = ("/run", "/tmp", "/var/tmp", "/var/lib/cni", "/var/lib/containers",
            "/var/lib/containerd", "/opt")
_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9),
            "tty": (5, 0)}
_LINKS = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0",
          "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}


def enter(suite):
    """Returns in the sandbox, or not at all. What only lists tests, and `--help`, need none."""
    options, _ = suite.parser.parse_known_args()
    if options.list or getattr(options, "operations", False):
        return
    if os.environ.get(_INSIDE) is None:
        _remove_cgroups_of_dead_suites()
        if getattr(options, "root", None):
            os.environ[_ROOT] = _prepare_root(suite, options.root)
        os.environ[_INSIDE] = str(os.getpid())
        os.execvp("unshare", [*_UNSHARE, sys.executable, *sys.argv])
    root = os.environ.get(_ROOT)
    runtime = options.runtime or os.environ.get("NUCLEUS")
    runtime = runtime or os.path.join(REPOSITORY, "build", "nucleus")
    if root != "entered":
        _leave_a_reaper()
    if root and root != "entered":
        _enter_root(root, _kept(runtime))
        os.environ[_ROOT] = "entered"
        os.execvp("python3", ["python3", os.path.abspath(sys.argv[0]), *sys.argv[1:]])
    _empty_directories(_kept(runtime))
    _private_dev()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    runtime = shutil.which(runtime)
    if runtime is not None:
        _hide_unified_from(os.path.abspath(runtime))


def _kept(runtime):
    """The directories that have to stay: the runtime's, this repository, and where we are. A
    runtime without a directory in its name is one of the root that the suite runs in."""
    found = [REPOSITORY, os.getcwd()]
    if "/" in runtime:
        path = os.path.abspath(runtime)
        found += [os.path.dirname(path), os.path.dirname(os.path.realpath(path))]
    return found


def _prepare_root(suite, release):
    try:
        return debian.prepare(release)
    except debian.RootError as error:
        sys.exit(f"FAIL {suite.name}: no root with Debian's {release}: {error}\n"
                 "0 passed, 1 failed, 0 skipped")


def _enter_root(root, kept):
    """The root becomes `/`, below a tmpfs that takes what is written; the machine's own is gone.
    A plain chroot would leave it within reach of the mounts that podman makes."""
    handles = {path: os.open(path, os.O_PATH) for path in kept if os.path.isdir(path)}
    work = "/mnt"
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", work)
    new = work + "/root"
    for name in ("/upper", "/work", "/root"):
        os.mkdir(work + name)
    _mount("-t", "overlay", "-o", f"lowerdir={root},upperdir={work}/upper,workdir={work}/work",
           "overlay", new)
    for path in ("/proc", "/sys"):
        _mount("--rbind", path, new + path)
    for path, handle in sorted(handles.items(), key=lambda item: len(item[0])):
        if not os.path.isdir(new + path):
            os.makedirs(new + path)
        _bind(f"/proc/self/fd/{handle}", new + path)
        os.close(handle)
    here = os.getcwd()
    os.mkdir(new + "/machine")
    subprocess.run(["pivot_root", new, new + "/machine"], check=True)
    os.chdir("/")
    subprocess.run(["umount", "--lazy", "/machine"], check=True)
    os.rmdir("/machine")
    os.chdir(here)


def parent_cgroup():
    """The name, below every hierarchy's root, of the cgroup for all that this suite starts. The
    number is that of the process which entered, as the machine counts them: it is unique."""
    return _PARENT + os.environ[_INSIDE]


def hierarchies():
    """The mount points of the cgroup hierarchies that the suite's runtime sees."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        lines = [line.split() for line in file]
    top = {}
    for fields in lines:  # the last mount at a place covers the others
        top[fields[4]] = fields[fields.index("-") + 1]
    return sorted(place for place, kind in top.items() if kind in ("cgroup", "cgroup2")
                  and place.startswith("/sys/"))  # not another suite's, below its /tmp


def _remove_cgroup(path):
    for directory, _, _ in os.walk(path, topdown=False):
        os.rmdir(directory)


def _remove_cgroups_of_dead_suites():
    """A suite that was ended by SIGKILL could not remove its cgroups; its processes are gone."""
    for top in hierarchies():
        for name in os.listdir(top):
            if name.startswith(_PARENT) and not os.path.exists("/proc/" + name[len(_PARENT):]):
                with contextlib.suppress(OSError):
                    _remove_cgroup(f"{top}/{name}")


def _leave_a_reaper():
    """The caller's daemons become children of process 1, which has to reap them (wait(2)). When
    the suite has ended, it ends whatever is left and removes the suite's cgroups."""
    default = [top + "/libpod_parent" for top in hierarchies()]
    ours = [path for path in default if not os.path.exists(path)]
    child = os.fork()
    if child == 0:
        return
    status = 0
    while True:
        try:
            pid, ended = os.wait()
        except ChildProcessError:
            break
        if pid == child:
            status = ended
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
    for top in hierarchies():
        _remove_cgroup(f"{top}/{parent_cgroup()}")
    for path in ours:  # podman's usual parent; another podman may have begun to use it
        with contextlib.suppress(OSError):
            os.rmdir(path + "/conmon")
            os.rmdir(path)
    os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def _mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def _bind(source, target):
    """mount(2) itself: mount(8) would make a path of a /proc/self/fd link, and so lose it."""
    ms_bind = 4096
    if ctypes.CDLL(None, use_errno=True).mount(source.encode(), target.encode(), None, ms_bind,
                                               None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {source} on {target}")


def _empty_directories(kept):
    """A tmpfs over each directory; what is kept of the covered is mounted again at its place."""
    here = os.getcwd()
    handles = {path: os.open(path, os.O_PATH) for path in kept if os.path.isdir(path)}
    for path in _EMPTIED:
        if os.path.isdir(path):
            _mount("-t", "tmpfs", "-o", "mode=1777" if "tmp" in path else "mode=0755", "tmpfs",
                   path)
    # The shortest first: a longer one may lie within it.
    for path, handle in sorted(handles.items(), key=lambda item: len(item[0])):
        if not os.path.isdir(path):
            os.makedirs(path)
            _bind(f"/proc/self/fd/{handle}", path)
        os.close(handle)
    os.chdir(here)


def _private_dev():
    """A /dev with the nodes that every container gets, made on the side and moved into place."""
    new = "/run/new-dev"
    os.mkdir(new)
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", new)
    mask = os.umask(0)
    for name, (major, minor) in _DEVICES.items():
        os.mknod(os.path.join(new, name), 0o020666, os.makedev(major, minor))
    os.umask(mask)
    for name in ("pts", "shm", "mqueue"):
        os.mkdir(os.path.join(new, name))
    for name, target in _LINKS.items():
        os.symlink(target, os.path.join(new, name))
    _mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620,gid=5", "devpts",
           new + "/pts")
    _mount("-t", "tmpfs", "-o", "mode=1777", "shm", new + "/shm")
    _mount("-t", "mqueue", "mqueue", new + "/mqueue")
    _mount("--move", new, "/dev")
    os.rmdir(new)


def _hide_unified_from(runtime):
    """crun refuses the hybrid cgroup layout, so it and its caller are shown the v1 part alone. A
    tmpfs covers the rest, because crun makes plain directories where it expects a hierarchy."""
    unified = "/sys/fs/cgroup/unified"
    if Runtime(runtime, "/run").kind == "crun" and os.path.ismount(unified):
        _mount("-t", "tmpfs", "tmpfs", unified)
