// The counters of cgroup v1 (Documentation/admin-guide/cgroup-v1).
#include <initializer_list>

#include "enforce/cgroup_stats.hpp"
#include "enforce/cgroup_text.hpp"

namespace nucleus::enforce {

namespace {

// USER_HZ, in which cpuacct.stat counts: 100 on every architecture (time(7)).
constexpr std::uint64_t kNanosecondsPerTick = 1'000'000'000 / 100;

MemoryUse memory_use(CounterFiles& files, const std::string& prefix) {
    return {.limit = files.number(prefix + "limit_in_bytes"),
            .usage = files.number(prefix + "usage_in_bytes"),
            .max = files.number(prefix + "max_usage_in_bytes"),
            .failcnt = files.number(prefix + "failcnt")};
}

struct BlockFile {
    const char* name;
    BlockIoStats::Entries BlockIoStats::*entries;
};

void read_block_files(CounterFiles& files, const std::string& prefix,
                      std::initializer_list<BlockFile> rows, BlockIoStats& out) {
    for (const BlockFile& row : rows)
        out.*row.entries = block_entries_in(files.text(prefix + row.name));
}

}  // namespace

void cpuacct_stats_v1(CounterFiles& files, ContainerStats& out) {
    CpuStats& cpu = out.cpu;
    cpu.total = files.number("cpuacct.usage");
    cpu.per_cpu = numbers_in(files.text("cpuacct.usage_percpu"));
    usage_all_in(files.text("cpuacct.usage_all"), cpu);
    const auto ticks = flat_keyed_in(files.text("cpuacct.stat"));
    if (const auto found = ticks.find("user"); found != ticks.end())
        cpu.user = found->second * kNanosecondsPerTick;
    if (const auto found = ticks.find("system"); found != ticks.end())
        cpu.kernel = found->second * kNanosecondsPerTick;
}

void cpu_stats_v1(CounterFiles& files, ContainerStats& out) {
    auto counts = flat_keyed_in(files.text("cpu.stat"));
    out.cpu.periods = counts["nr_periods"];
    out.cpu.throttled_periods = counts["nr_throttled"];
    out.cpu.throttled_time = counts["throttled_time"];
}

void cpuset_stats_v1(CounterFiles& files, ContainerStats& out) {
    CpusetStats& set = out.cpuset;
    set.cpus = list_in(files.text("cpuset.cpus"));
    set.mems = list_in(files.text("cpuset.mems"));
    set.cpu_exclusive = files.number("cpuset.cpu_exclusive");
    set.mem_hardwall = files.number("cpuset.mem_hardwall");
    set.mem_exclusive = files.number("cpuset.mem_exclusive");
    set.memory_migrate = files.number("cpuset.memory_migrate");
    set.memory_spread_page = files.number("cpuset.memory_spread_page");
    set.memory_spread_slab = files.number("cpuset.memory_spread_slab");
    set.memory_pressure = files.number("cpuset.memory_pressure");
    set.sched_load_balance = files.number("cpuset.sched_load_balance");
    set.sched_relax_domain_level = signed_in(files.text("cpuset.sched_relax_domain_level"));
}

void memory_stats_v1(CounterFiles& files, ContainerStats& out) {
    MemoryStats& memory = out.memory;
    memory.raw = flat_keyed_in(files.text("memory.stat"));
    if (const auto cache = memory.raw.find("cache"); cache != memory.raw.end())
        memory.cache = cache->second;
    memory.usage = memory_use(files, "memory.");
    memory.swap = memory_use(files, "memory.memsw.");
    memory.kernel = memory_use(files, "memory.kmem.");
    memory.kernel_tcp = memory_use(files, "memory.kmem.tcp.");
}

void pids_stats(CounterFiles& files, ContainerStats& out) {
    out.pids.current = files.number("pids.current");
    const std::string limit = files.text("pids.max");
    out.pids.limit = limit.starts_with("max") ? 0 : number_in(limit);
}

// BFQ counts for itself, the scheduler that it succeeded did under the plain names, and without a
// scheduler that counts, the throttling layer does.
void blkio_stats_v1(CounterFiles& files, ContainerStats& out) {
    BlockIoStats& io = out.block_io;
    for (const char* prefix : {"blkio.bfq.", "blkio."}) {
        read_block_files(files, prefix,
                         {{"io_service_bytes_recursive", &BlockIoStats::service_bytes},
                          {"io_serviced_recursive", &BlockIoStats::serviced},
                          {"io_queued_recursive", &BlockIoStats::queued},
                          {"io_service_time_recursive", &BlockIoStats::service_time},
                          {"io_wait_time_recursive", &BlockIoStats::wait_time},
                          {"io_merged_recursive", &BlockIoStats::merged},
                          {"time_recursive", &BlockIoStats::time},
                          {"sectors_recursive", &BlockIoStats::sectors}},
                         io);
        if (!io.serviced.empty()) return;
    }
    for (const char* ending : {"_recursive", ""}) {
        const std::string bytes = std::string("io_service_bytes") + ending;
        const std::string count = std::string("io_serviced") + ending;
        read_block_files(files, "blkio.throttle.",
                         {{bytes.c_str(), &BlockIoStats::service_bytes},
                          {count.c_str(), &BlockIoStats::serviced}},
                         io);
        if (!io.serviced.empty()) return;
    }
}

void hugetlb_stats_v1(CounterFiles& files, ContainerStats& out) {
    for (const std::string& size : files.between("hugetlb.", ".usage_in_bytes")) {
        if (size.ends_with(".rsvd")) continue;
        const std::string at = "hugetlb." + size + ".";
        out.hugetlb[size] = {files.number(at + "usage_in_bytes"),
                             files.number(at + "max_usage_in_bytes"), files.number(at + "failcnt")};
    }
}

}  // namespace nucleus::enforce
