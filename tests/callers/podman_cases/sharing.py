"""Pods and namespaces that containers share with each other or with the host."""

import observe
import sandbox
from podman_caller import IMAGE
from podman_suite import operation, podman
from support.report import check, contains, equal, eventually


def _pod(t, *options):
    name = t.container_id("pod")
    t.on_cleanup(lambda: podman()("pod", "rm", "-f", "-t", "0", name).must())
    podman()("pod", "create", "--name", name, "--infra-image", IMAGE, "--infra-command",
             "sleep 1000", "--cgroup-parent", "/" + sandbox.parent_cgroup(), "--network", "none",
             *options).must()
    return name


@operation("pod")
def a_pod_of_two_containers_shares_network_ipc_and_uts(t):
    pod = _pod(t, "--hostname", "in-the-pod")
    first = podman().start(t, ["--pod", pod], "sleep", "1000", suffix="a")
    second = podman().start(t, ["--pod", pod], "sleep", "1000", suffix="b")
    seen = [container.exec("sh", "-c", "for kind in net ipc uts mnt pid; do "
                           "readlink /proc/self/ns/$kind; done; hostname").stdout.splitlines()
            for container in (first, second)]
    for kind, one, other in zip(("net", "ipc", "uts"), seen[0], seen[1]):
        equal(one, other, kind + " namespaces of the two")
        check(one != observe.namespace("self", kind), f"the pod is in our {kind} namespace")
    for kind, one, other in zip(("mnt", "pid"), seen[0][3:], seen[1][3:]):
        check(one != other, f"the two share the {kind} namespace")
    equal((seen[0][5], seen[1][5]), ("in-the-pod", "in-the-pod"), "host names")
    first.exec("sh", "-c", "echo shared > /dev/shm/word")
    equal(second.exec("cat", "/dev/shm/word").line, "shared", "/dev/shm of the other")
    podman()("pod", "rm", "-f", "-t", "0", pod).must()
    for container in (first, second):
        observe.check_gone(container.identity)


@operation("pod")
def a_pod_with_one_pid_namespace_loses_one_container_with_all_its_processes(t):
    pod = _pod(t, "--share", "net,ipc,uts,pid")
    first = podman().start(t, ["--pod", pod], "sleep", "1000", suffix="a")
    second = podman().start(t, ["--pod", pod], "sh", "-c", "sleep 6789 & exec sleep 1000",
                            suffix="b")
    equal(observe.namespace(first.pid, "pid"), observe.namespace(second.pid, "pid"),
          "pid namespaces of the two")
    contains(first.exec("ps").stdout, "sleep 6789", "what the first sees of the second")
    child = observe.pids_running("sleep", "6789")[0]
    podman().remove(second.name)
    eventually(lambda: not observe.alive(second.pid) and not observe.alive(child),
               "both processes of the second end")
    check(observe.alive(first.pid), "the first ended too")
    observe.check_gone(second.identity)


@operation("run --network, --pid, --ipc, --uts, --cgroupns")
def a_container_joins_the_namespaces_of_another(t):
    first = podman().start(t, ["--ipc", "shareable"], "sleep", "1000", suffix="a")
    join = "container:" + first.name
    lines = podman().shell(["--network", join, "--pid", join, "--ipc", join],
                           "for kind in net pid ipc; do readlink /proc/self/ns/$kind; done;"
                           "cat /proc/1/cmdline").splitlines()
    for link in lines[:3]:
        kind = link.partition(":")[0]
        equal(link, observe.namespace(first.pid, kind), kind + " namespace")
    equal(lines[3], "sleep\x001000\x00", "process 1 of the joined pid namespace")


@operation("run --network, --pid, --ipc, --uts, --cgroupns")
def network_none_has_only_its_own_loopback(t):
    lines = podman().shell(["--network", "none"],
                           "readlink /proc/self/ns/net; ls /sys/class/net").split()
    check(lines[0] != observe.namespace("self", "net"), "the network namespace is ours")
    equal(lines[1:], ["lo"], "network interfaces")


@operation("run --network, --pid, --ipc, --uts, --cgroupns")
def network_host_is_the_network_namespace_of_the_caller(t):
    link = podman().shell(["--network", "host"], "readlink /proc/self/ns/net").strip()
    equal(link, observe.namespace("self", "net"), "network namespace")


@operation("run --network, --pid, --ipc, --uts, --cgroupns")
def ipc_and_uts_host_are_those_of_the_caller(t):
    lines = podman().shell(["--ipc", "host", "--uts", "host"],
                           "readlink /proc/self/ns/ipc; readlink /proc/self/ns/uts").split()
    equal(lines, [observe.namespace("self", "ipc"), observe.namespace("self", "uts")],
          "namespaces")


@operation("run --network, --pid, --ipc, --uts, --cgroupns")
def a_private_cgroup_namespace_hides_the_path(t):
    lines = podman().shell(["--cgroupns", "private"],
                           "readlink /proc/self/ns/cgroup; cat /proc/self/cgroup").splitlines()
    check(lines[0] != observe.namespace("self", "cgroup"), "the cgroup namespace is ours")
    for line in lines[1:]:
        equal(line.rpartition(":")[2], "/", f"the path in {line}")
