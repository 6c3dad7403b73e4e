"""Roots made from Debian packages: callers and peers newer than the machine's own.

roots/SUITE lists the packages. A root is made once, by mmdebstrap from the source that the
machine's own apt uses, and kept below the cache directory (NUCLEUS_CACHE, or ~/.cache/nucleus);
another list makes another root. A suite sees it below a tmpfs: nothing is ever written into it.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# The lists of a release that is not out yet are kept with a date that has passed (apt.conf(5)).
_OPTIONS = {"forky": ['--aptopt=Acquire::Check-Valid-Until "false"']}
KEPT = 2  # roots of other lists, for other working trees


class RootError(Exception):
    """The root cannot be made here; the text names the cause."""


def cache_directory():
    base = os.environ.get("NUCLEUS_CACHE") or os.path.join(
        os.environ.get("HOME") or "/root", ".cache", "nucleus")
    return os.path.join(base, "roots")


def packages(suite):
    """The names in roots/SUITE, in its order."""
    with open(os.path.join(HERE, "roots", suite), encoding="utf-8") as file:
        lines = [line.partition("|")[0].strip() for line in file if not line.startswith("#")]
    return [line for line in lines if line]


def prepare(suite):
    """The directory of the suite's root; it is made first if the cache has none."""
    cache = cache_directory()
    os.makedirs(cache, exist_ok=True)
    key = hashlib.sha256("\n".join([suite, *packages(suite)]).encode()).hexdigest()[:16]
    root = os.path.join(cache, f"{suite}-{key}")
    with open(os.path.join(cache, f"{suite}.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two runs at once, one makes it
        if not os.path.isdir(root):
            _make(suite, root)
        os.utime(root)
        _remove_old(suite, root)
    return root


def _remove_old(suite, root):
    """Those that have not been used for the longest time; a running suite holds its own by use."""
    cache = os.path.dirname(root)
    others = [os.path.join(cache, name) for name in os.listdir(cache)
              if name.startswith(suite + "-")]
    others.sort(key=os.path.getmtime)
    for old in [path for path in others if path != root][:-KEPT]:
        shutil.rmtree(old)


def _make(suite, root):
    if shutil.which("mmdebstrap") is None:
        raise RootError("mmdebstrap is not installed")
    source = mirror()
    work = tempfile.mkdtemp(prefix="making-", dir=os.path.dirname(root))
    try:
        # A mount namespace of its own: what mmdebstrap mounts does not outlive it.
        _run(["nice", "unshare", "--mount", "--propagation", "private", "mmdebstrap", "--mode=root",
              "--variant=minbase", *_OPTIONS.get(suite, ()), "--include=" + ",".join(packages(suite)),
              suite, os.path.join(work, "root"), source])
        for leaf in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man",
                     "usr/share/locale"):
            shutil.rmtree(os.path.join(work, "root", leaf), ignore_errors=True)
        os.rename(os.path.join(work, "root"), root)
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(work)


def mirror():
    """Where this machine's own apt takes Debian from."""
    text = _run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL)",
                 "Created-By: Packages"])
    for line in text.splitlines():
        address, _, label = line.partition(" ")
        if label == "Debian":
            return address
    raise RootError("apt knows no source of Debian's own packages (apt-get update first?)")


def _run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        last = " | ".join(done.stdout.strip().splitlines()[-5:])
        raise RootError(f"{' '.join(command[:6])}: {last}")
    return done.stdout
