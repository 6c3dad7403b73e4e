#include <algorithm>
#include <cmath>

#include "enforce/cgroup_limits.hpp"

namespace nucleus::enforce {

namespace {

std::string or_max(std::int64_t value) { return value < 0 ? "max" : std::to_string(value); }

Error no_means(const std::string& pointer) {
    return Error(Errc::unsupported, pointer + ": cgroup v2 has no such setting");
}

}  // namespace

Error swap_below_memory() {
    return Error(Errc::invalid_config,
                 "/linux/resources/memory/swap: is below /linux/resources/memory/limit, and "
                 "includes it");
}

std::uint64_t cpu_weight_from_shares(std::uint64_t shares) {
    const double bits = std::log2(std::clamp<std::uint64_t>(shares, 2, 262144));
    // Of one denominator, so that the three points come out whole.
    return static_cast<std::uint64_t>(
        std::ceil(std::pow(10.0, (bits * bits + 125 * bits - 126) / 612)));
}

std::uint64_t io_weight_from_blkio(std::uint64_t weight) {
    const std::uint64_t bounded = std::clamp<std::uint64_t>(weight, 10, 1000);
    return 1 + (bounded - 10) * 9999 / 990;
}

Result<std::string> swap_max_from_memory_and_swap(std::int64_t limit,
                                                  std::int64_t memory_and_swap) {
    const std::string pointer = "/linux/resources/memory/swap";
    if (memory_and_swap == 0) return std::string(limit == -1 ? "max" : "");
    if (memory_and_swap < 0) return std::string("max");
    if (limit <= 0)
        return Error(Errc::invalid_config,
                     pointer + ": a limit of memory and swap needs a limit of memory");
    if (memory_and_swap < limit) return swap_below_memory();
    return std::to_string(memory_and_swap - limit);
}

Result<std::vector<LimitWrite>> cpuset_v2(const spec::Resources& resources) {
    return cpuset_v1(resources);  // the same file names
}

Result<std::vector<LimitWrite>> cpu_v2(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    if (!resources.cpu) return writes;
    const spec::Cpu& cpu = *resources.cpu;
    const std::string at = "/linux/resources/cpu/";
    if (cpu.realtime_runtime.value_or(0) != 0) return no_means(at + "realtimeRuntime");
    if (cpu.realtime_period.value_or(0) != 0) return no_means(at + "realtimePeriod");
    if (cpu.idle) writes.push_back({"cpu", "cpu.idle", std::to_string(*cpu.idle), at + "idle"});
    if (cpu.shares.value_or(0) != 0 && cpu.idle.value_or(0) == 0)
        writes.push_back({"cpu", "cpu.weight", std::to_string(cpu_weight_from_shares(*cpu.shares)),
                          at + "shares"});
    // "QUOTA PERIOD"; a quota alone leaves the period; for a period alone, the writer puts the
    // quota in force before it.
    const std::int64_t quota = cpu.quota.value_or(0);
    const std::uint64_t period = cpu.period.value_or(0);
    if (quota != 0 || period != 0) {
        std::string value = quota == 0 ? "max" : or_max(quota);
        if (period != 0) value += " " + std::to_string(period);
        LimitWrite write{"cpu", "cpu.max", value, at + (quota != 0 ? "quota" : "period")};
        write.keeps_first_word = quota == 0;
        writes.push_back(std::move(write));
    }
    if (cpu.burst)
        writes.push_back({"cpu", "cpu.max.burst", std::to_string(*cpu.burst), at + "burst"});
    return writes;
}

Result<std::vector<LimitWrite>> memory_v2(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    if (!resources.memory) return writes;
    const spec::Memory& memory = *resources.memory;
    const std::string at = "/linux/resources/memory/";
    if (memory.swappiness) return no_means(at + "swappiness");
    if (memory.disable_oom_killer.value_or(false)) return no_means(at + "disableOOMKiller");
    const std::int64_t limit = memory.limit.value_or(0);
    NUCLEUS_TRY(const std::string swap,
                swap_max_from_memory_and_swap(limit, memory.swap.value_or(0)));
    if (!swap.empty()) {
        LimitWrite write{"memory", "memory.swap.max", swap, at + "swap"};
        // A kernel without swap accounting has no such file, and nothing to limit either.
        if (swap == "max") write.missing = LimitWrite::Missing::is_fine;
        writes.push_back(std::move(write));
    }
    if (limit != 0) writes.push_back({"memory", "memory.max", or_max(limit), at + "limit"});
    if (memory.reservation.value_or(0) != 0)
        writes.push_back({"memory", "memory.low", or_max(*memory.reservation), at + "reservation"});
    return writes;
}

Result<std::vector<LimitWrite>> io_v2(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    if (!resources.block_io) return writes;
    const spec::BlockIo& io = *resources.block_io;
    const std::string at = "/linux/resources/blockIO/";
    if (io.leaf_weight.value_or(0) != 0) return no_means(at + "leafWeight");
    // BFQ has a file of its own that takes v1's weights as they are; io.weight is io.cost's. Which
    // of them a device heeds is the administrator's choice.
    const auto weight = [&](const std::string& prefix, std::uint16_t value,
                            const std::string& pointer) {
        writes.push_back({"io", "io.bfq.weight", prefix + std::to_string(value), at + pointer,
                          "io.weight", prefix + std::to_string(io_weight_from_blkio(value))});
    };
    if (io.weight.value_or(0) != 0) weight("", *io.weight, "weight");
    for (std::size_t i = 0; i < io.weight_device.size(); ++i) {
        const spec::WeightDevice& device = io.weight_device[i];
        const std::string entry = "weightDevice/" + std::to_string(i) + "/";
        if (device.leaf_weight.value_or(0) != 0) return no_means(at + entry + "leafWeight");
        if (!device.weight) continue;
        const std::string prefix =
            std::to_string(device.major) + ":" + std::to_string(device.minor) + " ";
        if (*device.weight == 0) {  // v1's word for the weight of all devices
            writes.push_back({"io", "io.bfq.weight", prefix + "default", at + entry + "weight",
                              "io.weight", prefix + "default"});
        } else {
            weight(prefix, *device.weight, entry + "weight");
        }
    }
    const auto throttle = [&](const char* key, const std::vector<spec::ThrottleDevice>& devices,
                              const char* property) {
        for (std::size_t i = 0; i < devices.size(); ++i) {
            // v1's rate 0 takes a limit away; io.max says "max" for it.
            const std::string rate = devices[i].rate == 0 ? "max" : std::to_string(devices[i].rate);
            writes.push_back({"io", "io.max",
                              std::to_string(devices[i].major) + ":" +
                                  std::to_string(devices[i].minor) + " " + key + "=" + rate,
                              at + property + "/" + std::to_string(i)});
        }
    };
    throttle("rbps", io.throttle_read_bps, "throttleReadBpsDevice");
    throttle("wbps", io.throttle_write_bps, "throttleWriteBpsDevice");
    throttle("riops", io.throttle_read_iops, "throttleReadIOPSDevice");
    throttle("wiops", io.throttle_write_iops, "throttleWriteIOPSDevice");
    return writes;
}

Result<std::vector<LimitWrite>> unified_limits(const spec::Resources& resources) {
    std::vector<LimitWrite> writes;
    for (const auto& [file, value] : resources.unified) {
        const std::string pointer = "/linux/resources/unified/" + file;
        const std::size_t dot = file.find('.');
        if (dot == 0 || dot == std::string::npos || file.find('/') != std::string::npos)
            return Error(Errc::invalid_config, pointer + ": is not the name of a cgroup file");
        std::string_view rest = value;
        do {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            // No write of nothing reaches the kernel: an empty line does.
            const std::string line(end == 0 ? "\n" : rest.substr(0, end));
            writes.push_back({file.substr(0, dot), file, line, pointer});
            rest.remove_prefix(std::min(end + 1, rest.size()));
        } while (!rest.empty());
    }
    return writes;
}

}  // namespace nucleus::enforce
