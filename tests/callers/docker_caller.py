"""One private dockerd with a containerd of its own, and the docker that talks to it."""

import json
import os
import subprocess

import command
import image
import observe
import sandbox
from support.report import equal, eventually
from terminal import Terminal

IMAGE = "localhost/busybox"
# By their full paths: a machine may have other programs of these names earlier in its PATH.
_DOCKER, _DOCKERD = "/usr/bin/docker", "/usr/sbin/dockerd"
_RUNTIME = "tested"


class Docker:
    """A daemon whose default runtime is the one under test, and its image."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.directory = "/run/docker-suite"
        os.mkdir(self.directory, 0o711)
        # BuildKit, within dockerd, looks for its runtime in the PATH.
        os.mkdir(self.directory + "/bin")
        os.symlink(runtime, self.directory + "/bin/runc")
        self.environment = {
            "PATH": f"{self.directory}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                    "/sbin:/bin",
            "HOME": self.directory, "TERM": "xterm", "DOCKER_BUILDKIT": "0",
            "DOCKER_HOST": f"unix://{self.directory}/socket"}
        old = {}
        if "20.10" in command.run([_DOCKERD, "--version"], self.environment).must().stdout:
            old = {"deprecated-key-path": self.directory + "/key.json"}  # not in /etc/docker
        self._write("daemon.json", json.dumps({
            **old,
            "data-root": self.directory + "/data", "exec-root": self.directory + "/exec",
            "pidfile": self.directory + "/pid", "hosts": [self.environment["DOCKER_HOST"]],
            "bridge": "none", "iptables": False, "ip6tables": False, "group": "root",
            "cgroup-parent": "/" + sandbox.parent_cgroup(), "default-runtime": _RUNTIME,
            "runtimes": {_RUNTIME: {"path": runtime}}, "shutdown-timeout": 5}))
        self.log = open(self.directory + "/log", "w+b")
        self.daemon = None
        self.start_daemon()
        self.version = self("version", "--format", "{{.Server.Version}}").must().line
        self.tarball = image.make_tarball(self.directory)
        changes = [option for item in image.ENVIRONMENT for option in ("-c", "ENV " + item)]
        self("import", *changes, self.tarball, IMAGE).must()

    def _write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def start_daemon(self):
        self.daemon = subprocess.Popen(
            [_DOCKERD, "--config-file", self.directory + "/daemon.json"], stdin=subprocess.PIPE,
            stdout=self.log, stderr=self.log, env=self.environment, cwd="/")

        def answers():
            if self.daemon.poll() is not None:
                self.log.seek(0)
                raise AssertionError("dockerd ended: " + self.log.read().decode()[-2000:])
            return self("version").status == 0
        eventually(answers, "dockerd answers", 40.0, 0.1)

    @property
    def release(self):
        """The version's first number."""
        return int(self.version.partition(".")[0])

    def capabilities(self):
        """The mask of what --privileged gives: all that dockerd knows of what we have."""
        known = (1 << 38) - 1 if self.release == 20 else -1  # up to CAP_AUDIT_READ
        return int(observe.status("self")["CapBnd"], 16) & known

    def command(self, *arguments):
        return [_DOCKER, *map(str, arguments)]

    def __call__(self, *arguments, environment=(), **more):
        """Runs a docker command to its end."""
        return command.run(self.command(*arguments), {**self.environment, **dict(environment)},
                           **more)

    def options(self, *more):
        """The options that every container of the suite is created with."""
        chosen = list(more)
        if not any(str(option).startswith("--network") for option in chosen):
            chosen += ["--network", "none"]
        return chosen

    def run(self, options, *arguments, **more):
        """`docker run --rm OPTIONS IMAGE COMMAND` in the foreground."""
        # dockerd 28 may lose what a container has written just before it ends, the more so on a
        # busy machine, and with every runtime: let a script end a little later.
        if arguments[0] == "sh" and self.release > 20:
            arguments = (*arguments[:-1], arguments[-1] + "\nusleep 200000")
        return self("run", "--rm", *self.options(*options), IMAGE, *arguments, **more)

    def shell(self, options, script, **more):
        """The output of a shell script in a container; the script has to succeed."""
        return self.run(options, "sh", "-ec", script, **more).must().stdout

    def start(self, test, options, *arguments, suffix=""):
        """A detached container, removed by force after the test; returns it with its facts."""
        name = test.container_id(suffix)
        test.on_cleanup(self.remove, name)
        answer = self("run", "-d", "--name", name, *self.options(*options), IMAGE, *arguments)
        return Container(self, name, answer.must().line)

    def remove(self, name):
        """Removes a container, whatever it does, if it is there."""
        answer = self("rm", "-f", "-v", name)
        if "No such container" not in answer.stderr:
            answer.must()

    def terminal(self, test, *arguments):
        terminal = Terminal(self.command(*arguments), self.environment)
        test.on_cleanup(terminal.close)
        return terminal

    def containers(self):
        """The ids of all containers."""
        return self("ps", "-aq", "--no-trunc").must().stdout.split()

    def close(self):
        """Ends the daemon and with it its containerd."""
        self.daemon.terminate()
        self.daemon.wait(30)
        self.log.close()


class Container:
    """A container that docker made."""

    def __init__(self, docker, name, identity):
        self.docker, self.name, self.identity = docker, name, identity
        self.pid = self.process()

    def process(self):
        """The pid of its process now."""
        return int(self.inspect("{{.State.Pid}}"))

    def inspect(self, template):
        return self.docker("inspect", "--type", "container", "--format", template,
                           self.name).must().line

    def exec(self, *arguments, options=(), status=0, **more):
        return self.docker("exec", *options, self.name, *arguments, **more).must(status)

    def must_be(self, status):
        equal(self.inspect("{{.State.Status}}"), status, "docker's word for the container")

    def wait_for_log(self, part, timeout=20.0):
        """Waits until the container's output has the part."""
        eventually(lambda: part in self.docker("logs", self.name).stdout,
                   f"{part!r} in the log of {self.name}", timeout, 0.05)
