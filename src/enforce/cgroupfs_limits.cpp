// The limits and device rules of a cgroup on cgroupfs.
#include <errno.h>
#include <fcntl.h>

#include "enforce/cgroup_tree.hpp"
#include "enforce/cgroupfs.hpp"
#include "enforce/device_filter.hpp"
#include "enforce/devices.hpp"
#include "sys/files.hpp"

namespace nucleus::enforce {

Result<std::vector<CgroupfsBackend::PlacedWrite>> CgroupfsBackend::place(
    const spec::Resources& resources) const {
    std::vector<PlacedWrite> placed;
    const std::string* unified = directory_of("");
    for (const ControllerLimits& row : controller_limits()) {
        const std::string* v1 = directory_of(std::string(row.controller));
        const bool in_unified = !v1 && unified && !row.v2_controller.empty();
        NUCLEUS_TRY(auto limits, (in_unified ? row.v2 : row.v1)(resources));
        for (LimitWrite& limit : limits) {
            if (!v1 && !in_unified)
                return Error(Errc::unsupported,
                             limit.pointer + ": no " + std::string(row.controller) +
                                 " controller here" +
                                 (row.v2_controller.empty()
                                      ? ": it is cgroup v1's, and no hierarchy of it is mounted"
                                      : ""));
            placed.push_back({std::move(limit), v1 ? *v1 : *unified, in_unified});
        }
    }
    if (resources.unified.empty()) return placed;
    if (!unified)
        return Error(Errc::unsupported,
                     "/linux/resources/unified: is for cgroup v2, and this host mounts none");
    NUCLEUS_TRY(auto limits, unified_limits(resources));
    for (LimitWrite& limit : limits) {
        if (directory_of(limit.controller))
            return Error(Errc::unsupported, limit.pointer + ": the " + limit.controller +
                                                " controller is on cgroup v1 here");
        placed.push_back({std::move(limit), *unified, true});
    }
    return placed;
}

Result<void> CgroupfsBackend::apply(const policy::CgroupPolicy& policy,
                                    const policy::DevicePolicy& devices, Warnings&) {
    if (record_.manager == "disabled") return {};
    NUCLEUS_TRY(auto writes, place(policy.resources));
    if (!controllers_enabled_) NUCLEUS_CHECK(enable_controllers(writes));
    NUCLEUS_CHECK(check_memory_in_use(policy.resources));
    NUCLEUS_CHECK(write_all(std::move(writes)));
    return apply_devices(devices);
}

// Some limits bound each other (memory and memory + swap, quota and period, burst and quota), and
// which must change first depends on what is in force. The kernel says EINVAL to the one that came
// too early: it is tried again after the others.
Result<void> CgroupfsBackend::write_all(std::vector<PlacedWrite> pending,
                                        std::vector<PlacedWrite>* done) {
    while (!pending.empty()) {
        std::vector<PlacedWrite> early;
        Result<void> refusal;
        for (PlacedWrite& write : pending) {
            auto written = write_one(write);
            // One that failed for no reason of the kernel's may have been taken in part.
            if (done && (written || written.error().errnum() == 0)) done->push_back(write);
            if (written) continue;
            written = std::move(written).in(write.limit.pointer);
            if (written.error().errnum() != EINVAL) return written;
            if (refusal) refusal = std::move(written);
            early.push_back(std::move(write));
        }
        if (early.size() == pending.size()) return refusal;
        pending = std::move(early);
    }
    return {};
}

Result<void> CgroupfsBackend::write_one(const PlacedWrite& write) {
    const LimitWrite& limit = write.limit;
    auto written = write_file(write.directory, limit);
    if (!limit.other_file.empty()) {
        auto other = sys::write_existing(
            kernel_, AT_FDCWD, write.directory + "/" + limit.other_file, limit.other_value);
        if (!written && (other || other.error().errnum() != ENOENT)) written = std::move(other);
    }
    // cgroup v1 takes no limit below what it cannot reclaim (cgroup-v1/memory.rst).
    if (!written && written.error().errnum() == EBUSY && limit.file == "memory.limit_in_bytes")
        return std::move(written).in("the memory in use cannot be brought down to it");
    if (written || written.error().errnum() != ENOENT) return written;
    if (limit.missing == LimitWrite::Missing::is_fine) return {};
    const std::string files =
        limit.other_file.empty() ? limit.file : limit.file + "' nor '" + limit.other_file;
    return Error(Errc::unsupported, std::string("this kernel has ") +
                                        (limit.other_file.empty() ? "no '" : "neither '") + files +
                                        "' in '" + write.directory + "'");
}

Result<void> CgroupfsBackend::write_file(const std::string& directory, const LimitWrite& limit) {
    const std::string file = directory + "/" + limit.file;
    std::string value = limit.value;
    if (limit.keeps_first_word) {
        const auto current = read_value(kernel_, file);
        if (current && !current->empty())
            value = current->substr(0, current->find(' ')) + value.substr(value.find(' '));
    }
    return sys::write_existing(kernel_, AT_FDCWD, file, value);
}

// config-linux.md#memory, checkBeforeUpdate: refuse what would have the kernel kill.
Result<void> CgroupfsBackend::check_memory_in_use(const spec::Resources& resources) {
    const auto& memory = resources.memory;
    if (!memory || !memory->check_before_update.value_or(false) || memory->limit.value_or(0) <= 0)
        return {};
    const std::string* v1 = directory_of("memory");
    const std::string file =
        v1 ? *v1 + "/memory.usage_in_bytes" : *directory_of("") + "/memory.current";
    NUCLEUS_TRY(const std::string text, read_value(kernel_, file));
    if (std::strtoll(text.c_str(), nullptr, 10) <= *memory->limit) return {};
    return Error(Errc::wrong_state,
                 "/linux/resources/memory/limit: " + std::to_string(*memory->limit) +
                     " is below the memory in use, " + text);
}

Result<void> CgroupfsBackend::apply_devices(const policy::DevicePolicy& devices) {
    // The kernel lets only root of the initial user namespace change either; without device nodes
    // of its own (mknod is refused too) a rootless container has no more than its user's.
    if (rights_.rootless || devices.rules.empty()) return {};
    if (const std::string* directory = directory_of("devices"))
        return write_device_list(*directory, devices);
    const std::string* unified = directory_of("");
    if (!unified)
        return Error(Errc::unsupported, "/linux/resources/devices: no devices controller here");
    NUCLEUS_TRY(const auto directory,
                sys::open_at(kernel_, AT_FDCWD, *unified, O_RDONLY | O_DIRECTORY));
    // systemd's filter, which stands for DeviceAllow, stays beside ours.
    const Replaced replaced = record_.manager == "systemd" ? Replaced::own : Replaced::all;
    return attach_device_filter(kernel_, directory.get(), compile_device_filter(devices.rules),
                                replaced)
        .in("/linux/resources/devices");
}

Result<void> CgroupfsBackend::write_device_list(const std::string& directory,
                                                const policy::DevicePolicy& devices) {
    NUCLEUS_TRY(const auto writes, v1_device_writes(devices.rules));
    base::UniqueFd files[2];
    for (const DeviceWrite& write : writes) {
        const std::string path = directory + (write.allow ? "/devices.allow" : "/devices.deny");
        base::UniqueFd& file = files[write.allow];
        if (!file) {
            NUCLEUS_TRY(file, sys::open_at(kernel_, AT_FDCWD, path, O_WRONLY));
        }
        NUCLEUS_CHECK(
            sys::write_fd(kernel_, file.get(), path, write.value).in("/linux/resources/devices"));
    }
    return {};
}

}  // namespace nucleus::enforce
