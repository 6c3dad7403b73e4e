"""Namespaces joined by path (config-linux.md#namespaces)."""

import os
import subprocess

from common import HOST_ID, KINDS, Box, Holder, give_rootfs, inode, proc_name, suite
from support import report

BESIDE_USER = tuple(kind for kind in KINDS if kind != "user")


FILE_SYSTEMS_OF = {"network": ("/sys", "/sys/fs/cgroup"), "pid": ("/proc",),
                   "ipc": ("/dev/mqueue",), "cgroup": ("/sys/fs/cgroup",)}


def join(bundle, holder, *kinds):
    for kind in kinds:
        bundle.namespace(kind, holder.path(kind))
    if "uts" in kinds:
        bundle.remove("/hostname")
    if "mount" in kinds:
        return nothing_mounted(bundle)
    if "user" in kinds:
        # A file system of another namespace is for that one's owner (user_namespaces(7)).
        for kind in kinds:
            for destination in FILE_SYSTEMS_OF.get(kind, ()):
                bundle.without_mount(destination)
    return bundle


def nothing_mounted(bundle):
    """All that would change a mount namespace which is not the container's own."""
    for pointer in ("/mounts", "/linux/maskedPaths", "/linux/readonlyPaths"):
        bundle.remove(pointer)
    return bundle


def executed(box, *command):
    """The pid of a process that was executed in the container, as we see it."""
    file = os.path.join(box.t.directory, "exec-pid")
    box.t.runtime.exec(box.id, *command, flags=["--detach", "--pid-file", file]).must()
    with open(file, encoding="ascii") as lines:
        pid = int(lines.read())
    os.unlink(file)
    return pid


def end(pid):
    """Reaped too: an init ends only after all of its pid namespace is gone."""
    os.kill(pid, 9)
    os.waitpid(pid, 0)


def check_joined(box, holder, kinds):
    """The container process, and one that is executed beside it, are in the holder's namespaces."""
    joined = {kind: inode(holder.pid, kind) for kind in kinds}
    for kind in kinds:
        report.check(joined[kind] != inode("self", kind), f"the holder's {kind} is its own")
    report.equal({kind: inode(box.pid, kind) for kind in kinds}, joined, "the container's")
    pid = executed(box, "sleep", "100")
    report.equal({kind: inode(pid, kind) for kind in kinds}, joined, "of an executed process")
    end(pid)


def ids_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["Uid"].split()[0]), int(fields["Gid"].split()[0])


def mounts_of(pid):
    with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
        return file.read()


def joins(name, *kinds, holder, mapped=False):
    """The container is in the holder's namespaces; its deletion leaves them as they were."""
    def test(t):
        held = holder(t)
        before, mounts = held.inodes(), mounts_of(held.pid)

        def change(bundle):
            join(bundle, held, *kinds)
            if mapped:
                give_rootfs(bundle)
        box = Box(t, change).run()
        report.equal(ids_of(box.pid), (HOST_ID, HOST_ID) if mapped else (0, 0), "ids outside")
        check_joined(box, held, kinds)
        report.equal(t.runtime.status(box.id), "running", "status")
        box.delete()
        report.equal((held.inodes(), mounts_of(held.pid)), (before, mounts), "the holder's")
    suite.add(name, test)


for joined_kind in ("cgroup", "mount"):
    joins(f"joins_a_{joined_kind}_namespace", joined_kind,
          holder=lambda t, kind=joined_kind: Holder(t, (kind,)))
joins("joins_all_but_the_user_namespace", *BESIDE_USER, holder=lambda t: Holder(t, BESIDE_USER))
joins("joins_a_user_namespace", "user", holder=lambda t: Holder(t, user=True), mapped=True)
for joined_kind in BESIDE_USER:
    joins(f"joins_a_user_namespace_and_a_{joined_kind}_namespace_of_its_own",
          "user", joined_kind, mapped=True,
          holder=lambda t, kind=joined_kind: Holder(t, owned=(kind,)))
    joins(f"joins_a_user_namespace_and_a_{joined_kind}_namespace_of_the_hosts",
          joined_kind, "user", mapped=True,
          holder=lambda t, kind=joined_kind: Holder(t, (kind,), user=True))
joins("joins_all_eight_namespaces_of_one_user_namespace", *KINDS, mapped=True,
      holder=lambda t: Holder(t, owned=BESIDE_USER))
joins("joins_all_eight_namespaces_in_the_reverse_order", *reversed(KINDS), mapped=True,
      holder=lambda t: Holder(t, BESIDE_USER[:3], owned=BESIDE_USER[3:]))


# The type of the namespace.

def refuses_another_type(kind):
    other = "network" if kind != "network" else "uts"

    def test(t):
        def change(bundle):
            bundle.namespace(kind, f"/proc/self/ns/{proc_name(other)}")
            change.index = len(bundle.config["linux"]["namespaces"]) - 1
        box = Box(t, change)
        box.refused(f"/linux/namespaces/{change.index}/path", "another type")
    return test


for wrong_kind in KINDS:
    suite.add(f"refuses_another_type_in_the_place_of_a_{wrong_kind}_namespace",
              refuses_another_type(wrong_kind))


# The runtime's own namespace: to join it is to inherit it.

def own(kind):
    def test(t):
        def change(bundle):
            bundle.namespace(kind, f"/proc/{os.getpid()}/ns/{proc_name(kind)}")
            if kind == "uts":
                bundle.remove("/hostname")
            if kind == "mount":
                nothing_mounted(bundle)
        box = Box(t, change).run()
        report.equal(inode(box.pid, kind), inode("self", kind), f"the {kind} namespace")
        pid = executed(box, "sleep", "100")
        report.equal(inode(pid, kind), inode("self", kind), "that of an executed process")
        end(pid)
        box.delete()
    return test


for own_kind in KINDS:
    suite.add(f"a_path_of_the_runtimes_own_{own_kind}_namespace_is_inherited", own(own_kind))


@suite.test
def what_is_refused_in_an_inherited_namespace_is_refused_in_the_runtimes_own(t):
    for kind, pointer in (("uts", "/hostname"), ("mount", "/mounts")):
        path = f"/proc/self/ns/{proc_name(kind)}"
        Box(t, lambda bundle: bundle.namespace(kind, path), name=kind).refused(pointer, "inherits")


# The mount namespace.

@suite.test
def the_root_of_a_joined_mount_namespace_is_found_there(t):
    holder = Holder(t, ("mount",))

    def change(bundle):
        join(bundle, holder, "mount")
        enter(holder, "mount", "-t", "tmpfs", "tmpfs", bundle.rootfs + "/tmp")
        enter(holder, "touch", bundle.rootfs + "/tmp/there")
    box = Box(t, change).run()
    report.equal(t.runtime.exec(box.id, "ls", "/tmp").must().stdout, "there\n", "seen by exec")
    report.equal(os.listdir(f"/proc/{box.pid}/root/tmp"), ["there"], "seen by the container")
    box.delete()
    enter(holder, "umount", box.bundle.rootfs + "/tmp")


def enter(holder, *command):
    subprocess.run(["nsenter", f"--mount={holder.path('mount')}", *command], check=True,
                   stdin=subprocess.DEVNULL, timeout=10)


def stays_in_its_root(change_of):
    def test(t):
        box = Box(t, change_of(t)).run()
        root = os.stat(box.bundle.rootfs)
        inside = t.runtime.exec(box.id, "stat", "-c", "%d %i", "/").must().stdout
        report.equal(inside, f"{root.st_dev} {root.st_ino}\n", "the root of an executed process")
        box.delete()
    return test


suite.add("exec_has_the_containers_root_where_the_mount_namespace_is_inherited",
          stays_in_its_root(lambda t: lambda bundle: nothing_mounted(
              bundle.without_namespace("mount"))))
suite.add("exec_has_the_containers_root_where_the_mount_namespace_is_joined",
          stays_in_its_root(lambda t: lambda bundle, holder=Holder(t, ("mount",)): join(
              bundle, holder, "mount")))


@suite.test
def a_startContainer_hook_has_the_containers_root_where_the_mount_namespace_is_inherited(t):
    def change(bundle):
        nothing_mounted(bundle.without_namespace("mount"))
        bundle.hook("startContainer", "/bin/sh", ["sh", "-c", "echo hook > /hook"])
    box = Box(t, change).run()
    report.check(os.path.exists(box.bundle.rootfs + "/hook"), "the hook's file in the root")
    box.delete()


REFUSED_IN_A_JOINED_MOUNT_NAMESPACE = {
    "mounts": ("/mounts", [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]),
    "masked_paths": ("/linux/maskedPaths", ["/etc"]),
    "read_only_paths": ("/linux/readonlyPaths", ["/etc"]),
    "a_read_only_root": ("/root/readonly", True),
    "a_propagation": ("/linux/rootfsPropagation", "private"),
    "devices": ("/linux/devices", [{"path": "/dev/pipe", "type": "p"}]),
}


def refuses_to_change_a_joined_mount_namespace(pointer, value):
    def test(t):
        holder = Holder(t, ("mount",))
        Box(t, lambda bundle: join(bundle, holder, "mount").set(pointer, value)).refused(
            pointer, "joins another's")
    return test


for what, (where, wanted) in REFUSED_IN_A_JOINED_MOUNT_NAMESPACE.items():
    suite.add(f"refuses_{what}_in_a_joined_mount_namespace",
              refuses_to_change_a_joined_mount_namespace(where, wanted))


# The user namespace.

def mapped(uid=HOST_ID, size=65536):
    return [{"containerID": 0, "hostID": uid, "size": size}]


def with_maps(t, uids, gids, **holder):
    held = Holder(t, user=True, **holder)

    def change(bundle):
        give_rootfs(join(bundle, held, "user"))
        bundle.set("/linux/uidMappings", uids).set("/linux/gidMappings", gids)
    return change


def accepts_maps(name, maps):
    def test(t):
        box = Box(t, with_maps(t, maps, maps)).run()
        report.equal(ids_of(box.pid), (HOST_ID, HOST_ID), "ids outside")
        box.delete()
    suite.add(name, test)


accepts_maps("accepts_the_maps_of_the_user_namespace_that_is_joined", mapped())
accepts_maps("accepts_podmans_wildcard_for_the_maps_of_a_joined_user_namespace", mapped(0, 1))


@suite.test
def refuses_maps_that_are_not_those_of_the_joined_user_namespace(t):
    Box(t, with_maps(t, mapped(300000), mapped()), name="uids").refused("/linux/uidMappings")
    Box(t, with_maps(t, mapped(), mapped(size=5)), name="gids").refused("/linux/gidMappings")


@suite.test
def refuses_ids_that_a_joined_user_namespace_does_not_map(t):
    for pointer, value in (("/process/user/uid", 1000), ("/process/user/gid", 1000),
                           ("/process/user/additionalGids", [1000])):
        holder = Holder(t, user=True, size=1000)
        Box(t, lambda bundle: give_rootfs(join(bundle, holder, "user")) or bundle.set(
            pointer, value), name=pointer.rpartition("/")[2]).refused(pointer, "not mapped")


@suite.test
def refuses_groups_where_a_joined_user_namespace_denies_them(t):
    holder = Holder(t, user=True, deny_groups=True)
    Box(t, lambda bundle: give_rootfs(join(bundle, holder, "user")) or bundle.set(
        "/process/user/additionalGids", [5])).refused("/process/user/additionalGids", "setgroups")


@suite.test
def joins_a_user_namespace_that_denies_groups(t):
    holder = Holder(t, user=True, deny_groups=True)
    box = Box(t, lambda bundle: give_rootfs(join(bundle, holder, "user"))).run()
    check_joined(box, holder, ("user",))
    box.delete()


@suite.test
def the_processes_of_a_container_cannot_be_traced_by_the_owner_of_its_user_namespace(t):
    """While it is created the init holds descriptors of the host's: it stays hidden."""
    holder = Holder(t, user=True)
    box = Box(t, lambda bundle: give_rootfs(join(bundle, holder, "user"))).create()
    report.equal(os.stat(f"/proc/{box.pid}/environ").st_uid, 0, "owner of what is hidden")
    box.delete()
