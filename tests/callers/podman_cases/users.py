"""User namespaces and users."""

import observe
from podman_suite import operation, podman
from support.report import check, contains, equal, eventually


def _check_user_namespace(container, first, size):
    """The maps are as asked for, inside and on the host, and files of the image are root's."""
    for name in ("uid_map", "gid_map"):
        fields = container.exec("cat", "/proc/self/" + name).stdout.split()
        equal(fields, ["0", str(first), str(size)], name)
    status = observe.status(container.pid)
    equal((status["Uid"].split(), status["Gid"].split()), ([str(first)] * 4,) * 2,
          "the process's ids on the host")
    check(observe.namespace(container.pid, "user") != observe.namespace("self", "user"),
          "the user namespace is ours")
    owner = container.exec("stat", "-c", "%u %g", "/bin/busybox", "/proc/1", "/dev/pts").stdout
    equal(owner.splitlines()[:2], ["0 0", "0 0"], "owner of the image's files and of process 1")
    contains(container.exec("sh", "-c", "echo x > /written && cat /written").stdout, "x",
             "a file that its root wrote")


@operation("run --uidmap, --userns")
def uidmap_maps_the_ids_inside_and_on_the_host(t):
    container = podman().start(t, ["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"],
                               "sleep", "1000")
    _check_user_namespace(container, 100000, 65536)


@operation("run --uidmap, --userns")
def userns_auto_takes_a_range_of_the_subordinate_ids(t):
    container = podman().start(t, ["--userns", "auto:size=1024"], "sleep", "1000")
    first = int(observe.status(container.pid)["Uid"].split()[0])
    check(200000 <= first <= 200000 + 65536 - 1024, f"uid {first} on the host")
    _check_user_namespace(container, first, 1024)


@operation("run --uidmap, --userns")
def a_container_joins_the_user_namespace_of_another(t):
    first = podman().start(t, ["--uidmap", "0:100000:65536"], "sleep", "1000", suffix="a")
    second = podman().start(t, ["--userns", "container:" + first.name], "sleep", "1000",
                            suffix="b")
    equal(observe.namespace(second.pid, "user"), observe.namespace(first.pid, "user"), "user")
    equal(observe.status(second.pid)["Uid"].split()[0], "100000", "uid on the host")
    equal(second.exec("id", "-u").stdout, "0\n", "uid of an executed process")


@operation("run --uidmap, --userns")
def exec_in_a_user_namespace_has_its_ids_and_capabilities(t):
    container = podman().start(t, ["--uidmap", "0:100000:65536"], "sleep", "1000")
    container.exec("sleep", "7890", options=["-d", "-u", "5"])
    pid = eventually(lambda: observe.pids_running("sleep", "7890"), "the process runs")[0]
    equal(observe.status(pid)["Uid"].split()[0], "100005", "uid on the host")
    equal(observe.namespace(pid, "user"), observe.namespace(container.pid, "user"), "user")
    seen = observe.parse_status(container.exec("cat", "/proc/self/status").stdout)
    equal(seen["CapEff"], observe.status(container.pid)["CapEff"], "CapEff of root")


@operation("run --user")
def a_user_with_groups_umask_and_directory(t):
    script = "id -u; id -G; umask; pwd; echo $HOME; echo $WORD"
    lines = podman().shell(["-u", "1000:1001", "--group-add", "77", "--umask", "0027", "-w", "/tmp",
                            "-e", "WORD=a b"], script).splitlines()
    equal(lines[0], "1000", "uid")
    equal(sorted(lines[1].split()), ["1001", "77"], "groups")
    equal(lines[2:], ["0027", "/tmp", "/home/user", "a b"],
          "umask, directory, HOME and WORD")


@operation("run --user")
def a_user_other_than_root_can_open_its_own_standard_streams(t):
    answer = podman().run(["-u", "1000"], "sh", "-ec",
                          "echo out > /dev/stdout; echo err > /dev/stderr").must()
    equal((answer.stdout, answer.stderr), ("out\n", "err\n"), "stdout, stderr")
