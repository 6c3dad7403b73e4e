"""One private podman: storage, state and configuration under one directory, one runtime."""

import json
import os
import subprocess

import command
import image
import sandbox
from support.report import eventually
from terminal import Terminal

IMAGE = "localhost/busybox"

_CONTAINERS_CONF = """[containers]
# The defaults raise limits, which needs CAP_SYS_RESOURCE.
default_ulimits = []
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
events_logfile_path = "{directory}/events"
runtime_supports_json = [{json_runtimes}]
"""
_STORAGE_CONF = """[storage]
driver = "{driver}"
graphroot = "{directory}/storage"
runroot = "{directory}/runroot"
"""
# --userns=auto takes its ranges from the user "containers" (podman-run(1)).
_SUBORDINATE_IDS = "containers:200000:65536\n"


class Podman:
    """podman --runtime PATH with an image and everything else of its own."""

    def __init__(self, runtime, driver="overlay"):
        self.runtime = runtime
        self.directory = "/tmp/podman-suite"
        os.mkdir(self.directory, 0o755)
        self._write("storage.conf", _STORAGE_CONF.format(driver=driver, directory=self.directory))
        self._write("text.conf", self._containers_conf(""))
        self._write("json.conf", self._containers_conf(json.dumps(os.path.basename(runtime))))
        for path in ("/etc/subuid", "/etc/subgid"):
            self._write("ids", _SUBORDINATE_IDS)
            subprocess.run(["mount", "--bind", self.directory + "/ids", path], check=True)
        self.environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": self.directory, "TERM": "xterm", "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
            "CONTAINERS_CONF": self.directory + "/text.conf",
            "CONTAINERS_STORAGE_CONF": self.directory + "/storage.conf"}
        tarball = image.make_tarball(self.directory)
        changes = [option for item in image.ENVIRONMENT for option in ("-c", "ENV " + item)]
        self("import", "--quiet", *changes, tarball, IMAGE).must()

    def _containers_conf(self, json_runtimes):
        return _CONTAINERS_CONF.format(directory=self.directory, json_runtimes=json_runtimes)

    def _write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def command(self, *arguments):
        return ["podman", "--runtime", self.runtime, *map(str, arguments)]

    def __call__(self, *arguments, json_log=False, **more):
        """Runs a podman command to its end."""
        environment = dict(self.environment)
        if json_log:
            environment["CONTAINERS_CONF"] = self.directory + "/json.conf"
        return command.run(self.command(*arguments), environment, **more)

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
        answer = self("run", "-d", "--name", name, *self.options(*options), IMAGE, *command)
        return Container(self, name, answer.must().line)

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


class Container:
    """A container that podman made."""

    def __init__(self, podman, name, identity):
        self.podman, self.name, self.identity = podman, name, identity
        self.pid = int(self.inspect("{{.State.Pid}}"))

    def inspect(self, template):
        return self.podman("inspect", "--type", "container", "--format", template,
                           self.name).must().line

    def exec(self, *command, options=(), status=0, **more):
        return self.podman("exec", *options, self.name, *command, **more).must(status)

    def wait_for_log(self, part, timeout=20.0):
        """Waits until the container's output has the part."""
        eventually(lambda: part in self.podman("logs", self.name).stdout,
                   f"{part!r} in the log of {self.name}", timeout, 0.05)
