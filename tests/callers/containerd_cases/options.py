"""What the options of ctr run ask for."""

import os

import observe
from containerd_suite import bind, containerd, operation
from support.report import check, contains, equal


@operation("run --uidmap, --gidmap")
def uidmap_and_gidmap_map_the_ids_inside_and_on_the_host(t):
    task = containerd().start(t, ["--uidmap", "0:100000:65536", "--gidmap", "0:200000:65536"],
                              "sleep", "1000")
    status = observe.status(task.pid)
    equal((status["Uid"].split(), status["Gid"].split()), (["100000"] * 4, ["200000"] * 4),
          "the process's ids on the host")
    check(observe.namespace(task.pid, "user") != observe.namespace("self", "user"),
          "the user namespace is ours")
    lines = task.exec("sh", "-c", "cat /proc/self/uid_map /proc/self/gid_map; "
                      "stat -c '%u %g' /bin/busybox; echo x > /written && cat /written").must()
    equal([line.split() for line in lines.stdout.splitlines()],
          [["0", "100000", "65536"], ["0", "200000", "65536"], ["0", "0"], ["x"]], "inside")


@operation("run --env, --cwd, --mount")
def environment_directory_and_mounts_are_as_asked(t):
    for name in ("rw", "ro"):
        os.mkdir(os.path.join(t.directory, name))
    script = ("echo $WORD; pwd; echo new > /rw/new; "
              "if echo new 2>/dev/null > /ro/new; then echo written; else echo refused; fi")
    lines = containerd().shell(t, ["--env", "WORD=a b", "--cwd", "/tmp",
                                   *bind(t.directory + "/rw", "/rw", "rw"),
                                   *bind(t.directory + "/ro", "/ro", "ro")], script).splitlines()
    equal(lines, ["a b", "/tmp", "refused"], "what the container saw")
    equal((os.listdir(t.directory + "/rw"), os.listdir(t.directory + "/ro")), (["new"], []),
          "the directories on the host")


@operation("run --read-only")
def read_only_makes_the_root_unwritable(t):
    answer = containerd().run(t, ["--read-only"], "sh", "-c", "echo x > /file; echo end")
    equal(answer.must().stdout, "end\n", "stdout")
    contains(answer.stderr, "Read-only file system", "the reason")


@operation("run --cap-add, --cap-drop")
def capabilities_and_no_new_privileges_are_as_asked(t):
    text = containerd().shell(t, ["--cap-drop", "CAP_CHOWN", "--cap-add", "CAP_NET_ADMIN"],
                              "cat /proc/self/status")
    seen = observe.parse_status(text)
    for field in ("CapEff", "CapPrm", "CapBnd"):
        mask = int(seen[field], 16)
        equal((mask >> 0 & 1, mask >> 12 & 1), (0, 1), f"CAP_CHOWN and CAP_NET_ADMIN in {field}")
    equal(seen["NoNewPrivs"], "1", "NoNewPrivs")


@operation("run")
def the_usual_container_has_masked_and_read_only_paths_in_proc(t):
    text = containerd().shell(t, [], "cat /proc/kcore | wc -c; "
                              "if (echo x > /proc/sys/kernel/domainname) 2> /dev/null; "
                              "then echo written; else echo refused; fi; cat /proc/self/mountinfo")
    equal(text.splitlines()[:2], ["0", "refused"], "bytes of /proc/kcore, write to /proc/sys")
    for point in ("/proc/sys", "/proc/irq", "/sys"):
        contains(observe.mount_line(text, point)[0], "ro", "options of " + point)


@operation("run --privileged")
def a_device_opens_only_if_the_rules_allow_it(t):
    for options, suffix, wanted in (([], "a", "refused"), (["--privileged"], "b", "opened")):
        equal(containerd().shell(t, options, observe.OPEN_KMSG, suffix=suffix).strip(), wanted,
              f"opening /dev/kmsg's twin with {options}")


@operation("run --seccomp")
def the_default_seccomp_profile_is_in_force_on_request(t):
    seen = observe.parse_status(containerd().shell(t, ["--seccomp"], "cat /proc/self/status"))
    equal(seen["Seccomp"], "2", "Seccomp")


@operation("run --privileged")
def privileged_has_every_capability_of_the_caller(t):
    text = containerd().shell(t, ["--privileged"], "mkdir -p /m; mount -t tmpfs none /m; "
                              "echo mounted; cat /proc/self/status")
    contains(text, "mounted", "a mount inside")
    equal(observe.parse_status(text)["CapEff"], observe.status("self")["CapBnd"], "CapEff")


@operation("run --memory-limit, --cpus")
def memory_and_cpus_reach_the_cgroup(t):
    task = containerd().start(t, ["--memory-limit", str(64 << 20), "--cpus", "0.5"], "sleep",
                              "1000")
    equal(observe.cgroup_value(task.pid, "memory", "memory.limit_in_bytes"), str(64 << 20),
          "memory.limit_in_bytes")
    quota, period = (int(observe.cgroup_value(task.pid, "cpu", "cpu.cfs_" + name))
                     for name in ("quota_us", "period_us"))
    equal(quota * 2, period, "half a processor")
    contains(containerd()("tasks", "metrics", task.name).must().stdout, str(64 << 20),
             "the limit in containerd's metrics of the task")


@operation("run --with-ns, --net-host")
def net_host_and_joined_namespaces_are_those_of_the_path(t):
    first = containerd().start(t, [], "sleep", "1000", suffix="a")
    equal(containerd().shell(t, ["--net-host"], "readlink /proc/self/ns/net",
                             suffix="b").strip(), observe.namespace("self", "net"), "--net-host")
    options = [f"--with-ns={kind}:/proc/{first.pid}/ns/{name}"
               for kind, name in (("network", "net"), ("ipc", "ipc"), ("pid", "pid"))]
    lines = containerd().shell(t, options, "for kind in net ipc pid; do "
                               "readlink /proc/self/ns/$kind; done; cat /proc/1/cmdline",
                               suffix="c").splitlines()
    equal(lines[:3], [observe.namespace(first.pid, kind) for kind in ("net", "ipc", "pid")],
          "the joined namespaces")
    equal(lines[3], "sleep\x001000\x00", "process 1 of the joined pid namespace")


@operation("run --runc-root")
def runc_root_holds_the_state_while_the_container_runs(t):
    root = t.directory + "/state"
    task = containerd().start(t, ["--runc-root", root], "sleep", "1000")
    where = f"{root}/{containerd().namespace}/{task.name}"
    check(os.path.isdir(where), f"no state in {where}")
    task.kill("SIGKILL")
    task.wait_until_stopped()
    task.remove()
    check(not os.path.exists(where), f"state is left in {where}")
