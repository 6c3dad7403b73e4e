"""One side of a comparison: a runtime, a bundle of its own, and what was observed with them."""

import json
import os

from support import census, report
from support.bundle import Bundle
from support.namespaces import hold
from support.runtime import Runtime, reap

# A fixed environment for the runtimes: what a caller's environment holds must not matter.
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}

# The sides' names; of one length, since they are part of every path and id.
OURS, PEERS = "a", "b"


class Side:
    """Cases change `bundle`, `create_flags` and friends, then observe() or drive it themselves."""

    def __init__(self, test, runtime_path, name):
        self.test = test
        self.name = name
        self.directory = os.path.join(test.directory, name)
        os.mkdir(self.directory)
        # Of equal length on both sides: no limit (a name, a socket path) is met by one only.
        self.id = test.container_id(name)
        self.runtime = Runtime(runtime_path, os.path.join(self.directory, "state"))
        self.runtime.environment = dict(ENVIRONMENT)
        test.on_cleanup(self.runtime.delete_all)
        self.bundle = Bundle(os.path.join(self.directory, "bundle"))
        self.bundle.is_complete = name == PEERS
        self.bundle.set("/linux/cgroupsPath", "/" + self.id)
        self.create_flags = []
        self.create_options = {}
        self.prelude = None  # shell text that mounts what the bundle's sources need
        self.pid = None
        self.exit_status = None
        self.known_namespaces = {}
        self._remember_host()

    def _remember_host(self):
        for name in sorted(os.listdir("/proc/self/ns")):
            inode = os.stat("/proc/self/ns/" + name).st_ino
            self.known_namespaces[inode] = "the host's"

    def probe(self, *sections, paths=(), sysctls=(), flags=()):
        """Makes the probe the container process."""
        self.bundle.args(*probe_command(*sections, paths=paths, sysctls=sysctls, flags=flags))
        return self

    def know_namespace(self, path, name):
        self.known_namespaces[os.stat(path).st_ino] = name

    # Driving

    def create(self):
        """Creates the container; its output goes to named files, as a caller's pipes would."""
        self.bundle.write()
        pid_file = os.path.join(self.directory, "pid")
        options = dict(self.create_options)
        options.setdefault("stdin", open(os.path.join(self.directory, "stdin"), "w+b"))
        options.setdefault("stdout", open(self.output_path("stdout"), "w+b"))
        options.setdefault("stderr", open(self.output_path("stderr"), "w+b"))
        wrapper = self.runtime.wrapper
        if self.prelude:
            self.runtime.wrapper = [*self._mount_namespace(), *wrapper]
        result = self.runtime.create(self.id, self.bundle, "--pid-file", pid_file,
                                     *self.create_flags, **options)
        self.runtime.wrapper = wrapper
        if result.status == 0:
            with open(pid_file, encoding="ascii") as file:
                self.pid = int(file.read())
        return result

    def _mount_namespace(self):
        """The prelude's mounts, in a private mount namespace that lives as long as the test: the
        mount that a slave follows must not go away with the create command."""
        pid = hold(self.test, "--mount", "--propagation", "private", before=self.prelude)
        return ["nsenter", f"--mount=/proc/{pid}/ns/mnt"]

    def close(self):
        """Deletes what is left by force; the cgroups that outlived even that, which are removed
        so that a peer's leak does not outlive the test."""
        self.runtime.delete_all()
        left = sorted(census.take(census.Scope(unique=self.id)).cgroups, reverse=True)
        for path in left:
            try:
                os.rmdir(path)
            except OSError:  # a process is still inside: the caller fails over the path anyway
                pass
        return left

    def output_path(self, name):
        return os.path.join(self.directory, name)

    def output(self, name="stdout"):
        with open(self.output_path(name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def start(self):
        return self.runtime.start(self.id)

    def wait(self, timeout=10.0):
        """Waits for the container process, which became our child (we are the subreaper)."""
        self.exit_status = reap(self.pid, timeout)
        return self.exit_status

    def observe(self, timeout=10.0):
        """create, start, wait; the probe's report."""
        self.create().must()
        self.start().must()
        self.wait(timeout)
        return self.report_of(self.output(), self.output("stderr"))

    def report_of(self, text, error=""):
        lines = [line for line in text.splitlines() if line.startswith("{")]
        report.check(lines, f"{self.name}: no report; exit status {self.exit_status}\n"
                            f"stdout: {text!r}\nstderr: {error!r}")
        return json.loads(lines[0])

    def wait_for_report(self, path=None, timeout=10.0):
        """For a probe that stays (--wait): its report, once the line is complete."""
        path = path or self.output_path("stdout")

        def complete():
            if not os.path.exists(path):
                return None
            with open(path, encoding="utf-8") as file:
                text = file.read()
            return text if text.endswith("\n") else None
        return self.report_of(report.eventually(complete, f"a report in {path}", timeout))

    def cgroup_directory(self, controller):
        """The host's directory of the container process in a v1 hierarchy."""
        with open(f"/proc/{self.pid}/cgroup", encoding="utf-8") as file:
            for line in file:
                _, names, path = line.rstrip("\n").split(":", 2)
                if controller in names.split(","):
                    return os.path.join("/sys/fs/cgroup", controller, path.lstrip("/"))
        report.skip(f"no cgroup v1 hierarchy of {controller}", impossible=True)

    def read_cgroup(self, controller, *names):
        """{name: content} of the limit files, read from the host."""
        directory = self.cgroup_directory(controller)
        contents = {}
        for name in names:
            path = os.path.join(directory, name)
            if not os.path.exists(path):
                contents[name] = "no such file"
                continue
            with open(path, encoding="utf-8") as file:
                contents[name] = file.read().rstrip("\n")
        return contents

    def namespaces_of(self, pid):
        return {name: os.stat(f"/proc/{pid}/ns/{name}").st_ino
                for name in sorted(os.listdir(f"/proc/{pid}/ns"))}


def probe_command(*sections, paths=(), sysctls=(), flags=(), program="/probe"):
    command = [program, *flags]
    for path in paths:
        command += ["--path", path]
    for sysctl in sysctls:
        command += ["--sysctl", sysctl]
    return command + list(sections)
