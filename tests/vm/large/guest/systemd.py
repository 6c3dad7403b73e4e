#!/usr/bin/env python3
"""systemd as cgroup manager, with a real one: the unit, its limits across `systemctl
daemon-reload`, updates, delegation, the end of the unit, and an ordinary user's own systemd."""

import os
import pathlib
import pwd
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from common.confined import CGROUPS, read  # noqa: E402
from support import report  # noqa: E402
from support.bundle import Bundle  # noqa: E402

MIB = 1 << 20
SLICE = "machine-box.slice"
USER = "alice"

kTimeout = 90  # seconds: a loaded host, and an emulated machine

suite = report.Suite("systemd")


def command(*arguments, **options):
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL, **options)
    report.check(done.returncode == 0, f"{' '.join(arguments)}: {done.stderr}")
    return done.stdout


def shown(unit, *names):
    """Properties of the unit, as systemctl tells them; of lists a list."""
    out = {}
    for line in command("systemctl", "show", unit, f"--property={','.join(names)}").splitlines():
        name, _, value = line.partition("=")
        out.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in out.items()}


def is_known(unit):
    return shown(unit, "LoadState")["LoadState"] != "not-found"


def reload():
    command("systemctl", "daemon-reload")


class Box:
    """A container that systemd has made a scope for."""

    def __init__(self, t, script="sleep 1000", resources=None):
        self.t, self.id = t, t.container_id()
        self.unit = f"box-{self.id}.scope"
        self.bundle = Bundle(t.directory + "/bundle").args("sh", "-c", script)
        self.bundle.set("/linux/cgroupsPath", f"{SLICE}:box:{self.id}")
        for name, value in (resources or {}).items():
            self.bundle.set("/linux/resources/" + name, value)

    def start(self):
        self.created = self.t.runtime.call("--systemd-cgroup", "create", "--bundle",
                                           self.bundle.write().path, self.id).must()
        self.t.runtime.start(self.id).must()
        return self

    @property
    def place(self):
        return shown(self.unit, "ControlGroup")["ControlGroup"]

    @property
    def leaf(self):
        """Where the process stands: crun makes a cgroup below the unit's."""
        inner = f"{CGROUPS}{self.place}/container"
        return inner if os.path.isdir(inner) else f"{CGROUPS}{self.place}"

    def file(self, name):
        return read(f"{CGROUPS}{self.place}/{name}").strip()

    def exec(self, script):
        return self.t.runtime.exec(self.id, "sh", "-c", script).must().stdout

    def said(self):
        return self.created.stdout + self.created.stderr

    def wait_for(self, part):
        report.eventually(lambda: part in self.said(), f"{part!r} in the output", 20, 0.05)

    def delete(self):
        """By force, and without --systemd-cgroup, as callers do; nothing of it may be left."""
        place = self.place
        self.t.runtime.delete(self.id, "--force").must()
        report.check(not is_known(self.unit), f"{self.unit} is still known")
        report.check(not place or not os.path.exists(CGROUPS + place), f"{place} is still there")


LIMITS = {"memory": {"limit": 64 * MIB, "reservation": 32 * MIB, "swap": 96 * MIB},
          "cpu": {"shares": 1024, "quota": 30000, "period": 100000, "cpus": "0", "mems": "0"},
          "pids": {"limit": 77}}
FILES = ("memory.max", "memory.low", "memory.swap.max", "cpu.max", "cpuset.cpus", "cpuset.mems",
         "pids.max", "cpu.weight", "io.max")


@suite.test(timeout=kTimeout)
def the_limits_are_properties_of_a_delegated_scope(t):
    box = Box(t, resources=LIMITS).start()
    expected = {"Slice": SLICE, "Delegate": "yes", "MemoryMax": str(64 * MIB),
                "MemoryLow": str(32 * MIB), "MemorySwapMax": str(32 * MIB),
                "CPUQuotaPerSecUSec": "300ms", "CPUQuotaPeriodUSec": "100ms", "AllowedCPUs": "0",
                "AllowedMemoryNodes": "0", "TasksMax": "77"}
    found = shown(box.unit, *expected)
    if t.runtime.kind == "crun":
        found["MemorySwapMax"] = expected["MemorySwapMax"]  # it tells systemd memory and swap
    report.equal(found, expected, "what systemd says")
    box.delete()


@suite.test(timeout=kTimeout)
def a_reload_takes_no_limit_away(t):
    box = Box(t, resources=LIMITS)
    box.bundle.set("/linux/resources/unified", {"memory.high": str(48 * MIB)})
    box.start()
    names = (*FILES, "memory.high")
    before = {name: box.file(name) for name in names}
    report.equal((before["memory.max"], before["pids.max"], before["memory.high"],
                  before["cpu.max"]),
                 (str(64 * MIB), "77", str(48 * MIB), "30000 100000"), "before the reload")
    reload()
    time.sleep(0.5)
    report.equal({name: box.file(name) for name in names}, before, "after the reload")
    box.delete()


@suite.test(timeout=kTimeout)
def an_update_outlives_a_reload(t):
    """runc#4568: what systemd does not know, it takes back."""
    box = Box(t, resources=LIMITS).start()
    t.runtime.call("update", "--memory", str(80 * MIB), "--memory-swap", str(112 * MIB),
                   "--pids-limit", "99", box.id).must()
    reload()
    time.sleep(0.5)
    report.equal((box.file("memory.max"), box.file("pids.max")), (str(80 * MIB), "99"),
                 "after the reload")
    report.equal(shown(box.unit, "TasksMax"), {"TasksMax": "99"}, "what systemd says")
    box.delete()


@suite.test(timeout=kTimeout)
def a_reload_neither_takes_a_device_away_nor_gives_one(t):
    """nvidia-container-toolkit#48. 4:63 and 4:62: terminals that are in no default list."""
    box = Box(t)
    box.bundle.set("/process/capabilities",
                   {kind: ["CAP_MKNOD"] for kind in ("bounding", "effective", "permitted")})
    box.bundle.set("/linux/resources/devices", [
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "c", "major": 4, "minor": 63, "access": "rw"}])
    box.start()
    box.exec("mknod /dev/given c 4 63; mknod /dev/denied c 4 62")
    look = ("for d in given denied null; do "
            "( : </dev/$d ) 2>/dev/null && echo $d opens || echo $d not; done")
    expected = "given opens\ndenied not\nnull opens\n"
    report.equal(box.exec(look), expected, "before the reload")
    reload()
    time.sleep(0.5)
    report.equal(box.exec(look), expected, "after the reload")
    box.delete()


@suite.test(timeout=kTimeout)
def annotations_set_properties_of_the_scope(t):
    box = Box(t)
    box.bundle.set("/annotations", {"org.systemd.property.TimeoutStopUSec": "uint64 7000000",
                                    "org.systemd.property.KillSignal": "10"})
    box.start()
    report.equal(shown(box.unit, "TimeoutStopUSec", "KillSignal"),
                 {"TimeoutStopUSec": "7s", "KillSignal": "10"}, "what systemd says")
    box.delete()


@suite.test(timeout=kTimeout)
def an_executed_process_stands_in_the_scope(t):
    box = Box(t).start()
    started = t.runtime.spawn("exec", box.id, "sleep", "1234")

    def stands():
        for pid in read(box.leaf + "/cgroup.procs").split():
            if b"1234" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                return True
        return False

    report.eventually(stands, "the process in " + box.leaf)
    box.delete()
    started.wait()


@suite.test(timeout=kTimeout)
def a_scope_ended_by_the_kernel_is_forgotten_with_the_container(t):
    """Its process was killed for memory: the unit has failed, and would stay."""
    box = Box(t, "yes | dd of=/dev/null bs=64M count=1 iflag=fullblock; echo status $?",
              {"memory": {"limit": 8 * MIB, "swap": 8 * MIB}}).start()
    report.eventually(lambda: t.runtime.status(box.id) == "stopped", "it ends", 20, 0.1)
    report.check("status 0" not in box.said(), "64 MiB fitted into 8")
    t.runtime.delete(box.id).must()
    report.check(not is_known(box.unit), f"{box.unit} is still known")


@suite.test(timeout=kTimeout)
def a_unit_of_that_name_is_not_taken_over(t):
    box = Box(t)
    holder = subprocess.Popen(["systemd-run", "--scope", f"--unit={box.unit}", "sleep", "1000"],
                              stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t.on_cleanup(command, "systemctl", "stop", box.unit)
    report.eventually(lambda: is_known(box.unit), "the other's scope")
    result = t.runtime.call("--systemd-cgroup", "create", "--bundle", box.bundle.write().path,
                            box.id)
    report.check(result.status != 0, "it was created")
    t.runtime.delete(box.id, "--force")
    report.equal(shown(box.unit, "ActiveState"), {"ActiveState": "active"}, "the other's unit")
    report.equal(holder.poll(), None, "the other's process")


@suite.test(timeout=kTimeout)
def the_cgroup_is_the_containers_to_manage(t):
    """config-linux.md#cgroup-ownership, with a user namespace and a writable cgroup mount."""
    box = Box(t, "mkdir /sys/fs/cgroup/inner && echo 0 >/sys/fs/cgroup/inner/cgroup.procs && "
                 "cat /proc/self/cgroup; echo 1 >/sys/fs/cgroup/pids.max || echo refused; "
                 "echo end; sleep 1000")
    box.bundle.user_namespace()
    box.bundle.change_mount("/sys/fs/cgroup", options=["nosuid", "noexec", "nodev", "rw"])
    ids = box.bundle.config["linux"]["uidMappings"][0]["hostID"]
    command("chown", "-R", "-h", f"{ids}:{ids}", box.bundle.rootfs)
    box.start()
    box.wait_for("end")
    report.contains(box.said(), "0::/inner\n", "where it stands")
    report.contains(box.said(), "refused", "its own limits")
    box.delete()


def only_nucleus(t):
    if t.runtime.kind != "nucleus":
        report.skip("the peers' answer is not ours to judge", impossible=True)


def user_runs(script):
    """A shell script as an ordinary user with a systemd of his own, outside of any session."""
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        command("useradd", "--create-home", USER)
        user = pwd.getpwnam(USER)
    command("loginctl", "enable-linger", USER)
    bus = f"/run/user/{user.pw_uid}/bus"
    report.eventually(lambda: os.path.exists(bus), "the user's bus", 25, 0.1)
    return subprocess.run(
        ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups",
         "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"HOME={user.pw_dir}",
         f"XDG_RUNTIME_DIR=/run/user/{user.pw_uid}", "sh", "-c", script],
        check=False, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        cwd=user.pw_dir)


def user_box(t):
    """A bundle of the user's: his ids are root's, his unit is in user.slice by default."""
    done = user_runs("id -u; id -g")
    uid, gid = map(int, done.stdout.split())
    box = Box(t, "cat /sys/fs/cgroup/pids.max; echo end; sleep 1000", {"pids": {"limit": 55}})
    box.bundle.remove("/linux/cgroupsPath")
    box.bundle.remove("/linux/resources/devices")
    box.bundle.namespace("user")
    box.bundle.without_namespace("network")
    box.bundle.change_mount("/sys", type="none", source="/sys", options=["rbind", "ro"])
    box.bundle.change_mount("/dev/pts", options=["nosuid", "noexec", "newinstance",
                                                 "ptmxmode=0666", "mode=0620"])
    for kind, host in (("uid", uid), ("gid", gid)):
        box.bundle.set(f"/linux/{kind}Mappings", [{"containerID": 0, "hostID": host, "size": 1}])
    box.bundle.write()
    os.chmod(t.suite.scratch, 0o755)
    command("chown", "-R", "-h", f"{uid}:{gid}", t.directory)
    return box


def user_unit(box):
    name = {"nucleus": "nucleus", "crun": "crun", "runc": "runc"}[box.t.runtime.kind]
    return f"{name}-{box.id}.scope"


@suite.test(timeout=kTimeout)
def an_ordinary_users_container_is_a_scope_of_his_own_systemd(t):
    box = user_box(t)
    unit, runtime = user_unit(box), t.runtime.path
    # podman gives delete no bus; the peers want one.
    without = "env -u XDG_RUNTIME_DIR" if t.runtime.kind == "nucleus" else ""
    done = user_runs(f"""
        R='{runtime} --root '$XDG_RUNTIME_DIR/{box.id}
        $R --systemd-cgroup create --bundle {box.bundle.path} {box.id} >out 2>&1 ||
            {{ cat out; exit 1; }}
        $R start {box.id}; i=0
        until grep -q end out || [ $i = 50 ]; do sleep 0.1; i=$((i+1)); done; cat out
        systemctl --user show {unit} -p TasksMax -p ActiveState
        {without} {runtime} --root $XDG_RUNTIME_DIR/{box.id} \\
            delete --force {box.id} && echo deleted
        systemctl --user show {unit} -p LoadState""")
    report.equal(done.stdout.split(), ["55", "end", "TasksMax=55", "ActiveState=active", "deleted",
                                       "LoadState=not-found"], f"what he sees; {done.stderr}")


@suite.test(timeout=kTimeout)
def exec_from_outside_his_systemds_tree_is_moved_by_it(t):
    """The user's own rights do not reach from his session to a cgroup of his systemd."""
    box = user_box(t)
    runtime = t.runtime.path
    done = user_runs(f"""
        R='{runtime} --root '$XDG_RUNTIME_DIR/{box.id}
        $R --systemd-cgroup create --bundle {box.bundle.path} {box.id} >out 2>&1 ||
            {{ cat out; exit 1; }}
        $R start {box.id}
        $R exec {box.id} cat /proc/self/cgroup; echo status $?
        $R delete --force {box.id}""")
    report.equal(done.stdout, "0::/\nstatus 0\n", f"what exec printed; {done.stderr}")


@suite.test(timeout=kTimeout)
def without_a_bus_of_his_an_ordinary_user_is_refused(t):
    only_nucleus(t)
    box = user_box(t)
    done = user_runs(f"XDG_RUNTIME_DIR= {t.runtime.path} --root $HOME/{box.id} --systemd-cgroup "
                     f"create --bundle {box.bundle.path} {box.id}; echo status $?; "
                     f"ls -A $HOME/{box.id} 2>/dev/null")
    report.equal(done.stdout, "status 1\n", f"what is left; {done.stderr}")
    report.contains(done.stderr, "DBUS_SESSION_BUS_ADDRESS or XDG_RUNTIME_DIR", "the error")


@suite.test(timeout=kTimeout)
def systemds_private_socket_does_without_a_bus_daemon(t):
    only_nucleus(t)
    t.runtime.wrapper = ["unshare", "--mount", "sh", "-c",
                         'mount -t tmpfs none /run/dbus && exec "$@"', "sh"]
    box = Box(t, "cat /proc/self/cgroup; echo end; sleep 1000").start()
    box.wait_for("end")
    box.delete()


suite.main()
