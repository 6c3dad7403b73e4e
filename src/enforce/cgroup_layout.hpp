// What of the cgroup hierarchies this host mounts, and where the runtime itself stands in them. A
// value: made once per command from /proc/self/cgroup and the mounts (cgroups(7), proc(5)), then
// only read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

struct CgroupHierarchy {
    std::string mount_point;
    // "cpu", "cpuacct" where they share one hierarchy; "name=systemd" for one without controllers;
    // nothing: unified.
    std::vector<std::string> controllers;
    // The runtime's own cgroup as a path below the mount point: "" or "/a/b".
    std::string own_path;
    bool operator==(const CgroupHierarchy&) const = default;
};

struct CgroupLayout {
    std::vector<CgroupHierarchy> v1;
    std::optional<CgroupHierarchy> unified;

    // Limits, freezing and devices are the unified hierarchy's matter: no v1 hierarchy has a
    // controller that v2 has too.
    bool pure_v2() const;
    bool operator==(const CgroupLayout&) const = default;
};

// A v1 controller that leaves a host one of cgroup v2: it has no other version (net_cls, net_prio),
// sets no limit (perf_event), or is only a name.
bool stands_beside_v2(std::string_view controller);

// From the texts of /proc/self/mountinfo and /proc/self/cgroup. A mount that another one hides is
// not seen. Where one hierarchy is mounted several times, the mount that shows most of it is taken,
// the first one of equals.
Result<CgroupLayout> parse_cgroups(std::string_view mountinfo, std::string_view own_cgroups);
// The same answer for a host that has its hierarchies where all have them, without reading every
// mount; the unified one of a hybrid host is looked for at /sys/fs/cgroup/unified only. Nothing:
// this host is not like that, or its kernel cannot tell.
std::optional<CgroupLayout> usual_layout(sys::Kernel& kernel, std::string_view own_cgroups);
Result<CgroupLayout> detect_cgroups(sys::Kernel& kernel);

// One directory of a container's /sys/fs/cgroup on a v1 host (config.md#mounts, type cgroup).
struct CgroupView {
    std::string directory;      // name below the mount's destination: "cpu,cpuacct", "systemd"
    std::string mount_options;  // of mount(2) with type cgroup: "cpu,cpuacct", "none,name=systemd"
    std::string controller;     // key of the container's directory in CgroupRecord::paths
    std::vector<std::string>
        symlinks;  // names that lead to `directory`: "cpu", "cpuacct" where they are co-mounted
    bool operator==(const CgroupView&) const = default;
};

// The v1 directories to show; nothing on a pure v2 host, whose view is the one cgroup2 mount. On a
// hybrid host the unified hierarchy is left out, as runc does: the container's programs are to see
// one layout, and v1 is where the limits are.
std::vector<CgroupView> container_cgroup_views(const CgroupLayout& layout);

}  // namespace nucleus::enforce
