#!/usr/bin/env python3
"""podman as root, with systemd and with cgroupfs as manager of cgroups: what systemd, the kernel and
the container say of each operation."""

import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from common.podman import Podman, cgroups_of, unit_property  # noqa: E402
from support import report  # noqa: E402

MIB = 1 << 20
SECONDS = 150  # for one test: everything is emulated

suite = report.Suite("podman")


def both(function, managers=("systemd", "cgroupfs")):
    """Registers a test for each manager; its name says which."""
    for manager in managers:
        suite.add(f"podman_with_{manager}_{function.__name__}",
                  functools.partial(function, manager=manager), timeout=SECONDS)
    return function


def default(function):
    """For what the manager makes no difference to."""
    return both(function, ("systemd",))


def gone(box):
    """Neither a cgroup nor a unit of the container is left."""
    report.eventually(lambda: not cgroups_of(box.identity),
                      f"no cgroup of {box.identity}", 10, 0.2)
    report.eventually(lambda: unit_property(f"libpod-{box.identity}.scope", "ActiveState") ==
                      "inactive", "the scope ended", 10, 0.2)


@both
def limits_a_container_execs_stops_and_removes_it(t, manager):
    podman = Podman(t, manager)
    box = podman.start(["--memory", "64m", "--memory-swap", "80m", "--cpus", "0.5",
                        "--pids-limit", "77"],
                       "sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.1; done")
    report.equal(box.file("memory.max"), str(64 * MIB), "memory.max")
    report.equal(box.file("memory.swap.max"), str(16 * MIB), "memory.swap.max")
    report.equal(box.file("cpu.max"), "50000 100000", "cpu.max")
    report.equal(box.file("pids.max"), "77", "pids.max")
    if manager == "systemd":
        unit = f"libpod-{box.identity}.scope"
        report.contains(box.cgroup, f"/machine.slice/{unit}", "cgroup")
        report.equal(unit_property(unit, "MemoryMax"), str(64 * MIB), "MemoryMax")
        report.equal(unit_property(unit, "TasksMax"), "77", "TasksMax")
        report.equal(unit_property(unit, "CPUQuotaPerSecUSec"), "500ms", "CPUQuota")
    else:
        report.contains(box.cgroup, f"/libpod_parent/libpod-{box.identity}", "cgroup")
    inside = podman("exec", box.name, "sh", "-c", "cat /proc/self/cgroup; cat /proc/1/cgroup")
    report.equal(*inside.must().stdout.split(), "the cgroup of exec is that of the container")
    podman("stop", "-t", "20", box.name).must()
    report.equal(box.inspect("{{.State.ExitCode}}"), "7", "exit code after SIGTERM")
    report.contains(podman("logs", box.name).must().stdout, "up\nbye\n", "the log")
    podman("rm", box.name).must()
    gone(box)


@both
def pauses_updates_and_measures_a_container(t, manager):
    podman = Podman(t, manager)
    box = podman.start(["--memory", "64m"], "sleep", "1000")
    podman("pause", box.name).must()
    report.contains(box.file("cgroup.events"), "frozen 1", "cgroup.events")
    podman("unpause", box.name).must()
    report.contains(box.file("cgroup.events"), "frozen 0", "cgroup.events")
    podman("update", "--memory", "96m", "--pids-limit", "55", "--cpus", "0.25", box.name).must()
    report.equal(box.file("memory.max"), str(96 * MIB), "memory.max")
    report.equal(box.file("pids.max"), "55", "pids.max")
    report.equal(box.file("cpu.max"), "25000 100000", "cpu.max")
    if manager == "systemd":
        report.equal(unit_property(f"libpod-{box.identity}.scope", "MemoryMax"), str(96 * MIB),
                     "MemoryMax")
    stats = podman("stats", "--no-stream", "--format", "{{.PIDs}} {{.MemUsage}}", box.name)
    report.equal(stats.must().line.split()[0], "1", "processes by podman stats")
    report.contains(stats.line, "100.7MB", "the limit by podman stats")
    podman("rm", "-f", "-t", "0", box.name).must()
    gone(box)


@both
def makes_a_pod_whose_containers_share_its_cgroup(t, manager):
    podman = Podman(t, manager)
    pod = t.container_id("pod")
    t.on_cleanup(podman, "pod", "rm", "-f", "-t", "0", "--ignore", pod)
    identity = podman("pod", "create", "--name", pod, "--network", "none").must().line
    first = podman.start(["--pod", pod, "--memory", "64m"], "sleep", "1000", suffix="a")
    second = podman.start(["--pod", pod], "sleep", "1000", suffix="b")
    name = f"machine-libpod_pod_{identity}.slice" if manager == "systemd" else identity
    for box in (first, second):
        report.contains(box.cgroup, f"/{name}/", "cgroup")
    report.equal(first.file("memory.max"), str(64 * MIB), "memory.max")
    podman("pod", "pause", pod).must()
    report.contains(first.file("cgroup.events"), "frozen 1", "cgroup.events")
    podman("pod", "unpause", pod).must()
    podman("pod", "stop", "-t", "1", pod).must()
    podman("pod", "rm", pod).must()
    gone(first)
    gone(second)
    report.eventually(lambda: not cgroups_of(identity), "no cgroup of the pod", 10, 0.2)


@default
def tells_of_a_container_that_ran_out_of_memory(t, manager):
    podman = Podman(t, manager)
    box = podman.start(["--memory", "24m", "--memory-swap", "24m"], "sh", "-c",
                       "sleep 1; yes | exec dd of=/dev/null bs=64M count=1 iflag=fullblock")
    report.equal(podman("wait", box.name).must().line, "137", "exit code")
    report.equal(box.inspect("{{.State.OOMKilled}}"), "true", "OOMKilled")


@default
def runs_a_privileged_container(t, manager):
    podman = Podman(t, manager)
    answer = podman.run(["--privileged", "--oom-score-adj", "-500"], "sh", "-c",
                        "grep CapEff /proc/self/status; cat /proc/self/oom_score_adj; "
                        "ulimit -H -n; test -b /dev/vdd && echo disk; "
                        "mount -t tmpfs none /mnt 2>/dev/null || mount -t tmpfs none /tmp; "
                        "echo mounted $?").must()
    full = (1 << (int(open("/proc/sys/kernel/cap_last_cap", encoding="ascii").read()) + 1)) - 1
    report.equal(answer.stdout.split(),
                 ["CapEff:", f"{full:016x}", "-500", "1048576", "disk", "mounted", "0"],
                 "what the container sees")


@suite.test(timeout=SECONDS)
def podman_confines_a_container_by_the_default_apparmor_profile(t):
    podman = Podman(t)
    script = "cat /proc/self/attr/apparmor/current; mount -t tmpfs none /tmp; echo status $?"
    confined = podman.run(["--cap-add", "SYS_ADMIN"], "sh", "-c", script)
    report.contains(confined.stdout, "containers-default-", "the profile")
    report.check("status 0" not in confined.stdout, "a mount is not denied: " + confined.stdout)
    free = podman.run(["--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined"],
                      "sh", "-c", script).must()
    report.check("containers-default" not in free.stdout, free.stdout)
    report.contains(free.stdout, "status 0", "the mount without the profile")


@suite.test(timeout=SECONDS)
def podman_gives_a_container_its_bridge_network(t):
    podman = Podman(t)
    answer = podman.run(["--network", "bridge", "--cap-add", "NET_RAW"], "sh", "-c",
                        "ip -4 -o addr show eth0; ip route; ping -c 1 -w 10 $(ip route | "
                        "sed -n 's/default via \\([0-9.]*\\) .*/\\1/p')")
    report.contains(answer.must().stdout, "1 packets received", "ping of the gateway")


@suite.test(timeout=SECONDS)
def podman_systemd_runs_inside_a_container_cgroup_namespace(t):
    """A container that podman gives its cgroup to (--systemd=always) may make cgroups in it."""
    podman = Podman(t)
    answer = podman.run(["--systemd=always"], "sh", "-c",
                        "mkdir /sys/fs/cgroup/inner && echo $$ >/sys/fs/cgroup/inner/cgroup.procs; "
                        "cat /proc/self/cgroup")
    report.equal(answer.must().stdout, "0::/inner\n", "the cgroup inside")


suite.main()
