"""Features once more inside a user namespace, where other privileges do the work."""

import os

from cases_exec import EXEC_SECTIONS, exec_report
from cases_mounts import AT, PLACE, has, source
from cases_namespaces import give_rootfs, joins
from cases_terminal import terminal
from table import case


def mapped(side):
    side.bundle.user_namespace()
    give_rootfs(side, 100000, 100000)


@case(expects={AT + "/options": has("ro"), "/paths/~1place~1file/read": "ok"})
def a_bind_mount_in_a_user_namespace(side):
    mapped(side)
    where = source(side)
    side.bundle.mount(PLACE, "bind", where, ["bind", "ro"])
    side.probe("mounts", "paths", paths=[PLACE, PLACE + "/file"])


@case(expects={"/paths/~1place~1file/read": "ok"})
def a_bind_mount_in_a_user_namespace_from_where_its_root_may_not_go(side):
    mapped(side)
    outer = os.path.join(side.directory, "outer")
    os.mkdir(outer)
    where = os.path.join(outer, "source")
    os.rename(source(side), where)
    os.chmod(outer, 0o700)
    side.bundle.mount(PLACE, "bind", where, ["bind"])
    side.probe("mounts", "paths", paths=[PLACE, PLACE + "/file"])


@case(expects={"/session/controlling": "ok", "/devices/~1dev~1console/type": "c"})
def a_terminal_in_a_user_namespace(side):
    mapped(side)
    side.probe("session", "descriptors", "devices")
    return terminal(side)


@case("root", "mounts", "devices", expects={"/root/readonly": True})
def a_read_only_root_in_a_user_namespace(side):
    mapped(side)
    side.bundle.set("/root/readonly", True)


@case(expects={"/paths/~1etc~1passwd/empty": True, "/paths/~1home/mkdir": "EROFS"})
def masked_and_read_only_paths_in_a_user_namespace(side):
    mapped(side)
    side.bundle.set("/linux/maskedPaths", ["/etc/passwd", "/proc/keys"])
    side.bundle.set("/linux/readonlyPaths", ["/home", "/proc/sys"])
    side.probe("paths", paths=["/etc/passwd", "/proc/keys", "/home", "/proc/sys"])


@case(expects={"/sysctls/net.ipv4.ip_forward": "1"})
def kernel_parameters_in_a_user_namespace(side):
    mapped(side)
    values = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "9000"}
    side.bundle.set("/linux/sysctl", values)
    side.probe("sysctls", sysctls=sorted(values))


@case("security", "syscalls", "capabilities", expects={"/syscalls/swapon": "EXDEV"})
def seccomp_in_a_user_namespace(side):
    mapped(side)
    side.bundle.set("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["swapon"], "action": "SCMP_ACT_ERRNO", "errnoRet": 18}]})


@case("namespaces", "network", "ids", expects={"/namespaces/user": "new",
                                               "/namespaces/net": "the holder's"})
def a_user_namespace_with_a_joined_network_namespace(side):
    mapped(side)
    joins(side, "network", "net", "--net")
    # sysfs belongs to the owner of the network namespace.
    side.bundle.without_mount("/sys/fs/cgroup").without_mount("/sys")


@case(expects={"/namespaces/user": "the container's", "/ids/uid/0": 0,
               "/ids/uid_map/0": "0 100000 65536", "/capabilities/effective": ["CAP_KILL"]})
def an_executed_process_in_a_user_namespace(side):
    mapped(side)
    sections = [name for name in EXEC_SECTIONS if name not in ("descriptors", "mounts", "devices")]
    return exec_report(side, {"capabilities": {
        name: ["CAP_KILL"] for name in ("bounding", "effective", "permitted")}}, pieces=sections)
