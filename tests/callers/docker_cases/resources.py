"""Limits, as the cgroup has them and as they are felt inside."""

import os

import observe
import sandbox
from docker_suite import docker, operation
from support.report import check, contains, equal


@operation("run --memory")
def a_container_that_takes_too_much_memory_is_killed_and_docker_knows(t):
    container = docker().start(t, ["--memory", "32m", "--memory-swap", "32m", "--tmpfs",
                                   "/big:size=64m"], "sh", "-c", "exec tail -c 60m /dev/zero")
    equal(docker()("wait", container.name).must().line, "137", "exit code")
    equal(container.inspect("{{.State.OOMKilled}}"), "true", "OOMKilled")
    equal(observe.cgroup_directories(container.identity), [], "cgroups left")


@operation("run --memory, --cpus, --pids-limit", tier="long")
def memory_pids_and_cpus_reach_the_cgroup(t):
    container = docker().start(t, ["--memory", "64m", "--memory-swap", "64m",
                                   "--memory-reservation", "32m", "--pids-limit", "77",
                                   "--cpus", "0.5", "--cpu-shares", "512", "--cpuset-cpus", "0",
                                   "--blkio-weight", "300"], "sleep", "1000")
    wanted = {("memory", "memory.limit_in_bytes"): str(64 << 20), ("pids", "pids.max"): "77",
              ("memory", "memory.soft_limit_in_bytes"): str(32 << 20),
              ("cpu", "cpu.shares"): "512", ("cpuset", "cpuset.cpus"): "0"}
    for (controller, name), value in wanted.items():
        equal(observe.cgroup_value(container.pid, controller, name), value, name)
    quota, period = (int(observe.cgroup_value(container.pid, "cpu", "cpu.cfs_" + name))
                     for name in ("quota_us", "period_us"))
    equal(quota * 2, period, "half a processor")


@operation("run --memory, --cpus, --pids-limit", tier="long")
def the_pids_limit_is_felt_inside(t):
    answer = docker().run(["--pids-limit", "5"], "sh", "-c",
                          "for i in 1 2 3 4 5 6 7 8; do sleep 3 & done; wait")
    check(answer.status != 0, f"eight processes where five are allowed: {answer!r}")
    contains(answer.stderr, "fork", "the shell's complaint")


@operation("run --ulimit, --oom-score-adj, --sysctl", tier="long")
def limits_of_the_process_and_sysctls_are_as_asked(t):
    lines = docker().shell(["--ulimit", "nofile=99:199", "--ulimit", "core=0", "--oom-score-adj",
                            "123", "--sysctl", "kernel.msgmax=4321"],
                           "ulimit -Sn; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj "
                           "/proc/sys/kernel/msgmax").split()
    equal(lines, ["99", "199", "0", "123", "4321"], "what the container saw")


@operation("run --cgroup-parent", tier="long")
def the_cgroup_lies_below_the_parent_that_was_asked(t):
    parent = f"/{sandbox.parent_cgroup()}/{t.container_id('parent')}"

    def remove():
        for top in sandbox.hierarchies():
            if os.path.isdir(top + parent):
                os.rmdir(top + parent)
    t.on_cleanup(remove)
    container = docker().start(t, ["--cgroup-parent", parent], "sleep", "1000")
    paths = {path for name, path in observe.cgroups(container.pid).items() if name}
    equal(paths, {f"{parent}/{container.identity}"}, "the paths")
