"""The option strings of config.md#linux-mount-options, one test each: what the mount's line in the
container's /proc/self/mountinfo says. An option that is the opposite of another follows it, so that
each test fails without its option (conformance/prove)."""

import os

from common import Box, suite
from support import report

# option: (all options of the mount, words that its line has, words that it has not)
NEW_FILE_SYSTEM = {
    "ro": (["ro"], ["ro"], ["rw"]),
    "rw": (["ro", "rw"], ["rw"], ["ro"]),
    "nosuid": (["nosuid"], ["nosuid"], []),
    "suid": (["nosuid", "suid"], [], ["nosuid"]),
    "nodev": (["nodev"], ["nodev"], []),
    "dev": (["nodev", "dev"], [], ["nodev"]),
    "noexec": (["noexec"], ["noexec"], []),
    "exec": (["noexec", "exec"], [], ["noexec"]),
    "noatime": (["noatime"], ["noatime"], []),
    "atime": (["noatime", "atime"], [], ["noatime"]),
    "nodiratime": (["nodiratime"], ["nodiratime"], []),
    "diratime": (["nodiratime", "diratime"], [], ["nodiratime"]),
    "relatime": (["noatime", "relatime"], ["relatime"], ["noatime"]),
    "strictatime": (["strictatime"], [], ["relatime", "noatime"]),
    "nostrictatime": (["strictatime", "nostrictatime"], ["relatime"], []),
    "nosymfollow": (["nosymfollow"], ["nosymfollow"], []),
    "symfollow": (["nosymfollow", "symfollow"], [], ["nosymfollow"]),
    "sync": (["sync"], ["sync"], []),
    "async": (["sync", "async"], [], ["sync"]),
    "dirsync": (["dirsync"], ["dirsync"], []),
    "lazytime": (["lazytime"], ["lazytime"], []),
    "nolazytime": (["lazytime", "nolazytime"], [], ["lazytime"]),
}

# The same for every mount of a tree, as its inner mount shows.
TREE = {
    "rro": (["rro"], ["ro"], []),
    "rrw": (["rro", "rrw"], [], ["ro"]),
    "rnosuid": (["rnosuid"], ["nosuid"], []),
    "rsuid": (["rnosuid", "rsuid"], [], ["nosuid"]),
    "rdev": (["rnodev", "rdev"], [], ["nodev"]),
    "rnoexec": (["rnoexec"], ["noexec"], []),
    "rexec": (["rnoexec", "rexec"], [], ["noexec"]),
    "rnoatime": (["rnoatime"], ["noatime"], []),
    "ratime": (["rnoatime", "ratime"], [], ["noatime"]),
    "rnodiratime": (["rnodiratime"], ["nodiratime"], []),
    "rdiratime": (["rnodiratime", "rdiratime"], [], ["nodiratime"]),
    "rrelatime": (["rnoatime", "rrelatime"], ["relatime"], ["noatime"]),
    "rstrictatime": (["rstrictatime"], [], ["relatime", "noatime"]),
    "rnostrictatime": (["rstrictatime", "rnostrictatime"], ["relatime"], []),
    "rnosymfollow": (["rnosymfollow"], ["nosymfollow"], []),
    "rsymfollow": (["rnosymfollow", "rsymfollow"], [], ["nosymfollow"]),
}

# What the optional fields of the line say of propagation (proc_pid_mountinfo(5)).
PROPAGATION = {
    "private": (["bind", "shared", "private"], [], ["shared"]),
    "rprivate": (["bind", "rshared", "rprivate"], [], ["shared"]),
    "shared": (["bind", "shared"], ["shared"], []),
    "rshared": (["bind", "rshared"], ["shared"], []),
    "unbindable": (["bind", "unbindable"], ["unbindable"], []),
    "runbindable": (["bind", "runbindable"], ["unbindable"], []),
    "slave": (["bind", "shared", "slave"], ["master"], ["shared"]),
    "rslave": (["bind", "rshared", "rslave"], ["master"], ["shared"]),
}


def words_of(mountinfo, point):
    """The options, super block options and propagation of the topmost mount at the point."""
    lines = [line.split() for line in mountinfo.splitlines() if line.split()[4] == point]
    report.check(lines, f"a mount at {point}: {mountinfo}")
    fields = lines[-1]
    end = fields.index("-")
    propagation = [field.split(":")[0] for field in fields[6:end]]
    return [*fields[5].split(","), *fields[end + 3].split(","), *propagation]


def check(words, present, absent):
    report.equal([word for word in present if word not in words], [], f"missing of {words}")
    report.equal([word for word in absent if word in words], [], f"too much of {words}")


def in_private_namespace(t, box, shell):
    """Runs the container from a mount namespace of its own, in which `shell` has mounted things."""
    box.write()
    t.runtime.wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
                         shell + '\nexec "$@"', "sh"]
    return box.run()


def source_tree(t):
    """A directory and the shell text that mounts a tmpfs on it and another one inside."""
    source = os.path.join(t.directory, "source")
    os.mkdir(source)
    return source, (f"mount -t tmpfs one {source}\nmkdir {source}/sub\n"
                    f"mount -t tmpfs two {source}/sub")


def look(t):
    return Box(t, "cat", "/proc/self/mountinfo")


def add(option, function):
    suite.add("mount_option_" + option, function)


def new_file_system_case(option, options, present, absent):
    def test(t):
        box = look(t)
        box.bundle.mount("/m", "tmpfs", options=options)
        check(words_of(box.run(), "/m"), present, absent)
    add(option, test)


def tree_case(option, options, present, absent):
    def test(t):
        source, shell = source_tree(t)
        box = look(t)
        box.bundle.mount("/m", source=source, options=["rbind", *options])
        check(words_of(in_private_namespace(t, box, shell), "/m/sub"), present, absent)
    add(option, test)


def propagation_case(option, options, present, absent):
    def test(t):
        source, shell = source_tree(t)
        box = look(t)
        box.bundle.mount("/m", source=source, options=options)
        # A slave needs a master; anything else shows more clearly where there is none.
        shared = f"\nmount --make-rshared {source}" if "slave" in option else ""
        check(words_of(in_private_namespace(t, box, shell + shared), "/m"), present, absent)
    add(option, test)


for name, row in NEW_FILE_SYSTEM.items():
    new_file_system_case(name, *row)
for name, row in TREE.items():
    tree_case(name, *row)
for name, row in PROPAGATION.items():
    propagation_case(name, *row)


@suite.test
def mount_option_bind(t):
    source, shell = source_tree(t)
    box = look(t)
    box.bundle.mount("/m", "none", source=source, options=["bind"])
    mountinfo = in_private_namespace(t, box, shell)
    report.check(" /m " in mountinfo, "the mount itself")
    report.check(" /m/sub " not in mountinfo, "no mount below it")


@suite.test
def mount_option_rbind(t):
    source, shell = source_tree(t)
    box = look(t)
    box.bundle.mount("/m", "none", source=source, options=["rbind"])
    report.contains(in_private_namespace(t, box, shell), " /m/sub ", "the mounts")


@suite.test
def mount_option_remount(t):
    box = look(t)
    box.bundle.mount("/m", "tmpfs", options=["size=1m"])
    box.bundle.mount("/m", "none", source="none", options=["remount", "ro", "nosuid"])
    mountinfo = box.run()
    report.equal(mountinfo.count(" /m "), 1, "mounts at /m")
    check(words_of(mountinfo, "/m"), ["ro", "nosuid"], [])


@suite.test
def mount_options_that_change_nothing_to_be_seen_are_taken(t):
    # defaults; iversion, loud and silent are told to the kernel and shown by no file of it.
    box = look(t)
    for number, option in enumerate(("defaults", "iversion", "noiversion", "loud", "silent",
                                     "norelatime", "mand", "nomand")):
        box.bundle.mount(f"/m{number}", "tmpfs", options=[option])
        box.bundle.write()
        mountinfo = box.run()
        report.contains(mountinfo, f" /m{number} ", f"a mount with {option}")


@suite.test
def options_that_nobody_knows_go_to_the_file_system(t):
    box = look(t)
    box.bundle.mount("/m", "tmpfs", options=["size=3m", "nr_inodes=77"])
    check(words_of(box.run(), "/m"), ["size=3072k", "nr_inodes=77"], [])
    box.bundle.mount("/bad", "tmpfs", options=["nosuchoption=1"])
    box.bundle.write()
    box.refused(t.runtime.run(box.id, box.bundle), "nosuchoption")


@suite.test
def a_relative_mount_destination_begins_at_the_root(t):
    box = look(t)
    box.bundle.set("/process/cwd", "/usr")
    box.bundle.mount("relative/place", "tmpfs", options=["size=1m"])
    report.contains(box.run(), " /relative/place ", "the mounts")
