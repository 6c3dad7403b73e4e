"""Mounts of every kind in use, their options and propagation; the root file system."""

import os

from table import case

PLACE = "/place"


def has(*wanted):
    return lambda options: all(word in options for word in wanted)


def source(side, name="source"):
    """A directory of the host with one file, as a bind's source."""
    path = os.path.join(side.directory, name)
    os.mkdir(path)
    with open(os.path.join(path, "file"), "w", encoding="utf-8") as file:
        file.write("content\n")
    return path


def bind(side, *options, kind="bind"):
    os.makedirs(side.bundle.rootfs + PLACE)
    side.bundle.mount(PLACE, kind, source(side), options)
    side.probe("mounts", paths=[PLACE, PLACE + "/file"])
    side.bundle.config["process"]["args"].append("paths")


AT = "/mounts/~1place"


@case(expects={AT + "/options": has("rw"), "/paths/~1place~1file/write": "ok"})
def a_bind_mount(side):
    bind(side, "bind")


@case(expects={AT + "/options": has("ro"), "/paths/~1place~1file/write": "EROFS"})
def a_read_only_bind_mount(side):
    bind(side, "bind", "ro")


@case(expects={AT + "/options": has("nosuid", "nodev", "noexec")})
def a_bind_mount_without_suid_devices_and_programs(side):
    bind(side, "bind", "nosuid", "nodev", "noexec")


@case(expects={AT + "/options": has("noatime", "nodiratime")})
def a_bind_mount_without_access_times(side):
    bind(side, "bind", "noatime", "nodiratime")


@case(expects={AT + "/options": lambda options: "relatime" not in options})
def a_bind_mount_with_strict_access_times(side):
    bind(side, "bind", "strictatime")


@case(expects={AT + "/options": has("rw")})
def a_bind_mount_whose_later_option_wins(side):
    bind(side, "bind", "ro", "rw")


@case(expects={AT + "/options": has("rw"), "/paths/~1place~1file/read": "ok"})
def a_bind_mount_by_type_none(side):
    bind(side, "rbind", kind="none")


def nested(side, *options):
    """A source that has a tmpfs mounted inside."""
    bind(side, *options)
    inner = os.path.join(side.directory, "source", "inner")
    os.mkdir(inner)
    side.prelude = f"mount -t tmpfs -o size=64k inner {inner}\nmkdir {inner}/made"
    side.bundle.config["process"]["args"] += ["--path", PLACE + "/inner"]


@case(expects={"/mounts/~1place~1inner/type": "tmpfs"})
def a_recursive_bind_mount(side):
    nested(side, "rbind")


@case(expects={"/mounts/~1place~1inner/type": "(absent)"})
def a_bind_mount_that_leaves_submounts_out(side):
    nested(side, "bind")


@case(expects={AT + "/options": has("ro"), "/mounts/~1place~1inner/options": has("rw")})
def a_recursive_bind_mount_read_only_at_its_top(side):
    nested(side, "rbind", "ro")


@case(expects={AT + "/options": has("ro"), "/mounts/~1place~1inner/options": has("ro")})
def a_recursively_read_only_bind_mount(side):
    nested(side, "rbind", "rro")


@case(expects={"/paths/~1etc~1hosts/empty": False, "/mounts/~1etc~1hosts/options": has("ro")})
def a_bind_mount_of_a_file(side):
    file = os.path.join(source(side), "file")
    side.bundle.mount("/etc/hosts", "bind", file, ["bind", "ro"])
    side.probe("mounts", "paths", paths=["/etc/hosts"])


@case(expects={"/paths/~1place/entries": 1})
def a_bind_mount_with_a_source_relative_to_the_bundle(side):
    os.makedirs(os.path.join(side.bundle.path, "data", "inside"))
    side.bundle.mount(PLACE, "bind", "data", ["bind"])
    side.probe("mounts", "paths", paths=[PLACE])


@case(expects={"/paths/~1new~1deep~1directory/type": "d", "/paths/~1new~1deep~1file/type": "-"})
def mount_targets_that_are_missing(side):
    where = source(side)
    side.bundle.mount("/new/deep/directory", "bind", where, ["bind"])
    side.bundle.mount("/new/deep/file", "bind", os.path.join(where, "file"), ["bind"])
    side.bundle.mount("/new/temporary", "tmpfs", "tmpfs", ["size=64k"])
    side.probe("mounts", "paths", "root",
               paths=["/new", "/new/deep", "/new/deep/directory", "/new/deep/file",
                      "/new/temporary"])


@case(expects={"/mounts/~1real~1inside/type": "tmpfs"})
def a_mount_target_behind_a_symbolic_link_of_the_root(side):
    os.makedirs(side.bundle.rootfs + "/real/inside")
    os.symlink("/real", side.bundle.rootfs + "/link")
    side.bundle.mount("/link/inside", "tmpfs", "tmpfs", ["size=64k"])
    side.probe("mounts", "paths", paths=["/real/inside", "/link"])


@case(expects={"/mounts/~1place/type": "tmpfs", "/mounts/~1place~1below/type": "tmpfs"})
def a_mount_inside_a_mount(side):
    side.bundle.mount(PLACE, "tmpfs", "outer", ["size=64k"])
    side.bundle.mount(PLACE + "/below", "tmpfs", "inner", ["size=128k"])
    side.probe("mounts", "paths", paths=[PLACE, PLACE + "/below"])


@case(expects={"/mounts/~1place #1/source": "second"})
def a_mount_over_a_mount(side):
    side.bundle.mount(PLACE, "tmpfs", "first", ["size=64k"])
    side.bundle.mount(PLACE, "tmpfs", "second", ["size=128k"])
    side.probe("mounts", "paths", paths=[PLACE])


def propagation(side, word):
    bind(side, "rbind", word)


@case(expects={AT + "/propagation": []})
def a_private_mount(side):
    propagation(side, "private")


@case(expects={AT + "/propagation": []})
def a_recursively_private_mount(side):
    propagation(side, "rprivate")


def from_shared(side, word):
    """The source lies on a shared mount, so that a slave has a master to show."""
    propagation(side, word)
    where = os.path.join(side.directory, "source")
    side.prelude = f"mount --bind {where} {where}\nmount --make-shared {where}"


@case(expects={AT + "/propagation/0": lambda field: field.startswith("master:")})
def a_slave_mount(side):
    from_shared(side, "slave")


@case(expects={AT + "/propagation/0": lambda field: field.startswith("master:")})
def a_recursively_slave_mount(side):
    from_shared(side, "rslave")


@case(expects={AT + "/propagation/0": lambda field: field.startswith("shared:")})
def a_shared_mount(side):
    propagation(side, "shared")


@case(expects={AT + "/propagation/0": lambda field: field.startswith("shared:")})
def a_recursively_shared_mount(side):
    propagation(side, "rshared")


@case(expects={AT + "/propagation/0": "unbindable"})
def an_unbindable_mount(side):
    propagation(side, "unbindable")


@case(expects={AT + "/propagation/0": lambda field: field.startswith("master:")})
def a_bind_mount_from_a_shared_source_without_a_word_about_it(side):
    from_shared(side, "bind")


@case(expects={AT + "/super": has("size=1024k", "mode=711", "nr_inodes=100"),
               "/paths/~1place/mode": "0711"})
def a_tmpfs_with_size_mode_and_inodes(side):
    side.bundle.mount(PLACE, "tmpfs", "tmpfs", ["size=1m", "mode=711", "nr_inodes=100"])
    side.probe("mounts", "paths", paths=[PLACE])


@case(expects={"/paths/~1place/uid": 1000, "/paths/~1place/gid": 5})
def a_tmpfs_of_another_owner(side):
    side.bundle.mount(PLACE, "tmpfs", "tmpfs", ["uid=1000", "gid=5", "size=64k"])
    side.probe("mounts", "paths", paths=[PLACE])


@case(expects={AT + "/options": has("ro", "nosuid", "nodev", "noexec"),
               "/paths/~1place/mkdir": "EROFS"})
def a_read_only_tmpfs(side):
    side.bundle.mount(PLACE, "tmpfs", "tmpfs", ["ro", "nosuid", "nodev", "noexec", "size=64k"])
    side.probe("mounts", "paths", paths=[PLACE])


@case(expects={"/paths/~1place/mode": "0750"})
def a_tmpfs_over_a_directory_takes_its_mode(side):
    os.mkdir(side.bundle.rootfs + PLACE)
    os.chmod(side.bundle.rootfs + PLACE, 0o750)
    side.bundle.mount(PLACE, "tmpfs", "tmpfs", ["size=64k"])
    side.probe("mounts", "paths", paths=[PLACE])


@case(expects={AT + "/options": has("noatime", "nodev"), AT + "/super": has("sync", "dirsync")})
def a_tmpfs_with_the_rarer_options(side):
    side.bundle.mount(PLACE, "tmpfs", "tmpfs", ["sync", "dirsync", "noatime", "dev", "exec", "suid",
                                                "nodev", "size=64k"])
    side.probe("mounts", paths=[PLACE])


@case("mounts", "processes", expects={"/mounts/~1proc/super": has("hidepid=invisible")})
def a_proc_with_hidden_processes(side):
    side.bundle.change_mount("/proc", options=["nosuid", "nodev", "noexec", "hidepid=2"])


@case("mounts", expects={"/mounts/~1sys/options": has("rw")})
def a_writable_sysfs(side):
    side.bundle.change_mount("/sys", options=["nosuid", "noexec", "nodev"])


@case("mounts", "devices", expects={"/mounts/~1dev~1pts/super": has("mode=600", "ptmxmode=000")})
def a_devpts_with_the_kernels_defaults(side):
    side.bundle.change_mount("/dev/pts", options=["nosuid", "noexec", "newinstance"])


@case("mounts", expects={"/mounts/~1queue/type": "mqueue"})
def a_second_mqueue(side):
    side.bundle.mount("/queue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"])


@case("mounts", "cgroup", expects={"/cgroup/hierarchies/pids/mkdir": "ok"})
def a_writable_cgroup_mount(side):
    side.bundle.change_mount("/sys/fs/cgroup", options=["nosuid", "noexec", "nodev", "relatime"])


@case("mounts", "cgroup", expects={"/cgroup/hierarchies/pids/mkdir": "EROFS",
                                   "/cgroup/hierarchies/pids/own": True})
def a_cgroup_mount_without_a_cgroup_namespace(side):
    side.bundle.without_namespace("cgroup")


@case("mounts", "cgroup", expects={"/cgroup/hierarchies/pids/mkdir": "ok"})
def a_writable_cgroup_mount_without_a_cgroup_namespace(side):
    side.bundle.without_namespace("cgroup")
    side.bundle.change_mount("/sys/fs/cgroup", options=["nosuid", "noexec", "nodev", "relatime"])


@case("process", "root", "namespaces", expects={"/process/exe": ""})
def a_bundle_without_mounts(side):
    side.bundle.set("/mounts", []).remove("/linux/maskedPaths").remove("/linux/readonlyPaths")


@case("root", "mounts", "devices", expects={"/root/readonly": True, "/root/mkdir": "EROFS"})
def a_read_only_root(side):
    side.bundle.set("/root/readonly", True)


@case("root", "mounts", expects={"/root/mkdir": "ok"})
def a_root_by_absolute_path(side):
    side.bundle.set("/root/path", side.bundle.rootfs)


@case("root", "mounts", expects={"/root/mkdir": "ok"})
def a_root_that_is_not_pivoted_to(side):
    side.create_flags.append("--no-pivot")


def root_propagation(side, word):
    side.bundle.set("/linux/rootfsPropagation", word)


@case("mounts", expects={"/mounts/~1/propagation": []})
def a_private_root(side):
    root_propagation(side, "private")


@case("mounts")
def a_slave_root(side):
    root_propagation(side, "slave")


@case("mounts", expects={"/mounts/~1/propagation/0": lambda field: field.startswith("shared:")})
def a_shared_root(side):
    root_propagation(side, "shared")


@case("mounts", expects={"/mounts/~1/propagation/0": "unbindable"})
def an_unbindable_root(side):
    root_propagation(side, "unbindable")


MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware",
          "/proc/scsi"]


@case(expects={"/paths/~1proc~1keys/empty": True})
def the_default_masked_paths(side):
    side.probe("paths", "mounts", paths=MASKED)


@case(expects={"/paths/~1etc~1passwd/empty": True, "/paths/~1home/entries": 0})
def masked_paths_of_ones_own(side):
    os.mkdir(side.bundle.rootfs + "/home/inside")
    side.bundle.set("/linux/maskedPaths", ["/etc/passwd", "/home", "/missing/path"])
    side.probe("paths", "mounts", paths=["/etc/passwd", "/home", "/missing/path", *MASKED])


@case(expects={"/paths/~1proc~1sys/mkdir": lambda error: error != "ok"})
def the_default_read_only_paths(side):
    side.probe("paths", "mounts",
               paths=["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
                      "/proc/sys/kernel/hostname"])


@case(expects={"/paths/~1etc~1passwd/write": "EROFS", "/paths/~1home/mkdir": "EROFS"})
def read_only_paths_of_ones_own(side):
    side.bundle.set("/linux/readonlyPaths", ["/etc/passwd", "/home", "/missing/path"])
    side.probe("paths", "mounts", paths=["/etc/passwd", "/home", "/missing/path", "/proc/sys"])


@case("paths", "mounts", expects={"/paths/~1proc~1keys/empty": False})
def no_masked_and_no_read_only_paths(side):
    side.bundle.remove("/linux/maskedPaths").remove("/linux/readonlyPaths")
    side.probe("paths", "mounts", paths=["/proc/keys", "/proc/sys", "/sys/firmware"])
