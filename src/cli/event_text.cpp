#include "cli/event_text.hpp"

#include "base/json_writer.hpp"

namespace nucleus::cli {

namespace {

using base::JsonWriter;

// What runc leaves out if it is zero or empty.
void unless_zero(JsonWriter& json, const char* name, std::uint64_t value) {
    if (value != 0) json.member(name, value);
}

void unless_empty(JsonWriter& json, const char* name, const std::string& text) {
    if (!text.empty()) json.member(name, text);
}

template <class Number>
void unless_empty(JsonWriter& json, const char* name, const std::vector<Number>& values) {
    if (values.empty()) return;
    json.key(name).begin_array();
    for (const Number value : values) json.value(value);
    json.end_array();
}

// 150 → 1.5, without zeros at the end.
std::string percent(std::uint32_t hundredths) {
    std::string text = std::to_string(hundredths / 100);
    const std::uint32_t rest = hundredths % 100;
    if (rest == 0) return text;
    text += "." + std::to_string(rest / 10);
    if (rest % 10 != 0) text += std::to_string(rest % 10);
    return text;
}

void write_share(JsonWriter& json, const char* name, const PressureShare& share) {
    json.key(name).begin_object();
    json.key("avg10").raw(percent(share.avg10));
    json.key("avg60").raw(percent(share.avg60));
    json.key("avg300").raw(percent(share.avg300));
    json.member("total", share.total).end_object();
}

void write_pressure(JsonWriter& json, const std::optional<Pressure>& pressure) {
    if (!pressure) return;
    json.key("psi").begin_object();
    write_share(json, "some", pressure->some);
    write_share(json, "full", pressure->full);
    json.end_object();
}

void write_cpu(JsonWriter& json, const CpuStats& cpu) {
    json.key("cpu").begin_object();
    json.key("usage").begin_object();
    unless_zero(json, "total", cpu.total);
    unless_empty(json, "percpu", cpu.per_cpu);
    unless_empty(json, "percpu_kernel", cpu.per_cpu_kernel);
    unless_empty(json, "percpu_user", cpu.per_cpu_user);
    json.member("kernel", cpu.kernel).member("user", cpu.user).end_object();
    json.key("throttling").begin_object();
    unless_zero(json, "periods", cpu.periods);
    unless_zero(json, "throttledPeriods", cpu.throttled_periods);
    unless_zero(json, "throttledTime", cpu.throttled_time);
    json.end_object();
    write_pressure(json, cpu.pressure);
    json.end_object();
}

void write_cpuset(JsonWriter& json, const CpusetStats& set) {
    json.key("cpuset").begin_object();
    unless_empty(json, "cpus", set.cpus);
    json.member("cpu_exclusive", set.cpu_exclusive);
    unless_empty(json, "mems", set.mems);
    json.member("mem_hardwall", set.mem_hardwall);
    json.member("mem_exclusive", set.mem_exclusive);
    json.member("memory_migrate", set.memory_migrate);
    json.member("memory_spread_page", set.memory_spread_page);
    json.member("memory_spread_slab", set.memory_spread_slab);
    json.member("memory_pressure", set.memory_pressure);
    json.member("sched_load_balance", set.sched_load_balance);
    json.member("sched_relax_domain_level", set.sched_relax_domain_level);
    json.end_object();
}

void write_use(JsonWriter& json, const char* name, const MemoryUse& use) {
    json.key(name).begin_object();
    json.member("limit", use.limit);
    unless_zero(json, "usage", use.usage);
    unless_zero(json, "max", use.max);
    json.member("failcnt", use.failcnt).end_object();
}

void write_memory(JsonWriter& json, const MemoryStats& memory) {
    json.key("memory").begin_object();
    unless_zero(json, "cache", memory.cache);
    write_use(json, "usage", memory.usage);
    write_use(json, "swap", memory.swap);
    write_use(json, "kernel", memory.kernel);
    write_use(json, "kernelTCP", memory.kernel_tcp);
    if (!memory.raw.empty()) {
        json.key("raw").begin_object();
        for (const auto& [name, value] : memory.raw) json.member(name, value);
        json.end_object();
    }
    write_pressure(json, memory.pressure);
    json.key("event_count").begin_object();
    for (const auto& [name, value] : memory.events) unless_zero(json, name.c_str(), value);
    json.end_object().end_object();
}

void write_entries(JsonWriter& json, const char* name, const BlockIoStats::Entries& entries) {
    if (entries.empty()) return;
    json.key(name).begin_array();
    for (const BlockIoEntry& entry : entries) {
        json.begin_object();
        unless_zero(json, "major", entry.major);
        unless_zero(json, "minor", entry.minor);
        unless_empty(json, "op", entry.op);
        unless_zero(json, "value", entry.value);
        json.end_object();
    }
    json.end_array();
}

void write_block_io(JsonWriter& json, const BlockIoStats& io) {
    json.key("blkio").begin_object();
    write_entries(json, "ioServiceBytesRecursive", io.service_bytes);
    write_entries(json, "ioServicedRecursive", io.serviced);
    write_entries(json, "ioQueueRecursive", io.queued);
    write_entries(json, "ioServiceTimeRecursive", io.service_time);
    write_entries(json, "ioWaitTimeRecursive", io.wait_time);
    write_entries(json, "ioMergedRecursive", io.merged);
    write_entries(json, "ioTimeRecursive", io.time);
    write_entries(json, "sectorsRecursive", io.sectors);
    write_pressure(json, io.pressure);
    json.end_object();
}

void write_hugetlb(JsonWriter& json, const std::map<std::string, HugetlbStats>& sizes) {
    json.key("hugetlb").begin_object();
    for (const auto& [size, pages] : sizes) {
        json.key(size).begin_object();
        unless_zero(json, "usage", pages.usage);
        unless_zero(json, "max", pages.max);
        json.member("failcnt", pages.failcnt).end_object();
    }
    json.end_object();
}

void write_director(JsonWriter& json, const IntelRdtStats& director) {
    json.key("intel_rdt").begin_object();
    if (director.cache) {
        json.key("l3_cache_info").begin_object();
        unless_empty(json, "cbm_mask", director.cache->cbm_mask);
        unless_zero(json, "min_cbm_bits", director.cache->min_cbm_bits);
        unless_zero(json, "num_closids", director.cache->num_closids);
        json.end_object();
    }
    unless_empty(json, "l3_cache_schema_root", director.cache_schema_root);
    unless_empty(json, "l3_cache_schema", director.cache_schema);
    if (director.bandwidth) {
        json.key("mem_bw_info").begin_object();
        unless_zero(json, "bandwidth_gran", director.bandwidth->bandwidth_gran);
        unless_zero(json, "delay_linear", director.bandwidth->delay_linear);
        unless_zero(json, "min_bandwidth", director.bandwidth->min_bandwidth);
        unless_zero(json, "num_closids", director.bandwidth->num_closids);
        json.end_object();
    }
    unless_empty(json, "mem_bw_schema_root", director.bandwidth_schema_root);
    unless_empty(json, "mem_bw_schema", director.bandwidth_schema);
    if (!director.bandwidth_use.empty()) {
        json.key("mbm_stats").begin_array();
        for (const auto& [total, local] : director.bandwidth_use) {
            json.begin_object();
            unless_zero(json, "mbm_total_bytes", total);
            unless_zero(json, "mbm_local_bytes", local);
            json.end_object();
        }
        json.end_array();
    }
    if (!director.cache_use.empty()) {
        json.key("cmt_stats").begin_array();
        for (const std::uint64_t held : director.cache_use) {
            json.begin_object();
            unless_zero(json, "llc_occupancy", held);
            json.end_object();
        }
        json.end_array();
    }
    json.end_object();
}

void write_stats(JsonWriter& json, const ContainerStats& stats) {
    json.key("data").begin_object();
    write_cpu(json, stats.cpu);
    write_cpuset(json, stats.cpuset);
    write_memory(json, stats.memory);
    json.key("pids").begin_object();
    unless_zero(json, "current", stats.pids.current);
    unless_zero(json, "limit", stats.pids.limit);
    json.end_object();
    write_block_io(json, stats.block_io);
    write_hugetlb(json, stats.hugetlb);
    write_director(json, stats.intel_rdt);
    // A container's own interfaces are not the runtime's to count: runc has null here too.
    json.key("network_interfaces").null();
    json.end_object();
}

}  // namespace

std::string event_line(std::string_view id, const runtime::Event& event) {
    constexpr std::string_view kTypes[] = {"stats", "oom", "pressure"};
    JsonWriter json;
    json.begin_object().member("type", kTypes[static_cast<std::size_t>(event.kind)]);
    json.member("id", id);
    if (event.kind == runtime::Event::Kind::stats) write_stats(json, event.stats);
    if (event.kind == runtime::Event::Kind::pressure) {
        json.key("data").begin_object();
        json.member("level", runtime::word_of(event.pressure)).end_object();
    }
    json.end_object();
    return std::move(json).text() + "\n";
}

}  // namespace nucleus::cli
