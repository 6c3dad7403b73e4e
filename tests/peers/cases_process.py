"""The process: ids, capabilities, limits, environment, signals, terminal, descriptors, devices."""

import os
import signal
import stat

from cases_namespaces import ALL
from normal import differences
from side import probe_command
from support.runtime import ConsoleSocket, read_terminal, reap
from table import case


@case("system", expects={"/system/hostname": "elsewhere.example"})
def a_hostname(side):
    side.bundle.set("/hostname", "elsewhere.example")


ALL_CAPABILITIES = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE
SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_TIME SYS_TTY_CONFIG MKNOD
LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND
AUDIT_READ""".split()


def named(*names):
    return ["CAP_" + name for name in names]


def user(side, uid, gid=None, **more):
    side.bundle.set("/process/user", {"uid": uid, "gid": uid if gid is None else gid, **more})


@case("capabilities", "syscalls", expects={"/capabilities/bounding": [],
                                           "/capabilities/effective": []})
def no_capabilities(side):
    side.bundle.capabilities(bounding=[], effective=[], permitted=[])


@case("capabilities", "syscalls", "device_rules",
      expects={"/capabilities/effective/36": "CAP_AUDIT_READ"})
def every_capability_the_machine_has(side):
    names = named(*ALL_CAPABILITIES)
    side.bundle.capabilities(bounding=names, effective=names, permitted=names)


@case("capabilities", expects={"/capabilities/bounding": ["CAP_CHOWN", "CAP_KILL"],
                               "/capabilities/effective": ["CAP_KILL"]})
def capability_sets_that_differ(side):
    side.bundle.capabilities(bounding=named("CHOWN", "KILL"), permitted=named("CHOWN", "KILL"),
                             effective=named("KILL"))
    # Root gains the whole permitted set at exec (capabilities(7)); a user without file
    # capabilities loses it: ambient carries the one that is to stay.
    user(side, 1000)
    side.bundle.set("/process/capabilities/inheritable", named("KILL"))
    side.bundle.set("/process/capabilities/ambient", named("KILL"))


@case("capabilities", expects={"/capabilities/effective": [],
                               "/capabilities/bounding/0": "CAP_KILL"})
def capabilities_of_a_user_without_ambient_ones(side):
    user(side, 1000)


@case("capabilities", "ids",
      expects={"/capabilities/ambient": ["CAP_NET_BIND_SERVICE"],
               "/capabilities/effective": ["CAP_NET_BIND_SERVICE"]})
def ambient_capabilities_of_a_user(side):
    names = named("NET_BIND_SERVICE")
    user(side, 1000)
    side.bundle.capabilities(bounding=names, effective=names, permitted=names, inheritable=names,
                             ambient=names)


@case("capabilities", expects={"/capabilities/inheritable": ["CAP_CHOWN"]})
def inheritable_capabilities(side):
    names = named("CHOWN", "KILL")
    side.bundle.capabilities(bounding=names, effective=names, permitted=names,
                             inheritable=named("CHOWN"))


@case("capabilities", expects={"/capabilities/bounding": ["CAP_KILL"]})
def an_unknown_capability_is_only_warned_of(side):
    names = named("KILL", "FLYING")
    side.bundle.capabilities(bounding=names, effective=names, permitted=names)


@case("rlimits", expects={"/rlimits/NOFILE": ["100", "200"], "/rlimits/CORE": ["0", "0"],
                          "/rlimits/STACK": ["4194304", "8388608"], "/rlimits/NPROC": ["50", "60"]})
def resource_limits(side):
    limits = {"NOFILE": (100, 200), "CORE": (0, 0), "STACK": (4194304, 8388608),
              "NPROC": (50, 60), "FSIZE": (1 << 30, 1 << 31), "AS": (1 << 32, 1 << 33),
              "CPU": (100, 200), "MEMLOCK": (4096, 8192), "SIGPENDING": (10, 20),
              "MSGQUEUE": (1000, 2000), "RSS": (1 << 30, 1 << 30), "LOCKS": (5, 6),
              "DATA": (1 << 30, 1 << 30), "RTTIME": (1000000, 1000000), "NICE": (0, 0),
              "RTPRIO": (0, 0)}
    side.bundle.set("/process/rlimits", [
        {"type": "RLIMIT_" + name, "soft": soft, "hard": hard}
        for name, (soft, hard) in limits.items()])


@case("rlimits", expects={"/rlimits/CPU": ["unlimited", "unlimited"]})
def an_unlimited_resource_limit(side):
    side.bundle.set("/process/rlimits",
                    [{"type": "RLIMIT_CPU", "soft": 2**64 - 1, "hard": 2**64 - 1}])


@case("security", expects={"/security/no_new_privs": 0})
def new_privileges_allowed(side):
    side.bundle.set("/process/noNewPrivileges", False)


@case("ids", "process", "root", "capabilities", "devices",
      expects={"/ids/uid": [1000] * 4, "/ids/gid": [1001] * 4})
def a_user_and_a_group(side):
    user(side, 1000, 1001)


@case("ids", expects={"/ids/groups": [5, 6, 100]})
def additional_groups(side):
    user(side, 1000, 1000, additionalGids=[6, 100, 5])


@case("ids", expects={"/ids/umask": "0027"})
def a_umask(side):
    user(side, 0, 0, umask=0o027)


@case("ids", expects={"/ids/umask": "0000"})
def a_umask_of_zero(side):
    user(side, 0, 0, umask=0)


@case("process", expects={"/process/cwd": "/usr"})
def a_working_directory(side):
    side.bundle.set("/process/cwd", "/usr")


@case("process", "paths", expects={"/process/cwd": "/made/here", "/paths/~1made~1here/type": "d"})
def a_working_directory_that_is_missing(side):
    side.bundle.set("/process/cwd", "/made/here")
    side.probe("process", "paths", paths=["/made", "/made/here"])


@case("process", "paths", expects={"/process/cwd": "/made/here"})
def a_missing_working_directory_of_a_user(side):
    side.bundle.set("/process/cwd", "/made/here")
    user(side, 1000)
    side.probe("process", "paths", paths=["/made", "/made/here"])


@case("process", expects={"/process/environment":
                          lambda entries: "HOME=/home/user" in entries})
def home_from_the_containers_passwd(side):
    user(side, 1000)


@case("process", expects={"/process/environment": lambda entries: "HOME=/" in entries})
def home_of_a_user_without_an_entry(side):
    user(side, 4242)


@case("process", expects={"/process/environment":
                          lambda entries: entries.count("HOME=/elsewhere") == 1})
def home_that_is_given(side):
    side.bundle.set("/process/env", ["PATH=/bin", "HOME=/elsewhere", "EMPTY=", "A=b=c"])


# The probe writes bytes as code points: é is two of them in UTF-8, € three.
@case("process", expects={"/process/arguments": [
    "/probe", "process", "--path", "two words", "--path", "", "--path",
    "\u00c3\u00a9\u00e2\u0082\u00ac"]})
def arguments_with_spaces_and_empty_and_not_ascii(side):
    side.bundle.args("/probe", "process", "--path", "two words", "--path", "", "--path",
                     "\u00e9\u20ac")


@case("process", expects={"/process/exe": "/bin/probe-in-path"})
def a_program_found_by_the_containers_path(side):
    os.link(side.bundle.rootfs + "/probe", side.bundle.rootfs + "/bin/probe-in-path")
    side.bundle.args("probe-in-path", "process")


@case("scheduling", expects={"/scheduling/oom_score_adj": "500"})
def an_oom_score(side):
    side.bundle.set("/process/oomScoreAdj", 500)


@case("scheduling", expects={"/scheduling/oom_score_adj": "250"})
def an_oom_score_that_is_inherited(side):
    def raise_score():
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("250")
    side.create_options["before_exec"] = raise_score


@case("keyring", expects={"/keyring/session_keyring/new": True})
def a_new_session_keyring(side):
    pass


@case("keyring", expects={"/keyring/session_keyring/new": False})
def no_new_session_keyring(side):
    side.create_flags.append("--no-new-keyring")


@case("signals", expects={"/signals/blocked": [], "/signals/ignored": []})
def a_signal_mask_and_dispositions_that_are_reset(side):
    def block_and_ignore():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD})
        for number in (signal.SIGUSR2, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
    side.create_options["before_exec"] = block_and_ignore


@case("scheduling", expects={"/scheduling/affinity": lambda cpus: cpus == sorted(
    os.sched_getaffinity(0))})
def an_affinity_that_is_reset(side):
    side.create_options["before_exec"] = lambda: os.sched_setaffinity(0, {0})


@case("scheduling", expects={"/scheduling/nice": 5})
def a_nice_value_that_is_inherited(side):
    side.create_options["before_exec"] = lambda: os.nice(5)


@case("ids", expects={"/ids/umask": "0077"})
def the_default_umask(side):
    side.create_options["before_exec"] = lambda: os.umask(0o077)


@case("descriptors", expects={"/descriptors/3": "(absent)", "/descriptors/5": "(absent)"})
def descriptors_that_are_not_passed_on(side):
    opened = [os.open("/etc/hosts", os.O_RDONLY) for _ in range(3)]
    for descriptor in opened:
        side.test.on_cleanup(os.close, descriptor)

    def place():
        for number in (3, 4, 5):
            os.dup2(opened[0], number)
    side.create_options.update(pass_fds=(3, 4, 5), before_exec=place)


@case("descriptors", "process", expects={"/descriptors/3/type": "-", "/descriptors/4/type": "-",
                                         "/descriptors/5": "(absent)"})
def descriptors_that_are_preserved(side):
    path = os.path.join(side.directory, "kept")
    with open(path, "w", encoding="utf-8") as file:
        file.write("kept\n")
    kept = os.open(path, os.O_RDONLY)
    side.test.on_cleanup(os.close, kept)

    def place():
        for number in (3, 4, 5):
            os.dup2(kept, number)
    side.create_options.update(pass_fds=(3, 4, 5), before_exec=place)
    side.create_flags += ["--preserve-fds", "2"]


@case("descriptors", "ids", expects={"/owners/stdout/0": 1000, "/descriptors/1/uid": 1000})
def standard_streams_that_are_given_to_the_user(side):
    user(side, 1000)
    found = side.observe()
    # The group is the runtime's caller's business; the owner is who must be able to reopen them.
    found["owners"] = {}
    for name in ("stdin", "stdout", "stderr"):
        status = os.stat(side.output_path(name))
        found["owners"][name] = [status.st_uid, status.st_gid, oct(stat.S_IMODE(status.st_mode))]
    return found


@case("descriptors", expects={"/null": [0, 0, "0o644"]})
def a_null_device_that_is_not_given_to_the_user(side):
    # A node of the test's own: older runtimes would change the machine's.
    path = os.path.join(side.directory, "null")
    os.mknod(path, 0o644 | stat.S_IFCHR, os.makedev(1, 3))
    os.chmod(path, 0o644)
    user(side, 1000)
    with open(path, "rb") as null:
        side.create_options["stdin"] = null
        found = side.observe()
    status = os.stat(path)
    found["null"] = [status.st_uid, status.st_gid, oct(stat.S_IMODE(status.st_mode))]
    return found


def terminal(side, rows=None):
    """create with a console socket, as conmon does; the report as it came out of the terminal."""
    console = ConsoleSocket(os.path.join(side.directory, "console"))
    side.test.on_cleanup(console.close)
    side.bundle.set("/process/terminal", True)
    if rows:
        side.bundle.set("/process/consoleSize", {"height": rows, "width": 2 * rows})
    side.create_flags += ["--console-socket", console.path]
    side.create().must()
    master, payload, count = console.receive()
    side.start().must()
    text = read_terminal(master)
    os.close(master)
    side.wait()
    found = side.report_of(text)
    found["descriptors_in_the_message"] = count
    found["message_has_a_payload"] = len(payload) > 0
    return found


@case(expects={"/session/standard/0/terminal": True, "/session/controlling": "ok",
               "/devices/~1dev~1console/type": "c"})
def a_terminal(side):
    side.probe("session", "descriptors", "devices", "mounts", "signals")
    return terminal(side)


@case(expects={"/session/standard/1/rows": 40, "/session/standard/1/columns": 80})
def a_terminal_with_a_size(side):
    side.probe("session")
    return terminal(side, 40)


@case(expects={"/descriptors/0/uid": 1000, "/session/controlling": "ok"})
def a_terminal_of_a_user(side):
    user(side, 1000)
    side.probe("session", "descriptors", "devices")
    return terminal(side)


@case("syscalls", "system", expects={"/sysctls/net.ipv4.ip_forward": "1",
                                     "/sysctls/kernel.msgmax": "9000"})
def kernel_parameters_of_the_containers_namespaces(side):
    values = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "9000", "kernel.shm_rmid_forced": "1",
              "fs.mqueue.msg_max": "20", "net.ipv4.ping_group_range": "0 1000"}
    side.bundle.set("/linux/sysctl", values)
    side.probe("sysctls", "mounts", sysctls=sorted(values))


@case("system", "sysctls", expects={"/sysctls/kernel.domainname": "example.org"})
def a_domain_name_by_kernel_parameter(side):
    side.bundle.set("/linux/sysctl", {"kernel.domainname": "example.org"})
    side.probe("system", "sysctls", sysctls=["kernel.domainname", "kernel.hostname"])


def exec_report(side, process, *flags, pieces=ALL):
    """A probe that is executed in a container whose own process waits."""
    side.probe("namespaces", flags=["--wait"])
    side.create().must()
    side.start().must()
    side.wait_for_report()
    base = {"cwd": "/", "args": probe_command(*pieces), "user": {"uid": 0, "gid": 0},
            "env": ["PATH=/bin", "NAME=value"]}
    base.update(process)
    inode_of = side.namespaces_of(side.pid)
    for name, inode in inode_of.items():
        if side.known_namespaces.get(inode) is None:
            side.known_namespaces[inode] = "the container's"
    result = side.runtime.exec_process(side.id, base, *flags).must()
    return side.report_of(result.stdout, result.stderr)


EXEC_SECTIONS = tuple(name for name in ALL if name not in ("processes", "session"))


@case(expects={"/namespaces/pid": "the container's", "/namespaces/mnt": "the container's",
               "/namespaces/net": "the container's", "/capabilities/effective": ["CAP_KILL"],
               "/rlimits/NOFILE": ["20", "20"], "/scheduling/oom_score_adj": "100"})
def an_executed_process(side):
    return exec_report(side, {
        "capabilities": {name: ["CAP_KILL"] for name in ("bounding", "effective", "permitted")},
        # Equal: Go's start-up raises a soft limit that runc set a moment too early.
        "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 20, "hard": 20}],
        "noNewPrivileges": True, "oomScoreAdj": 100}, pieces=EXEC_SECTIONS)


@case(expects={"/ids/uid/0": 1000, "/ids/groups": [5], "/ids/umask": "0077",
               "/process/cwd": "/tmp"})
def an_executed_process_of_a_user(side):
    return exec_report(side, {
        "user": {"uid": 1000, "gid": 1000, "umask": 0o077, "additionalGids": [5]}, "cwd": "/tmp"},
                       pieces=("ids", "process", "capabilities", "security", "keyring", "cgroup"))


@case(expects={"/process/arguments/0": "/probe", "/capabilities/effective/0": "CAP_KILL",
               "/ids/uid/0": 0})
def an_executed_process_by_command_line(side):
    side.probe("namespaces", flags=["--wait"])
    side.create().must()
    side.start().must()
    side.wait_for_report()
    result = side.runtime.exec(
        side.id, *probe_command("process", "capabilities", "ids", "security", "rlimits")).must()
    return side.report_of(result.stdout, result.stderr)


@case(expects={"/session/standard/0/terminal": True, "/session/controlling": "ok"})
def an_executed_process_with_a_terminal(side):
    side.probe("namespaces", flags=["--wait"])
    side.create().must()
    side.start().must()
    side.wait_for_report()
    console = ConsoleSocket(os.path.join(side.directory, "console"))
    side.test.on_cleanup(console.close)
    pid_file = os.path.join(side.directory, "exec-pid")
    process = {"cwd": "/", "args": probe_command("session", "descriptors", "signals"),
               "user": {"uid": 0, "gid": 0}, "env": ["PATH=/bin"], "terminal": True}
    side.runtime.exec_process(side.id, process, "--detach", "--pid-file", pid_file,
                              "--console-socket", console.path).must()
    master, _, _ = console.receive()
    found = side.report_of(read_terminal(master))
    os.close(master)
    # It is our child, not process 1's: the pid namespace cannot end before it is waited for.
    with open(pid_file, encoding="ascii") as file:
        reap(int(file.read()))
    del found["session"]["pid"], found["session"]["group"], found["session"]["session"]
    return found


@case(expects={"/unlike": []})
def an_executed_process_is_like_the_first(side):
    # The container's own process description, executed: what it sees must be what the first saw.
    sections = [name for name in EXEC_SECTIONS if name != "descriptors"]
    side.probe(*sections, flags=["--wait"])
    side.create().must()
    side.start().must()
    first = side.wait_for_report()
    process = dict(side.bundle.config["process"], args=probe_command(*sections))
    result = side.runtime.exec_process(side.id, process).must()
    second = side.report_of(result.stdout, result.stderr)
    for report_ in (first, second):
        del report_["process"]["arguments"]
        # A keyring of its own, and of the same name.
        report_["keyring"]["session_keyring"].pop("serial", None)
    return {"unlike": [pointer for pointer, *_ in differences(first, second)]}


def device(path, kind, major=None, minor=None, mode=0o666, uid=0, gid=0):
    entry = {"path": path, "type": kind, "fileMode": mode, "uid": uid, "gid": gid}
    if major is not None:
        entry.update(major=major, minor=minor)
    return entry


@case("devices", expects={"/devices/~1dev~1null/mode": "0666", "/devices/~1dev~1fd/type": "l"})
def the_default_devices_and_links(side):
    pass


@case("devices", expects={"/devices/~1dev~1fuse-of-ours/number": "10:229",
                          "/devices/~1dev~1fuse-of-ours/uid": 1000,
                          "/devices/~1dev~1fuse-of-ours/mode": "0640"})
def a_character_device(side):
    side.bundle.set("/linux/devices", [device("/dev/fuse-of-ours", "c", 10, 229, 0o640, 1000, 5)])
    side.bundle.set("/linux/resources/devices", [
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"}])


@case("devices", expects={"/devices/~1dev~1disk-of-ours/type": "b"})
def a_block_device(side):
    side.bundle.set("/linux/devices", [device("/dev/disk-of-ours", "b", 7, 0, 0o600)])


@case("devices", expects={"/devices/~1dev~1pipe-of-ours/type": "p"})
def a_fifo_device(side):
    side.bundle.set("/linux/devices", [device("/dev/pipe-of-ours", "p", mode=0o622, gid=5)])


@case(expects={"/paths/~1dev~1deep~1down~1zero/type": "c"})
def a_device_in_a_directory_of_its_own(side):
    side.bundle.set("/linux/devices", [device("/dev/deep/down/zero", "c", 1, 5)])
    side.probe("paths", paths=["/dev/deep", "/dev/deep/down", "/dev/deep/down/zero"])


@case("devices", expects={"/devices/~1dev~1full/uid": 1000, "/devices/~1dev~1full/mode": "0640"})
def a_default_device_that_is_described_anew(side):
    side.bundle.set("/linux/devices", [device("/dev/full", "c", 1, 7, 0o640, 1000, 1000)])


def device_rules(side, *rules):
    side.bundle.capabilities(**{name: named("MKNOD", "DAC_OVERRIDE")
                                for name in ("bounding", "effective", "permitted")})
    side.bundle.set("/linux/resources/devices", list(rules))
    side.probe("device_rules", "cgroup")


DENY = {"allow": False, "access": "rwm"}


@case(expects={"/device_rules/null/read": "ok", "/device_rules/tty0/read": "EPERM"})
def devices_denied(side):
    device_rules(side, DENY)


# 4:0 and 10:229 are none of the devices that a runtime always allows.
@case(expects={"/device_rules/tty0/read": "ok", "/device_rules/tty0/write": "EPERM"})
def a_device_allowed_to_be_read(side):
    device_rules(side, DENY, {"allow": True, "type": "c", "major": 4, "minor": 0, "access": "r"},
                 {"allow": True, "type": "c", "major": 4, "minor": 0, "access": "m"})


@case(expects={"/device_rules/mem/mknod": "ok", "/device_rules/tty0/read": "EPERM"})
def devices_of_one_major_number_allowed(side):
    device_rules(side, DENY, {"allow": True, "type": "c", "major": 1, "access": "rwm"})


@case(expects={"/device_rules/loop0/mknod": "ok", "/device_rules/loop0/read": "EPERM"})
def block_devices_allowed_to_be_made(side):
    device_rules(side, DENY, {"allow": True, "type": "b", "access": "m"})


@case(expects={"/device_rules/tty0/read": "ok", "/device_rules/loop0/mknod": "ok"})
def every_device_allowed(side):
    device_rules(side, {"allow": True, "access": "rwm"})


@case(expects={"/device_rules/tty0/mknod": "EPERM", "/device_rules/fuse/mknod": "ok"})
def a_device_denied_after_all_were_allowed(side):
    device_rules(side, {"allow": True, "access": "rwm"},
                 {"allow": False, "type": "c", "major": 4, "minor": 0, "access": "rwm"})
