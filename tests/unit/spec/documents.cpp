#include "documents.hpp"

namespace nucleus::spec::test {

const std::string_view kFullConfig = R"json({
  "ociVersion": "1.2.1+dev",
  "root": {"path": "rootfs", "readonly": true},
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {
      "destination": "/data",
      "type": "none",
      "source": "/srv/data",
      "options": ["rbind", "ro", "idmap"],
      "uidMappings": [{"containerID": 1, "hostID": 2, "size": 3}],
      "gidMappings": [{"containerID": 4, "hostID": 5, "size": 4294967295}]
    }
  ],
  "process": {
    "terminal": true,
    "consoleSize": {"height": 25, "width": 80},
    "user": {"uid": 1000, "gid": 1001, "umask": 18, "additionalGids": [5, 6]},
    "args": ["sh", "-c", "exit 3"],
    "env": ["PATH=/bin", "EMPTY="],
    "cwd": "/root",
    "capabilities": {
      "bounding": ["CAP_CHOWN", "CAP_KILL"],
      "effective": ["CAP_KILL"],
      "inheritable": ["CAP_CHOWN"],
      "permitted": ["CAP_KILL", "CAP_CHOWN"],
      "ambient": ["CAP_NONSENSE"]
    },
    "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 18446744073709551615}],
    "noNewPrivileges": true,
    "apparmorProfile": "profile",
    "selinuxLabel": "a:b:c:d",
    "oomScoreAdj": -17,
    "scheduler": {
      "policy": "SCHED_DEADLINE",
      "nice": -5,
      "priority": 7,
      "flags": ["SCHED_FLAG_RECLAIM"],
      "runtime": 10000000,
      "deadline": 20000000,
      "period": 30000000
    },
    "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4},
    "execCPUAffinity": {"initial": "7", "final": "0-3,7"}
  },
  "hostname": "host",
  "domainname": "domain",
  "hooks": {
    "prestart": [{"path": "/1", "args": ["1", "a"], "env": ["K=V"], "timeout": 5}],
    "createRuntime": [{"path": "/2"}],
    "createContainer": [{"path": "/3"}],
    "startContainer": [{"path": "/4"}],
    "poststart": [{"path": "/5"}],
    "poststop": [{"path": "/6"}, {"path": "/7"}]
  },
  "annotations": {"com.example.key": "value", "empty": ""},
  "linux": {
    "namespaces": [{"type": "pid"}, {"type": "network", "path": "/run/netns/a"}],
    "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
    "gidMappings": [{"containerID": 0, "hostID": 200000, "size": 65536}],
    "timeOffsets": {"monotonic": {"secs": -172800, "nanosecs": 999999999}, "boottime": {"secs": 1}},
    "devices": [
      {"type": "c", "path": "/dev/fuse", "major": 10, "minor": 229,
       "fileMode": 438, "uid": 1, "gid": 2},
      {"type": "p", "path": "/dev/fifo"}
    ],
    "netDevices": {"eth0": {"name": "c0"}, "eth1": {}},
    "cgroupsPath": "/top/leaf",
    "resources": {
      "devices": [
        {"allow": false, "access": "rwm"},
        {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}
      ],
      "memory": {
        "limit": 536870912,
        "reservation": 268435456,
        "swap": -1,
        "kernel": -1,
        "kernelTCP": 1,
        "swappiness": 60,
        "disableOOMKiller": true,
        "useHierarchy": false,
        "checkBeforeUpdate": true
      },
      "cpu": {
        "shares": 1024,
        "quota": 1000000,
        "burst": 1000,
        "period": 500000,
        "realtimeRuntime": 950000,
        "realtimePeriod": 1000000,
        "cpus": "2-3",
        "mems": "0-7",
        "idle": 1
      },
      "pids": {"limit": 32771},
      "blockIO": {
        "weight": 10,
        "leafWeight": 11,
        "weightDevice": [
          {"major": 8, "minor": 0, "weight": 500, "leafWeight": 300},
          {"major": 8, "minor": 16, "weight": 500}
        ],
        "throttleReadBpsDevice": [{"major": 8, "minor": 1, "rate": 600}],
        "throttleWriteBpsDevice": [{"major": 8, "minor": 2, "rate": 601}],
        "throttleReadIOPSDevice": [{"major": 8, "minor": 3, "rate": 602}],
        "throttleWriteIOPSDevice": [{"major": 8, "minor": 4, "rate": 603}]
      },
      "hugepageLimits": [{"pageSize": "2MB", "limit": 9223372036854772000}],
      "network": {
        "classID": 1048577,
        "priorities": [{"name": "eth0", "priority": 500}, {"name": "eth1", "priority": 1000}]
      },
      "rdma": {"mlx5_1": {"hcaHandles": 3, "hcaObjects": 10000}, "rxe3": {"hcaObjects": 1}},
      "unified": {"memory.high": "1073741824", "io.max": "259:0 rbps=2097152"}
    },
    "intelRdt": {
      "closID": "group",
      "l3CacheSchema": "L3:0=7f0;1=1f",
      "memBwSchema": "MB:0=20;1=70",
      "schemata": ["L2:0=f", "MB:0=20"],
      "enableMonitoring": true
    },
    "memoryPolicy": {"mode": "MPOL_INTERLEAVE", "nodes": "2-3", "flags": ["MPOL_F_STATIC_NODES"]},
    "sysctl": {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "0"},
    "seccomp": {
      "defaultAction": "SCMP_ACT_ERRNO",
      "defaultErrnoRet": 38,
      "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"],
      "flags": ["SECCOMP_FILTER_FLAG_LOG"],
      "listenerPath": "/run/agent.sock",
      "listenerMetadata": "opaque",
      "syscalls": [
        {
          "names": ["getcwd", "chmod"],
          "action": "SCMP_ACT_ERRNO",
          "errnoRet": 1,
          "args": [
            {"index": 1, "value": 18446744073709551615, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}
          ]
        },
        {"names": ["read"], "action": "SCMP_ACT_ALLOW"}
      ]
    },
    "rootfsPropagation": "slave",
    "maskedPaths": ["/proc/kcore", "/proc/keys"],
    "readonlyPaths": ["/proc/bus"],
    "mountLabel": "e:f:g:h",
    "personality": {"domain": "LINUX32", "flags": ["NONE"]}
  },
  "windows": {"layerFolders": []},
  "futureProperty": {"a": [1, 2.5, null]}
}
)json";

}  // namespace nucleus::spec::test
