"""`update`: new limits for a container that is there, all of them or none (contract: runc's flags)."""

import json
import os
import tempfile

from common import Box, messages, needs, ours, suite, use_v2_view
from support import report

MEGABYTE = 1 << 20


def box_of(t, resources=None):
    return Box(t, resources or {}).create().start()


def update(t, box, *flags, **options):
    return t.runtime.call("update", *flags, box.id, **options)


def from_file(t, box, resources, *flags):
    with tempfile.NamedTemporaryFile("w", suffix=".json", dir=t.directory) as file:
        json.dump(resources, file)
        file.flush()
        return update(t, box, *flags, "--resources", file.name)


def from_input(t, box, resources, *flags):
    with tempfile.TemporaryFile("w+") as file:
        file.write(resources if isinstance(resources, str) else json.dumps(resources))
        file.seek(0)
        return update(t, box, *flags, stdin=file)


def refused(result, *words):
    report.check(result.status not in (0, None), f"it was accepted\n{result!r}")
    report.equal(result.stdout, "", "standard output")
    report.equal(result.stderr.count("\n"), 1, f"lines of the error {result.stderr!r}")
    for word in words:
        report.contains(result.stderr, word)


def snapshot(box, *files):
    return {name: box.file(controller, name) for controller, name in files}


MEMORY = ("memory", "memory.limit_in_bytes")
MEMSW = ("memory", "memory.memsw.limit_in_bytes")
PIDS = ("pids", "pids.max")
QUOTA = ("cpu", "cpu.cfs_quota_us")
PERIOD = ("cpu", "cpu.cfs_period_us")
SHARES = ("cpu", "cpu.shares")
SOFT = ("memory", "memory.soft_limit_in_bytes")

# flag, value, and what the kernel then has; in an order in which each is possible.
FLAGS = [
    ("--memory", "64M", MEMORY, str(64 * MEGABYTE)),
    ("--memory-swap", "128m", MEMSW, str(128 * MEGABYTE)),
    ("--memory-reservation", "33554432", SOFT, "33554432"),
    ("--pids-limit", "17", PIDS, "17"),
    ("--cpu-share", "512", SHARES, "512"),
    ("--cpu-period", "50000", PERIOD, "50000"),
    ("--cpu-quota", "30000", QUOTA, "30000"),
    ("--cpuset-cpus", "0", ("cpuset", "cpuset.cpus"), "0"),
    ("--cpuset-mems", "0", ("cpuset", "cpuset.mems"), "0"),
]


@suite.test
def update_flags_change_what_the_kernel_has(t):
    for controller in ("memory", "pids", "cpu", "cpuset"):
        needs(controller)
    box = box_of(t)
    for flag, value, (controller, name), expected in FLAGS:
        update(t, box, flag, value).must()
        report.equal(box.file(controller, name), expected, f"{name} after {flag} {value}")
    if ours(t):  # runc 1.1 knows neither
        update(t, box, "--cpu-burst=1000").must()
        report.equal(box.file("cpu", "cpu.cfs_burst_us"), "1000", "burst")
        update(t, box, "--cpu-idle", "1").must()
        report.equal(box.file("cpu", "cpu.idle"), "1", "idle")
    update(t, box, "--memory", "-1", "--memory-swap", "-1", "--pids-limit", "-1").must()
    report.check(int(box.file(*MEMORY)) > 1 << 60, "the memory limit is lifted")
    report.equal(box.file(*PIDS), "max", "processes")
    box.delete()


@suite.test
def update_changes_the_weight_of_disks(t):
    place = needs("blkio")
    files = [name for name in ("blkio.weight", "blkio.bfq.weight")
             if os.path.exists(os.path.join(place, name))]
    if not files:
        report.skip("no I/O scheduler with weights in this kernel", impossible=True)
    box = box_of(t)
    update(t, box, "--blkio-weight", "321").must()
    report.check("321" in [box.file("blkio", name) for name in files], "the weight is written")
    box.delete()


@suite.test
def update_sets_realtime_runtime_and_period(t):
    place = needs("cpu")
    if not os.path.exists(os.path.join(place, "cpu.rt_runtime_us")):
        report.skip("the kernel has no realtime groups", impossible=True)
    box = box_of(t)
    update(t, box, "--cpu-rt-period", "500000", "--cpu-rt-runtime", "1000").must()
    report.equal(box.file("cpu", "cpu.rt_runtime_us"), "1000", "runtime")
    report.equal(box.file("cpu", "cpu.rt_period_us"), "500000", "period")
    box.delete()


@suite.test
def update_reads_resources_from_a_file_and_from_standard_input(t):
    needs("memory")
    box = box_of(t)
    from_file(t, box, {"memory": {"limit": 32 * MEGABYTE}}).must()
    report.equal(box.file(*MEMORY), str(32 * MEGABYTE), "by --resources FILE")
    for number, spelling in enumerate((["--resources=-"], ["--resources", "-"], ["-r", "-"],
                                       ["-r=-"]), start=40):
        from_input(t, box, {"memory": {"limit": number * MEGABYTE}}, *spelling).must()
        report.equal(box.file(*MEMORY), str(number * MEGABYTE), f"by {spelling}")
    box.delete()


@suite.test
def update_flags_stand_over_the_values_of_the_file(t):
    if not ours(t):
        report.skip("runc ignores flags beside a file", impossible=True)
    needs("memory")
    box = box_of(t)
    from_file(t, box, {"memory": {"limit": 32 * MEGABYTE}, "pids": {"limit": 9}},
              "--memory", "48M").must()
    report.equal(box.file(*MEMORY), str(48 * MEGABYTE), "the flag's")
    report.equal(box.file(*PIDS), "9", "the file's")
    box.delete()


@suite.test
def update_raises_and_lowers_memory_with_memory_and_swap(t):
    needs("memory")
    box = box_of(t, {"memory": {"limit": 64 * MEGABYTE, "swap": 96 * MEGABYTE}})
    for limit, swap in ((200, 300), (50, 60), (60, 60), (500, 500), (32, 400)):
        update(t, box, "--memory", f"{limit}M", "--memory-swap", f"{swap}M").must()
        report.equal(snapshot(box, MEMORY, MEMSW),
                     {MEMORY[1]: str(limit * MEGABYTE), MEMSW[1]: str(swap * MEGABYTE)}, "limits")
    box.delete()


@suite.test
def update_raises_and_lowers_quota_with_period(t):
    needs("cpu")
    box = box_of(t, {"cpu": {"quota": 50000, "period": 100000}})
    for quota, period in ((5000, 10000), (900000, 1000000), (1000, 1000), (-1, 100000)):
        update(t, box, "--cpu-quota", quota, "--cpu-period", period).must()
        report.equal(snapshot(box, QUOTA, PERIOD), {QUOTA[1]: str(quota), PERIOD[1]: str(period)},
                     "quota and period")
    box.delete()


@suite.test
def update_puts_all_back_where_the_kernel_refuses_the_third_value(t):
    if not ours(t):
        report.skip("runc leaves the first two", impossible=True)
    needs("memory")
    box = box_of(t, {"memory": {"limit": 64 * MEGABYTE}, "pids": {"limit": 20},
                     "cpu": {"shares": 512, "quota": 50000, "period": 100000}})
    files = (MEMORY, MEMSW, SHARES, QUOTA, PERIOD, SOFT, PIDS)
    before = snapshot(box, *files)
    # In the kernel's order: cpu.shares and the quota are taken, the period of one second and a
    # half is not.
    refused(from_input(t, box, {"cpu": {"shares": 300, "quota": 70000, "period": 1500000}},
                       "-r", "-"), "/linux/resources/cpu/period", "cpu.cfs_period_us")
    report.equal(snapshot(box, *files), before, "limits")
    # cpu and memory are taken; of the pids controller -1 and below are no numbers that it takes.
    refused(from_input(t, box, {"cpu": {"shares": 300}, "memory": {"limit": 32 * MEGABYTE},
                                "pids": {"limit": 1 << 62}}, "-r", "-"),
            "/linux/resources/pids/limit", "pids.max")
    report.equal(snapshot(box, *files), before, "limits")
    # An update afterwards sees the old ones: memory + swap is not bound by what was refused.
    update(t, box, "--memory", "80M").must()
    report.equal(box.file(*SHARES), "512", "shares")
    box.delete()


@suite.test
def update_puts_shares_back_that_an_idle_cgroup_lost(t):
    if not ours(t):
        report.skip("runc 1.1 knows no idle", impossible=True)
    needs("cpu")
    box = box_of(t, {"cpu": {"shares": 700}})
    refused(update(t, box, "--cpu-idle", "1", "--cpu-period", "1500000"), "cpu.cfs_period_us")
    report.equal(box.file("cpu", "cpu.idle"), "0", "idle")
    report.equal(box.file(*SHARES), "700", "shares")
    update(t, box, "--cpu-idle", "1").must()
    update(t, box, "--cpu-idle", "0").must()
    report.equal(box.file(*SHARES), "700", "shares of one that is idle no longer")
    box.delete()


@suite.test
def update_remembers_limits_for_the_next_one(t):
    if not ours(t):
        report.skip("of nucleus's own memory", impossible=True)
    needs("memory")
    box = box_of(t, {"cpu": {"burst": 1000, "quota": 50000}})
    update(t, box, "--memory", "64M", "--memory-swap", "100M").must()
    # The quota would stand below the burst that config.json asked for; memory beyond the memory and
    # swap of the last update.
    refused(update(t, box, "--cpu-quota", "900"), "/cpu/burst", "larger than the quota")
    refused(update(t, box, "--memory", "200M"), "/linux/resources/memory/swap",
            "below /linux/resources/memory/limit")
    report.equal(box.file(*MEMORY), str(64 * MEGABYTE), "memory")
    update(t, box, "--memory", "-1").must()
    report.check(int(box.file(*MEMSW)) > 1 << 60, "no limit of memory is none of both")
    box.delete()


@suite.test
def update_looks_at_the_memory_in_use_first_where_it_is_asked_to(t):
    if not ours(t):
        report.skip("runc asks on cgroup v2 only", impossible=True)
    needs("memory")
    script = "dd if=/dev/zero of=/dev/shm/held bs=1M count=24 2>/dev/null; touch /dev/shm/done; " \
             "sleep 1000"
    box = Box(t, {}, "sh", "-c", script).create().start()
    report.eventually(lambda: int(box.file("memory", "memory.usage_in_bytes")) > 24 * MEGABYTE,
                      "the memory is in use")
    before = box.file(*MEMORY)
    refused(from_input(t, box, {"memory": {"limit": 8 * MEGABYTE, "checkBeforeUpdate": True}},
                       "-r", "-"), "/linux/resources/memory/limit", "below the memory in use")
    report.equal(box.file(*MEMORY), before, "memory")
    from_input(t, box, {"memory": {"limit": 64 * MEGABYTE, "checkBeforeUpdate": True}},
               "-r", "-").must()
    report.equal(box.file(*MEMORY), str(64 * MEGABYTE), "memory")
    # What the kernel cannot take back, it refuses; the container lives.
    if os.path.exists("/proc/swaps") and len(open("/proc/swaps", encoding="ascii").readlines()) < 2:
        refused(update(t, box, "--memory", "8M", "--memory-swap", "8M"),
                "/linux/resources/memory/limit", "memory in use")
        report.equal(box.file(*MEMORY), str(64 * MEGABYTE), "memory")
    report.equal(t.runtime.status(box.id), "running", "status")
    box.delete()


@suite.test
def update_leaves_the_device_rules_alone(t):
    needs("devices")
    log = os.path.join(t.directory, "log")
    with open(log, "w", encoding="ascii"):
        pass
    t.runtime.global_arguments += ["--log", log, "--log-format", "json"]
    box = box_of(t)
    before = box.file("devices", "devices.list")
    from_input(t, box, {"devices": [{"allow": True, "access": "rwm"}], "pids": {"limit": 9}},
               "-r", "-").must()
    report.equal(box.file("devices", "devices.list"), before, "device rules")
    report.equal(box.file(*PIDS), "9", "the limit beside them")
    if ours(t):
        report.contains(" ".join(messages(log)), "/devices: an update leaves the device rules alone")
    box.delete()


@suite.test
def update_goes_on_in_created_and_paused_containers_and_not_in_stopped_ones(t):
    needs("pids")
    box = Box(t, {}).create()
    update(t, box, "--pids-limit", "30").must()
    report.equal(box.file(*PIDS), "30", "created")
    box.start()
    state = os.path.join(box.directory("freezer"), "freezer.state")
    with open(state, "w", encoding="ascii") as file:
        file.write("FROZEN")
    update(t, box, "--pids-limit", "31").must()
    report.equal(box.file(*PIDS), "31", "paused")
    with open(state, "w", encoding="ascii") as file:
        file.write("THAWED")
    t.runtime.kill(box.id, "KILL").must()
    t.runtime.wait_status(box.id, "stopped")
    stopped = update(t, box, "--pids-limit", "32")
    if ours(t):
        refused(stopped, "container not running")
        refused(t.runtime.call("update", "--pids-limit", "1", "nobody"), "does not exist")
    box.delete()


@suite.test
def update_refuses_values_without_meaning(t):
    if not ours(t):
        report.skip("runc's words are its own", impossible=True)
    needs("pids")
    box = box_of(t)
    before = snapshot(box, PIDS, MEMORY, SHARES)
    for flags, words in [
            (["--memory", "12X"], 'invalid value "12X" for flag --memory: not a size'),
            (["--memory", "9E"], "--memory"),
            (["--pids-limit", "many"], 'invalid value "many" for flag --pids-limit'),
            (["--pids-limit", "-2"], "/pids/limit"),
            (["--cpu-share", "-5"], "--cpu-share"),
            (["--blkio-weight", "5"], "/blockIO/weight"),
            (["--blkio-weight", "70000"], "--blkio-weight"),
            (["--cpuset-cpus", "zero"], "/cpu/cpus"),
            (["--cpuset-cpus", "4000"], "/linux/resources/cpu/cpus"),
            (["--cpu-idle", "7"], "/linux/resources/cpu/idle"),
            (["--l3-cache-schema", "L3:0=f"], "intelRdt"),
            (["--mem-bw-schema", "0=f"], "/memBwSchema"),
            (["--unknown", "1"], "unknown flag"),
            (["-r", "/nonexistent/file"], "/nonexistent/file"),
            (["-r"], "")]:
        refused(update(t, box, "--pids-limit=5", *flags) if flags != ["-r"] else
                t.runtime.call("update", box.id, "-r"), words)
    for text, words in [("{", "resources.json"), ("[]", "resources.json"),
                        ('{"memory":{"limit":"1"}}', "resources.json /memory/limit"),
                        ('{"pids":{"limit":1},"pids":{"limit":2}}', "resources.json"),
                        ('{"unified":{"../x":"1"}}', "/unified"),
                        ('{"hugepageLimits":[{"pageSize":"x","limit":1}]}', "/hugepageLimits/0"),
                        ('{"rdma":{"mlx":{"hcaHandles":3}}}', "no rdma controller")]:
        refused(from_input(t, box, text, "-r", "-"), words)
    report.equal(snapshot(box, PIDS, MEMORY, SHARES), before, "limits")
    box.delete()


@suite.test
def update_tells_of_kernel_memory_and_ignores_it(t):
    if not ours(t):
        report.skip("runc's words are its own", impossible=True)
    log = os.path.join(t.directory, "log")
    with open(log, "w", encoding="ascii"):
        pass
    t.runtime.global_arguments += ["--log", log, "--log-format", "json"]
    box = box_of(t)
    update(t, box, "--kernel-memory", "10M", "--kernel-memory-tcp", "10M").must()
    told = " ".join(messages(log))
    report.contains(told, "/memory/kernel: is obsolete")
    report.contains(told, "/memory/kernelTCP: is obsolete")
    box.delete()


@suite.test
def update_refuses_what_has_no_controller_here(t):
    if not ours(t):
        report.skip("runc passes over it", impossible=True)
    use_v2_view(t)
    box = box_of(t)
    refused(update(t, box, "--memory", "64M"), "/linux/resources/memory/limit",
            "no memory controller here")
    refused(from_input(t, box, {"unified": {"memory.max": "1"}}, "-r", "-"),
            "/linux/resources/unified/memory.max", "no memory controller here")
    box.delete()


@suite.test
def update_changes_limits_of_huge_pages_on_cgroup_v2(t):
    if not ours(t):
        report.skip("runc's update knows no huge pages", impossible=True)
    use_v2_view(t)
    box = box_of(t, {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MEGABYTE}]})
    file = os.path.join(box.directory(""), "hugetlb.2MB.max")
    from_input(t, box, {"hugepageLimits": [{"pageSize": "2MB", "limit": 8 * MEGABYTE}]},
               "-r", "-").must()
    report.equal(open(file, encoding="ascii").read().strip(), str(8 * MEGABYTE), "hugetlb.2MB.max")
    # The page size that the kernel has not got is refused, and the first one put back.
    refused(from_input(t, box, {"hugepageLimits": [{"pageSize": "2MB", "limit": 2 * MEGABYTE},
                                                   {"pageSize": "3MB", "limit": 1}]}, "-r", "-"),
            "/linux/resources/hugepageLimits/1", "hugetlb.3MB.max")
    report.equal(open(file, encoding="ascii").read().strip(), str(8 * MEGABYTE), "hugetlb.2MB.max")
    box.delete()
