"""Each kind of namespace: created, inherited, joined by path; user namespaces with maps."""

import os

from support import report
from support.namespaces import hold
from table import case

ALL = ("descriptors", "signals", "session", "process", "namespaces", "ids", "capabilities",
       "security", "rlimits", "scheduling", "system", "keyring", "network", "mounts", "root",
       "devices", "cgroup", "processes", "syscalls")


@case(*ALL, expects={"/namespaces/pid": "new", "/namespaces/mnt": "new", "/processes/0/pid": "1",
                      "/mounts/~1sys~1fs~1cgroup/options": lambda options: "ro" in options})
def the_default_bundle(side):
    pass


def inherits(side, kind):
    side.bundle.without_namespace(kind)


@case("namespaces", "session", "mounts", expects={"/namespaces/pid": "the host's"})
def an_inherited_pid_namespace(side):
    inherits(side, "pid")
    side.probe("namespaces", "mounts")


@case("namespaces", "network", "mounts", expects={"/namespaces/net": "the host's"})
def an_inherited_network_namespace(side):
    inherits(side, "network")


@case("namespaces", "mounts", "sysctls", expects={"/namespaces/ipc": "the host's"})
def an_inherited_ipc_namespace(side):
    inherits(side, "ipc")


@case("namespaces", "system", expects={"/namespaces/uts": "the host's"})
def an_inherited_uts_namespace(side):
    inherits(side, "uts")
    side.bundle.remove("/hostname")


@case("namespaces", "cgroup", "mounts", expects={"/namespaces/cgroup": "the host's"})
def an_inherited_cgroup_namespace(side):
    inherits(side, "cgroup")


@case("namespaces", "network", "processes", expects={"/namespaces/net": "new"})
def only_the_namespaces_that_are_listed(side):
    side.bundle.set("/linux/namespaces", [{"type": "mount"}, {"type": "pid"}, {"type": "network"}])
    side.bundle.remove("/hostname")


def joins(side, kind, name, *flags):
    path = f"/proc/{hold(side.test, *flags)}/ns/{name}"
    side.know_namespace(path, "the holder's")
    side.bundle.namespace(kind, path)
    return path


@case("namespaces", "network", "mounts", expects={"/namespaces/net": "the holder's"})
def a_joined_network_namespace(side):
    joins(side, "network", "net", "--net")


@case("namespaces", "mounts", "sysctls", expects={"/namespaces/ipc": "the holder's"})
def a_joined_ipc_namespace(side):
    joins(side, "ipc", "ipc", "--ipc")


@case("namespaces", "system", expects={"/namespaces/uts": "the holder's"})
def a_joined_uts_namespace(side):
    joins(side, "uts", "uts", "--uts")
    side.bundle.remove("/hostname")


@case("namespaces", "session", "processes", "mounts",
      expects={"/namespaces/pid": "the holder's", "/processes": 2})
def a_joined_pid_namespace(side):
    joins(side, "pid", "pid", "--pid", "--fork")
    report_ = side.observe()
    # Which number it gets depends on how often the runtime forks inside: only that it is not 1.
    report.check(report_["session"]["pid"] > 1, "not the first process of the namespace")
    del report_["session"]
    report_["processes"] = len(report_["processes"])
    return report_


def give_rootfs(side, uid, gid):
    """Directories and links of the root file system to the mapped root; the programs are shared
    hard links and stay as they are."""
    for directory, names, files in os.walk(side.bundle.rootfs):
        os.lchown(directory, uid, gid)
        for name in names + files:
            path = os.path.join(directory, name)
            if os.path.islink(path) or os.stat(path).st_nlink == 1:
                os.lchown(path, uid, gid)


USER = ("namespaces", "ids", "capabilities", "security", "mounts", "root", "devices", "cgroup",
        "network", "keyring", "session", "processes")


@case(*USER, expects={"/namespaces/user": "new", "/ids/uid_map/0": "0 100000 65536",
                      "/ids/uid/0": 0, "/root/mkdir": "ok"})
def a_user_namespace(side):
    side.bundle.user_namespace()
    give_rootfs(side, 100000, 100000)


@case("ids", "root", expects={"/ids/uid_map/1": "1000 200000 10"})
def a_user_namespace_of_two_ranges(side):
    side.bundle.user_namespace()
    give_rootfs(side, 100000, 100000)
    ranges = [{"containerID": 0, "hostID": 100000, "size": 1000},
              {"containerID": 1000, "hostID": 200000, "size": 10}]
    side.bundle.set("/linux/uidMappings", ranges).set("/linux/gidMappings", ranges)


@case("ids", "capabilities", "descriptors", "devices",
      expects={"/ids/uid/0": 1000, "/ids/groups/0": 5})
def a_user_within_a_user_namespace(side):
    side.bundle.user_namespace()
    give_rootfs(side, 100000, 100000)
    side.bundle.set("/process/user", {"uid": 1000, "gid": 1000, "additionalGids": [5]})


@case("ids", "root", expects={"/ids/uid_map/0": "0 0 1000"})
def a_user_namespace_that_maps_root_to_root(side):
    side.bundle.user_namespace(host=0, size=1000)


@case("namespaces", "network", "mounts", "ids",
      expects={"/namespaces/user": "new", "/namespaces/net": "the host's"})
def a_user_namespace_with_the_hosts_network(side):
    side.bundle.user_namespace().without_namespace("network")
    give_rootfs(side, 100000, 100000)
    # The kernel lets only the owner of the network namespace mount sysfs: a bind, as callers do.
    side.bundle.without_mount("/sys/fs/cgroup")
    side.bundle.change_mount("/sys", type="bind", source="/sys",
                             options=["rbind", "nosuid", "noexec", "nodev", "ro"])
    found = side.observe()
    # The machine's own tree under /sys is not the runtime's work: only its top is.
    found["mounts"] = [mount for mount in found["mounts"]
                       if not mount["point"].startswith("/sys/fs")]
    return found
