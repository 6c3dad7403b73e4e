#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "enforce/cgroup.hpp"
#include "enforce/systemd_backend.hpp"

namespace nucleus::enforce {

namespace {

constexpr std::string_view kPointer = "/linux/cgroupsPath";

// "/a//b/./c/" → "/a/b/c"; nothing may climb out of the hierarchy.
Result<std::string> cleaned(std::string_view path) {
    std::string clean;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view part = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (part.empty() || part == ".") continue;
        if (part == "..")
            return Error(Errc::invalid_config, std::string(kPointer) + ": '..' is not allowed");
        clean.append("/").append(part);
    }
    if (clean.empty())
        return Error(Errc::invalid_config,
                     std::string(kPointer) + ": names no cgroup below the root cgroup");
    return clean;
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// The directories of `leaf` that do not exist, parents first. The mount point does exist.
Result<std::vector<std::string>> missing_directories(sys::Kernel& kernel,
                                                     const std::string& mount_point,
                                                     const std::string& leaf) {
    std::vector<std::string> missing;
    for (std::string at = leaf; at.size() > mount_point.size(); at = parent_of(at)) {
        const int error = kernel.faccessat(AT_FDCWD, at.c_str(), F_OK, 0);
        if (error == 0) break;
        if (error != -ENOENT) return Error::from_errno(-error, "look up '" + at + "'");
        missing.push_back(at);
    }
    std::ranges::reverse(missing);
    return missing;
}

}  // namespace

Result<state::CgroupRecord> plan_cgroup(sys::Kernel& kernel, const CgroupLayout& layout,
                                        const policy::CgroupPolicy& policy, std::string_view id,
                                        CgroupRights rights) {
    const bool absolute = policy.path.starts_with('/');
    NUCLEUS_TRY(const std::string below,
                cleaned(policy.path.empty() ? id : std::string_view(policy.path)));

    state::CgroupRecord record;
    const auto add = [&](const CgroupHierarchy& hierarchy) -> Result<void> {
        std::string base = hierarchy.mount_point == "/" ? std::string() : hierarchy.mount_point;
        if (!absolute) {
            const bool beside = layout.pure_v2() && hierarchy.controllers.empty();
            base += beside ? parent_of(hierarchy.own_path) : hierarchy.own_path;
        }
        const std::string leaf = base + below;
        NUCLEUS_TRY(const auto missing, missing_directories(kernel, hierarchy.mount_point, leaf));
        if (rights.rootless && policy.path.empty()) {
            const std::string writable = missing.empty() ? leaf : parent_of(missing.front());
            if (kernel.faccessat(AT_FDCWD, writable.c_str(), W_OK, AT_EACCESS) < 0) return {};
        }
        for (const std::string& controller : hierarchy.controllers) record.paths[controller] = leaf;
        if (hierarchy.controllers.empty()) record.paths[""] = leaf;
        record.made.insert(record.made.end(), missing.begin(), missing.end());
        return {};
    };
    for (const CgroupHierarchy& hierarchy : layout.v1) NUCLEUS_CHECK(add(hierarchy));
    if (layout.unified) NUCLEUS_CHECK(add(*layout.unified));
    return record;
}

namespace {

// What systemd makes for a scope on cgroup v1; other hierarchies it leaves to others.
bool is_made_by_systemd(const CgroupHierarchy& hierarchy) {
    static constexpr std::string_view kManaged[] = {"cpu",     "cpuacct", "blkio",       "memory",
                                                    "devices", "pids",    "name=systemd"};
    return hierarchy.controllers.empty() ||
           std::ranges::any_of(hierarchy.controllers, [](const std::string& name) {
               return std::ranges::find(kManaged, name) != std::end(kManaged);
           });
}

}  // namespace

Result<state::CgroupRecord> plan_unit(sys::Kernel& kernel, const CgroupLayout& layout,
                                      const policy::UnitPolicy& unit,
                                      const std::string& control_group, CgroupRights rights) {
    state::CgroupRecord record;
    record.manager = "systemd";
    record.unit = unit.name;
    const std::string below = control_group + policy::slice_path(unit.slice) + "/" + unit.name;
    const auto add = [&](const CgroupHierarchy& hierarchy) -> Result<void> {
        const std::string root =
            hierarchy.mount_point == "/" ? std::string() : hierarchy.mount_point;
        const std::string leaf = root + below;
        const bool tracks =
            hierarchy.controllers.empty() ||
            std::ranges::find(hierarchy.controllers, "name=systemd") != hierarchy.controllers.end();
        // No controller of v1 is handed to users.
        if (rights.rootless && !tracks) return {};
        if (!is_made_by_systemd(hierarchy)) {
            NUCLEUS_TRY(const auto missing,
                        missing_directories(kernel, hierarchy.mount_point, leaf));
            record.made.insert(record.made.end(), missing.begin(), missing.end());
        }
        for (const std::string& controller : hierarchy.controllers) record.paths[controller] = leaf;
        if (hierarchy.controllers.empty()) record.paths[""] = leaf;
        return {};
    };
    for (const CgroupHierarchy& hierarchy : layout.v1) NUCLEUS_CHECK(add(hierarchy));
    if (layout.unified) NUCLEUS_CHECK(add(*layout.unified));
    return record;
}

}  // namespace nucleus::enforce
