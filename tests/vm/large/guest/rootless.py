#!/usr/bin/env python3
"""An ordinary user with a systemd of its own: what the kernel gives it of the tree of cgroups, by the
runtime alone and by podman."""

import os
import pathlib
import pwd
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from common import podman as podman_of  # noqa: E402
from common.confined import CGROUPS, read  # noqa: E402
from common.podman import AS_USER, USER_ID, Podman, cgroups_of  # noqa: E402
from support import report  # noqa: E402
from support.bundle import Bundle  # noqa: E402

MIB = 1 << 20
SECONDS = 150
DELEGATED = f"/user.slice/user-{USER_ID}.slice/user@{USER_ID}.service"

suite = report.Suite("rootless")


def as_user(*command):
    """Runs a command in a service of the user's systemd."""
    return podman_of.command.run([*AS_USER, *map(str, command)], podman_of.user_environment(),
                                 timeout=60)


class UsersContainer:
    """A container that the user makes below the part of the tree that is delegated to it."""

    def __init__(self, test, script, resources):
        podman_of.start_user_manager()
        self.directory = f"/home/user/{test.unique}"
        test.on_cleanup(shutil.rmtree, self.directory)
        bundle = Bundle(self.directory).args("sh", "-c", script)
        bundle.namespace("user").set("/linux/resources", resources)
        for name in ("uidMappings", "gidMappings"):
            bundle.set("/linux/" + name, [{"containerID": 0, "hostID": USER_ID, "size": 1}])
        # One id is mapped: neither tty nor a user to run as has another.
        bundle.change_mount("/dev/pts", options=["nosuid", "noexec", "newinstance",
                                                 "ptmxmode=0666", "mode=0620"])
        self.path = f"{DELEGATED}/app.slice/{test.unique}"
        bundle.set("/linux/cgroupsPath", self.path).write()
        subprocess.run(["chown", "-R", "-h", f"{USER_ID}:{USER_ID}", self.directory], check=True)
        self.test, self.id = test, test.unique
        self.pid_file = self.directory + "/pid"
        test.on_cleanup(self.call, "delete", "--force", self.id)

    def call(self, *arguments):
        return as_user(self.test.runtime_path, "--root", f"/run/user/{USER_ID}/nt",
                       *arguments)

    @property
    def cgroup(self):
        return CGROUPS + self.path


@suite.test(timeout=SECONDS)
def a_user_limits_its_container_below_its_own_systemd(t):
    box = UsersContainer(t, "sleep 1000", {"memory": {"limit": 48 * MIB}, "pids": {"limit": 33}})
    box.call("create", "--bundle", box.directory, "--pid-file", box.pid_file, box.id).must()
    box.call("start", box.id).must()
    pid = read(box.pid_file).strip()
    report.equal(read(f"/proc/{pid}/cgroup"), f"0::{box.path}\n", "cgroup")
    report.equal(read(box.cgroup + "/memory.max").strip(), str(48 * MIB), "memory.max")
    report.equal(read(box.cgroup + "/pids.max").strip(), "33", "pids.max")
    report.contains(read(f"/proc/{pid}/status"), f"Uid:\t{USER_ID}\t{USER_ID}", "owner")
    inside = box.call("exec", box.id, "sh", "-c", "id -u; cat /proc/self/cgroup").must()
    report.equal(inside.stdout.split()[0], "0", "the user inside")
    box.call("delete", "--force", box.id).must()
    report.check(not os.path.exists(box.cgroup), f"{box.cgroup} is still there")


@suite.test(timeout=SECONDS)
def a_user_is_refused_a_cgroup_that_is_not_delegated(t):
    box = UsersContainer(t, "sleep 1000", {"pids": {"limit": 33}})
    path = "/system.slice/" + t.unique
    config = pathlib.Path(box.directory) / "config.json"
    config.write_text(config.read_text(encoding="utf-8").replace(box.path, path),
                      encoding="utf-8")
    refused = box.call("create", "--bundle", box.directory, box.id)
    report.check(refused.status != 0, repr(refused))
    report.contains(refused.stderr.lower(), "permission denied", "the error")
    report.check(not os.path.exists(CGROUPS + path), f"{path} was made")


def users_podman(t, manager="systemd"):
    return Podman(t, manager, rootless=True)


@suite.test(timeout=SECONDS)
def podman_of_a_user_limits_execs_pauses_and_stops_a_container(t):
    podman = users_podman(t)
    box = podman.start(["--memory", "64m", "--pids-limit", "44", "--cpus", "0.5"], "sh", "-c",
                       "trap 'exit 9' TERM; while :; do sleep 0.1; done")
    report.contains(box.cgroup, f"{DELEGATED}/user.slice/libpod-{box.identity}.scope", "cgroup")
    report.equal(box.file("memory.max"), str(64 * MIB), "memory.max")
    report.equal(box.file("pids.max"), "44", "pids.max")
    report.equal(box.file("cpu.max"), "50000 100000", "cpu.max")
    report.contains(read(f"/proc/{box.pid}/status"), f"Uid:\t{USER_ID}\t", "owner")
    first = int(read("/etc/subuid").split(":")[1])
    report.equal([line.split() for line in read(f"/proc/{box.pid}/uid_map").splitlines()],
                 [["0", str(USER_ID), "1"], ["1", str(first), "65536"]], "uid_map")
    inside = podman("exec", "--user", "7", box.name, "sh", "-c", "id -u; cat /proc/self/cgroup")
    report.equal(inside.must().stdout.split()[0], "7", "the user of exec")
    podman("pause", box.name).must()
    report.contains(box.file("cgroup.events"), "frozen 1", "cgroup.events")
    podman("unpause", box.name).must()
    podman("stop", "-t", "20", box.name).must()
    report.equal(box.inspect("{{.State.ExitCode}}"), "9", "exit code after SIGTERM")
    podman("rm", box.name).must()
    report.eventually(lambda: not cgroups_of(box.identity), "no cgroup is left", 10, 0.2)


@suite.test(timeout=SECONDS)
def podman_of_a_user_runs_without_systemd_as_manager(t):
    podman = users_podman(t, "cgroupfs")
    name = pwd.getpwuid(USER_ID).pw_name
    answer = podman.run(["--userns", "keep-id"], "sh", "-c", "id -u; cat /proc/self/uid_map")
    lines = answer.must().stdout.splitlines()
    report.equal(lines[0], str(USER_ID), f"the id of {name} inside")
    report.equal(len(lines), 4, "ranges of ids")


suite.main()
