"""A runtime within a container: root of a user namespace that is not the initial one."""

import json
import os
import shutil

from common import own, suite
from support import census, report
from support.bundle import Bundle
from support.container import ours

OUTER = 200000
CAPABILITIES = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SETUID", "CAP_SETGID",
                "CAP_SETPCAP", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_NET_ADMIN",
                "CAP_SYS_PTRACE", "CAP_AUDIT_WRITE", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",
                "CAP_SYS_TIME"]


class Nest:
    """An outer container that runs, with the runtime and a bundle in its root file system."""

    def __init__(self, t, change_inner, change_outer=None):
        if not ours(t):
            report.skip("this runtime needs libraries that the container has not", impossible=True)
        self.t = t
        self.id = t.container_id("outer")
        os.chmod(suite.scratch, 0o755)
        bundle = Bundle(os.path.join(t.directory, "outer")).args("sleep", "1000")
        bundle.user_namespace(OUTER).capabilities(
            **{name: CAPABILITIES for name in ("bounding", "effective", "permitted")})
        # All of proc and sysfs is seen: what is covered there the kernel would not show anew
        # (mount_namespaces(7), "mount restrictions").
        bundle.set("/linux/maskedPaths", []).set("/linux/readonlyPaths", [])
        bundle.change_mount("/sys", options=["nosuid", "noexec", "nodev"])
        bundle.without_mount("/sys/fs/cgroup").set("/process/noNewPrivileges", False)
        if change_outer:
            change_outer(bundle)
        bundle.write()
        shutil.copyfile(t.runtime_path, os.path.join(bundle.rootfs, "nucleus"))
        os.chmod(os.path.join(bundle.rootfs, "nucleus"), 0o755)
        inner = Bundle(os.path.join(bundle.rootfs, "inner")).args("sleep", "1000")
        inner.without_mount("/sys/fs/cgroup")
        change_inner(inner)
        inner.write()
        own(bundle.rootfs, OUTER)
        t.runtime
        self.before = census.of_test(t)
        t.runtime.create(self.id, bundle).must()
        t.runtime.start(self.id).must()

    def call(self, *arguments):
        return self.t.runtime.exec(self.id, "/nucleus", "--root", "/tmp/state", *arguments)

    def run(self):
        self.call("create", "--bundle", "/inner", "c").must()
        self.call("start", "c").must()
        return self

    def probe(self, *sections):
        return json.loads(self.call("exec", "c", "/probe", *sections).must().stdout)

    def host_pid(self):
        """The inner container's process as we see it: of those in the outer's cgroup, the one that
        has the number there which the inner runtime says."""
        inner = str(json.loads(self.call("state", "c").must().stdout)["pid"])
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/status", encoding="utf-8") as file, \
                        open(f"/proc/{name}/cgroup", encoding="utf-8") as cgroup:
                    numbers = dict(line.split(":", 1) for line in file)["NSpid"].split()
                    if self.id in cgroup.read() and numbers[1:2] == [inner]:
                        return int(name)
            except OSError:  # it has ended meanwhile
                continue
        return report.fail("the inner container's process is not seen")

    def delete(self):
        self.call("delete", "--force", "c").must()
        report.equal(self.call("list", "--quiet").must().stdout, "", "inner containers left")
        self.t.runtime.delete(self.id, "--force").must()

        def again():
            reap()
            return census.of_test(self.t)
        report.equal(census.settled(again, self.before), "", "left behind")


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


@suite.test
def a_container_within_a_container_has_a_user_namespace_of_its_own(t):
    nest = Nest(t, lambda inner: inner.user_namespace(1000, 1000)).run()
    ids = nest.probe("ids")["ids"]
    report.equal(ids["uid_map"], ["0 1000 1000"], "uid_map")
    pid = nest.host_pid()
    with open(f"/proc/{pid}/uid_map", encoding="ascii") as file:
        report.equal(file.read().split(), ["0", str(OUTER + 1000), "1000"], "as the host has it")
    nest.delete()


@suite.test
def a_container_within_a_container_may_map_root_to_its_root(t):
    nest = Nest(t, lambda inner: inner.user_namespace(0, 100)).run()
    report.equal(nest.probe("ids")["ids"]["uid_map"], ["0 0 100"], "uid_map")
    nest.delete()


@suite.test
def a_container_within_a_container_shares_its_user_namespace_and_has_the_outer_devices(t):
    nest = Nest(t, lambda inner: None).run()
    ids = nest.probe("ids")["ids"]
    report.equal(ids["uid_map"], [f"0 {OUTER} 65536"], "uid_map")
    written = nest.call("exec", "c", "sh", "-c", "echo x > /dev/null && test -c /dev/null")
    written.must()
    nest.delete()


@suite.test
def sysfs_within_a_container_is_the_outer_one_with_the_outer_network(t):
    nest = Nest(t, lambda inner: inner.user_namespace(1000, 1000).without_namespace("network"))
    nest.run()
    listed = nest.call("exec", "c", "ls", "/sys/class/net").must().stdout
    report.equal(listed, "lo\n", "interfaces")
    refused = nest.call("exec", "c", "sh", "-c", "echo 1 > /sys/kernel/mm/ksm/run")
    report.check(refused.status != 0, "a file of sysfs was written")
    nest.delete()


@suite.test
def refuses_a_new_proc_where_the_outer_one_is_covered(t):
    """The outer container's would show the outer processes, and so is no substitute."""
    nest = Nest(t, lambda inner: inner.user_namespace(1000, 1000),
                lambda outer: outer.set("/linux/maskedPaths", ["/proc/keys"]))
    result = nest.call("create", "--bundle", "/inner", "c")
    report.check(result.status != 0, f"a refusal\n{result!r}")
    report.contains(result.stderr, "mount '/proc'", "stderr")
    nest.call("delete", "--force", "c")
    nest.delete()
