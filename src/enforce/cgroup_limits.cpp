#include "enforce/cgroup_limits.hpp"

#include <algorithm>

namespace nucleus::enforce {

const std::vector<ControllerLimits>& controller_limits() {
    static const std::vector<ControllerLimits> rows{
        {"cpuset", "cpuset", cpuset_v1, cpuset_v2}, {"cpu", "cpu", cpu_v1, cpu_v2},
        {"memory", "memory", memory_v1, memory_v2}, {"pids", "pids", pids_any, pids_any},
        {"blkio", "io", blkio_v1, io_v2},           {"hugetlb", "hugetlb", hugetlb_v1, hugetlb_v2},
        {"net_cls", "", net_cls_v1, net_cls_v1},    {"net_prio", "", net_prio_v1, net_prio_v1},
        {"rdma", "rdma", rdma_any, rdma_any},
    };
    return rows;
}

Result<std::vector<LimitWrite>> cpuset_v1(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    if (!resources.cpu) return writes;
    if (!resources.cpu->cpus.empty())
        writes.push_back(
            {"cpuset", "cpuset.cpus", resources.cpu->cpus, "/linux/resources/cpu/cpus"});
    if (!resources.cpu->mems.empty())
        writes.push_back(
            {"cpuset", "cpuset.mems", resources.cpu->mems, "/linux/resources/cpu/mems"});
    return writes;
}

Result<std::vector<LimitWrite>> cpu_v1(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    if (!resources.cpu) return writes;
    const spec::Cpu& cpu = *resources.cpu;
    const auto add = [&](const char* file, const auto& value, const char* pointer) {
        if (value && *value != 0)
            writes.push_back({"cpu", file, std::to_string(*value),
                              std::string("/linux/resources/cpu/") + pointer});
    };
    // The kernel takes no shares for an idle cgroup (sched_group_set_shares): they would mean
    // nothing there.
    if (cpu.idle)
        writes.push_back(
            {"cpu", "cpu.idle", std::to_string(*cpu.idle), "/linux/resources/cpu/idle"});
    if (!cpu.idle || *cpu.idle == 0) add("cpu.shares", cpu.shares, "shares");
    add("cpu.cfs_period_us", cpu.period, "period");
    add("cpu.cfs_quota_us", cpu.quota, "quota");
    if (cpu.burst)
        writes.push_back(
            {"cpu", "cpu.cfs_burst_us", std::to_string(*cpu.burst), "/linux/resources/cpu/burst"});
    add("cpu.rt_period_us", cpu.realtime_period, "realtimePeriod");
    add("cpu.rt_runtime_us", cpu.realtime_runtime, "realtimeRuntime");
    return writes;
}

Result<std::vector<LimitWrite>> memory_v1(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    if (!resources.memory) return writes;
    const spec::Memory& memory = *resources.memory;
    const auto add = [&](const char* file, std::int64_t value, const char* pointer) -> LimitWrite& {
        writes.push_back({"memory", file, std::to_string(value),
                          std::string("/linux/resources/memory/") + pointer});
        return writes.back();
    };
    const std::int64_t limit = memory.limit.value_or(0), swap = memory.swap.value_or(0);
    if (swap > 0 && swap < limit) return swap_below_memory();
    if (limit != 0) add("memory.limit_in_bytes", limit, "limit");
    // memory + swap may never be below memory. Without swap accounting, "no limit" is what stands
    // anyway.
    if (swap != 0 || limit == -1) {
        LimitWrite& write = add("memory.memsw.limit_in_bytes", swap == 0 ? -1 : swap, "swap");
        if (swap <= 0) write.missing = LimitWrite::Missing::is_fine;
    }
    if (memory.reservation.value_or(0) != 0)
        add("memory.soft_limit_in_bytes", *memory.reservation, "reservation");
    if (memory.swappiness)
        add("memory.swappiness", static_cast<std::int64_t>(*memory.swappiness), "swappiness");
    if (memory.disable_oom_killer)
        add("memory.oom_control", *memory.disable_oom_killer, "disableOOMKiller");
    return writes;
}

// config-linux.md#pids: -1 is no limit, and 0 is a limit.
Result<std::vector<LimitWrite>> pids_any(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    if (!resources.pids_limit) return writes;
    const std::int64_t limit = *resources.pids_limit;
    writes.push_back({"pids", "pids.max", limit < 0 ? "max" : std::to_string(limit),
                      "/linux/resources/pids/limit"});
    return writes;
}

Result<std::vector<LimitWrite>> blkio_v1(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    if (!resources.block_io) return writes;
    const spec::BlockIo& io = *resources.block_io;
    const std::string at = "/linux/resources/blockIO/";
    const auto weight = [&](const char* file, const char* bfq_file, const std::string& value,
                            const std::string& pointer) {
        writes.push_back({"blkio", file, value, at + pointer, bfq_file, value});
    };
    if (io.weight.value_or(0) != 0)
        weight("blkio.weight", "blkio.bfq.weight", std::to_string(*io.weight), "weight");
    if (io.leaf_weight.value_or(0) != 0)
        weight("blkio.leaf_weight", "", std::to_string(*io.leaf_weight), "leafWeight");
    for (std::size_t i = 0; i < io.weight_device.size(); ++i) {
        const spec::WeightDevice& device = io.weight_device[i];
        const std::string prefix =
            std::to_string(device.major) + ":" + std::to_string(device.minor) + " ";
        const std::string entry = "weightDevice/" + std::to_string(i) + "/";
        if (device.weight)
            weight("blkio.weight_device", "blkio.bfq.weight_device",
                   prefix + std::to_string(*device.weight), entry + "weight");
        if (device.leaf_weight)
            weight("blkio.leaf_weight_device", "", prefix + std::to_string(*device.leaf_weight),
                   entry + "leafWeight");
    }
    const auto throttle = [&](const char* file, const std::vector<spec::ThrottleDevice>& devices,
                              const char* property) {
        for (std::size_t i = 0; i < devices.size(); ++i)
            writes.push_back({"blkio", std::string("blkio.throttle.") + file,
                              std::to_string(devices[i].major) + ":" +
                                  std::to_string(devices[i].minor) + " " +
                                  std::to_string(devices[i].rate),
                              at + property + "/" + std::to_string(i)});
    };
    throttle("read_bps_device", io.throttle_read_bps, "throttleReadBpsDevice");
    throttle("write_bps_device", io.throttle_write_bps, "throttleWriteBpsDevice");
    throttle("read_iops_device", io.throttle_read_iops, "throttleReadIOPSDevice");
    throttle("write_iops_device", io.throttle_write_iops, "throttleWriteIOPSDevice");
    return writes;
}

namespace {

std::vector<LimitWrite> hugetlb(const spec::Resources& resources, const char* limit_suffix,
                                const char* reservation_suffix) {
    std::vector<LimitWrite> writes;
    for (std::size_t i = 0; i < resources.hugepage_limits.size(); ++i) {
        const spec::HugepageLimit& page = resources.hugepage_limits[i];
        const std::string pointer = "/linux/resources/hugepageLimits/" + std::to_string(i);
        const std::string file = "hugetlb." + page.page_size + ".";
        const std::string value = std::to_string(page.limit);
        writes.push_back({"hugetlb", file + limit_suffix, value, pointer});
        // Reserved pages (Linux 5.7) count from mmap on: without this limit a container dies by
        // SIGBUS instead of seeing mmap fail.
        writes.push_back({"hugetlb", file + reservation_suffix, value, pointer, "", "",
                          LimitWrite::Missing::is_fine});
    }
    return writes;
}

}  // namespace

Result<std::vector<LimitWrite>> hugetlb_v1(const spec::Resources& resources) {
    return hugetlb(resources, "limit_in_bytes", "rsvd.limit_in_bytes");
}

Result<std::vector<LimitWrite>> hugetlb_v2(const spec::Resources& resources) {
    return hugetlb(resources, "max", "rsvd.max");
}

Result<std::vector<LimitWrite>> net_cls_v1(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    if (resources.network && resources.network->class_id)
        writes.push_back({"net_cls", "net_cls.classid",
                          std::to_string(*resources.network->class_id),
                          "/linux/resources/network/classID"});
    return writes;
}

Result<std::vector<LimitWrite>> net_prio_v1(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    if (!resources.network) return writes;
    const auto& priorities = resources.network->priorities;
    for (std::size_t i = 0; i < priorities.size(); ++i)
        writes.push_back({"net_prio", "net_prio.ifpriomap",
                          priorities[i].name + " " + std::to_string(priorities[i].priority),
                          "/linux/resources/network/priorities/" + std::to_string(i)});
    return writes;
}

Result<std::vector<LimitWrite>> rdma_any(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    for (const auto& [device, limit] : resources.rdma) {
        std::string value = device;
        if (limit.hca_handles) value += " hca_handle=" + std::to_string(*limit.hca_handles);
        if (limit.hca_objects) value += " hca_object=" + std::to_string(*limit.hca_objects);
        writes.push_back({"rdma", "rdma.max", value, "/linux/resources/rdma/" + device});
    }
    return writes;
}

}  // namespace nucleus::enforce
