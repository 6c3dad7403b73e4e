#include "enforce/cgroup_stats.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "enforce/cgroup_text.hpp"
#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

constexpr StatsReaders kReaders[] = {
    {"cpuacct", "", cpuacct_stats_v1, nullptr},
    {"cpu", "cpu", cpu_stats_v1, cpu_stats_v2},
    {"cpuset", "cpuset", cpuset_stats_v1, cpuset_stats_v2},
    {"memory", "memory", memory_stats_v1, memory_stats_v2},
    {"pids", "pids", pids_stats, pids_stats},
    {"blkio", "io", blkio_stats_v1, io_stats_v2},
    {"hugetlb", "hugetlb", hugetlb_stats_v1, hugetlb_stats_v2},
};

// A file that goes away between open and read says ENODEV; a counter that is switched off,
// EOPNOTSUPP (cgroup.pressure).
bool says_absent(const Error& error) {
    return error.errnum() == ENOENT || error.errnum() == ENODEV || error.errnum() == EOPNOTSUPP;
}

}  // namespace

std::string CounterFiles::text(const std::string& name) {
    if (!outcome_) return "";
    auto content = sys::read_file(kernel_, AT_FDCWD, directory_ + "/" + name);
    if (content) return *std::move(content);
    if (!says_absent(content.error())) outcome_ = std::move(content).error();
    return "";
}

std::uint64_t CounterFiles::number(const std::string& name) { return number_in(text(name)); }

std::optional<Pressure> CounterFiles::pressure(const std::string& name) {
    const std::string content = text(name);
    if (content.empty()) return std::nullopt;
    return pressure_in(content);
}

std::vector<std::string> CounterFiles::between(std::string_view front, std::string_view back) {
    std::vector<std::string> found;
    if (!outcome_) return found;
    const auto entries = sys::list_directory(kernel_, AT_FDCWD, directory_);
    if (!entries) {
        if (!says_absent(entries.error())) outcome_ = entries.error();
        return found;
    }
    for (const auto& [name, type] : *entries)
        if (name.size() > front.size() + back.size() && name.starts_with(front) &&
            name.ends_with(back))
            found.push_back(name.substr(front.size(), name.size() - front.size() - back.size()));
    std::sort(found.begin(), found.end());
    return found;
}

Result<ContainerStats> read_cgroup_stats(sys::Kernel& kernel, const state::CgroupRecord& record) {
    ContainerStats stats;
    const auto unified = record.paths.find("");
    for (const StatsReaders& row : kReaders) {
        const auto v1 = record.paths.find(row.v1_controller);
        const bool in_unified =
            v1 == record.paths.end() && unified != record.paths.end() && row.v2 != nullptr;
        if (v1 == record.paths.end() && !in_unified) continue;
        CounterFiles files(kernel, in_unified ? unified->second : v1->second);
        (in_unified ? row.v2 : row.v1)(files, stats);
        NUCLEUS_CHECK(files.outcome());
    }
    return stats;
}

namespace {

void read_capabilities(CounterFiles& info, IntelRdtStats& out) {
    if (const std::string mask = info.text("L3/cbm_mask"); !mask.empty()) {
        IntelRdtStats::Cache& cache = out.cache.emplace();
        cache.cbm_mask = mask.substr(0, mask.find('\n'));
        cache.min_cbm_bits = info.number("L3/min_cbm_bits");
        cache.num_closids = info.number("L3/num_closids");
    }
    if (const std::string step = info.text("MB/bandwidth_gran"); !step.empty()) {
        IntelRdtStats::Bandwidth& bandwidth = out.bandwidth.emplace();
        bandwidth.bandwidth_gran = number_in(step);
        bandwidth.delay_linear = info.number("MB/delay_linear");
        bandwidth.min_bandwidth = info.number("MB/min_bandwidth");
        bandwidth.num_closids = info.number("MB/num_closids");
    }
}

// mon_data has one directory for each cache domain (x86/resctrl.rst).
void read_monitors(CounterFiles& files, IntelRdtStats& out) {
    for (const std::string& domain : files.between("mon_L3_", "")) {
        const std::string at = "mon_L3_" + domain + "/";
        const std::string total = files.text(at + "mbm_total_bytes");
        const std::string local = files.text(at + "mbm_local_bytes");
        if (!total.empty() || !local.empty())
            out.bandwidth_use.push_back({number_in(total), number_in(local)});
        if (const std::string held = files.text(at + "llc_occupancy"); !held.empty())
            out.cache_use.push_back(number_in(held));
    }
}

}  // namespace

Result<IntelRdtStats> read_resctrl_stats(sys::Kernel& kernel, const state::ResctrlRecord& record) {
    IntelRdtStats stats;
    const std::string& group = record.group;
    // The root group is the mount point itself.
    const auto at_root = sys::read_file(kernel, AT_FDCWD, group + "/info/last_cmd_status");
    const std::string root = at_root ? group : group.substr(0, group.rfind('/'));
    CounterFiles info(kernel, root + "/info"), top(kernel, root), own(kernel, group);
    read_capabilities(info, stats);
    const std::string all = top.text("schemata"), ours = own.text("schemata");
    stats.cache_schema_root = schema_in(all, "L3");
    stats.bandwidth_schema_root = schema_in(all, "MB");
    stats.cache_schema = schema_in(ours, "L3");
    stats.bandwidth_schema = schema_in(ours, "MB");
    const std::string& monitored = record.monitoring.empty() ? group : record.monitoring;
    CounterFiles monitors(kernel, monitored + "/mon_data");
    read_monitors(monitors, stats);
    for (const CounterFiles* files : {&info, &top, &own, &monitors})
        NUCLEUS_CHECK(files->outcome());
    return stats;
}

}  // namespace nucleus::enforce
