"""What is seen from outside: cgroup limits, hooks, state, signals, exit statuses."""

import json
import os
import signal
import time

from side import probe_command
from support import report
from support.bundle import probe_path
from table import case


def waiting(side, *sections):
    side.probe(*(sections or ("cgroup",)), flags=["--wait"])
    side.create().must()
    side.start().must()
    return side.wait_for_report()


def limits(side, resources, **files):
    """Sets resources, and reads the files of {controller: names} back from the host."""
    side.bundle.config["linux"]["resources"].update(resources)
    found = waiting(side, "cgroup")
    found["host"] = {name: side.read_cgroup(name, *names) for name, names in files.items()}
    return found


@case(expects={"/host/cpu/cpu.shares": "512", "/host/cpu/cpu.cfs_quota_us": "150000"})
def processor_limits(side):
    return limits(side, {"cpu": {"shares": 512, "quota": 150000, "period": 100000}},
                  cpu=["cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us"])


@case(expects={"/host/cpu/cpu.cfs_period_us": "50000"})
def a_processor_period_alone(side):
    return limits(side, {"cpu": {"period": 50000}}, cpu=["cpu.cfs_quota_us", "cpu.cfs_period_us"])


@case(expects={"/host/memory/memory.limit_in_bytes": "67108864"})
def memory_limits(side):
    return limits(side, {"memory": {"limit": 1 << 26, "reservation": 1 << 25, "swappiness": 10}},
                  memory=["memory.limit_in_bytes", "memory.soft_limit_in_bytes",
                          "memory.swappiness", "memory.memsw.limit_in_bytes"])


@case(expects={"/host/memory/memory.oom_control": lambda text: "oom_kill_disable 1" in text})
def no_killing_when_out_of_memory(side):
    return limits(side, {"memory": {"limit": 1 << 26, "disableOOMKiller": True}},
                  memory=["memory.oom_control"])


@case(expects={"/host/pids/pids.max": "42"})
def a_limit_of_processes(side):
    return limits(side, {"pids": {"limit": 42}}, pids=["pids.max"])


@case(expects={"/host/pids/pids.max": "max"})
def no_limit_of_processes(side):
    return limits(side, {"pids": {"limit": -1}}, pids=["pids.max"])


@case(expects={"/host/cpuset/cpuset.cpus": "0", "/host/cpuset/cpuset.mems": "0"})
def a_set_of_processors(side):
    return limits(side, {"cpu": {"cpus": "0", "mems": "0"}},
                  cpuset=["cpuset.cpus", "cpuset.mems"])


def first_disk():
    """major, minor of a block device that can be throttled."""
    for name in sorted(os.listdir("/sys/block")):
        if name.startswith(("vd", "sd", "nvme", "xvd")):
            with open(f"/sys/block/{name}/dev", encoding="ascii") as file:
                major, minor = file.read().strip().split(":")
            return int(major), int(minor)
    report.skip("no disk to throttle", impossible=True)


@case(expects={"/host/blkio/blkio.throttle.read_bps_device":
               lambda text: text.endswith(" 1048576")})
def throttled_disks(side):
    major, minor = first_disk()

    def rate(value):
        return [{"major": major, "minor": minor, "rate": value}]
    return limits(side, {"blockIO": {"throttleReadBpsDevice": rate(1 << 20),
                                     "throttleWriteBpsDevice": rate(1 << 21),
                                     "throttleReadIOPSDevice": rate(100),
                                     "throttleWriteIOPSDevice": rate(200)}},
                  blkio=["blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device",
                         "blkio.throttle.read_iops_device", "blkio.throttle.write_iops_device"])


CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids",
               "systemd")


def cgroup_places(side):
    """The container's directory in every v1 hierarchy, and what deleting leaves of it."""
    places = {}
    with open(f"/proc/{side.pid}/cgroup", encoding="utf-8") as file:
        for line in file:
            _, names, path = line.rstrip("\n").split(":", 2)
            places[names] = path
    return places


def after_delete(side, found):
    directories = [side.cgroup_directory(name) for name in ("memory", "pids", "freezer")]
    side.runtime.kill(side.id, "KILL").must()
    side.wait()
    side.runtime.delete(side.id).must()
    found["left"] = [path for path in directories if os.path.exists(path)]
    found["ended_by"] = side.exit_status
    return found


@case(expects={"/places/pids": lambda path: path.endswith("/PARENT/inner"), "/left": [],
               "/ended_by": -9})
def an_absolute_cgroups_path(side):
    # Whether the runtime removes a parent that it made is its choice: the cleanup takes what stays.
    parent = f"/{side.test.unique}-group-{side.name}"
    side.bundle.set("/linux/cgroupsPath", parent + "/inner")
    for name in (*CONTROLLERS, "unified"):
        side.test.on_cleanup(remove_cgroup, f"/sys/fs/cgroup/{name}{parent}")
    found = waiting(side)
    found["places"] = {names: path.replace(parent, "/PARENT")
                       for names, path in cgroup_places(side).items()}
    return after_delete(side, found)


def remove_cgroup(path):
    if os.path.isdir(path):
        for name in os.listdir(path):
            inner = os.path.join(path, name)
            if os.path.isdir(inner):
                os.rmdir(inner)
        os.rmdir(path)


@case(expects={"/places/pids": lambda path: path.endswith("/ID-relative"), "/left": []})
def a_relative_cgroups_path(side):
    side.bundle.set("/linux/cgroupsPath", side.id + "-relative")
    found = waiting(side)
    found["places"] = cgroup_places(side)
    return after_delete(side, found)


@case(expects={"/left": []})
def no_cgroups_path(side):
    side.bundle.remove("/linux/cgroupsPath")
    found = waiting(side)
    # Where it is put is the runtime's choice (config-linux.md, Cgroups Path); that it is put into
    # a group of its own in each hierarchy is not.
    host = {}
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        for line in file:
            _, names, path = line.rstrip("\n").split(":", 2)
            host[names] = path
    found["moved"] = {names: path != host.get(names)
                      for names, path in cgroup_places(side).items() if names}
    return after_delete(side, found)


HOOKS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


def hook_records(side, kinds):
    """{kind: report} of the hooks' probes, the namespaces named."""
    records = {}
    for kind in kinds:
        path = os.path.join(side.directory, "hook-" + kind)
        if kind == "startContainer":
            path = os.path.join(side.bundle.rootfs, "hook-" + kind)
        if not os.path.exists(path):
            records[kind] = "did not run"
            continue
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        record = json.loads(lines[0])
        record["runs"] = len(lines)
        record["state"] = json.loads(record.pop("stdin"))
        state = record["state"]
        state["host_pid"] = state.pop("pid", None)
        records[kind] = record
    return records


def add_hook(side, kind):
    sections = ["namespaces", "ids", "process"]
    if kind == "startContainer":
        program, output = "/probe", "/hook-startContainer"
    else:
        program, output = probe_path(), os.path.join(side.directory, "hook-" + kind)
    command = probe_command(*sections, flags=["--stdin", "--output", output], program=program)
    side.bundle.hook(kind, program, [kind + "-hook", *command[1:]], env=["HOOK=" + kind])


def with_hooks(side, *kinds):
    for kind in kinds:
        add_hook(side, kind)
    side.bundle.set("/annotations", {"org.example.key": "value"})
    side.probe("namespaces")
    side.create().must()
    for name, inode in side.namespaces_of(side.pid).items():
        side.known_namespaces.setdefault(inode, "the container's")
    before_start = [kind for kind in kinds if hook_records(side, [kind])[kind] != "did not run"]
    side.start().must()
    side.wait()
    side.runtime.delete(side.id).must()
    return {"hooks": hook_records(side, kinds), "ran_by_create": before_start}


@case(expects={"/hooks/prestart/namespaces/mnt": "the host's", "/ran_by_create/0": "prestart",
               "/hooks/prestart/state/annotations/org.example.key": "value"})
def a_prestart_hook(side):
    return with_hooks(side, "prestart")


@case(expects={"/hooks/createRuntime/namespaces/mnt": "the host's",
               "/ran_by_create/0": "createRuntime"})
def a_create_runtime_hook(side):
    return with_hooks(side, "createRuntime")


@case(expects={"/hooks/createContainer/namespaces/mnt": "the container's",
               "/ran_by_create/0": "createContainer"})
def a_create_container_hook(side):
    return with_hooks(side, "createContainer")


@case(expects={"/hooks/startContainer/namespaces/mnt": "the container's",
               "/hooks/startContainer/namespaces/pid": "the container's",
               "/ran_by_create": []})
def a_start_container_hook(side):
    return with_hooks(side, "startContainer")


@case(expects={"/hooks/poststart/namespaces/mnt": "the host's", "/ran_by_create": [],
               "/hooks/poststart/state/status": "running"})
def a_poststart_hook(side):
    return with_hooks(side, "poststart")


@case(expects={"/hooks/poststop/state/status": "stopped", "/ran_by_create": []})
def a_poststop_hook(side):
    return with_hooks(side, "poststop")


@case(expects={"/order": list(HOOKS)})
def hooks_in_their_order(side):
    log = os.path.join(side.directory, "order")
    for kind in HOOKS:
        where = log
        if kind == "startContainer":
            where = "/order"
            side.bundle.mount("/order", "bind", log, ["bind"])
        side.bundle.hook(kind, "/bin/sh", ["sh", "-c", f"echo {kind} >> {where}"],
                         env=["PATH=/bin:/usr/bin"])
    with open(log, "w", encoding="utf-8"):
        pass
    side.probe("namespaces")
    side.create().must()
    side.start().must()
    side.wait()
    side.runtime.delete(side.id).must()
    with open(log, encoding="utf-8") as file:
        return {"order": file.read().split()}


@case(expects={"/created": False, "/status": None})
def a_create_runtime_hook_that_fails(side):
    side.bundle.hook("createRuntime", "/bin/sh", ["sh", "-c", "exit 3"])
    result = side.create()
    return {"created": result.status == 0, "status": side.runtime.status(side.id)}


@case(expects={"/created": False})
def a_hook_that_outlives_its_time(side):
    side.bundle.hook("createRuntime", "/bin/sleep", ["sleep", "20"], timeout=1)
    result = side.create()
    return {"created": result.status == 0, "status": side.runtime.status(side.id)}


def visible_state(side):
    state = side.runtime.state(side.id)
    state["host_pid"] = state.pop("pid", None)
    state["created"] = "created" in state
    return state


@case(expects={"/created/status": "created", "/running/status": "running",
               "/stopped/status": "stopped", "/stopped/host_pid": 0,
               "/running/annotations/org.example.key": "value"})
def the_state_with_annotations(side):
    side.bundle.set("/annotations", {"org.example.key": "value", "empty": ""})
    side.probe("namespaces", flags=["--wait"])
    side.create().must()
    states = {"created": visible_state(side)}
    side.start().must()
    side.wait_for_report()
    states["running"] = visible_state(side)
    side.runtime.kill(side.id, "KILL").must()
    side.wait()
    states["stopped"] = visible_state(side)
    return states


@case(expects={"/left": 0, "/before": 3})
def a_kill_of_a_container_without_a_pid_namespace_ends_all_of_it(side):
    side.bundle.without_namespace("pid")
    side.bundle.args("sh", "-c", "sleep 50 & setsid sleep 51 & echo '{}'; wait")
    side.create().must()
    side.start().must()
    side.wait_for_report()
    procs = os.path.join(side.cgroup_directory("pids"), "cgroup.procs")

    def members():
        if not os.path.exists(procs):
            return []
        with open(procs, encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    before = report.eventually(lambda: len(members()) == 3 and members(), "three processes")
    side.runtime.kill(side.id, "KILL").must()
    side.wait()
    # They were the container process's children and are ours now.
    others = [pid for pid in before if pid != side.pid]
    end = time.monotonic() + 1.0
    left = [pid for pid in others if not reaped(pid, end)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return {"before": len(before), "left": len(left)}


def reaped(pid, end):
    """Whether our child ends before the time is over; it is waited for."""
    while True:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.01)


@case(expects={"/status": "stopped", "/output": ""})
def a_created_container_ended_by_sigterm(side):
    side.probe("namespaces")
    side.create().must()
    side.runtime.kill(side.id, "TERM").must()
    side.wait()
    side.runtime.wait_status(side.id, "stopped")
    return {"status": side.runtime.status(side.id), "output": side.output()}


@case(expects={"/TERM": 41, "/SIGUSR1": 42, "/12": 43})
def signals_by_name_and_number(side):
    ended = {}
    side.bundle.args("sh", "-c", "trap 'exit 41' TERM; trap 'exit 42' USR1; trap 'exit 43' USR2; "
                                 "echo '{}'; while :; do sleep 0.02; done")
    for name in ("TERM", "SIGUSR1", str(int(signal.SIGUSR2))):
        side.create().must()
        side.start().must()
        side.wait_for_report()
        side.runtime.kill(side.id, name).must()
        ended[name] = side.wait()
        side.runtime.delete(side.id).must()
    return ended


@case(expects={"/exit": 7, "/signal": 137, "/true": 0})
def run_in_the_foreground_ends_with_the_status_of_the_process(side):
    statuses = {}
    for name, command in (("exit", ["sh", "-c", "exit 7"]), ("true", ["true"]),
                          ("signal", ["sh", "-c", "kill -9 $$; sleep 9"])):
        if name == "signal":
            # Process 1 is immune to signals from inside its namespace; its child is not.
            command = ["sh", "-c", "sh -c 'kill -9 $$'; exit $?"]
        side.bundle.args(*command).write()
        statuses[name] = side.runtime.run(side.id, side.bundle).status
    statuses["left"] = side.runtime.status(side.id)
    return statuses
