"""Debian's cloud kernel, fetched by package name from the machine's own apt sources and cached."""

import collections
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

kMetaPackage = "linux-image-cloud-amd64"

KernelFiles = collections.namedtuple("KernelFiles", "image modules release")


class KernelError(Exception):
    pass


def cache_directory():
    base = os.environ.get("NUCLEUS_CACHE") or os.path.join(
        os.environ.get("HOME") or "/root", ".cache", "nucleus")
    return pathlib.Path(base) / "vm"


def _run(command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["no message"]
        raise KernelError(f"{' '.join(command)}: {reason[0]}")
    return done.stdout


def _concrete_package():
    """The kernel that the meta package depends on, as (name, version)."""
    text = _run(["apt-cache", "show", "--no-all-versions", kMetaPackage])
    found = re.search(r"^Depends: (linux-image-\S+) \(= (\S+)\)", text, re.MULTILINE)
    if not found:
        raise KernelError(f"{kMetaPackage}: no dependency on a kernel image in apt's metadata")
    return found.group(1), found.group(2)


def _newest_cached(cache):
    trees = [tree for tree in cache.glob("linux-image-*") if tree.is_dir()]
    return max(trees, key=lambda tree: tree.stat().st_mtime, default=None)


def describe(tree):
    images = sorted((tree / "boot").glob("vmlinuz-*"))
    if not images:
        raise KernelError(f"{tree}: holds no boot/vmlinuz-*")
    release = images[0].name[len("vmlinuz-"):]
    modules = tree / "lib" / "modules" / release
    if not modules.is_dir():
        modules = tree / "usr" / "lib" / "modules" / release
    return KernelFiles(images[0], modules, release)


def fetch():
    """Returns the cached kernel; downloads it first if apt offers one that is not cached."""
    cache = cache_directory()
    try:
        name, version = _concrete_package()
    except (KernelError, OSError) as error:
        cached = _newest_cached(cache)
        if cached is None:
            raise KernelError(f"{error} (run apt-get update first?)") from error
        return describe(cached)
    tree = cache / f"{name}_{version.replace(':', '%3a')}"
    if not tree.is_dir():
        _download(cache, tree, f"{name}={version}")
    return describe(tree)


def _download(cache, tree, package):
    cache.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="fetch-", dir=cache))
    try:
        # Our own directory is closed to apt's sandbox user, who would only be warned about.
        _run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package], cwd=work)
        packages = list(work.glob("*.deb"))
        if len(packages) != 1:
            raise KernelError(f"apt-get download {package}: left {len(packages)} packages")
        _run(["dpkg-deb", "-x", str(packages[0]), str(work / "tree")])
        try:
            (work / "tree").rename(tree)
        except OSError:
            if not tree.is_dir():  # else another run was faster with the same package
                raise
    finally:
        shutil.rmtree(work)


def _module_files(files):
    """Module name as the kernel spells it → path, compressed or not."""
    found = {}
    for path in files.modules.rglob("*.ko*"):
        found[path.name.split(".ko")[0].replace("-", "_")] = path
    return found


def _module_bytes(path):
    content = path.read_bytes()
    return lzma.decompress(content) if path.name.endswith(".xz") else content


def modules(files, wanted):
    """(file name, content) of each wanted module, what it depends on first."""
    known, done, ordered = _module_files(files), set(), []

    def add(name):
        if name in done:
            return
        done.add(name)
        if name not in known:
            return  # built in: insmod has nothing to do
        content = _module_bytes(known[name])
        depends = re.search(rb"\0depends=([^\0]*)\0", content)
        for other in filter(None, depends.group(1).decode().split(",") if depends else []):
            add(other.replace("-", "_"))
        ordered.append((f"{len(ordered):02d}-{name}.ko", content))

    for name in wanted:
        add(name)
    return ordered
