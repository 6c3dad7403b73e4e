"""One private podman: storage, state and configuration under one directory, one runtime."""

import json
import os
import subprocess

import command
import image
import sandbox
from configured import Configured
from support.report import eventually
from terminal import Terminal

IMAGE = "localhost/busybox"

_UID = 1000
_FIRST, _SIZE = 400000, 65536  # the ordinary user's subordinate ids
# --userns=auto takes its ranges from the user "containers" (podman-run(1)).
_IDS = f"containers:200000:65536\nuser:{_FIRST}:{_SIZE}\n"
# Put over the machine's files in /etc: what its own users may do must not matter.
_NAMES = {"subuid": _IDS, "subgid": _IDS, "group": f"root:x:0:\nuser:x:{_UID}:\n",
          "passwd": "root:x:0:0:root:/root:/bin/sh\n"
                    f"user:x:{_UID}:{_UID}::/tmp/podman-user:/bin/sh\n"}


class Podman(Configured):
    """podman --runtime PATH with an image and everything else of its own."""

    directory = "/tmp/podman-suite"
    prefix = []  # what the command line begins with

    def __init__(self, runtime):
        super().__init__(runtime, self.directory)
        self._prepare()
        tarball = image.make_tarball(self.directory)
        changes = [option for item in image.ENVIRONMENT for option in ("-c", "ENV " + item)]
        self("import", "--quiet", *changes, tarball, IMAGE).must()

    def _prepare(self):
        """What the machine has to have before the first command."""
        for name, text in _NAMES.items():
            self.write(name, text)
            path = "/etc/" + name
            subprocess.run(["mount", "--bind", os.path.join(self.directory, name), path], check=True)

    def command(self, *arguments, runtime=None):
        return [*self.prefix, "podman", "--runtime", runtime or self.runtime,
                *map(str, arguments)]

    def __call__(self, *arguments, json_log=False, without_cgroups=False, runtime=None, **more):
        """Runs a podman command to its end; the configuration is as if it knew of the runtime that
        it writes its log as JSON, or that it can do without cgroups."""
        name = "json" if json_log else "without-cgroups" if without_cgroups else "text"
        return command.run(self.command(*arguments, runtime=runtime), self.environment_with(name),
                           **more)

    def options(self, *more):
        """The options that every container of the suite is created with."""
        chosen = list(more)
        if not any(option.startswith(("--network", "--pod")) for option in map(str, chosen)):
            chosen += ["--network", "none"]
        if not any(str(option).startswith("--pod") for option in chosen):
            chosen += ["--cgroup-parent", "/" + sandbox.parent_cgroup()]
        return chosen

    def run(self, options, *command, **more):
        """`podman run --rm OPTIONS IMAGE COMMAND` in the foreground."""
        return self("run", "--rm", *self.options(*options), IMAGE, *command, **more)

    def shell(self, options, script, **more):
        """The output of a shell script in a container; the script has to succeed."""
        return self.run(options, "sh", "-ec", script, **more).must().stdout

    def start(self, test, options, *command, suffix=""):
        """A detached container, removed by force after the test; returns it with its facts."""
        name = test.container_id(suffix)
        test.on_cleanup(self.remove, name)
        self("run", "-d", "--name", name, *self.options(*options), IMAGE, *command).must()
        return self.container(name)

    def container(self, name):
        """The facts of a container that runs."""
        return Container(self, name)

    def remove(self, name):
        """Removes by force. podman 4.3 races with the cleanup process of its own conmon: one may
        unmount /dev/shm's source while the other removes it, whatever the runtime. Once more then.
        """
        answer = self("rm", "-f", "-t", "0", "--ignore", name)
        if "device or resource busy" in answer.stderr:
            answer = self("rm", "-f", "-t", "0", "--ignore", name)
        answer.must()

    def terminal(self, test, *arguments):
        terminal = Terminal(self.command(*arguments), self.environment)
        test.on_cleanup(terminal.close)
        return terminal

    def ids_so_far(self, kind):
        """Every container (or pod) that this podman ever made, by its events file."""
        ids = set()
        with open(self.directory + "/events", encoding="utf-8") as file:
            for line in file:
                event = json.loads(line)
                if event["Type"] == kind and event["Status"] == "create":
                    ids.add(event["ID"])
        return ids

    def close(self):
        """Removes whatever pods and containers are left."""
        self("pod", "rm", "-a", "-f", "-t", "0")
        self("rm", "-a", "-f", "-t", "0")


class UserPodman(Podman):
    """The same for an ordinary user. It has no cgroups: on v1 nobody can delegate them."""

    directory = "/tmp/podman-user"
    prefix = ["setpriv", f"--reuid={_UID}", f"--regid={_UID}", "--clear-groups", "--"]
    uid, first, size = _UID, _FIRST, _SIZE

    def _prepare(self):
        self.environment["XDG_RUNTIME_DIR"] = self.directory + "/run"
        os.mkdir(self.directory + "/run", 0o700)
        for path in (self.directory, self.directory + "/run"):
            os.chown(path, _UID, _UID)

    def options(self, *more):
        return ["--network", "none", *more]

    def close(self):
        """Ends the process that keeps the user's namespaces, too (podman-system-migrate(1))."""
        super().close()
        self("system", "migrate").must()


class Container:
    """A container that podman made."""

    def __init__(self, podman, name):
        self.podman, self.name = podman, name
        self.identity, pid = self.inspect("{{.Id}} {{.State.Pid}}").split()
        self.pid = int(pid)

    def inspect(self, template):
        return self.podman("inspect", "--type", "container", "--format", template,
                           self.name).must().line

    def exec(self, *command, options=(), status=0, **more):
        return self.podman("exec", *options, self.name, *command, **more).must(status)

    def wait_for_log(self, part, timeout=20.0):
        """Waits until the container's output has the part."""
        eventually(lambda: part in self.podman("logs", self.name).stdout,
                   f"{part!r} in the log of {self.name}", timeout, 0.05)
