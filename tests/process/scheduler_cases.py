"""process.scheduler, process.ioPriority and linux.memoryPolicy, as the kernel tells them to the
process (sched_getattr, ioprio_get, get_mempolicy)."""

import ctypes
import os

from common import Box, report_of, running, setting, suite
from support import report

POLICIES = {"SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2, "SCHED_BATCH": 3, "SCHED_IDLE": 5,
            "SCHED_DEADLINE": 6}
RT_BUDGET = "/sys/fs/cgroup/cpu/cpu.rt_runtime_us"


def with_budget(bundle):
    """A real-time policy needs the cgroup's part of the processors, where the kernel keeps one
    (sched-rt-group.rst)."""
    if os.path.exists(RT_BUDGET):
        bundle.set("/linux/resources/cpu", {"realtimeRuntime": 10000, "realtimePeriod": 1000000})


def scheduler(**properties):
    def change(bundle):
        bundle.set("/process/scheduler", properties)
        if properties["policy"] in ("SCHED_FIFO", "SCHED_RR"):
            with_budget(bundle)
    return change


def check(found, **expected):
    """`nice` is the process's own; the rest is sched_getattr's."""
    found = dict(found["scheduling"]["attributes"], nice=found["scheduling"]["nice"])
    report.equal({name: found[name] for name in expected}, expected, "what the kernel says")


def gives(properties, name, **expected):
    def test(t):
        found = Box(t, scheduler(**properties)).observe("scheduling")
        check(found, policy=POLICIES[properties["policy"]], **expected)
    suite.add(name, test)


gives({"policy": "SCHED_OTHER", "nice": -5}, "gives_the_ordinary_policy_and_a_nice_value", nice=-5)
gives({"policy": "SCHED_BATCH", "nice": 7}, "gives_the_batch_policy_and_a_nice_value", nice=7)
gives({"policy": "SCHED_IDLE", "nice": 3}, "gives_the_idle_policy_and_a_nice_value", nice=3)
gives({"policy": "SCHED_FIFO", "priority": 10, "nice": 4}, "gives_the_fifo_policy_and_a_priority",
      priority=10, nice=4)
gives({"policy": "SCHED_RR", "priority": 99}, "gives_the_round_robin_policy_and_a_priority",
      priority=99, nice=0)
gives({"policy": "SCHED_DEADLINE", "runtime": 10_000_000, "deadline": 30_000_000,
       "period": 100_000_000, "nice": 2}, "gives_the_deadline_policy_and_its_three_times",
      runtime=10_000_000, deadline=30_000_000, period=100_000_000, nice=2)
gives({"policy": "SCHED_DEADLINE", "runtime": 10_000_000, "deadline": 30_000_000,
       "flags": ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"]},
      "gives_the_flags_of_a_deadline_and_its_period_by_default", flags=0x6, period=30_000_000)
gives({"policy": "SCHED_BATCH", "flags": ["SCHED_FLAG_RESET_ON_FORK"]},
      "gives_the_flag_that_resets_on_fork", flags=0x1)


def inherits(name, properties, before, **expected):
    """`before` runs in the runtime's process, before the runtime."""
    def test(t):
        found = Box(t, scheduler(**properties)).observe("scheduling", before_exec=before)
        check(found, **expected)
    suite.add(name, test)


def be_nice():
    os.nice(5)


def be_batch():
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


# config.md#linux-process: "If not set, the runtime must use the value 0".
inherits("sets_a_nice_value_that_is_not_given_to_0", {"policy": "SCHED_OTHER"}, be_nice, nice=0)
inherits("sets_it_to_0_under_a_policy_that_does_not_know_it", {"policy": "SCHED_IDLE"}, be_nice,
         policy=5, nice=0)
inherits("keeps_the_policy_on_request",
         {"policy": "SCHED_OTHER", "nice": 1, "flags": ["SCHED_FLAG_KEEP_POLICY"]}, be_batch,
         policy=3, nice=1)
# The policy is one of the parameters that the kernel keeps then.
inherits("keeps_the_parameters_on_request",
         {"policy": "SCHED_IDLE", "flags": ["SCHED_FLAG_KEEP_PARAMS"]}, be_nice, policy=0, nice=5)


@suite.test
def resets_on_fork(t):
    change = scheduler(policy="SCHED_OTHER", nice=-5, flags=["SCHED_FLAG_RESET_ON_FORK"])
    box = Box(t, change, args=("sh", "-c", "/probe scheduling; exit 0"))
    found = report_of(box.runtime.run(box.id, box.bundle).must())
    report.equal(found["scheduling"]["nice"], 0, "nice value of a child")
    box.nothing_left()


@suite.test
def schedules_a_user_in_a_user_namespace(t):
    # CAP_SYS_NICE counts in the initial user namespace: only the host can (sched(7)).
    def change(bundle):
        bundle.user_namespace().set("/process/user", {"uid": 1000, "gid": 1000})
        bundle.set("/process/scheduler", {"policy": "SCHED_BATCH", "nice": -7})
        bundle.set("/process/ioPriority", {"class": "IOPRIO_CLASS_RT", "priority": 1})
    found = Box(t, change).observe("scheduling")
    check(found, policy=3, nice=-7)
    report.equal(found["scheduling"]["io_priority"], 1 << 13 | 1, "I/O priority")


@suite.test
def schedules_a_created_container_before_its_start(t):
    box = Box(t, scheduler(policy="SCHED_BATCH"), args=("sleep", "1000"))
    box.runtime.create(box.id, box.bundle).must()
    report.equal(os.sched_getscheduler(box.pid()), os.SCHED_BATCH, "policy of the process")
    box.delete()


@suite.test
def refuses_a_real_time_policy_without_a_budget_in_words(t):
    if not os.path.exists(RT_BUDGET):
        report.skip("the kernel keeps no real-time budget for each cgroup", impossible=True)
    box = Box(t, setting("/process/scheduler", {"policy": "SCHED_FIFO", "priority": 1}))
    result = box.runtime.create(box.id, box.bundle).must(1)
    report.contains(result.stderr, "process.scheduler 'SCHED_FIFO'", "stderr")
    report.contains(result.stderr, "linux.resources.cpu.realtimeRuntime", "stderr")
    box.nothing_left()


@suite.test
def executes_with_a_scheduler_of_its_own(t):
    box = running(t, scheduler(policy="SCHED_BATCH", nice=4))
    found = box.executed("scheduling", scheduler={"policy": "SCHED_IDLE"},
                         ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 6})
    check(found, policy=5, nice=0)
    report.equal(found["scheduling"]["io_priority"], 2 << 13 | 6, "I/O priority")
    deadline = {"policy": "SCHED_DEADLINE", "runtime": 5_000_000, "deadline": 10_000_000,
                "period": 20_000_000}
    check(box.executed("scheduling", scheduler=deadline), policy=6, period=20_000_000)
    box.delete()


@suite.test
def executes_with_the_scheduler_of_the_container_where_the_process_has_none(t):
    def change(bundle):
        bundle.set("/process/scheduler", {"policy": "SCHED_BATCH", "nice": 4})
        bundle.set("/process/ioPriority", {"class": "IOPRIO_CLASS_IDLE", "priority": 0})
    box = running(t, change)
    found = box.executed("scheduling", scheduler=None, ioPriority=None)
    check(found, policy=3, nice=4)
    report.equal(found["scheduling"]["io_priority"], 3 << 13, "I/O priority")
    box.delete()


@suite.test
def refuses_to_execute_with_a_scheduler_that_means_nothing(t):
    box = running(t)
    box.refuses("/scheduler/policy: unknown scheduling policy", scheduler={"policy": "SCHED_X"})
    box.refuses("/ioPriority/priority", ioPriority={"class": "IOPRIO_CLASS_BE", "priority": 9})
    box.delete()


# I/O priority


def io_priority(name, number, level):
    def test(t):
        change = setting("/process/ioPriority",
                         {"class": "IOPRIO_CLASS_" + name, "priority": level})
        found = Box(t, change).observe("scheduling")
        report.equal(found["scheduling"]["io_priority"], number << 13 | level, "ioprio_get")
    suite.add(f"gives_the_io_priority_class_{name}", test)


for io_class in (("RT", 1, 2), ("BE", 2, 7), ("IDLE", 3, 4)):
    io_priority(*io_class)


@suite.test
def passes_the_io_priority_on_to_every_process_of_the_container(t):
    change = setting("/process/ioPriority", {"class": "IOPRIO_CLASS_BE", "priority": 5})
    box = Box(t, change, args=("sh", "-c", "/probe scheduling; exit 0"))
    result = box.runtime.run(box.id, box.bundle).must()
    report.contains(result.stdout, f'"io_priority":{2 << 13 | 5}', "what a child sees")
    box.nothing_left()


# Memory policy; this machine has node 0 at least.

MODES = (("MPOL_DEFAULT", None, 0, []), ("MPOL_PREFERRED", "0", 1, [0]), ("MPOL_BIND", "0", 2, [0]),
         ("MPOL_INTERLEAVE", "0", 3, [0]), ("MPOL_LOCAL", None, 4, []),
         ("MPOL_PREFERRED_MANY", "0-0", 5, [0]), ("MPOL_WEIGHTED_INTERLEAVE", "0", 6, [0]))
FLAGS = (("MPOL_F_NUMA_BALANCING", 1 << 13), ("MPOL_F_RELATIVE_NODES", 1 << 14),
         ("MPOL_F_STATIC_NODES", 1 << 15))
SET_MEMPOLICY = {"x86_64": 238}.get(os.uname().machine, 237)


def bind_to_node_0():
    nodes = (ctypes.c_ulong * 1)(1)
    if ctypes.CDLL(None).syscall(SET_MEMPOLICY, 2, nodes, 65) != 0:
        raise OSError("set_mempolicy")


def memory_policy(mode, nodes=None, *flags):
    policy = {"mode": mode}
    if nodes is not None:
        policy["nodes"] = nodes
    if flags:
        policy["flags"] = list(flags)
    return setting("/linux/memoryPolicy", policy)


def seen(found):
    return found["scheduling"]["memory_policy"]


def numa():
    if not os.path.exists("/sys/devices/system/node/node0"):
        report.skip("the kernel has no memory policies (CONFIG_NUMA)", impossible=True)


def memory_mode(mode, nodes, number, expected):
    def test(t):
        numa()
        # From another policy, so that the default one is seen to be set too.
        found = Box(t, memory_policy(mode, nodes)).observe("scheduling", before_exec=bind_to_node_0)
        report.equal(seen(found), {"mode": number, "nodes": expected}, "get_mempolicy")
    suite.add(f"gives_the_memory_policy_{mode}", test)


for row in MODES:
    memory_mode(*row)


def memory_flag(flag, bit):
    def test(t):
        numa()
        found = Box(t, memory_policy("MPOL_BIND", "0", flag)).observe("scheduling")
        report.equal(seen(found), {"mode": 2 | bit, "nodes": [0]}, "get_mempolicy")
    suite.add(f"gives_the_memory_policy_flag_{flag}", test)


for row in FLAGS:
    memory_flag(*row)


@suite.test
def leaves_the_memory_policy_alone_that_is_not_given(t):
    numa()
    found = Box(t).observe("scheduling", before_exec=bind_to_node_0)
    report.equal(seen(found), {"mode": 2, "nodes": [0]}, "the caller's")


@suite.test
def executes_with_the_memory_policy_of_the_container(t):
    numa()
    box = running(t, memory_policy("MPOL_INTERLEAVE", "0"))
    report.equal(seen(box.executed("scheduling")), {"mode": 3, "nodes": [0]}, "get_mempolicy")
    result = box.runtime.exec(box.id, "/probe", "scheduling").must()
    report.contains(result.stdout, '"memory_policy":{"mode":3,"nodes":[0]}', "by command line")
    box.delete()


@suite.test
def refuses_a_memory_node_that_the_machine_has_not_got_in_words(t):
    numa()
    box = Box(t, memory_policy("MPOL_BIND", "1023"))
    result = box.runtime.create(box.id, box.bundle).must(1)
    report.contains(result.stderr, "set memory policy 'MPOL_BIND 1023': linux.memoryPolicy: this "
                    "kernel does not know the mode or a flag, or the container may use none of the "
                    "nodes", "stderr")
    box.nothing_left()
