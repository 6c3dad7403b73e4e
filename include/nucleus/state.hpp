// What nucleus remembers of a container: one record in `<root>/<id>/`, written before anything is
// acquired and replaced as a whole (temporary file and rename), so that a reader never sees half of
// one and `delete` works from it alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/spec.hpp"

namespace nucleus::state {

// A process without doubt: a pid is recycled, its start time (field 22 of /proc/PID/stat, clock
// ticks since boot) is not.
struct ProcessId {
    std::int32_t pid = 0;
    std::uint64_t start_time = 0;
    bool operator==(const ProcessId&) const = default;
};

struct CgroupRecord {
    std::string manager = "cgroupfs";  // cgroupfs, systemd or disabled
    // Absolute directories, one for each hierarchy: "cpu" → ".../cpu/c1"; "" is the unified
    // hierarchy. Leaves of what was made.
    std::map<std::string, std::string> paths;
    // Every directory that did not exist and that create was about to make, parents before
    // children: what delete removes.
    std::vector<std::string> made;
    // Of systemd: the scope, the D-Bus addresses of its manager (separated by ';', the first that
    // answers), and the description by which a unit of that name is known to be this container's.
    std::string unit, bus, description;
    bool operator==(const CgroupRecord&) const = default;
};

// A network device that a create was about to move into the namespace that it joined.
struct NetDeviceRecord {
    std::string name;        // in the runtime's namespace
    std::int32_t index = 0;  // in the container's
    bool operator==(const NetDeviceRecord&) const = default;
};

// Absolute directories in resctrl.
struct ResctrlRecord {
    std::string group, monitoring;  // what the processes stand in; `monitoring` may be empty
    // Those that did not exist and that create was about to make, parents before children: what
    // delete removes.
    std::vector<std::string> made;
    bool operator==(const ResctrlRecord&) const = default;
};

struct Record {
    std::string id;
    std::string oci_version;
    std::string bundle;   // absolute
    std::string rootfs;   // absolute
    std::string created;  // RFC 3339 with nanoseconds, UTC
    std::uint32_t owner_uid = 0;
    std::optional<ProcessId> init;  // nothing until the container process exists
    bool committed = false;         // create has succeeded
    CgroupRecord cgroup;
    std::optional<ResctrlRecord> resctrl;
    // Until the commit only: what must come back, and from which joined namespace. Afterwards the
    // devices are the container's (config-linux.md#network-devices).
    std::vector<NetDeviceRecord> net_devices;
    std::string network_namespace;
    std::string socket;  // the start gate, relative to the state directory; empty once started
    bool separate_pid_namespace = true;
    // CLONE_NEW* of what config.json gave a path for that was the runtime's own: inherited.
    std::uint64_t own_namespaces = 0;
    bool new_keyring = true;
    bool no_pivot = false;
    spec::Annotations annotations;
    // What updates have made of linux.resources and of the schemata of linux.intelRdt; nothing:
    // they are as in config.json.
    std::optional<spec::Resources> resources;
    std::string l3_cache_schema, mem_bw_schema;
    bool operator==(const Record&) const = default;
};

}  // namespace nucleus::state
