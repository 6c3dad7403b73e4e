// The counters of cgroup v2 (Documentation/admin-guide/cgroup-v2.rst), in the terms of v1 that the
// readers of `events` know.
#include <limits>

#include "enforce/cgroup_stats.hpp"
#include "enforce/cgroup_text.hpp"

namespace nucleus::enforce {

namespace {

constexpr std::uint64_t kNanoseconds = 1000;  // of a microsecond

}  // namespace

void cpu_stats_v2(CounterFiles& files, ContainerStats& out) {
    auto counts = flat_keyed_in(files.text("cpu.stat"));
    CpuStats& cpu = out.cpu;
    cpu.total = counts["usage_usec"] * kNanoseconds;
    cpu.user = counts["user_usec"] * kNanoseconds;
    cpu.kernel = counts["system_usec"] * kNanoseconds;
    cpu.periods = counts["nr_periods"];
    cpu.throttled_periods = counts["nr_throttled"];
    cpu.throttled_time = counts["throttled_usec"] * kNanoseconds;
    cpu.pressure = files.pressure("cpu.pressure");
}

void cpuset_stats_v2(CounterFiles& files, ContainerStats& out) {
    out.cpuset.cpus = list_in(files.text("cpuset.cpus.effective"));
    out.cpuset.mems = list_in(files.text("cpuset.mems.effective"));
}

void memory_stats_v2(CounterFiles& files, ContainerStats& out) {
    MemoryStats& memory = out.memory;
    memory.raw = flat_keyed_in(files.text("memory.stat"));
    if (const auto file = memory.raw.find("file"); file != memory.raw.end())
        memory.cache = file->second;
    memory.usage = {.limit = files.number("memory.max"),
                    .usage = files.number("memory.current"),
                    .max = files.number("memory.peak")};
    // Swap has counts of its own here; readers expect those of memory and swap together.
    if (const std::string swap = files.text("memory.swap.current"); !swap.empty()) {
        memory.swap = {.limit = files.number("memory.swap.max"),
                       .usage = number_in(swap) + memory.usage.usage};
        constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
        if (memory.swap.limit != kNone)
            memory.swap.limit =
                memory.usage.limit == kNone ? kNone : memory.swap.limit + memory.usage.limit;
    }
    memory.events = flat_keyed_in(files.text("memory.events"));
    memory.usage.failcnt = memory.events.contains("max") ? memory.events.at("max") : 0;
    memory.pressure = files.pressure("memory.pressure");
}

void io_stats_v2(CounterFiles& files, ContainerStats& out) {
    io_stat_in(files.text("io.stat"), out.block_io);
    out.block_io.pressure = files.pressure("io.pressure");
}

void hugetlb_stats_v2(CounterFiles& files, ContainerStats& out) {
    for (const std::string& size : files.between("hugetlb.", ".current")) {
        if (size.ends_with(".rsvd")) continue;
        const std::string at = "hugetlb." + size + ".";
        auto events = flat_keyed_in(files.text(at + "events"));
        out.hugetlb[size] = {.usage = files.number(at + "current"), .failcnt = events["max"]};
    }
}

}  // namespace nucleus::enforce
