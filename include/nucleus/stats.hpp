// What a container uses, as the kernel counts it: what `events` prints. A value; what the host has
// no count for stays zero, empty or absent. Times are in nanoseconds and sizes in bytes unless said
// otherwise.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nucleus {

// Pressure stall information (Documentation/accounting/psi.rst), cgroup v2 only.
struct PressureShare {
    // Hundredths of a percent of the last 10, 60 and 300 seconds.
    std::uint32_t avg10 = 0, avg60 = 0, avg300 = 0;
    std::uint64_t total = 0;  // microseconds
    bool operator==(const PressureShare&) const = default;
};
struct Pressure {
    PressureShare some, full;
    bool operator==(const Pressure&) const = default;
};

struct CpuStats {
    std::uint64_t total = 0, kernel = 0, user = 0;
    std::vector<std::uint64_t> per_cpu, per_cpu_kernel, per_cpu_user;  // cgroup v1 only
    std::uint64_t periods = 0, throttled_periods = 0, throttled_time = 0;
    std::optional<Pressure> pressure;
    bool operator==(const CpuStats&) const = default;
};

struct CpusetStats {
    std::vector<std::uint16_t> cpus, mems;
    std::uint64_t cpu_exclusive = 0, mem_hardwall = 0, mem_exclusive = 0, memory_migrate = 0,
                  memory_spread_page = 0, memory_spread_slab = 0, memory_pressure = 0,
                  sched_load_balance = 0;
    std::int64_t sched_relax_domain_level = 0;
    bool operator==(const CpusetStats&) const = default;
};

struct MemoryUse {
    std::uint64_t limit = 0;  // 2^64-1: none (cgroup v2)
    std::uint64_t usage = 0, max = 0, failcnt = 0;
    bool operator==(const MemoryUse&) const = default;
};

struct MemoryStats {
    std::uint64_t cache = 0;
    MemoryUse usage, swap /* memory and swap together */, kernel, kernel_tcp;
    std::map<std::string, std::uint64_t> raw;     // memory.stat
    std::map<std::string, std::uint64_t> events;  // memory.events, cgroup v2 only
    std::optional<Pressure> pressure;
    bool operator==(const MemoryStats&) const = default;
};

struct PidsStats {
    std::uint64_t current = 0;
    std::uint64_t limit = 0;  // 0: none
    bool operator==(const PidsStats&) const = default;
};

struct BlockIoEntry {
    std::uint64_t major = 0, minor = 0;
    std::string op;  // Read, Write, Sync, ... or empty
    std::uint64_t value = 0;
    bool operator==(const BlockIoEntry&) const = default;
};

struct BlockIoStats {
    using Entries = std::vector<BlockIoEntry>;
    Entries service_bytes, serviced, queued, service_time, wait_time, merged, time, sectors;
    std::optional<Pressure> pressure;
    bool operator==(const BlockIoStats&) const = default;
};

struct HugetlbStats {
    std::uint64_t usage = 0, max = 0, failcnt = 0;
    bool operator==(const HugetlbStats&) const = default;
};

struct IntelRdtStats {
    struct Cache {
        std::string cbm_mask;
        std::uint64_t min_cbm_bits = 0, num_closids = 0;
        bool operator==(const Cache&) const = default;
    };
    struct Bandwidth {
        std::uint64_t bandwidth_gran = 0, delay_linear = 0, min_bandwidth = 0, num_closids = 0;
        bool operator==(const Bandwidth&) const = default;
    };
    struct Monitored {  // of one cache domain
        std::uint64_t mbm_total_bytes = 0, mbm_local_bytes = 0;
        bool operator==(const Monitored&) const = default;
    };
    std::optional<Cache> cache;
    std::optional<Bandwidth> bandwidth;
    std::string cache_schema_root, cache_schema, bandwidth_schema_root, bandwidth_schema;
    std::vector<Monitored> bandwidth_use;
    std::vector<std::uint64_t> cache_use;  // llc_occupancy of each cache domain
    bool operator==(const IntelRdtStats&) const = default;
};

struct ContainerStats {
    CpuStats cpu;
    CpusetStats cpuset;
    MemoryStats memory;
    PidsStats pids;
    BlockIoStats block_io;
    std::map<std::string, HugetlbStats> hugetlb;  // by page size: "2MB"
    IntelRdtStats intel_rdt;
    bool operator==(const ContainerStats&) const = default;
};

}  // namespace nucleus
