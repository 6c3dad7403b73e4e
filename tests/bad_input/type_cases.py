"""A wrong type anywhere: every property of a rich config, each in turn given a value of a type that
it does not have (config.md, config-linux.md)."""

import json

from common import refuses
from support.bundle import default_config

ID_MAP = [{"containerID": 0, "hostID": 100000, "size": 65536}]
HOOK = [{"path": "/bin/true", "args": ["true"], "env": ["A=1"], "timeout": 3}]

RICH = {
    "process": {
        "consoleSize": {"height": 24, "width": 80},
        "user": {"uid": 0, "gid": 0, "umask": 18, "additionalGids": [5]},
        "oomScoreAdj": 100,
        "apparmorProfile": "profile",
        "selinuxLabel": "label",
    },
    "domainname": "example.org",
    "hooks": {kind: HOOK for kind in ("prestart", "createRuntime", "createContainer",
                                      "startContainer", "poststart", "poststop")},
    "annotations": {"org.example": "1"},
    "linux": {
        "uidMappings": ID_MAP,
        "gidMappings": ID_MAP,
        "devices": [{"type": "c", "path": "/dev/fuse", "major": 10, "minor": 229, "fileMode": 438,
                     "uid": 0, "gid": 0}],
        "cgroupsPath": "/x",
        "sysctl": {"net.core.somaxconn": "256"},
        "rootfsPropagation": "slave",
        "mountLabel": "label",
        "seccomp": {
            "defaultAction": "SCMP_ACT_ALLOW",
            "architectures": ["SCMP_ARCH_X86_64"],
            "flags": ["SECCOMP_FILTER_FLAG_LOG"],
            "syscalls": [{"names": ["chmod"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
                          "args": [{"index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_EQ"}]}],
        },
        "intelRdt": {"closID": "x", "l3CacheSchema": "L3:0=f", "memBwSchema": "MB:0=20"},
        "resources": {
            "devices": [{"allow": False, "type": "c", "major": 10, "minor": 229, "access": "rwm"}],
            "memory": {"limit": 1, "reservation": 1, "swap": 1, "swappiness": 1,
                       "disableOOMKiller": False, "useHierarchy": False},
            "cpu": {"shares": 1, "quota": 1, "period": 1, "realtimeRuntime": 1, "realtimePeriod": 1,
                    "cpus": "0", "mems": "0"},
            "pids": {"limit": 1},
            "blockIO": {"weight": 10, "leafWeight": 10,
                        "weightDevice": [{"major": 8, "minor": 0, "weight": 10, "leafWeight": 10}],
                        "throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 600}]},
            "hugepageLimits": [{"pageSize": "2MB", "limit": 1}],
            "network": {"classID": 1, "priorities": [{"name": "lo", "priority": 1}]},
            "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 3}},
            "unified": {"memory.high": "1"},
        },
    },
}

# Properties that the specification added after runc 1.1: the peer ignores them, as it must.
NEWER = {
    "process": {
        "scheduler": {"policy": "SCHED_OTHER", "nice": 1, "priority": 0, "flags": [], "runtime": 1,
                      "deadline": 1, "period": 1},
        "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4},
        "execCPUAffinity": {"initial": "0", "final": "0"},
    },
    "linux": {
        "timeOffsets": {"monotonic": {"secs": 1, "nanosecs": 1}},
        "memoryPolicy": {"mode": "MPOL_DEFAULT", "nodes": "0", "flags": []},
        "netDevices": {"eth0": {"name": "eth1"}},
        "seccomp": {"defaultErrnoRet": 1, "listenerPath": "/x", "listenerMetadata": "x"},
        "personality": {"domain": "LINUX", "flags": []},
    },
}


def merge(base, more):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value
    return base


def wrong(value):
    """A value of another type."""
    if isinstance(value, bool) or isinstance(value, (int, float)):
        return "text"
    if isinstance(value, str):
        return 5
    return {} if isinstance(value, list) else []


def pointers(value, place=""):
    """Every place in the document, the root left out; of an array its first entry stands for all."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{place}/{key}", inner
            yield from pointers(inner, f"{place}/{key}")
    elif isinstance(value, list) and value:
        yield f"{place}/0", value[0]
        yield from pointers(value[0], f"{place}/0")


def with_wrong_type(pointer, bad, whole):
    def change(bundle):
        bundle.config = whole()
        bundle.set(pointer, bad)
    return change


def unshared(document):
    """A copy in which no two places are one object."""
    return json.loads(json.dumps(document))


def rich():
    return merge(unshared(default_config()), unshared(RICH))


def newest():
    return merge(rich(), unshared(NEWER))


OLD = dict(pointers(rich()))
for where, good in pointers(newest()):
    accepted = None
    if where not in OLD:
        accepted = "the property is younger than runc 1.1"
    refuses(f"refuses_a_wrong_type_at_{where}", with_wrong_type(where, wrong(good), newest), where,
            runc_accepts=accepted)


def refuses_number(pointer, number, **options):
    refuses(f"refuses_{number}_at_{pointer}", with_wrong_type(pointer, number, rich), pointer, **options)


for where in ("/process/user/uid", "/process/user/gid", "/process/user/additionalGids/0",
              "/linux/uidMappings/0/size", "/process/user/umask"):
    refuses_number(where, -1)
    refuses_number(where, 1 << 32)
    refuses_number(where, 1.5)
refuses_number("/process/rlimits/0/soft", -1)
refuses_number("/process/rlimits/0/hard", 1 << 64)
refuses_number("/linux/resources/cpu/shares", -1)
refuses_number("/linux/resources/memory/limit", 1 << 63)
refuses_number("/linux/resources/blockIO/weight", 1 << 16)
refuses_number("/process/oomScoreAdj", 1 << 31)
