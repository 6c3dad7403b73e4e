"""Devices: nodes, links, and what the device controller lets the container do."""

from cases_identity import named
from table import case


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


# As dockerd writes it: what cannot be opened may have a node.
@case(expects={"/device_rules/fuse/read": "EPERM", "/device_rules/fuse/mknod": "ok"})
def a_device_denied_after_nothing_was_allowed(side):
    device_rules(side, DENY,
                 {"allow": False, "type": "c", "major": 10, "minor": 229, "access": "rwm"})
