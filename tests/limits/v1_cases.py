"""Limits whose controllers this machine has in v1 hierarchies (config-linux.md#control-groups)."""

import os

from common import Box, controller_mounts, messages, needs, ours, reads, refuses, suite
from support import report

MEGABYTE = 1 << 20


@suite.test
def memory_limit_and_swap_are_the_kernels(t):
    reads(t, {"memory": {"limit": 48 * MEGABYTE, "swap": 80 * MEGABYTE}}, "memory",
          memory__limit_in_bytes=str(48 * MEGABYTE),
          memory__memsw__limit_in_bytes=str(80 * MEGABYTE))


@suite.test
def memory_reservation_is_the_soft_limit(t):
    reads(t, {"memory": {"reservation": 16 * MEGABYTE}}, "memory",
          memory__soft_limit_in_bytes=str(16 * MEGABYTE))


@suite.test
def swappiness_is_the_cgroups(t):
    reads(t, {"memory": {"swappiness": 13}}, "memory", memory__swappiness="13")


@suite.test
def disabled_oom_killer_is_disabled(t):
    needs("memory")
    box = Box(t, {"memory": {"limit": 64 * MEGABYTE, "disableOOMKiller": True}}).create()
    report.contains(box.file("memory", "memory.oom_control"), "oom_kill_disable 1")
    box.delete()


@suite.test
def allocation_beyond_the_memory_limit_is_killed(t):
    needs("memory")
    command = ("dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1")
    box = Box(t, {"memory": {"limit": 24 * MEGABYTE, "swap": 24 * MEGABYTE}}, *command)
    report.equal(box.run().status, 137, "status of a dd of 64 MiB under 24")
    box.delete()


@suite.test
def memory_limits_below_minus_one_and_swappiness_beyond_100_are_refused(t):
    refuses(t, "/linux/resources/memory/limit", {"memory": {"limit": -2}})
    if ours(t):  # runc hands it to the kernel, which fails elsewhere or not at all
        refuses(t, "/linux/resources/memory/swappiness", {"memory": {"swappiness": 101}})


# NOT RECOMMENDED, and nothing that a kernel still heeds: said in the log, and no reason to fail.
@suite.test
def kernel_memory_limits_are_told_of_in_the_log(t):
    log = os.path.join(t.directory, "log")
    t.runtime.global_arguments += ["--log", log, "--log-format", "json"]
    with open(log, "w", encoding="ascii"):  # there before the census
        pass
    box = Box(t, {"memory": {"kernel": 48 * MEGABYTE, "kernelTCP": 48 * MEGABYTE,
                             "useHierarchy": False}}).create()
    told = messages(log) if ours(t) else ["kernel:", "kernelTCP:", "useHierarchy:"]
    for name in ("kernel", "kernelTCP", "useHierarchy"):
        report.check(any(f"{name}:" in message for message in told), f"{name} in {told}")
    box.delete()


@suite.test
def cpu_shares_quota_and_period_are_the_kernels(t):
    reads(t, {"cpu": {"shares": 512, "quota": 25000, "period": 50000}}, "cpu",
          cpu__shares="512", cpu__cfs_quota_us="25000", cpu__cfs_period_us="50000")


@suite.test
def cpu_burst_is_the_kernels(t):
    if not ours(t):
        report.skip("runc 1.1 knows no burst", impossible=True)
    reads(t, {"cpu": {"quota": 50000, "period": 100000, "burst": 20000}}, "cpu",
          cpu__cfs_burst_us="20000")


@suite.test
def idle_cgroup_is_idle(t):
    if not ours(t):
        report.skip("runc 1.1 knows no idle", impossible=True)
    reads(t, {"cpu": {"idle": 1}}, "cpu", cpu__idle="1")


@suite.test
def realtime_runtime_and_period_are_the_kernels(t):
    place = needs("cpu")
    if not os.path.exists(os.path.join(place, "cpu.rt_runtime_us")):
        report.skip("the kernel has no realtime groups", impossible=True)
    reads(t, {"cpu": {"realtimeRuntime": 1000, "realtimePeriod": 500000}}, "cpu",
          cpu__rt_runtime_us="1000", cpu__rt_period_us="500000")


@suite.test
def cpu_quota_throttles_a_busy_loop(t):
    needs("cpu")
    box = Box(t, {"cpu": {"quota": 5000, "period": 100000}}, "sh", "-c", "while :; do :; done")
    box.create().start()

    def throttled():
        stat = dict(line.split() for line in box.file("cpu", "cpu.stat").splitlines())
        return int(stat["nr_throttled"]) > 0
    report.eventually(throttled, "the loop is throttled", timeout=15)
    box.delete()


@suite.test
def processors_and_memory_nodes_are_the_cpusets(t):
    needs("cpuset")
    if os.cpu_count() < 2:
        report.skip("one processor", impossible=True)
    box = Box(t, {"cpu": {"cpus": "1", "mems": "0"}}).create()
    report.equal(box.file("cpuset", "cpuset.cpus"), "1")
    report.equal(box.file("cpuset", "cpuset.mems"), "0")
    box.delete()


@suite.test
def process_sees_the_processors_that_it_was_given(t):
    needs("cpuset")
    if os.cpu_count() < 2:
        report.skip("one processor", impossible=True)
    box = Box(t, {"cpu": {"cpus": "1"}}, "grep", "Cpus_allowed_list:", "/proc/self/status")
    report.equal(box.run().must().stdout.split(), ["Cpus_allowed_list:", "1"])
    box.delete()


@suite.test
def cpu_values_without_meaning_are_refused(t):
    refuses(t, "/linux/resources/cpu/cpus", {"cpu": {"cpus": "first"}})
    refuses(t, "/linux/resources/cpu/period", {"cpu": {"period": 3}})
    if ours(t):
        refuses(t, "/linux/resources/cpu/burst", {"cpu": {"quota": 20000, "burst": 20001}})
        refuses(t, "/linux/resources/cpu/idle", {"cpu": {"idle": 2}})


@suite.test
def fork_beyond_the_pids_limit_is_refused(t):
    needs("pids")
    script = "for n in 1 2 3 4 5 6 7; do sleep 1 & done; echo all"
    box = Box(t, {"pids": {"limit": 4}}, "sh", "-c", script)
    result = box.run()
    report.contains(result.stderr, "can't fork")
    report.check("all" not in result.stdout, "seven forks under a limit of 4")
    box.delete()


@suite.test
def pids_limit_of_zero_allows_no_fork(t):
    needs("pids")
    if not ours(t):
        report.skip("runtime-spec 1.3: runc 1.1 takes 0 for none", impossible=True)
    box = Box(t, {"pids": {"limit": 0}}, "sh", "-c", "echo alive; (true); echo forked")
    result = box.run()
    report.contains(result.stderr, "can't fork")
    report.equal(result.stdout, "alive\n")
    box.delete()


def remove_cgroup(place):
    """runc has removed it, though it stood before."""
    if os.path.isdir(place):
        os.rmdir(place)


# In a cgroup that has a limit already, so that "none" is something that must be written.
@suite.test
def pids_limit_of_minus_one_is_none(t):
    place = os.path.join(needs("pids"), t.container_id("stood"))
    os.mkdir(place)
    t.on_cleanup(remove_cgroup, place)
    with open(os.path.join(place, "pids.max"), "w", encoding="ascii") as file:
        file.write("5")
    box = Box(t, {"pids": {"limit": -1}}, path="/" + os.path.basename(place)).create()
    report.equal(box.file("pids", "pids.max"), "max")
    t.runtime.delete(box.id, "--force").must()


@suite.test
def pids_limit_below_minus_one_is_refused(t):
    if not ours(t):
        report.skip("runc takes every negative limit for none", impossible=True)
    refuses(t, "/linux/resources/pids/limit", {"pids": {"limit": -2}})


def disk():
    """(major, minor) of a disk that the machine has."""
    for name in sorted(os.listdir("/sys/block")):
        with open(f"/sys/block/{name}/size", encoding="ascii") as size:
            if int(size.read()):
                with open(f"/sys/block/{name}/dev", encoding="ascii") as numbers:
                    return tuple(int(number) for number in numbers.read().split(":"))
    report.skip("no disk", impossible=True)


@suite.test
def four_throttles_are_the_kernels(t):
    needs("blkio")
    major, minor = disk()
    names = {"throttleReadBpsDevice": ("read_bps", 1048576),
             "throttleWriteBpsDevice": ("write_bps", 2097152),
             "throttleReadIOPSDevice": ("read_iops", 300),
             "throttleWriteIOPSDevice": ("write_iops", 400)}
    box = Box(t, {"blockIO": {name: [{"major": major, "minor": minor, "rate": rate}]
                              for name, (_, rate) in names.items()}}).create()
    for name, (file, rate) in names.items():
        report.equal(box.file("blkio", f"blkio.throttle.{file}_device"), f"{major}:{minor} {rate}",
                     name)
    box.delete()


@suite.test
def block_io_weight_is_bfqs(t):
    needs("blkio")
    plain = Box(t, {}).create()
    has_bfq = os.path.exists(os.path.join(plain.directory("blkio"), "blkio.bfq.weight"))
    plain.delete()
    if not has_bfq:
        report.skip("the kernel has no BFQ with groups", impossible=True)
    box = Box(t, {"blockIO": {"weight": 300}}).create()
    report.equal(box.file("blkio", "blkio.bfq.weight").replace("default ", ""), "300")
    box.delete()


@suite.test
def block_io_without_meaning_is_refused(t):
    if ours(t):
        refuses(t, "/linux/resources/blockIO/weight", {"blockIO": {"weight": 9}})
        refuses(t, "/linux/resources/blockIO/weightDevice/0",
                {"blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}})
    refuses(t, "/linux/resources/blockIO/throttleReadBpsDevice/0",
            {"blockIO": {"throttleReadBpsDevice": [{"major": 4000, "minor": 1, "rate": 5}]}})


# CFQ's, gone with Linux 5.0.
@suite.test
def leaf_weights_are_refused_by_name_where_the_kernel_has_none(t):
    needs("blkio")
    refuses(t, "/linux/resources/blockIO/leafWeight", {"blockIO": {"leafWeight": 100}},
            "no 'blkio.leaf_weight'" if ours(t) else "")


@suite.test
def network_class_without_a_net_cls_hierarchy_is_refused(t):
    if {"net_cls", "net_prio"} & set(controller_mounts()):
        report.skip("the machine has a net_cls hierarchy", impossible=True)
    if not ours(t):
        report.skip("runc 1.1 drops it in silence", impossible=True)
    refuses(t, "/linux/resources/network/classID", {"network": {"classID": 1048577}}, "net_cls")
    refuses(t, "/linux/resources/network/priorities/0",
            {"network": {"priorities": [{"name": "lo", "priority": 1}]}}, "net_prio")
    refuses(t, "/linux/resources/network/priorities/0/priority",
            {"network": {"priorities": [{"name": "lo"}]}}, "required")


@suite.test
def rdma_limits_are_refused_where_there_is_no_controller(t):
    if "rdma" in controller_mounts():
        report.skip("the machine has an rdma hierarchy", impossible=True)
    if not ours(t):
        report.skip("runc 1.1 drops it in silence", impossible=True)
    refuses(t, "/linux/resources/rdma/mlx5_1", {"rdma": {"mlx5_1": {"hcaHandles": 3}}}, "rdma")
    refuses(t, "/linux/resources/rdma/mlx5_1", {"rdma": {"mlx5_1": {}}}, "is required")
