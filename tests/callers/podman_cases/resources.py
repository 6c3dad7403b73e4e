"""Limits, as the cgroup has them and as they are felt inside."""

import os

import observe
from podman_caller import IMAGE
from podman_suite import operation, podman
from support.report import check, contains, equal, eventually


@operation("run --memory, --pids-limit, --cpus")
def memory_pids_and_cpus_reach_the_cgroup(t):
    container = podman().start(t, ["--memory", "64m", "--memory-swap", "64m", "--pids-limit",
                                   "77", "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus",
                                   "0"], "sleep", "1000")
    wanted = {("memory", "memory.limit_in_bytes"): str(64 << 20), ("pids", "pids.max"): "77",
              ("cpu", "cpu.shares"): "512", ("cpuset", "cpuset.cpus"): "0"}
    for (controller, name), value in wanted.items():
        equal(observe.cgroup_value(container.pid, controller, name), value, name)
    quota, period = (int(observe.cgroup_value(container.pid, "cpu", "cpu.cfs_" + name))
                     for name in ("quota_us", "period_us"))
    equal(quota * 2, period, "half a processor")


@operation("run --memory, --pids-limit, --cpus")
def the_pids_limit_is_felt_inside(t):
    answer = podman().run(["--pids-limit", "5"], "sh", "-c",
                          "for i in 1 2 3 4 5 6 7 8; do sleep 3 & done; wait")
    check(answer.status != 0, f"eight processes where five are allowed: {answer!r}")
    contains(answer.stderr, "fork", "the shell's complaint")


@operation("run --memory, --pids-limit, --cpus")
def the_memory_limit_is_felt_inside(t):
    script = "echo begin; dd if=/dev/zero of=/big/file bs=1M count={}; echo status $?"
    for size, passes in ((4, True), (40, False)):
        answer = podman().run(["--memory", "16m", "--memory-swap", "16m", "--tmpfs",
                               "/big:size=64m"], "sh", "-c", script.format(size))
        contains(answer.stdout, "begin\n", f"the script ran: {answer!r}")
        equal("status 0\n" in answer.stdout, passes, f"{size} MiB in 16 MiB: {answer!r}")


@operation("run --hostname, --sysctl")
def hostname_is_set_inside_only(t):
    before = os.uname().nodename
    text = podman().shell(["--hostname", "box.example"], "hostname; cat /etc/hostname")
    equal(text.split(), ["box.example"] * 2, "hostname and /etc/hostname")
    equal(os.uname().nodename, before, "our own host name")


@operation("run --hostname, --sysctl")
def sysctls_are_set_inside_only(t):
    def own(name):
        with open("/proc/sys/" + name, encoding="utf-8") as file:
            return file.read().strip()
    names = ("net/ipv4/ip_default_ttl", "kernel/shm_rmid_forced")
    before = [own(name) for name in names]
    text = podman().shell(["--sysctl", "net.ipv4.ip_default_ttl=77", "--sysctl",
                           "kernel.shm_rmid_forced=1"],
                          f"cat /proc/sys/{names[0]} /proc/sys/{names[1]}")
    equal(text.split(), ["77", "1"], "sysctls inside")
    equal([own(name) for name in names], before, "our own sysctls")


@operation("run --cgroups=disabled")
def cgroups_disabled_makes_no_cgroup(t):
    # Without the suite's parent cgroup, which podman refuses beside it.
    name = t.container_id()
    t.on_cleanup(podman().remove, name)
    podman()("run", "-d", "--name", name, "--network", "none", "--cgroups=disabled", IMAGE,
             "sleep", "1000", without_cgroups=True).must()
    container = podman().container(name)
    equal(observe.command_line(container.pid), ["sleep", "1000"], "command line")
    equal(observe.cgroups(container.pid),
          observe.cgroups(observe.status(container.pid)["PPid"]), "cgroups, and those of conmon")
    equal(observe.cgroup_directories(container.identity, parent=""), [], "cgroups of that name")
    equal(container.exec("echo", "inside").line, "inside", "exec")
    podman().remove(name)
    eventually(lambda: not observe.alive(container.pid), "the process ends")
    observe.check_gone(container.identity)
