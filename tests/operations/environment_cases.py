"""What a container finds: its root, mounts, namespaces, devices and standard streams (config.md,
config-linux.md, runtime-linux.md)."""

import json
import os

from common import Box, suite
from support import report
from support.runtime import ConsoleSocket, read_terminal, reap


@suite.test
def a_root_file_system_beside_the_config_is_found(t):
    box = Box(t, "cat", "/here")
    os.rename(box.bundle.rootfs, box.bundle.path + "/other-root")
    box.bundle.rootfs = box.bundle.path + "/other-root"
    box.bundle.write_file("/here", "found")
    box.bundle.set("/root/path", "other-root")
    report.equal(box.run(), "found", "a file of the root")
    box.bundle.set("/root/path", box.bundle.rootfs)
    box.bundle.write()
    report.equal(box.run(), "found", "by its absolute path")


@suite.test
def mounts_are_made_in_the_listed_order(t):
    sources = []
    for name in ("one", "two"):
        source = os.path.join(t.directory, name)
        os.mkdir(source)
        with open(source + "/name", "w", encoding="utf-8") as file:
            file.write(name)
        sources.append(source)
    box = Box(t, "sh", "-c", "cat /over/name; grep -c ' /over ' /proc/mounts")
    for last, order in (("two", sources), ("one", sources[::-1])):
        for source in order:
            box.bundle.mount("/over", source=source, options=["bind"])
        box.bundle.write()
        report.equal(box.run(), f"{last}2\n", "the later mount lies over the earlier one")
        box.bundle.without_mount("/over")


@suite.test
def the_default_file_systems_are_there(t):
    box = Box(t, "cat", "/proc/mounts")
    kinds = {line.split()[1]: line.split()[2] for line in box.run().splitlines()}
    wanted = {"/proc": "proc", "/sys": "sysfs", "/dev/pts": "devpts", "/dev/shm": "tmpfs"}
    report.equal({path: kinds.get(path) for path in wanted}, wanted, "file systems")


@suite.test
def the_generated_bundle_has_the_default_file_systems(t):
    box = Box(t).write()
    os.unlink(box.bundle.path + "/config.json")
    t.runtime.call("spec", "--bundle", box.bundle.path).must()
    with open(box.bundle.path + "/config.json", encoding="utf-8") as file:
        box.bundle.config = json.load(file)
    box.bundle.set("/process/terminal", False).args("cat", "/proc/mounts")
    box.bundle.write()
    kinds = {line.split()[1]: line.split()[2] for line in box.run().splitlines()}
    wanted = {"/proc": "proc", "/sys": "sysfs", "/dev/pts": "devpts", "/dev/shm": "tmpfs"}
    report.equal({path: kinds.get(path) for path in wanted}, wanted, "file systems")


NAMESPACES = {"pid": "pid", "network": "net", "mount": "mnt", "ipc": "ipc", "uts": "uts",
              "cgroup": "cgroup", "user": "user", "time": "time"}


@suite.test
def each_namespace_that_is_listed_is_new(t):
    names = " ".join("/proc/self/ns/" + name for name in NAMESPACES.values())
    box = Box(t, "sh", "-c", f"for name in {names}; do readlink $name; done")
    box.bundle.user_namespace().namespace("time")
    inside = box.run().split()
    outside = [os.readlink("/proc/self/ns/" + name) for name in NAMESPACES.values()]
    report.equal(len(inside), len(outside), f"namespaces seen: {inside}")
    same = [name for name, one, other in zip(NAMESPACES, inside, outside) if one == other]
    report.equal(same, [], "namespaces that are the caller's")


@suite.test
def a_user_namespace_changes_no_owner_in_the_root_file_system(t):
    box = Box(t, "true")
    box.bundle.user_namespace()
    for name, owner in (("root-file", 0), ("mapped-file", 100000), ("foreign-file", 4242)):
        os.chown(box.bundle.write_file("/" + name, name), owner, owner)
    box.write()

    def owners():
        found = {}
        for folder, directories, files in os.walk(box.bundle.rootfs):
            for name in [*directories, *files]:
                status = os.lstat(os.path.join(folder, name))
                found[os.path.join(folder, name)] = (status.st_uid, status.st_gid, status.st_mode)
        return found
    before = owners()
    box.run()
    report.equal(owners(), before, "owners and modes in the root file system")


@suite.test
def the_links_of_dev_lead_to_the_standard_streams(t):
    look = ("for name in fd stdin stdout stderr; do readlink /dev/$name; done;"
            "echo by-stdout >>/dev/stdout; echo by-stderr >>/dev/stderr; cat </dev/stdin; "
            "[ -d /dev/fd/ ] && echo directory")
    box = Box(t, "sh", "-c", look).write()
    with open(t.directory + "/stdin", "w+", encoding="utf-8") as stdin, \
            open(t.directory + "/stdout", "a+b") as stdout, \
            open(t.directory + "/stderr", "a+b") as stderr:
        stdin.write("by-stdin\n")
        stdin.seek(0)
        t.runtime.run(box.id, box.bundle, stdin=stdin, stdout=stdout, stderr=stderr).must()
        stdout.seek(0)
        stderr.seek(0)
        links = ["/proc/self/fd", *(f"/proc/self/fd/{number}" for number in range(3))]
        report.equal(stdout.read().decode().split(),
                     [*links, "by-stdout", "by-stdin", "directory"], "on stdout")
        report.equal(stderr.read().decode(), "by-stderr\n", "on stderr")


@suite.test
def without_proc_the_links_of_dev_harm_nothing(t):
    box = Box(t, "echo", "ran")
    box.bundle.without_mount("/proc").remove("/linux/maskedPaths").remove("/linux/readonlyPaths")
    report.equal(box.run(), "ran\n", "the program's word")


DEFAULT_DEVICES = {"null": "1:3", "zero": "1:5", "full": "1:7", "random": "1:8", "urandom": "1:9",
                   "tty": "5:0"}


@suite.test
def the_default_devices_are_those_of_the_kernel(t):
    paths = " ".join("/dev/" + name for name in DEFAULT_DEVICES)
    look = (f"for device in {paths}; do stat -c '%F %t:%T %a' $device; done; "
            "echo lost >/dev/null && cat /dev/null; head -c 3 /dev/zero | od -An -tx1; "
            "(echo x >/dev/full) 2>&1 | grep -c 'No space'; head -c 9 /dev/urandom | wc -c; "
            "head -c 9 /dev/random | wc -c; readlink -f /dev/ptmx; test -c /dev/ptmx && echo ptmx")
    lines = Box(t, "sh", "-c", look).run().splitlines()
    wanted = [f"character special file {number} 666" for number in DEFAULT_DEVICES.values()]
    report.equal(lines[:6], wanted, "the nodes")
    report.equal(lines[6:], [" 00 00 00", "1", "9", "9", "/dev/pts/ptmx", "ptmx"],
                 "what they do")


@suite.test
def the_console_is_the_terminal_of_the_process(t):
    look = ("stat -c %t:%T /dev/console; stat -c %t:%T $(readlink /proc/self/fd/0); "
            "grep -c ' /dev/console ' /proc/mounts; echo by-console >/dev/console; tty")
    box = Box(t, "sh", "-c", look)
    box.bundle.set("/process/terminal", True)
    box.write()
    listener = ConsoleSocket(t.directory + "/console")
    t.on_cleanup(listener.close)
    t.runtime.create(box.id, box.bundle, "--console-socket", listener.path).must()
    master, _, _ = listener.receive()
    t.on_cleanup(os.close, master)
    pid = box.state()["pid"]
    box.start()
    lines = read_terminal(master).splitlines()
    reap(pid)
    report.equal(lines[2:], ["1", "by-console", "/dev/pts/0"], "what the terminal shows")
    report.equal(lines[0], lines[1], "/dev/console and the standard streams: one device")


def device(**members):
    return {"path": "/srv/device", "type": "c", "major": 1, "minor": 3, **members}


@suite.test
def a_device_of_type_u_is_a_character_device(t):
    box = Box(t, "stat", "-c", "%F %t:%T", "/srv/device")
    box.bundle.set("/linux/devices", [device(type="u", minor=5)])
    report.equal(box.run(), "character special file 1:5\n", "the node")


@suite.test
def a_device_without_type_path_or_numbers_is_refused(t):
    box = Box(t)
    for name in ("type", "path", "major", "minor"):
        entry = device()
        del entry[name]
        box.bundle.set("/linux/devices", [entry])
        box.write()
        box.refused(t.runtime.create(box.id, box.bundle), "/linux/devices/0", name)
    box.nothing_left()


@suite.test
def a_file_in_the_place_of_a_device_is_an_error(t):
    box = Box(t, "stat", "-c", "%F %t:%T", "/srv/device")
    path = box.bundle.rootfs + "/srv/device"
    box.bundle.set("/linux/devices", [device()])
    for what, make in (("a file", lambda: box.bundle.write_file("/srv/device", "")),
                       ("a directory", lambda: os.mkdir(path)),
                       ("another device", lambda: os.mknod(path, 0o020644, os.makedev(1, 5))),
                       ("a FIFO", lambda: os.mkfifo(path))):
        make()
        box.write()
        box.refused(t.runtime.create(box.id, box.bundle), "/srv/device")
        box.nothing_left()
        (os.rmdir if what == "a directory" else os.unlink)(path)
    os.mknod(path, 0o020666, os.makedev(1, 3))
    report.equal(box.run(), "character special file 1:3\n", "the device that stood there")
