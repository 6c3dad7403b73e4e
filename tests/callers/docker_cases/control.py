"""docker pause, top, stats, health, cp, update, events: what is asked of a running container."""

import json
import os
import time

import observe
from docker_suite import docker, operation
from support.report import check, contains, equal, eventually

_COUNTING = "i=0; while :; do i=$((i+1)); echo $i > /count; usleep 20000; done"


@operation("pause, unpause")
def pause_stops_the_processes_and_unpause_lets_them_go_on(t):
    container = docker().start(t, [], "sh", "-c", _COUNTING)
    root = f"/proc/{container.pid}/root"
    eventually(lambda: os.path.exists(root + "/count"), "it counts")
    docker()("pause", container.name).must()
    equal(observe.cgroup_value(container.pid, "freezer", "freezer.state"), "FROZEN", "freezer")
    container.must_be("paused")

    def count():
        with open(root + "/count", encoding="utf-8") as file:
            return file.read()
    before = count()
    answer = docker()("exec", container.name, "true")
    check(answer.status != 0 and "paused" in answer.stderr, f"exec: {answer!r}")
    equal(count(), before, "the count of a paused container")
    docker()("unpause", container.name).must()
    equal(observe.cgroup_value(container.pid, "freezer", "freezer.state"), "THAWED", "freezer")
    eventually(lambda: count() not in ("", before), "it goes on counting")


@operation("pause, unpause", tier="long")
def a_paused_container_is_removed_by_force(t):
    container = docker().start(t, [], "sleep", "1000")
    docker()("pause", container.name).must()
    docker()("rm", "-f", container.name).must()
    eventually(lambda: not observe.alive(container.pid), "the process ends")
    observe.check_gone(container.identity)


@operation("top")
def top_shows_every_process_with_the_pids_of_the_host(t):
    container = docker().start(t, [], "sh", "-c", "sleep 3456 & exec sleep 1000")
    child = eventually(lambda: observe.pids_running("sleep", "3456"), "the child runs")[0]
    lines = [line.split() for line in docker()("top", container.name).must().stdout.splitlines()]
    place = lines[0].index("PID")
    equal(sorted(int(line[place]) for line in lines[1:]), sorted([container.pid, child]), "pids")
    lines = docker()("top", container.name, "-o", "pid,args").must().stdout.splitlines()
    equal(sorted(line.split(None, 1)[1].strip() for line in lines[1:]),
          ["sleep 1000", "sleep 3456"], "command lines by an option of ps")


@operation("update")
def update_changes_memory_and_processors_of_the_running_process(t):
    container = docker().start(t, ["--memory", "64m", "--cpus", "0.5"], "sleep", "1000")
    docker()("update", "--memory", "128m", "--memory-swap", "256m", "--cpus", "1.5",
             "--cpu-shares", "512", "--cpuset-cpus", "0", container.name).must()
    wanted = {("memory", "memory.limit_in_bytes"): str(128 << 20), ("cpu", "cpu.shares"): "512",
              ("cpu", "cpu.cfs_quota_us"): "150000", ("cpuset", "cpuset.cpus"): "0"}
    for (controller, name), value in wanted.items():
        equal(observe.cgroup_value(container.pid, controller, name), value, name)
    equal(container.process(), container.pid, "the process")


@operation("update", tier="long")
def update_changes_the_number_of_processes_and_lowers_memory(t):
    container = docker().start(t, ["--memory", "128m", "--memory-swap", "128m"], "sleep", "1000")
    docker()("update", "--pids-limit", "33", "--memory", "32m", "--memory-swap", "32m",
             container.name).must()
    equal(observe.cgroup_value(container.pid, "pids", "pids.max"), "33", "pids.max")
    equal(observe.cgroup_value(container.pid, "memory", "memory.limit_in_bytes"), str(32 << 20),
          "memory.limit_in_bytes")


@operation("stats", tier="long")
def stats_shows_limits_and_numbers_of_the_cgroup(t):
    container = docker().start(t, ["--memory", "64m"], "sh", "-c", "sleep 3456 & exec sleep 1000")
    eventually(lambda: observe.pids_running("sleep", "3456"), "the child runs")
    text = docker()("stats", "--no-stream", "--format", "{{json .}}", container.name).must().line
    seen = json.loads(text)
    equal(seen["PIDs"], "2", "processes")
    contains(seen["MemUsage"], "/ 64MiB", "the memory limit")


@operation("run --health-cmd", tier="long")
def health_follows_what_the_command_says(t):
    container = docker().start(t, ["--health-cmd", "test -e /healthy", "--health-interval", "1s",
                                   "--health-retries", "1", "--health-timeout", "30s"],
                               "sh", "-c", "echo > /healthy; exec sleep 1000")

    def health():
        return container.inspect("{{.State.Health.Status}}")
    eventually(lambda: health() == "healthy", "it is healthy", 20.0, 0.1)
    container.exec("rm", "/healthy")
    eventually(lambda: health() == "unhealthy", "it is unhealthy", 20.0, 0.1)


@operation("cp", tier="long")
def cp_carries_files_both_ways(t):
    container = docker().start(t, ["--tmpfs", "/scratch"], "sh", "-c",
                               "echo inside > /inside; exec sleep 1000")
    eventually(lambda: observe.command_line(container.pid) == ["sleep", "1000"], "it runs")
    with open(t.directory + "/outside", "w", encoding="utf-8") as file:
        file.write("from the host\n")
    docker()("cp", t.directory + "/outside", container.name + ":/copied").must()
    equal(container.exec("cat", "/copied").stdout, "from the host\n", "the file inside")
    docker()("cp", container.name + ":/inside", t.directory + "/inside").must()
    with open(t.directory + "/inside", encoding="utf-8") as file:
        equal(file.read(), "inside\n", "the file outside")
    check(observe.alive(container.pid), "the container ended")


@operation("events", tier="long")
def events_tell_what_happened_to_a_container(t):
    since = int(time.time())
    container = docker().start(t, [], "sh", "-c", "exit 3")
    eventually(lambda: container.inspect("{{.State.Status}}") == "exited", "it ends", 20.0)
    lines = docker()("events", "--since", since, "--until", int(time.time()) + 1,
                     "--filter", "container=" + container.name, "--format",
                     "{{.Action}} {{.Actor.Attributes.exitCode}}").must().stdout.split("\n")
    words = [line.split() for line in lines if line]
    equal([word[0] for word in words], ["create", "start", "die"], "the events")
    equal(words[-1][1], "3", "the exit code of its end")
