// What a container uses, read from its cgroups and its resctrl group. Each controller is read where
// the record has it, in a v1 hierarchy or else in the unified one; one that is nowhere counts
// nothing.
#pragma once

#include "nucleus/error.hpp"
#include "nucleus/state.hpp"
#include "nucleus/stats.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

Result<ContainerStats> read_cgroup_stats(sys::Kernel& kernel, const state::CgroupRecord& record);

// The group's schemata, what the machine can do, and what the group's monitors count.
Result<IntelRdtStats> read_resctrl_stats(sys::Kernel& kernel, const state::ResctrlRecord& record);

// Files of counters below one directory. The first error that is not the file's absence stays, and
// ends the reading.
class CounterFiles {
public:
    CounterFiles(sys::Kernel& kernel, std::string directory)
        : kernel_(kernel), directory_(std::move(directory)) {}

    // The content, or "" where there is no such file.
    std::string text(const std::string& name);
    std::uint64_t number(const std::string& name);
    std::optional<Pressure> pressure(const std::string& name);  // nothing: the kernel has none
    // The names that begin and end like this, as what stands between.
    std::vector<std::string> between(std::string_view front, std::string_view back);
    const Result<void>& outcome() const { return outcome_; }

private:
    sys::Kernel& kernel_;
    std::string directory_;
    Result<void> outcome_;
};

// cgroup_stats_v1.cpp and cgroup_stats_v2.cpp: one function a controller.
struct StatsReaders {
    const char* v1_controller;
    const char* v2_controller;  // empty: what it counts, another one counts on v2
    void (*v1)(CounterFiles& files, ContainerStats& out);
    void (*v2)(CounterFiles& files, ContainerStats& out);
};
void cpuacct_stats_v1(CounterFiles& files, ContainerStats& out);
void cpu_stats_v1(CounterFiles& files, ContainerStats& out);
void cpuset_stats_v1(CounterFiles& files, ContainerStats& out);
void memory_stats_v1(CounterFiles& files, ContainerStats& out);
void pids_stats(CounterFiles& files, ContainerStats& out);
void blkio_stats_v1(CounterFiles& files, ContainerStats& out);
void hugetlb_stats_v1(CounterFiles& files, ContainerStats& out);
void cpu_stats_v2(CounterFiles& files, ContainerStats& out);
void cpuset_stats_v2(CounterFiles& files, ContainerStats& out);
void memory_stats_v2(CounterFiles& files, ContainerStats& out);
void io_stats_v2(CounterFiles& files, ContainerStats& out);
void hugetlb_stats_v2(CounterFiles& files, ContainerStats& out);

}  // namespace nucleus::enforce
