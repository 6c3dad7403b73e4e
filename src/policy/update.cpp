// The limits of a container that is there, changed: which are to be written, and which hold then.
#include <algorithm>
#include <utility>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

// 0 is what callers write for "not set".
template <class Number>
void overlay_number(std::optional<Number>& under, const std::optional<Number>& change) {
    if (change.value_or(0) != 0) under = change;
}

template <class Value>
void overlay_value(std::optional<Value>& under, const std::optional<Value>& change) {
    if (change) under = change;
}

void overlay_text(std::string& under, const std::string& change) {
    if (!change.empty()) under = change;
}

void overlay_memory(spec::Memory& under, const spec::Memory& change) {
    overlay_number(under.limit, change.limit);
    overlay_number(under.reservation, change.reservation);
    overlay_number(under.swap, change.swap);
    overlay_value(under.swappiness, change.swappiness);
    overlay_value(under.disable_oom_killer, change.disable_oom_killer);
    overlay_number(under.kernel, change.kernel);
    overlay_number(under.kernel_tcp, change.kernel_tcp);
    // check_before_update is asked of one update, not of those that follow.
}

void overlay_cpu(spec::Cpu& under, const spec::Cpu& change) {
    overlay_number(under.shares, change.shares);
    overlay_number(under.quota, change.quota);
    overlay_number(under.period, change.period);
    overlay_number(under.realtime_runtime, change.realtime_runtime);
    overlay_number(under.realtime_period, change.realtime_period);
    overlay_value(under.burst, change.burst);
    overlay_value(under.idle, change.idle);
    overlay_text(under.cpus, change.cpus);
    overlay_text(under.mems, change.mems);
}

// Entries that are about the same thing as one of `change` give way to it.
template <class Entry, class Subject>
void overlay_list(std::vector<Entry>& under, const std::vector<Entry>& change, Subject subject) {
    for (const Entry& entry : change) {
        const auto same = std::ranges::find_if(
            under, [&](const Entry& each) { return subject(each) == subject(entry); });
        if (same == under.end())
            under.push_back(entry);
        else
            *same = entry;
    }
}

constexpr auto kDevice = [](const auto& entry) { return std::pair(entry.major, entry.minor); };

void overlay_block_io(spec::BlockIo& under, const spec::BlockIo& change) {
    overlay_number(under.weight, change.weight);
    overlay_number(under.leaf_weight, change.leaf_weight);
    overlay_list(under.weight_device, change.weight_device, kDevice);
    overlay_list(under.throttle_read_bps, change.throttle_read_bps, kDevice);
    overlay_list(under.throttle_write_bps, change.throttle_write_bps, kDevice);
    overlay_list(under.throttle_read_iops, change.throttle_read_iops, kDevice);
    overlay_list(under.throttle_write_iops, change.throttle_write_iops, kDevice);
}

void overlay_network(spec::NetworkClass& under, const spec::NetworkClass& change) {
    overlay_value(under.class_id, change.class_id);
    overlay_list(under.priorities, change.priorities,
                 [](const spec::InterfacePriority& entry) { return entry.name; });
}

template <class Section>
void overlay_section(std::optional<Section>& under, const std::optional<Section>& change,
                     void (*put_over)(Section&, const Section&)) {
    if (!change) return;
    if (!under) under.emplace();
    put_over(*under, *change);
}

// The kernel wants memory at most as large as memory + swap (cgroup v1), and cgroup v2 has swap
// alone, which is the difference: both are written where one is changed.
void complete_memory(const spec::Memory& change, spec::Memory& merged, spec::Memory& written) {
    // No limit of memory under one of memory and swap cannot be.
    if (change.limit.value_or(0) == -1 && change.swap.value_or(0) == 0) merged.swap = -1;
    if (change.limit.value_or(0) == 0 && change.swap.value_or(0) == 0) return;
    written.limit = merged.limit;
    written.swap = merged.swap;
}

// Older callers send 0 for them, which is no wish that could be ignored.
void forget_zeros_of_old(spec::Memory& memory) {
    if (memory.kernel == 0) memory.kernel.reset();
    if (memory.kernel_tcp == 0) memory.kernel_tcp.reset();
}

}  // namespace

void overlay(spec::Resources& under, const spec::Resources& change) {
    overlay_section(under.memory, change.memory, overlay_memory);
    overlay_section(under.cpu, change.cpu, overlay_cpu);
    overlay_value(under.pids_limit, change.pids_limit);
    overlay_section(under.block_io, change.block_io, overlay_block_io);
    overlay_list(under.hugepage_limits, change.hugepage_limits,
                 [](const spec::HugepageLimit& entry) { return entry.page_size; });
    overlay_section(under.network, change.network, overlay_network);
    for (const auto& [device, limit] : change.rdma) {
        spec::Rdma& entry = under.rdma[device];
        overlay_value(entry.hca_handles, limit.hca_handles);
        overlay_value(entry.hca_objects, limit.hca_objects);
    }
    for (const auto& [file, value] : change.unified) under.unified[file] = value;
    if (!change.devices.empty()) under.devices = change.devices;
}

Result<LimitChange> translate_update(const spec::Resources& before, const spec::Resources& wanted,
                                     Warnings& warnings) {
    const Location where("resources");
    spec::Resources change = wanted;
    if (change.memory) forget_zeros_of_old(*change.memory);
    NUCLEUS_CHECK(check_resources(change, where, warnings));
    LimitChange limits{change, before};
    if (!change.devices.empty() && change.devices != before.devices)
        warnings.push_back(where.at("devices").text("an update leaves the device rules alone"));
    limits.written.devices.clear();
    overlay(limits.remembered, limits.written);
    if (change.memory)
        complete_memory(*change.memory, *limits.remembered.memory, *limits.written.memory);
    // A cgroup that is idle has no shares, and one that is no longer idle has the default.
    if (change.cpu && change.cpu->idle && *change.cpu->idle == 0)
        limits.written.cpu->shares = limits.remembered.cpu->shares;
    // What is unchanged may forbid what is changed: a burst above the new quota.
    Warnings told;
    NUCLEUS_CHECK(check_resources(limits.remembered, where, told));
    return limits;
}

Result<IntelRdtPolicy> translate_schema_update(const spec::IntelRdt& change, Warnings& warnings) {
    return translate_intel_rdt(change, Location("update"), warnings);
}

}  // namespace nucleus::policy
