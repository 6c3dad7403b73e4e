"""What is asked of a running task: ps, pause and resume, metrics, events."""

import json
import os

import observe
from containerd_suite import containerd, operation
from support.report import check, contains, equal, eventually

_COUNTING = "i=0; while :; do i=$((i+1)); echo $i > /count; usleep 20000; done"


@operation("tasks ps")
def ps_shows_every_process_with_the_pids_of_the_host(t):
    task = containerd().start(t, [], "sh", "-c", "sleep 3456 & exec sleep 1000")
    child = eventually(lambda: observe.pids_running("sleep", "3456"), "the child runs")[0]
    task.exec("sleep", "4567", options=["--detach"]).must()
    executed = eventually(lambda: observe.pids_running("sleep", "4567"), "the exec runs")[0]
    lines = containerd()("tasks", "ps", task.name).must().stdout.splitlines()[1:]
    equal(sorted(int(line.split()[0]) for line in lines), sorted([task.pid, child, executed]),
          "pids")


@operation("tasks pause, resume")
def pause_stops_the_processes_and_resume_lets_them_go_on(t):
    task = containerd().start(t, [], "sh", "-c", _COUNTING)
    path = f"/proc/{task.pid}/root/count"
    eventually(lambda: os.path.exists(path), "it counts")
    containerd()("tasks", "pause", task.name).must()
    equal(observe.cgroup_value(task.pid, "freezer", "freezer.state"), "FROZEN", "freezer")
    equal(containerd().tasks()[task.name][1], "PAUSED", "containerd's word for the task")

    def count():
        with open(path, encoding="utf-8") as file:
            return file.read()
    before = count()
    answer = task.exec("true")
    check(answer.status != 0 and "paused" in answer.stderr, f"exec: {answer!r}")
    equal(count(), before, "the count of a paused task")
    containerd()("tasks", "resume", task.name).must()
    equal(observe.cgroup_value(task.pid, "freezer", "freezer.state"), "THAWED", "freezer")
    eventually(lambda: count() not in ("", before), "it goes on counting")
    equal(containerd().tasks()[task.name][1], "RUNNING", "containerd's word for the task")


@operation("tasks pause, resume", tier="long")
def a_paused_task_is_deleted_by_force(t):
    task = containerd().start(t, [], "sleep", "1000")
    containerd()("tasks", "pause", task.name).must()
    containerd().remove(task.name)
    eventually(lambda: not observe.alive(task.pid), "the process ends")
    observe.check_gone(task.name)


@operation("tasks metrics", tier="long")
def metrics_have_the_numbers_of_the_cgroup(t):
    task = containerd().start(t, ["--memory-limit", str(64 << 20)], "sh", "-c",
                              "sleep 3456 & exec sleep 1000")
    eventually(lambda: observe.pids_running("sleep", "3456"), "the child runs")
    text = containerd()("tasks", "metrics", "--format", "json", task.name).must().stdout
    seen = json.loads(text)
    # A newer ctr prints 64-bit numbers as strings, as protobuf's JSON has it.
    equal(int(seen["pids"]["current"]), 2, "processes")
    equal(int(seen["memory"]["usage"]["limit"]), 64 << 20, "the memory limit")


@operation("events", tier="long")
def events_tell_of_a_container_that_takes_too_much_memory(t):
    path = t.directory + "/events"
    with containerd().events(path):
        task = containerd().start(t, ["--memory-limit", str(32 << 20)], "sh", "-c",
                                  "tail -c 60m /dev/zero; sleep 0.5; exit 7")
        task.wait_until_stopped()

        def topics():
            with open(path, encoding="utf-8") as file:
                lines = [line for line in file if task.name in line]
            return [part for line in lines for part in line.split() if part.startswith("/tasks/")]
        eventually(lambda: "/tasks/exit" in topics(), "the event of its end", 10.0, 0.05)
    seen = topics()
    for topic in ("/tasks/create", "/tasks/start", "/tasks/oom", "/tasks/exit"):
        contains(seen, topic, "events of the task")
    equal(task.remove(), 7, "exit code of the container, which outlived the process that was killed")
