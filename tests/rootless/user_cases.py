"""An ordinary user runs containers (contract, row 28; user_namespaces(7))."""

import errno
import json
import os
import stat

from common import RANGE, SIZE, UID, Box, User, host_ids, ranges, suite
from support import report
from support.agent import NUMBERS, Agent
from support.container import reap_orphans
from support.runtime import ConsoleSocket, read_terminal


@suite.test
def the_bundle_of_spec_rootless_lives_from_create_to_delete(t):
    box = Box(t)
    box.runtime.create(box.id, box.bundle).must()
    report.equal(box.runtime.status(box.id), "created", "status")
    report.equal(host_ids(box.pid)[:2], (UID, UID), "the created process's ids on the host")
    box.runtime.start(box.id).must()
    report.equal(host_ids(box.pid)[:2], (UID, UID), "the program's ids on the host")
    ids = box.probe("ids")["ids"]
    report.equal((ids["uid"][0], ids["gid"][0]), (0, 0), "ids of an executed process")
    report.equal(ids["uid_map"], [f"0 {UID} 1"], "uid_map")
    report.equal(ids["gid_map"], [f"0 {UID} 1"], "gid_map")
    pid = box.pid
    box.runtime.kill(box.id, "KILL").must()
    os.waitpid(pid, 0)
    box.runtime.wait_status(box.id, "stopped")
    box.runtime.delete(box.id).must()
    box.nothing_left()


@suite.test
def the_state_is_in_the_users_runtime_directory(t):
    box = Box(t)
    result = box.user.call("create", "--bundle", box.bundle.path, box.id)
    report.equal((result.returncode, result.stderr), (0, ""), "create")
    where = os.stat(os.path.join(box.user.run_directory, "nucleus", box.id))
    report.equal((where.st_uid, stat.S_IMODE(where.st_mode) & 0o077), (UID, 0), "its directory")
    listed = box.user.call("list", "--quiet")
    report.equal(listed.stdout, box.id + "\n", "list")
    result = box.user.call("delete", "--force", box.id)
    report.equal((result.returncode, result.stderr), (0, ""), "delete")
    box.nothing_left()


@suite.test
def a_foreground_run_ends_with_the_programs_status(t):
    box = Box(t, arguments=("sh", "-c", "id -u; exit 7"))
    result = box.runtime.run(box.id, box.bundle).must(7)
    report.equal(result.stdout, "0\n", "output")
    box.nothing_left()


@suite.test
def exec_enters_a_created_container(t):
    box = Box(t)
    box.runtime.create(box.id, box.bundle).must()
    namespaces = box.probe("namespaces")["namespaces"]
    for kind in ("user", "mnt", "pid", "cgroup"):
        report.equal(namespaces[kind], os.stat(f"/proc/{box.pid}/ns/{kind}").st_ino, kind)
    box.delete()


@suite.test
def the_created_process_stays_hidden(t):
    """Only root of its user namespace may look into it; the user may, being that namespace's
    owner, and the namespace's other processes may not (ptrace(2))."""
    box = Box(t)
    box.runtime.create(box.id, box.bundle).must()
    seen = box.runtime.exec(box.id, "sh", "-c", "cat /proc/1/maps > /dev/null 2>&1 || "
                            "readlink /proc/1/exe || readlink /proc/1/fd/3")
    report.equal((seen.status != 0, seen.stdout), (True, ""), f"a look into it\n{seen!r}")
    box.delete()


@suite.test
def hooks_run_in_the_users_container(t):
    def change(bundle):
        for kind in ("createContainer", "startContainer"):
            bundle.hook(kind, "/bin/sh", ["sh", "-c", f"id -u > {marks[kind]}"])
    marks = {"createContainer": os.path.join(t.directory, "bundle", "hook"),
             "startContainer": "/tmp/hook"}
    box = Box(t, lambda bundle: change(bundle.set("/root/readonly", False)))
    box.run()
    for path in (marks["createContainer"], box.bundle.rootfs + "/tmp/hook"):
        with open(path, encoding="ascii") as file:
            report.equal(file.read(), "0\n", path)
        os.unlink(path)
    box.delete()


def with_ranges(bundle):
    return bundle.set("/linux/uidMappings", ranges()).set("/linux/gidMappings", ranges())


@suite.test
def subordinate_ids_are_mapped_by_newuidmap(t):
    box = Box(t, lambda bundle: with_ranges(bundle).set(
        "/process/user", {"uid": 1000, "gid": 1001, "additionalGids": [5]})).run()
    report.equal(host_ids(box.pid), (RANGE + 999, RANGE + 1000, [RANGE + 4]), "ids on the host")
    ids = box.probe("ids")["ids"]
    report.equal(ids["uid_map"], [f"0 {UID} 1", f"1 {RANGE} {SIZE - 1}"], "uid_map")
    report.equal(ids["gid_map"], [f"0 {UID} 1", f"1 {RANGE} {SIZE - 1}"], "gid_map")
    report.equal(ids["groups"], [5], "groups of an executed process")
    box.delete()


@suite.test
def a_container_of_subordinate_ids_is_killed_by_its_user(t):
    box = Box(t, lambda bundle: with_ranges(bundle).set("/process/user", {"uid": 9, "gid": 9}))
    box.run()
    box.runtime.kill(box.id, "KILL").must()
    box.runtime.wait_status(box.id, "stopped")
    box.delete()


MKDIR = ["mkdir", "mkdirat"]


def agent_for(t, refused=MKDIR):
    """An agent that anybody may call, and that refuses calls of some names."""
    numbers = {NUMBERS.get(name) for name in refused}
    agent = Agent(os.path.join(t.directory, "agent.sock"),
                  lambda number, _pid: errno.EDQUOT if number in numbers else 0)
    t.on_cleanup(agent.close)
    os.chmod(agent.path, 0o777)
    return agent


def notifies(bundle, agent):
    return bundle.set("/linux/seccomp", {
        "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": agent.path,
        "syscalls": [{"names": MKDIR, "action": "SCMP_ACT_NOTIFY"}]})


@suite.test
def an_agent_answers_the_calls_of_a_users_container(t):
    agent = agent_for(t)
    box = Box(t, lambda bundle: notifies(bundle, agent),
              arguments=("sh", "-c", "mkdir /tmp/one; sleep 1000")).run()
    listener = agent.connection()
    report.equal(listener.state["pid"], box.pid, "pid of the container process state")
    report.equal(len(listener.descriptors), 1, "descriptors that came")
    report.eventually(lambda: listener.calls, "a call that is told of")
    report.check(listener.calls[0][0] in (NUMBERS.get("mkdir"), NUMBERS["mkdirat"]),
                 f"the calls that were told of: {listener.calls}")
    report.check(not os.path.exists(box.bundle.rootfs + "/tmp/one"), "no directory was made")
    box.delete()


@suite.test
def refuses_to_execute_where_an_agent_would_have_to_be_given_the_listener(t):
    # A process on its way into a container that runs must stay hidden from the container's root,
    # and so from the user who owns the container's user namespace.
    agent = agent_for(t)
    box = Box(t, lambda bundle: notifies(bundle, agent)).run()
    agent.connection()
    result = box.runtime.exec(box.id, "true").must(255)
    report.equal(len(result.stderr.splitlines()), 1, f"lines on stderr {result.stderr!r}")
    report.contains(result.stderr, "/linux/seccomp/listenerPath", "stderr")
    report.contains(result.stderr, "CAP_SYS_PTRACE", "stderr")
    report.equal(box.state()["status"], "running", "status of the container")
    box.delete()


def without_root(bundle):
    """Ids 5 and 6 alone, of which one is the user itself."""
    bundle.set("/linux/uidMappings", [{"containerID": 5, "hostID": UID, "size": 1}])
    bundle.set("/linux/gidMappings", [{"containerID": 5, "hostID": UID, "size": 1}])
    return bundle.set("/process/user", {"uid": 5, "gid": 5})


@suite.test
def a_container_whose_root_is_not_mapped_runs_and_is_entered(t):
    box = Box(t, without_root).run()
    report.equal(host_ids(box.pid)[:2], (UID, UID), "ids on the host")
    ids = box.probe("ids")["ids"]
    report.equal((ids["uid"], ids["gid"]), ([5] * 4, [5] * 4), "ids of an executed process")
    report.equal(ids["uid_map"], [f"5 {UID} 1"], "uid_map")
    box.delete()


@suite.test
def refuses_ids_that_are_not_the_users(t):
    def change(bundle):
        maps = [{"containerID": 0, "hostID": 10, "size": 5}]
        bundle.set("/linux/uidMappings", maps).set("/linux/gidMappings", maps)
    Box(t, change).refused("write id maps", "newuidmap", "not allowed")


@suite.test
def refuses_the_hosts_root_in_a_users_map(t):
    maps = [{"containerID": 0, "hostID": 0, "size": 1}]
    Box(t, lambda bundle: bundle.set("/linux/uidMappings", maps)).refused(
        "/linux/uidMappings", "host id 0")


@suite.test
def refuses_ranges_where_newuidmap_is_missing(t):
    user = User(t, before="mount --bind /etc/passwd /usr/bin/newuidmap")
    Box(t, with_ranges, user=user).refused("newuidmap", "not installed")


@suite.test
def refuses_groups_that_the_kernel_denies(t):
    Box(t, lambda bundle: bundle.set("/process/user/additionalGids", [0])).refused(
        "/process/user/additionalGids", "setgroups")


@suite.test
def refuses_to_execute_with_groups_that_the_kernel_denies(t):
    box = Box(t).run()
    process = dict(box.bundle.config["process"], args=["true"],
                   user={"uid": 0, "gid": 0, "additionalGids": [0]})
    path = os.path.join(t.directory, "process.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(process, file)
    os.chmod(path, 0o644)
    for arguments in (("--process", path, box.id), ("--additional-gids", "0", box.id, "true")):
        result = box.runtime.call("exec", *arguments).must(255)
        report.equal(len(result.stderr.splitlines()), 1, f"lines on stderr {result.stderr!r}")
        report.contains(result.stderr, "/user/additionalGids", "stderr")
        report.contains(result.stderr, "setgroups", "stderr")
    report.equal(box.state()["status"], "running", "status of the container")
    os.unlink(path)
    box.delete()


@suite.test
def refuses_a_container_without_a_user_namespace(t):
    def change(bundle):
        bundle.without_namespace("user").remove("/linux/uidMappings").remove("/linux/gidMappings")
    Box(t, change).refused("/linux/namespaces", "user namespace")


def refuses_limit(pointer, value):
    def test(t):
        Box(t, lambda bundle: bundle.set(pointer, value)).refused(pointer.rpartition("/")[0],
                                                                  "may make no cgroup")
    return test


for limit, number in (("pids/limit", 10), ("memory/limit", 1 << 26), ("cpu/quota", 50000)):
    suite.add(f"refuses_a_{limit.partition('/')[0]}_limit_without_a_cgroup",
              refuses_limit("/linux/resources/" + limit, number))


@suite.test
def refuses_a_cgroup_that_the_user_may_not_make(t):
    Box(t, lambda bundle: bundle.set("/linux/cgroupsPath", "/" + t.unique)).refused(
        "cgroup", "permission denied")


@suite.test
def the_container_stays_in_the_users_cgroup(t):
    box = Box(t).run()
    with open("/proc/self/cgroup", encoding="ascii") as mine, \
            open(f"/proc/{box.pid}/cgroup", encoding="ascii") as theirs:
        report.equal(theirs.read(), mine.read(), "cgroups")
    box.delete()


@suite.test
def a_container_that_shares_the_users_processes_is_killed(t):
    def change(bundle):
        bundle.without_namespace("pid")
    box = Box(t, change).run()
    pid = box.pid
    box.runtime.kill(box.id, "KILL").must()
    os.waitpid(pid, 0)
    report.equal(box.runtime.status(box.id), "stopped", "status")
    box.delete()


# proc and sysfs, where the kernel refuses a new instance.

@suite.test
def proc_is_the_hosts_where_the_processes_are(t):
    box = Box(t, lambda bundle: bundle.without_namespace("pid")).run()
    seen = box.runtime.exec(box.id, "cat", f"/proc/{os.getpid()}/stat").must().stdout
    report.check(seen.startswith(f"{os.getpid()} "), "this test's own process is seen")
    box.delete()


def sysfs(options):
    return lambda bundle: bundle.without_mount("/sys/fs/cgroup").set(
        "/linux/maskedPaths", []).change_mount(
        "/sys", type="sysfs", source="sysfs", options=options)


@suite.test
def sysfs_is_the_hosts_where_the_network_is_and_read_only_with_all_below(t):
    box = Box(t, sysfs(["nosuid", "noexec", "nodev", "ro"])).run()
    report.equal(sorted(os.listdir(f"/proc/{box.pid}/root/sys/class/net")),
                 sorted(os.listdir("/sys/class/net")), "interfaces")
    with open(f"/proc/{box.pid}/mountinfo", encoding="utf-8") as file:
        mounts = [line.split() for line in file]
    below = [fields for fields in mounts if (fields[4] + "/").startswith("/sys/")]
    report.check(below, "a mount at /sys")
    for fields in below:
        report.check({"ro", "nosuid", "noexec", "nodev"} <= set(fields[5].split(",")), str(fields))
    box.delete()


@suite.test
def refuses_a_writable_sysfs_of_the_hosts(t):
    Box(t, sysfs(["nosuid", "noexec", "nodev"])).refused("mount '/sys'", "not permitted")


# Other namespaces.

@suite.test
def a_users_network_namespace_is_new(t):
    box = Box(t, lambda bundle: bundle.namespace("network").change_mount(
        "/sys", type="sysfs", source="sysfs", options=["nosuid", "noexec", "nodev", "ro"])).run()
    report.equal(os.listdir(f"/proc/{box.pid}/root/sys/class/net"), ["lo"], "interfaces")
    box.delete()


@suite.test
def a_users_time_namespace_has_its_offsets(t):
    box = Box(t, lambda bundle: bundle.namespace("time").set(
        "/linux/timeOffsets", {"boottime": {"secs": 86400}})).run()
    with open(f"/proc/{box.pid}/timens_offsets", encoding="ascii") as file:
        report.contains(" ".join(file.read().split()), "boottime 86400 0", "offsets")
    box.delete()


@suite.test
def joins_the_namespaces_of_another_container_of_the_user(t):
    """User, network, ipc and uts of a first container, as a pod's second one does."""
    first = Box(t, lambda bundle: bundle.namespace("network").change_mount(
        "/sys", type="sysfs", source="sysfs", options=["ro"])).run()
    pid = first.pid

    def change(bundle):
        for kind, name in (("user", "user"), ("network", "net"), ("ipc", "ipc"), ("uts", "uts")):
            bundle.namespace(kind, f"/proc/{pid}/ns/{name}")
        bundle.remove("/hostname").remove("/linux/uidMappings").remove("/linux/gidMappings")
    second = second_box(t, first, change)
    for name in ("user", "net", "ipc", "uts"):
        report.equal(os.stat(f"/proc/{second.pid}/ns/{name}").st_ino,
                     os.stat(f"/proc/{pid}/ns/{name}").st_ino, name)
    report.equal(second.probe("ids")["ids"]["uid"][0], 0, "root by exec")
    second.runtime.delete(second.id, "--force").must()
    report.equal(first.runtime.status(first.id), "running", "the first one")
    first.runtime.delete(first.id, "--force").must()


@suite.test
def joins_all_the_namespaces_of_another_container_of_the_user(t):
    """Its mount namespace too: the root is that container's, and nothing is mounted."""
    first = Box(t).run()
    pid = first.pid
    kinds = {"user": "user", "mount": "mnt", "pid": "pid", "ipc": "ipc", "uts": "uts",
             "cgroup": "cgroup"}

    def change(bundle):
        for kind, name in kinds.items():
            bundle.namespace(kind, f"/proc/{pid}/ns/{name}")
        for pointer in ("/hostname", "/linux/uidMappings", "/linux/gidMappings", "/mounts",
                        "/linux/maskedPaths", "/linux/readonlyPaths"):
            bundle.remove(pointer)
        bundle.set("/root", {"path": "/"}).args("/bin/sleep", "1001")
    second = second_box(t, first, change)
    report.equal({name: os.stat(f"/proc/{second.pid}/ns/{name}").st_ino for name in kinds.values()},
                 {name: os.stat(f"/proc/{pid}/ns/{name}").st_ino for name in kinds.values()},
                 "namespaces")
    shown = second.runtime.exec(second.id, "cat", "/proc/1/cmdline").must().stdout
    report.equal(shown, "sleep\x001000\x00", "process 1, by an executed process")
    second.runtime.delete(second.id, "--force").must()
    reap_orphans()  # an init ends only after all of its pid namespace is gone
    report.equal(first.runtime.status(first.id), "running", "the first one")
    first.runtime.delete(first.id, "--force").must()


def second_box(t, first, change):
    """Another container of the same user, running."""
    os.rename(first.bundle.path, first.bundle.path + "-first")
    os.rename(os.path.join(first.user.home, "spec"), os.path.join(first.user.home, "spec-first"))
    second = Box(t, change, user=first.user)
    second.id = t.container_id("second")
    return second.run()


@suite.test
def a_users_container_has_a_terminal(t):
    box = Box(t, lambda bundle: bundle.set("/process/terminal", True),
              ("sh", "-c", "tty; test -t 0 && ls -l /dev/console && echo there"))
    socket = ConsoleSocket(os.path.join(box.user.home, "console.sock"))
    os.chmod(socket.path, 0o777)
    box.runtime.create(box.id, box.bundle, "--console-socket", socket.path).must()
    master, _, _ = socket.receive()
    box.runtime.start(box.id).must()
    text = read_terminal(master)
    os.close(master)
    socket.close()
    report.contains(text, "/dev/pts/0\n", "what was written to the terminal")
    report.contains(text, "there\n", "what was written to the terminal")
    box.delete()
