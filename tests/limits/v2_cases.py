"""Limits and rules on cgroup v2: huge pages on a machine with both versions, and what a view of the
machine with cgroup v2 alone can show. The other controllers are tests/vm/small's."""

import os

from common import Box, controller_mounts, needs, ours, refuses, suite, use_v2_view
from support import report

TWO_PAGES = 4 << 20


def needs_hugetlb():
    place = needs("")
    with open(os.path.join(place, "cgroup.controllers"), encoding="ascii") as file:
        if "hugetlb" not in file.read().split():
            report.skip("no hugetlb controller on cgroup v2", impossible=True)


@suite.test
def huge_page_limit_counts_pages_in_use_and_reserved(t):
    use_v2_view(t)
    needs_hugetlb()
    box = Box(t, {"hugepageLimits": [{"pageSize": "2MB", "limit": TWO_PAGES}]}).create()
    report.equal(box.file("", "hugetlb.2MB.max"), str(TWO_PAGES))
    if ours(t):  # runc 1.1 limits the pages in use only
        report.equal(box.file("", "hugetlb.2MB.rsvd.max"), str(TWO_PAGES))
    box.delete()


@suite.test
def huge_page_sizes_without_meaning_are_refused(t):
    if ours(t):
        refuses(t, "/linux/resources/hugepageLimits/0/pageSize",
                {"hugepageLimits": [{"pageSize": "2mb", "limit": 1}]})
    use_v2_view(t)
    refuses(t, "/linux/resources/hugepageLimits/0",
            {"hugepageLimits": [{"pageSize": "3MB", "limit": 1}]})


@suite.test
def unified_writes_the_file_of_its_name(t):
    use_v2_view(t)
    needs_hugetlb()
    box = Box(t, {"unified": {"hugetlb.2MB.max": str(TWO_PAGES), "cgroup.max.depth": "7"}}).create()
    report.equal(box.file("", "hugetlb.2MB.max"), str(TWO_PAGES))
    report.equal(box.file("", "cgroup.max.depth"), "7")
    box.delete()


@suite.test
def unified_reaches_the_controllers_that_v2_has_beside_v1(t):
    if not ours(t):
        report.skip("runc takes unified on pure v2 only", impossible=True)
    needs_hugetlb()
    box = Box(t, {"unified": {"hugetlb.2MB.max": str(TWO_PAGES)}}).create()
    report.equal(box.file("", "hugetlb.2MB.max"), str(TWO_PAGES))
    box.delete()


@suite.test
def unified_files_of_controllers_that_are_not_there_are_refused(t):
    if "memory" in controller_mounts() and ours(t):
        refuses(t, "/linux/resources/unified/memory.high", {"unified": {"memory.high": "1"}},
                "on cgroup v1 here")
    use_v2_view(t)
    refuses(t, "/linux/resources/unified/nonsense.max", {"unified": {"nonsense.max": "1"}})
    refuses(t, "/linux/resources/unified/..~1cgroup.max.depth",
            {"unified": {"../cgroup.max.depth": "1"}})
    if ours(t):
        refuses(t, "/linux/resources/unified/cgroup.procs", {"unified": {"cgroup.procs": "1"}})


def refusals(t, *rules):
    """What of making, reading and writing a device these rules forbid, by the kernel's answers. The
    device is 10:229, which no default rule speaks of; whether it has a driver does not matter."""
    script = ("mknod /tmp/node c 10 229;"
              "(: </tmp/node) 2>&1 | sed 's/^/read /'; (: >/tmp/node) 2>&1 | sed 's/^/write /'")
    capabilities = ["CAP_MKNOD"]
    everything = {"allow": False, "access": "rwm"}
    device = {"type": "c", "major": 10, "minor": 229}
    box = Box(t, {"devices": [everything] + [{**device, **rule} for rule in rules]},
              "sh", "-c", script,
              change=lambda bundle: bundle.capabilities(
                  bounding=capabilities, effective=capabilities, permitted=capabilities))
    result = box.run()
    box.delete()
    found = {line.split()[0] for line in result.stdout.splitlines() if "not permitted" in line}
    if "mknod" in result.stderr:
        found = {"mknod"}
    return found


@suite.test
def device_filter_applies_its_entries_in_their_order(t):
    use_v2_view(t)
    allowed, denied = {"allow": True, "access": "rw"}, {"allow": False, "access": "w"}
    report.equal(refusals(t), {"read", "write"}, "by the first entry")
    report.equal(refusals(t, allowed), set(), "allowed after it")
    report.equal(refusals(t, allowed, denied), {"write"}, "one access denied after that")
    report.equal(refusals(t, denied, allowed), set(), "the other way round")
    if ours(t):  # runc puts its own rules behind the bundle's: every node may be made
        report.equal(refusals(t, {"allow": False, "access": "m"}), {"mknod"}, "no node is made")


@suite.test
def device_entries_without_meaning_are_refused(t):
    use_v2_view(t)
    if ours(t):  # runc 1.1 takes an unknown type for all
        refuses(t, "/linux/resources/devices/0/type",
                {"devices": [{"allow": True, "type": "x", "access": "r"}]})
        refuses(t, "/linux/resources/devices/0/allow",
                {"devices": [{"type": "c", "access": "r"}]})


def owners(directory):
    """uid -> names of the directory's files, its own as "."."""
    found = {}
    for name in sorted(os.listdir(directory)) + ["."]:
        path = os.path.join(directory, name)
        if name == "." or not os.path.isdir(path):
            found.setdefault(os.stat(path).st_uid, []).append(name)
    return found


def delegable(directory):
    with open("/sys/kernel/cgroup/delegate", encoding="ascii") as names:
        listed = names.read().split()
    return sorted(name for name in listed if os.path.exists(os.path.join(directory, name))) + ["."]


def writable(bundle):
    bundle.change_mount("/sys/fs/cgroup", options=["nosuid", "noexec", "nodev"])


@suite.test
def writable_cgroup_is_given_to_the_user_of_the_process(t):
    if not ours(t):
        report.skip("runc does so with systemd only", impossible=True)
    use_v2_view(t)
    box = Box(t, {}, "sh", "-c", "mkdir /sys/fs/cgroup/inner && echo made; sleep 1000",
              change=lambda bundle: writable(bundle.user_namespace()))
    box.create().start()
    directory = box.directory("")
    given = owners(directory)
    report.equal(sorted(given), [0, 100000], "owners")
    report.equal(sorted(given[100000]), sorted(delegable(directory)), "given away")
    report.eventually(lambda: os.path.isdir(directory + "/inner"), "the container made a cgroup")
    report.equal(os.stat(directory + "/inner").st_uid, 100000)
    box.delete()


@suite.test
def cgroup_is_given_away_only_with_a_writable_mount_and_a_new_namespace(t):
    use_v2_view(t)

    def read_only(bundle):
        bundle.user_namespace()

    def without_namespace(bundle):
        writable(bundle)
        bundle.set("/process/user/uid", 1000).without_namespace("cgroup")

    for change in (read_only, without_namespace):
        box = Box(t, {}, change=change).create()
        report.equal(list(owners(box.directory(""))), [0], change.__name__)
        box.delete()


@suite.test
def cgroups_of_version_1_keep_their_owner(t):
    if len(controller_mounts()) < 3:
        report.skip("no v1 hierarchies", impossible=True)
    box = Box(t, {}, change=lambda bundle: writable(bundle.user_namespace())).create()
    for controller in controller_mounts():
        with open(f"/proc/{box.pid}/cgroup", encoding="utf-8") as lines:
            if any(controller in line.split(":")[1].split(",") for line in lines):
                report.equal(list(owners(box.directory(controller))), [0], controller)
    box.delete()


@suite.test
def exec_enters_the_cgroup_of_the_init_where_controllers_were_handed_down(t):
    use_v2_view(t)
    needs_hugetlb()
    script = ("cd /sys/fs/cgroup; mkdir inner && echo $$ >inner/cgroup.procs && "
              "echo +hugetlb >cgroup.subtree_control && touch /tmp/done; sleep 1000")
    box = Box(t, {"hugepageLimits": [{"pageSize": "2MB", "limit": TWO_PAGES}]}, "sh", "-c", script,
              change=writable)
    box.create().start()
    report.eventually(lambda: os.path.exists(os.path.join(box.bundle.rootfs, "tmp/done")),
                      "the container has handed its controller down")
    seen = t.runtime.exec(box.id, "sh", "-c", "grep ^0: /proc/self/cgroup").must().stdout
    report.equal(seen, "0::/inner\n", "the cgroup of exec")
    box.delete()
