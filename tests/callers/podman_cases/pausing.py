"""podman pause and unpause, update: judged by the cgroup and by what the processes do."""

import os
import time

import observe
from podman_suite import operation, podman
from support.report import check, contains, equal, eventually, skip


_COUNT = "while :; do echo x >> /out/count; sleep 0.02; done"


def _size(t):
    return os.path.getsize(t.directory + "/count")


@operation("pause, unpause")
def pause_stops_every_process_and_unpause_lets_them_go_on(t):
    container = podman().start(t, ["-v", t.directory + ":/out"], "sh", "-c", _COUNT)
    eventually(lambda: os.path.exists(t.directory + "/count"), "the container counts")
    podman()("pause", container.name).must()
    equal(observe.cgroup_value(container.pid, "freezer", "freezer.state"), "FROZEN", "freezer")
    equal(container.inspect("{{.State.Status}}"), "paused", "status")
    before = _size(t)
    time.sleep(0.3)
    equal(_size(t), before, "what a paused container wrote")
    answer = podman()("exec", container.name, "true")
    check(answer.status != 0, f"exec in a paused container: {answer!r}")
    podman()("unpause", container.name).must()
    equal(observe.cgroup_value(container.pid, "freezer", "freezer.state"), "THAWED", "freezer")
    eventually(lambda: _size(t) > before, "the container counts on")
    equal(container.exec("echo", "again").line, "again", "exec after unpause")


@operation("pause, unpause", tier="long")
def a_paused_container_is_removed_by_force(t):
    container = podman().start(t, [], "sh", "-c", "sleep 9012 & exec sleep 1000")
    child = eventually(lambda: observe.pids_running("sleep", "9012"), "the child runs")[0]
    podman()("pause", container.name).must()
    podman().remove(container.name)
    eventually(lambda: not observe.alive(container.pid) and not observe.alive(child),
               "both processes end")
    observe.check_gone(container.identity)


def _values(pid, names):
    return {name: observe.cgroup_value(pid, name.partition(".")[0], name) for name in names}


@operation("update")
def update_changes_the_limits_of_a_running_container(t):
    container = podman().start(t, ["--memory", "64m", "--memory-swap", "64m"], "sleep", "1000")
    names = ("memory.limit_in_bytes", "cpu.cfs_quota_us", "cpu.shares", "cpuset.cpus")
    before = _values(container.pid, names)
    equal(before["memory.limit_in_bytes"], str(64 << 20), "memory before")
    podman()("update", "--memory", "48m", "--memory-swap", "96m", "--cpus", "0.5", "--cpu-shares",
             "512", "--cpuset-cpus", "0", container.name).must()
    period = int(observe.cgroup_value(container.pid, "cpu", "cpu.cfs_period_us"))
    equal(_values(container.pid, names),
          {"memory.limit_in_bytes": str(48 << 20), "cpu.cfs_quota_us": str(period // 2),
           "cpu.shares": "512", "cpuset.cpus": "0"}, "limits after")
    equal(observe.cgroup_value(container.pid, "memory", "memory.memsw.limit_in_bytes"),
          str(96 << 20), "memory and swap after")
    check(observe.alive(container.pid), "the container did not survive")


@operation("update", tier="long")
def update_changes_the_limit_of_processes(t):
    if "--pids-limit" not in podman()("update", "--help").must().stdout:
        skip("this podman's update has no --pids-limit", impossible=True)
    container = podman().start(t, ["--pids-limit", "77"], "sleep", "1000")
    equal(observe.cgroup_value(container.pid, "pids", "pids.max"), "77", "pids.max before")
    podman()("update", "--pids-limit", "3", container.name).must()
    equal(observe.cgroup_value(container.pid, "pids", "pids.max"), "3", "pids.max after")
    answer = podman()("exec", container.name, "sh", "-c",
                      "for i in 1 2 3 4 5; do sleep 2 & done; wait")
    contains(answer.stderr, "fork", f"the shell's complaint: {answer!r}")


@operation("update", tier="long")
def an_update_that_the_kernel_refuses_is_an_error_that_names_the_file(t):
    container = podman().start(t, ["--cpuset-cpus", "0"], "sleep", "1000")
    answer = podman()("update", "--cpuset-cpus", "4095", container.name)
    check(answer.status != 0, f"a processor that is not there: {answer!r}")
    contains(answer.stderr, "cpuset.cpus", "the message")
    equal(observe.cgroup_value(container.pid, "cpuset", "cpuset.cpus"), "0", "cpuset.cpus")


@operation("update", tier="long")
def an_updated_memory_limit_is_felt_inside(t):
    container = podman().start(t, ["--memory", "256m", "--memory-swap", "256m", "--tmpfs",
                                   "/big:size=128m"], "sleep", "1000")
    fill = ["dd", "if=/dev/zero", "of=/big/file", "bs=1M", "count=64"]
    container.exec(*fill)
    container.exec("rm", "/big/file")
    podman()("update", "--memory", "16m", "--memory-swap", "16m", container.name).must()
    answer = podman()("exec", container.name, *fill)
    check(answer.status != 0, f"64 MiB under a limit of 16: {answer!r}")
    check(observe.alive(container.pid), "the container did not survive")
