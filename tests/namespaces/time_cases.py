"""Time namespaces and their offsets (config-linux.md#offset-for-time-namespace)."""

import json
import time

from common import Box, Holder, inode, suite
from support import report

DAY = 86400
CLOCKS = {"monotonic": time.CLOCK_MONOTONIC, "boottime": time.CLOCK_BOOTTIME}


def shift(bundle, **offsets):
    return bundle.namespace("time").set("/linux/timeOffsets", offsets)


def check_ahead(clocks, clock, offset, slack=10.0):
    """The container's clock is `offset` seconds ahead of ours."""
    ahead = clocks[clock] / 1e9 - time.clock_gettime(CLOCKS[clock])
    report.check(abs(ahead - offset) < slack, f"{clock} is {ahead} s ahead, not {offset}")


def offsets_of(pid):
    with open(f"/proc/{pid}/timens_offsets", encoding="ascii") as file:
        return {words[0]: (int(words[1]), int(words[2]))
                for words in map(str.split, file.read().splitlines())}


def report_of(t, box):
    """The report of a probe that is the container process itself."""
    created = t.runtime.create(box.id, box.bundle).must()
    t.runtime.start(box.id).must()
    report.eventually(lambda: created.stdout.endswith("\n"), f"a report of {created!r}")
    return json.loads(created.stdout)


@suite.test
def a_time_namespace_is_created(t):
    box = Box(t, lambda bundle: bundle.namespace("time")).run()
    report.check(inode(box.pid, "time") != inode("self", "time"), "a time namespace of its own")
    report.equal(offsets_of(box.pid), {"monotonic": (0, 0), "boottime": (0, 0)}, "offsets")
    report.equal(box.probe("namespaces")["namespaces"]["time"], inode(box.pid, "time"),
                 "the time namespace of an executed process")
    box.delete()


@suite.test
def a_time_namespace_that_is_not_listed_is_inherited(t):
    box = Box(t).run()
    report.equal(inode(box.pid, "time"), inode("self", "time"), "the time namespace")
    box.delete()


def shifts(clock, offset, expected):
    def test(t):
        box = Box(t, lambda bundle: shift(bundle, **{clock: offset}), ("/probe", "clocks"))
        clocks = report_of(t, box)["clocks"]
        for name in CLOCKS:
            check_ahead(clocks, name, expected if name == clock else 0)
        box.delete()
    return test


suite.add("the_monotonic_clock_is_shifted_by_seconds",
          shifts("monotonic", {"secs": DAY}, DAY))
suite.add("the_boottime_clock_is_shifted_by_seconds",
          shifts("boottime", {"secs": 2 * DAY}, 2 * DAY))


@suite.test
def offsets_have_seconds_and_nanoseconds_of_both_clocks(t):
    box = Box(t, lambda bundle: shift(bundle, monotonic={"secs": DAY, "nanosecs": 500000000},
                                      boottime={"nanosecs": 7})).run()
    report.equal(offsets_of(box.pid), {"monotonic": (DAY, 500000000), "boottime": (0, 7)},
                 "the kernel's offsets")
    box.delete()


@suite.test
def a_negative_offset_sets_a_clock_back(t):
    back = -int(time.clock_gettime(time.CLOCK_BOOTTIME)) + 100
    box = Box(t, lambda bundle: shift(bundle, boottime={"secs": back})).run()
    uptime = float(t.runtime.exec(box.id, "cat", "/proc/uptime").must().stdout.split()[0])
    report.check(90 < uptime < 200, f"uptime {uptime} s in the container")
    box.delete()


@suite.test
def exec_joins_the_time_namespace(t):
    box = Box(t, lambda bundle: shift(bundle, monotonic={"secs": DAY},
                                      boottime={"secs": 3 * DAY})).run()
    clocks = box.probe("clocks")["clocks"]
    check_ahead(clocks, "monotonic", DAY)
    check_ahead(clocks, "boottime", 3 * DAY)
    box.delete()


@suite.test
def exec_into_a_created_container_joins_the_time_namespace(t):
    box = Box(t, lambda bundle: shift(bundle, boottime={"secs": DAY})).create()
    check_ahead(box.probe("clocks")["clocks"], "boottime", DAY)
    box.delete()


@suite.test
def a_time_namespace_of_a_user_namespace_has_offsets(t):
    box = Box(t, lambda bundle: shift(bundle, boottime={"secs": DAY}).user_namespace()).run()
    check_ahead(box.probe("clocks")["clocks"], "boottime", DAY)
    box.delete()


@suite.test
def a_joined_time_namespace_keeps_its_clocks(t):
    holder = Holder(t, ("time",))
    box = Box(t, lambda bundle: bundle.namespace("time", holder.path("time"))).run()
    report.equal(inode(box.pid, "time"), inode(holder.pid, "time"), "the time namespace")
    report.check(inode(box.pid, "time") != inode("self", "time"), "the holder's is another")
    report.equal(box.probe("namespaces")["namespaces"]["time"], inode(holder.pid, "time"),
                 "the time namespace of an executed process")
    box.delete()


def refuses(name, change, *fragments):
    suite.add(name, lambda t: Box(t, change).refused(*fragments))


refuses("refuses_a_clock_that_has_no_offset",
        lambda bundle: shift(bundle, realtime={"secs": 1}), "/linux/timeOffsets/realtime")
refuses("refuses_a_second_and_more_of_nanoseconds",
        lambda bundle: shift(bundle, monotonic={"nanosecs": 1000000000}),
        "/linux/timeOffsets/monotonic/nanosecs")
refuses("refuses_offsets_without_a_time_namespace",
        lambda bundle: bundle.set("/linux/timeOffsets", {"monotonic": {"secs": 1}}),
        "/linux/timeOffsets", "need a time namespace")
refuses("refuses_an_offset_that_makes_a_clock_negative",
        lambda bundle: shift(bundle, boottime={"secs": -10**9}), "/linux/timeOffsets", "range")
refuses("refuses_an_offset_beyond_what_the_kernel_counts",
        lambda bundle: shift(bundle, monotonic={"secs": 2**62}), "/linux/timeOffsets", "range")
refuses("refuses_an_offset_that_is_no_number",
        lambda bundle: shift(bundle, monotonic={"secs": "1"}), "/linux/timeOffsets/monotonic/secs")


@suite.test
def refuses_offsets_of_a_joined_time_namespace(t):
    holder = Holder(t, ("time",))

    def change(bundle):
        bundle.namespace("time", holder.path("time"))
        bundle.set("/linux/timeOffsets", {"boottime": {"secs": 1}})
    Box(t, change).refused("/linux/timeOffsets", "joined")
