"""An initramfs, written without privilege: the `newc` archive of cpio(5)."""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile


class ImageError(Exception):
    pass


def make_scratch():
    return pathlib.Path(tempfile.mkdtemp(prefix="nucleus-vm-"))


def find_program(name):
    path = shutil.which(name)
    if path is None:
        raise ImageError(f"{name} is not installed")
    return pathlib.Path(path)


def busybox_applets():
    done = subprocess.run([find_program("busybox"), "--list"], stdout=subprocess.PIPE, text=True,
                          check=True)
    return [name for name in done.stdout.split() if name != "busybox"]


def shared_objects(path):
    """The loader and the libraries of a dynamic program; nothing for a static one."""
    with open(path, "rb") as program:
        if program.read(4) != b"\x7fELF":
            raise ImageError(f"{path}: not an ELF program")
    done = subprocess.run(["ldd", str(path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode != 0:  # ldd: "not a dynamic executable"
        return []
    if "not found" in done.stdout:
        raise ImageError(f"{path}: a library is missing: {done.stdout.strip()}")
    return re.findall(r"(?:=> |^\s*)(/\S+) \(0x", done.stdout, re.MULTILINE)


class Archive:
    """Collects entries, parents before children, then writes them in one pass."""

    def __init__(self):
        self._entries = {}  # path without leading slash → (mode, content, device)
        self.directory("/dev")
        self._entries["dev/console"] = (stat.S_IFCHR | 0o600, b"", (5, 1))

    def _add(self, path, mode, content):
        inside = path.strip("/")
        parents = [str(parent) for parent in pathlib.PurePosixPath(inside).parents][:-1]
        for parent in reversed(parents):
            self._entries.setdefault(parent, (stat.S_IFDIR | 0o755, b"", (0, 0)))
        self._entries[inside] = (mode, content, (0, 0))

    def directory(self, path):
        self._add(path, stat.S_IFDIR | 0o755, b"")

    def data(self, path, content, mode=0o644):
        self._add(path, stat.S_IFREG | mode, content)

    def file(self, path, source, mode=0o644):
        self.data(path, pathlib.Path(source).read_bytes(), mode)

    def link(self, path, target):
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def program(self, path, source):
        self.file(path, source, 0o755)
        for library in shared_objects(source):
            self.file(library, os.path.realpath(library), 0o755)

    def write(self, target):
        with open(target, "wb") as out:
            for number, (path, entry) in enumerate(self._entries.items(), start=1):
                self._write_entry(out, number, path, entry)
            self._write_entry(out, 0, "TRAILER!!!", (0, b"", (0, 0)))

    @staticmethod
    def _write_entry(out, inode, path, entry):
        mode, content, device = entry
        name = path.encode() + b"\0"
        fields = [inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0]
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        for part in (header + name, content):
            out.write(part + b"\0" * (-len(part) % 4))
