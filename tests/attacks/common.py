"""What the attacks share: the suite, the scene of an attack, and the check on Debian's runc.

An attack is a function that mounts it in a Scene and returns the damage as text, "" for none. It is
run on the runtime under test, where there must be no damage. Where `shown_on_runc`, it is run on
runc too, whose Debian version has some of the flaws, and the outcome is printed as a comment: that
shows whether the attack can be seen at all. It is never counted.
"""

import os
import shutil
import subprocess
import tempfile

from support import report
from support.bundle import Bundle
from support.runtime import find_peer

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "attacker.cpp")

suite = report.Suite("attacks", budget=50)
_compiled = []


def attacker():
    """The hostile program: the build's if it is not older than its source, else compiled now."""
    built = os.path.join(report.REPOSITORY, "build", "tests", "attacks", "attacker")
    if os.path.exists(built) and os.path.getmtime(built) >= os.path.getmtime(SOURCE):
        return built
    if not _compiled:
        directory = tempfile.TemporaryDirectory(prefix="nt-attacker-")
        program = os.path.join(directory.name, "attacker")
        compiler = os.environ.get("CXX", "g++").split()
        subprocess.run([*compiler, "-std=c++20", "-O1", "-Wall", "-Wextra", "-static", "-o",
                        program, SOURCE], check=True)
        _compiled[:] = [directory, program]
    return _compiled[1]


class Scene:
    """A bundle to make hostile, and a directory outside of its root that nobody may touch."""

    def __init__(self, t, runtime_path, name):
        self.t = t
        self.directory = f"{t.directory}/{name}"
        os.mkdir(self.directory, 0o755)
        self.outside = f"{self.directory}/outside"
        os.mkdir(self.outside)
        self.runtime = t.make_runtime(runtime_path, f"{name}-root")
        self.id = t.container_id(name)
        self.bundle = Bundle(f"{self.directory}/bundle").args("sleep", "1000")
        self.rootfs = self.bundle.rootfs
        self._log = f"{self.directory}/mounts-before-pivot"

    def path(self, name):
        return os.path.join(self.rootfs, name.lstrip("/"))

    def link(self, name, target):
        """A symbolic link in the image, in the place of whatever is there."""
        path = self.path(name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)

    def without_dev(self):
        """The image's own /dev is the container's."""
        for entry in [m["destination"] for m in self.bundle.config["mounts"]]:
            if entry == "/dev" or entry.startswith("/dev/"):
                self.bundle.without_mount(entry)
        return self

    def run(self, *flags, **options):
        self.bundle.write()
        options.setdefault("timeout", 10)
        return self.runtime.run(self.id, self.bundle, *flags, **options)

    def run_shell(self, script):
        self.bundle.args("sh", "-c", script)
        return self.run()

    def run_detached(self):
        self.run("--detach").must()
        return self

    def delete(self):
        self.runtime.delete(self.id, "--force").must()

    def watch_mounts(self):
        """A hook in the container's mount namespace, before the pivot, writes down its mounts."""
        self.bundle.hook("createContainer", "/bin/sh",
                         ["sh", "-c", f"cat /proc/self/mountinfo >>{self._log}"])
        return self

    def mounted_outside(self):
        """Mounts that landed on the outside directory."""
        if not os.path.exists(self._log):
            return ""
        with open(self._log, encoding="utf-8") as lines:
            found = {line.split()[4] for line in lines}
        # The host's own mount points are above it, never it or below.
        return "; ".join(f"a mount landed on {point}" for point in sorted(found)
                         if (point + "/").startswith(self.outside + "/"))

    def changed_outside(self, allowed=()):
        names = sorted(set(os.listdir(self.outside)) - set(allowed))
        return "" if not names else f"made outside of the root: {', '.join(names)}"

    def damage(self, *texts):
        return "; ".join(text for text in (*texts, self.mounted_outside()) if text)


def attack(name, shown_on_runc=False, timeout=report.DEFAULT_TIMEOUT):
    def register(function):
        def test(t):
            report.equal(function(Scene(t, t.runtime_path, "a")), "", "damage")
            if shown_on_runc:
                _show(t, name, function)
        suite.add(name, test, timeout)
        return function
    return register


def _show(t, name, function):
    runc = find_peer("runc")
    if runc is None or os.path.samefile(runc, t.runtime_path):
        return
    try:
        outcome = function(Scene(t, runc, "b")) or "no damage"
    except AssertionError as error:
        outcome = "no verdict: " + str(error).splitlines()[0]
    print(f"# {name}: on Debian's runc: {outcome}", flush=True)
