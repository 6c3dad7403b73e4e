"""Debian's podman on this machine, as root or as the ordinary user, with one runtime."""

import os
import pathlib
import subprocess
import sys

from support import report

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "callers"))

import command  # noqa: E402  (tests/callers)
import image  # noqa: E402  (tests/callers)

IMAGE = "localhost/busybox"
TARBALL = "/run/nucleus-image/rootfs.tar"
TIMEOUT = 120.0  # seconds for one podman command: everything is emulated
USER_ID = 1000


def tarball():
    """The image as a tarball, made once a boot."""
    if not os.path.exists(TARBALL):
        os.makedirs(os.path.dirname(TARBALL), mode=0o755)
        image.make_tarball(os.path.dirname(TARBALL))
    return TARBALL


def user_environment():
    return {"HOME": "/home/user", "USER": "user", "LOGNAME": "user", "SHELL": "/bin/bash",
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "XDG_RUNTIME_DIR": f"/run/user/{USER_ID}",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path=/run/user/{USER_ID}/bus"}


def start_user_manager():
    """The ordinary user gets a systemd of its own, as after a login."""
    subprocess.run(["loginctl", "enable-linger", "user"], check=True, stdin=subprocess.DEVNULL)
    report.eventually(lambda: os.path.exists(f"/run/user/{USER_ID}/bus"),
                      "the user's bus", 60, 0.2)


# A process of the user's belongs into a service of the user's systemd: only there may its cgroups
# be made (cgroup-v2.rst, "Delegation Containment"). podman leaves its conmon there.
AS_USER = ["setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}", "--init-groups",
           "systemd-run", "--user", "--quiet", "--pipe", "--wait", "--collect",
           "--property=Delegate=yes", "--property=KillMode=process"]


class Podman:
    """podman --runtime PATH --cgroup-manager MANAGER."""

    _with_image = set()  # whether the user's and root's storage has it

    def __init__(self, test, manager="systemd", rootless=False):
        self.test = test
        self.prefix, self.environment = [], {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root"}
        if rootless:
            start_user_manager()
            self.prefix, self.environment = AS_USER, user_environment()
        self.manager = manager
        self.run_directory = f"/run/user/{USER_ID}" if rootless else "/run"
        self._need_image(rootless)

    def _need_image(self, rootless):
        """A podman command is dear here: the image is asked for once a file and kept for a boot."""
        if rootless in Podman._with_image:
            return
        if self("image", "exists", IMAGE).status != 0:
            self("import", "--quiet", "-c", "ENV PATH=/bin", tarball(), IMAGE).must()
        Podman._with_image.add(rootless)

    def __call__(self, *arguments):
        return command.run([*self.prefix, "podman", "--runtime", self.test.runtime_path,
                            "--cgroup-manager", self.manager, *map(str, arguments)],
                           self.environment, timeout=TIMEOUT)

    def run(self, options, *words):
        """`podman run --rm` in the foreground, without a network unless the options name one."""
        return self("run", "--rm", *self._options(options), IMAGE, *words)

    def start(self, options, *words, suffix=""):
        """A detached container, removed after the test."""
        name = self.test.container_id(suffix)
        self.test.on_cleanup(self.remove, name)
        pid_file = f"{self.run_directory}/{name}.pid"
        identity = self("run", "-d", "--name", name, "--pidfile", pid_file,
                        *self._options(options), IMAGE, *words).must().line
        with open(pid_file, encoding="ascii") as file:
            return Container(self, name, identity, int(file.read()))

    @staticmethod
    def _options(options):
        own = [str(option) for option in options]
        chosen = ["--log-driver", "k8s-file", *own]
        if not any(option.startswith(("--network", "--pod")) for option in own):
            chosen += ["--network", "none"]
        return chosen

    def remove(self, name):
        self("rm", "-f", "-t", "0", "--ignore", name).must()


class Container:
    def __init__(self, podman, name, identity, pid):
        self.podman, self.name, self.identity, self.pid = podman, name, identity, pid

    def inspect(self, template):
        return self.podman("inspect", "--type", "container", "--format", template,
                           self.name).must().line

    @property
    def cgroup(self):
        """Where the container's process stands, on the host."""
        with open(f"/proc/{self.pid}/cgroup", encoding="utf-8") as file:
            return "/sys/fs/cgroup" + file.read().strip().partition("::")[2]

    def file(self, name):
        """A file of the nearest cgroup that has it."""
        place = self.cgroup
        while not os.path.exists(os.path.join(place, name)):
            place = os.path.dirname(place)
        with open(os.path.join(place, name), encoding="utf-8") as file:
            return file.read().strip()


def unit_property(unit, name, user=False):
    """What systemd says of a unit."""
    where = ["--machine=user@.host", "--user"] if user else []
    done = subprocess.run(["systemctl", *where, "show", "--value", "--property", name, unit],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def cgroups_of(identity):
    """Every cgroup with this identity in its name."""
    return [os.path.join(place, name) for place, names, _ in os.walk("/sys/fs/cgroup")
            for name in names if identity in name]
