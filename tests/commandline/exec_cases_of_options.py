"""exec: sub-cgroups, groups and privileges from the command line (contract, A2)."""

import os

from common import Box, done, refused, wait_output
from line import need_nucleus, suite
from support import report
from support.hierarchies import controller_mounts, needs, use_v2_view


def sub_cgroup(box, controller, name, mounts):
    """A cgroup below the container's, made by the test."""
    with open(f"/proc/{box.pid()}/cgroup", encoding="utf-8") as file:
        for row in file.read().splitlines():
            _, names, path = row.split(":", 2)
            if controller in names.split(",") or (controller == names == ""):
                place = mounts[controller] + path + "/" + name
                os.makedirs(place, exist_ok=True)
                return path + "/" + name
    raise AssertionError(f"the container is in no cgroup of {controller!r}")


def cgroups_of_exec(t, box, *flags):
    """controllers -> path of a process that was executed, as the host's kernel tells it."""
    entered = t.runtime.spawn("exec", *flags, box.id, "sh", "-c", "echo ready; sleep 1000")
    wait_output(entered, "ready")
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == box.pid():
            continue
        try:
            with open(f"/proc/{name}/cgroup", encoding="utf-8") as file:
                text = file.read()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if box.id in text:
            return dict(row.split(":", 2)[1:] for row in text.splitlines())
    raise AssertionError("no executed process")


def of(paths, controller):
    return next(path for names, path in paths.items() if controller in names.split(","))


@suite.test
def execs_in_a_sub_cgroup_of_every_hierarchy(t):
    need_nucleus(t, "runc wants a controller's name on cgroup v1")
    box = Box(t).run_detached()
    mounts = controller_mounts()
    with open(f"/proc/{box.pid()}/cgroup", encoding="utf-8") as file:
        names = [row.split(":", 2)[1] for row in file.read().splitlines() if box.id in row]
    for each in names:
        made = sub_cgroup(box, each.split(",")[0], "sub/deep", mounts)
        place = mounts[each.split(",")[0]] + made
        for file in ("cpuset.cpus", "cpuset.mems"):  # v1: a cgroup without them takes nobody
            if os.path.exists(f"{place}/{file}") and "cpuset" in each.split(","):
                for directory in (os.path.dirname(place), place):
                    with open(f"{directory}/../{file}", encoding="ascii") as above:
                        value = above.read()
                    with open(f"{directory}/{file}", "w", encoding="ascii") as below:
                        below.write(value)
    paths = cgroups_of_exec(t, box, "--cgroup", "/sub/deep")
    for each in names:
        report.check(paths[each].endswith(f"{box.id}/sub/deep"), f"{each}: {paths[each]}")
    box.stop().delete()


@suite.test
def execs_in_a_sub_cgroup_of_one_controller(t):
    needs("pids")
    box = Box(t).run_detached()
    sub_cgroup(box, "pids", "sub", controller_mounts())
    paths = cgroups_of_exec(t, box, "--cgroup", "pids:sub")
    report.check(of(paths, "pids").endswith(f"{box.id}/sub"), f"pids: {of(paths, 'pids')}")
    report.check(of(paths, "freezer").endswith(box.id), f"freezer: {of(paths, 'freezer')}")
    box.stop().delete()


@suite.test
def execs_in_sub_cgroups_of_several_controllers(t):
    needs("pids"), needs("freezer")
    box = Box(t).run_detached()
    for controller in ("pids", "freezer", "memory"):
        sub_cgroup(box, controller, "sub", controller_mounts())
    paths = cgroups_of_exec(t, box, "--cgroup", "pids,memory:sub", "--cgroup=freezer:/sub")
    for controller in ("pids", "freezer", "memory"):
        report.check(of(paths, controller).endswith(f"{box.id}/sub"), f"{controller}: {paths}")
    report.check(of(paths, "devices").endswith(box.id), f"devices: {paths}")
    box.stop().delete()


@suite.test
def execs_in_a_sub_cgroup_on_cgroup_v2(t):
    use_v2_view(t)
    box = Box(t).run_detached()
    sub_cgroup(box, "", "sub", controller_mounts())
    paths = cgroups_of_exec(t, box, "--cgroup", "sub")
    report.check(paths[""].endswith(f"{box.id}/sub"), f"unified: {paths['']}")
    box.stop().delete()


@suite.test
def refuses_a_sub_cgroup_that_leads_out_or_is_not_there(t):
    need_nucleus(t, "the words are nucleus's")
    needs("pids")
    box = Box(t).run_detached()
    for flags, words in (
            (["--cgroup", "/../other"], "leads out of the container's cgroup"),
            (["--cgroup", "pids:a/../../other"], "leads out of the container's cgroup"),
            (["--cgroup", "pids:absent"], "there is no cgroup"),
            (["--cgroup", "nosuch:sub"], "the container has no cgroup of controller 'nosuch'"),
            (["--cgroup", "a", "--cgroup", "b"], "names no controller")):
        result = refused(t.runtime.exec(box.id, "true", flags=flags), words, 255)
        report.check("no such file or directory" not in result.stderr, "no missing program's words")
    report.equal(t.runtime.status(box.id), "running", "status")
    box.stop().delete()


@suite.test
def adds_groups_and_capabilities_from_the_command_line(t):
    box = Box(t).run_detached()
    result = done(t.runtime.exec(
        box.id, "sh", "-c", "id -G; grep -E 'CapEff|NoNewPrivs' /proc/self/status",
        flags=["-g", "7", "-g", "8", "-c", "CAP_SYS_PTRACE", "--no-new-privs"]))
    rows = result.stdout.splitlines()
    report.equal(set(rows[0].split()) >= {"7", "8"}, True, f"groups {rows[0]}")
    values = dict(row.split(":\t") for row in rows[1:])
    report.check(int(values["CapEff"], 16) >> 19 & 1, f"CAP_SYS_PTRACE in {values['CapEff']}")
    report.equal(values["NoNewPrivs"], "1", "NoNewPrivs")
    box.stop().delete()


@suite.test
def takes_the_groups_and_capabilities_of_the_container_without_options(t):
    box = Box(t, change=lambda bundle: bundle.set("/process/user/additionalGids", [5, 6])).run_detached()
    result = done(t.runtime.exec(box.id, "sh", "-c", "id -G; grep CapEff /proc/self/status; "
                                 "grep CapEff /proc/1/status"))
    groups, own, first = result.stdout.splitlines()
    report.check(set(groups.split()) >= {"5", "6"}, f"groups {groups}")
    report.equal(own, first, "effective capabilities")
    box.stop().delete()
