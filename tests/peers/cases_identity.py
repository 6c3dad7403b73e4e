"""Who the process is: ids, groups, umask, capabilities, and what its user may do with stdio."""

import os
import stat

from table import case


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


@case("ids", expects={"/ids/umask": "0077"})
def the_default_umask(side):
    side.create_options["before_exec"] = lambda: os.umask(0o077)


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
