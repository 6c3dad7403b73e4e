"""One private containerd without its CRI plugin, and the ctr that talks to it."""

import contextlib
import os
import subprocess
import time

import command
import image
import sandbox
from support.report import contains, eventually
from terminal import Terminal

IMAGE = "localhost/busybox:latest"
_CONFIG = """version = 2
root = "{directory}/root"
state = "{directory}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "{directory}/socket"
[ttrpc]
  address = "{directory}/ttrpc"
"""


class Containerd:
    """A daemon and its image; containers live in the namespace named like the suite's cgroup,
    because ctr puts a container into the cgroup /NAMESPACE/ID."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.directory = "/run/containerd-suite"
        self.namespace = sandbox.parent_cgroup()
        self.names = []
        os.mkdir(self.directory, 0o711)
        with open(self.directory + "/config.toml", "w", encoding="utf-8") as file:
            file.write(_CONFIG.format(directory=self.directory))
        # ctr 1.6 forgets --runc-binary when --uidmap is given (the task's own options replace the
        # container's), and the shim then looks for "runc": let it find the runtime under test.
        os.mkdir(self.directory + "/bin")
        os.symlink(runtime, self.directory + "/bin/runc")
        self.environment = {
            "PATH": f"{self.directory}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                    "/sbin:/bin",
            "HOME": self.directory, "TERM": "xterm"}
        self.log = open(self.directory + "/log", "w+b")
        self.daemon = subprocess.Popen(
            ["containerd", "--config", self.directory + "/config.toml"], stdin=subprocess.PIPE,
            stdout=self.log, stderr=self.log, env=self.environment, cwd="/")
        eventually(lambda: self("version").status == 0, "containerd answers", 30.0, 0.1)
        self.tarball = image.make_tarball(self.directory)
        self.rootfs = self.directory + "/rootfs"
        archive = image.make_oci_archive(self.tarball, self.directory + "/image.tar", IMAGE)
        contains(self("images", "import", archive).must().stdout, IMAGE, "the imported image")

    def command(self, *arguments):
        return ["ctr", "--address", self.directory + "/socket", "--namespace", self.namespace,
                *map(str, arguments)]

    def __call__(self, *arguments, **more):
        """Runs a ctr command to its end."""
        return command.run(self.command(*arguments), self.environment, **more)

    def arguments_of_run(self, options, name, *arguments, root=IMAGE):
        self.names.append(name)
        return ["run", "--runc-binary", self.runtime, "--runtime", "io.containerd.runc.v2",
                *options, root, name, *arguments]

    def version(self):
        """"containerd 1.6.20", as the daemon says it of itself."""
        text = self("version").must().stdout.partition("Server:")[2]
        return "containerd " + text.partition("Version:")[2].split()[0].partition("~")[0].partition("+")[0]

    def run(self, test, options, *arguments, suffix="", root=IMAGE, **more):
        """`ctr run --rm` in the foreground. A failed one leaves its metadata: it is removed."""
        name = test.container_id(suffix)
        test.on_cleanup(self.remove, name)
        return self(*self.arguments_of_run(["--rm", *options], name, *arguments, root=root), **more)

    def shell(self, test, options, script, **more):
        """The output of a shell script in a container; the script has to succeed."""
        return self.run(test, options, "sh", "-ec", script, **more).must().stdout

    def start(self, test, options, *arguments, suffix="", root=IMAGE):
        """A detached container, removed by force after the test."""
        name = test.container_id(suffix)
        test.on_cleanup(self.remove, name)
        self(*self.arguments_of_run(["-d", *options], name, *arguments, root=root)).must()
        return Task(self, name)

    def remove(self, name):
        """Removes a container with its task, if it is there."""
        if name in self.tasks():
            self("tasks", "rm", "--force", name)
        if name in self("containers", "ls", "-q").must().stdout.split():
            self("containers", "rm", name).must()

    def tasks(self):
        """(pid, status) by container, from `ctr tasks ls`."""
        lines = self("tasks", "ls").must().stdout.splitlines()[1:]
        return {fields[0]: (int(fields[1]), fields[2]) for fields in map(str.split, lines)}

    def terminal(self, test, *arguments):
        terminal = Terminal(self.command(*arguments), self.environment)
        test.on_cleanup(terminal.close)
        return terminal

    @contextlib.contextmanager
    def events(self, path):
        """Writes the daemon's events, one a line, into the file as long as the block runs."""
        with open(path, "wb") as file:
            process = subprocess.Popen(self.command("events"), stdin=subprocess.PIPE, stdout=file,
                                       stderr=file, env=self.environment, cwd="/")
        try:
            time.sleep(0.5)  # it does not tell when it listens
            yield
        finally:
            process.terminate()
            process.wait()

    def close(self):
        """Ends the daemon, which leaves its shims alone: they have to be gone already."""
        self.daemon.terminate()
        self.daemon.wait(30)
        self.log.close()


class Task:
    """A running container."""

    def __init__(self, containerd, name):
        self.containerd, self.name = containerd, name
        self.pid = containerd.tasks()[name][0]
        self._executions = 0

    def exec(self, *arguments, options=(), **more):
        return self.containerd(*self.arguments_of_exec(options, *arguments), **more)

    def arguments_of_exec(self, options, *arguments):
        self._executions += 1
        return ["tasks", "exec", "--exec-id", f"exec-{self._executions}", *options, self.name,
                *arguments]

    def kill(self, name=None):
        options = ["--signal", name] if name else []
        self.containerd("tasks", "kill", *options, self.name).must()

    def wait_until_stopped(self):
        eventually(lambda: self.containerd.tasks()[self.name][1] == "STOPPED",
                   f"task {self.name} stops", 20.0, 0.05)

    def remove(self):
        """Removes task and container; returns the task's exit code, which ctr only warns of."""
        answer = self.containerd("tasks", "rm", self.name).must()
        self.containerd("containers", "rm", self.name).must()
        _, found, code = answer.stderr.partition("exit with non-zero exit code ")
        return int(code.split('"')[0]) if found else 0
