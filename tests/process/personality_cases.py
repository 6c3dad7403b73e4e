"""linux.personality: the execution domain and, beyond the specification, the flags of
personality(2)."""

import ctypes

from common import Box, running, setting, suite
from support import report
from support.runtime import find_peer

FLAGS = ("UNAME26", "ADDR_NO_RANDOMIZE", "FDPIC_FUNCPTRS", "MMAP_PAGE_ZERO", "ADDR_COMPAT_LAYOUT",
         "READ_IMPLIES_EXEC", "ADDR_LIMIT_32BIT", "SHORT_INODE", "WHOLE_SECONDS", "STICKY_TIMEOUTS",
         "ADDR_LIMIT_3GB")


def personality(domain, *flags):
    value = {"domain": domain}
    if flags:
        value["flags"] = list(flags)
    return setting("/linux/personality", value)


def seen(found):
    return (found["security"]["personality"], found["system"]["machine"])


def be_32_bit():
    ctypes.CDLL(None).personality(8)


@suite.test
def shows_a_32_bit_machine_in_the_domain_LINUX32(t):
    found = Box(t, personality("LINUX32")).observe("security", "system")
    report.equal(seen(found), (8, "i686"), "personality and machine")


@suite.test
def shows_the_same_in_LINUX32_as_crun(t):
    crun = find_peer("crun")
    if crun is None:
        report.skip("crun is not installed")
    ours = Box(t, personality("LINUX32")).observe("security", "system")
    peers = t.make_runtime(crun, "crun")
    box = Box(t, personality("LINUX32"), runtime=peers, name="of-crun")
    theirs = box.observe("security", "system")
    report.equal(seen(ours), seen(theirs), "personality and machine")


@suite.test
def returns_to_the_domain_LINUX_from_another(t):
    found = Box(t, personality("LINUX")).observe("security", "system", before_exec=be_32_bit)
    report.equal(seen(found)[0], 0, "personality")


@suite.test
def leaves_the_personality_alone_that_is_not_given(t):
    found = Box(t).observe("security", before_exec=be_32_bit)
    report.equal(found["security"]["personality"], 8, "the caller's")


def flag(name, bit):
    def test(t):
        found = Box(t, personality("LINUX", name)).observe("security")
        report.equal(found["security"]["personality"], bit, "personality(0xffffffff)")
    suite.add(f"gives_the_personality_flag_{name}", test)


# The kernel takes READ_IMPLIES_EXEC from a 64-bit program at its execve, so that one is not asked for.
for index, flag_name in enumerate(FLAGS):
    if flag_name != "READ_IMPLIES_EXEC":
        flag(flag_name, 0x20000 << index)


@suite.test
def places_memory_at_the_same_addresses_without_randomization(t):
    script = "grep stack /proc/self/maps; grep stack /proc/self/maps; exit 0"
    box = Box(t, personality("LINUX", "ADDR_NO_RANDOMIZE"), args=("sh", "-c", script))
    first, second = box.runtime.run(box.id, box.bundle).must().stdout.splitlines()
    report.equal(first, second, "the stacks of two programs")
    box.nothing_left()
    box.bundle.remove("/linux/personality").write()
    first, second = box.runtime.run(box.id, box.bundle).must().stdout.splitlines()
    report.check(first != second, f"with randomization the stacks differ: {first}")
    box.nothing_left()


@suite.test
def shows_an_old_kernel_by_flag(t):
    box = Box(t, personality("LINUX", "UNAME26"), args=("uname", "-r"))
    report.check(box.runtime.run(box.id, box.bundle).must().stdout.startswith("2.6."), "uname -r")
    box.nothing_left()


@suite.test
def executes_with_the_personality_of_the_container(t):
    box = running(t, personality("LINUX32", "ADDR_NO_RANDOMIZE"))
    report.equal(seen(box.executed("security", "system")), (0x40008, "i686"), "by process file")
    report.equal(box.runtime.exec(box.id, "uname", "-m").must().stdout, "i686\n", "by command line")
    box.delete()
