"""Namespaces that containers share with each other or with the host."""

import observe
from docker_suite import docker, operation
from support.report import check, equal

_LINKS = "for kind in net ipc pid uts; do readlink /proc/self/ns/$kind; done"


@operation("run --network", tier="long")
def network_none_has_a_loopback_only_and_host_is_the_host(t):
    text = docker().shell(["--network", "none"], "readlink /proc/self/ns/net; ls /sys/class/net")
    link, *devices = text.split()
    check(link != observe.namespace("self", "net"), "none is the host's network")
    check("lo" in devices and "eth0" not in devices, f"devices: {devices}")
    equal(docker().shell(["--network", "host"], "readlink /proc/self/ns/net").strip(),
          observe.namespace("self", "net"), "host")


@operation("run --network, --ipc, --pid, --uts", tier="long")
def namespaces_of_another_container_are_joined(t):
    first = docker().start(t, ["--ipc", "shareable"], "sleep", "1000", suffix="a")
    text = docker().shell(["--network", "container:" + first.name, "--ipc",
                           "container:" + first.name, "--pid", "container:" + first.name],
                          _LINKS + "; cat /proc/1/cmdline")
    lines = text.splitlines()
    for link in lines[:3]:
        kind = link.partition(":")[0]
        equal(link, observe.namespace(first.pid, kind), kind + " namespace")
    equal(lines[4], "sleep\x001000\x00", "process 1 of the joined pid namespace")


@operation("run --network, --ipc, --pid, --uts", tier="long")
def namespaces_of_the_host_are_kept(t):
    lines = docker().shell(["--network", "host", "--ipc", "host", "--pid", "host", "--uts",
                            "host"], _LINKS).splitlines()
    for link in lines:
        kind = link.partition(":")[0]
        equal(link, observe.namespace("self", kind), kind + " namespace")


@operation("run --cgroupns", tier="long")
def a_private_cgroup_namespace_shows_the_root(t):
    for kind in ("private", "host"):
        text = docker().shell(["--cgroupns", kind], "readlink /proc/self/ns/cgroup; "
                              "grep :memory: /proc/self/cgroup | cut -d: -f3")
        link, path = text.split()
        equal((link != observe.namespace("self", "cgroup"), path == "/"),
              (kind == "private",) * 2, f"namespace and path with {kind}")
