#include "spec/resources_text.hpp"

namespace nucleus::spec {

namespace {

using base::JsonWriter;

template <class T>
void member(JsonWriter& json, const char* name, const std::optional<T>& value) {
    if (value) json.member(name, *value);
}

void member(JsonWriter& json, const char* name, const std::string& value) {
    if (!value.empty()) json.member(name, value);
}

void write(JsonWriter& json, const DeviceRule& rule) {
    json.begin_object().member("allow", rule.allow);
    member(json, "type", rule.type);
    member(json, "major", rule.major);
    member(json, "minor", rule.minor);
    member(json, "access", rule.access);
    json.end_object();
}

void write(JsonWriter& json, const Memory& memory) {
    json.begin_object();
    member(json, "limit", memory.limit);
    member(json, "reservation", memory.reservation);
    member(json, "swap", memory.swap);
    member(json, "kernel", memory.kernel);
    member(json, "kernelTCP", memory.kernel_tcp);
    member(json, "swappiness", memory.swappiness);
    member(json, "disableOOMKiller", memory.disable_oom_killer);
    member(json, "useHierarchy", memory.use_hierarchy);
    member(json, "checkBeforeUpdate", memory.check_before_update);
    json.end_object();
}

void write(JsonWriter& json, const Cpu& cpu) {
    json.begin_object();
    member(json, "shares", cpu.shares);
    member(json, "quota", cpu.quota);
    member(json, "burst", cpu.burst);
    member(json, "period", cpu.period);
    member(json, "realtimeRuntime", cpu.realtime_runtime);
    member(json, "realtimePeriod", cpu.realtime_period);
    member(json, "cpus", cpu.cpus);
    member(json, "mems", cpu.mems);
    member(json, "idle", cpu.idle);
    json.end_object();
}

void write(JsonWriter& json, const WeightDevice& device) {
    json.begin_object().member("major", device.major).member("minor", device.minor);
    member(json, "weight", device.weight);
    member(json, "leafWeight", device.leaf_weight);
    json.end_object();
}

void write(JsonWriter& json, const ThrottleDevice& device) {
    json.begin_object().member("major", device.major).member("minor", device.minor);
    json.member("rate", device.rate).end_object();
}

void write(JsonWriter& json, const HugepageLimit& page) {
    json.begin_object().member("pageSize", page.page_size).member("limit", page.limit);
    json.end_object();
}

void write(JsonWriter& json, const InterfacePriority& entry) {
    json.begin_object().member("name", entry.name).member("priority", entry.priority);
    json.end_object();
}

template <class T>
void members(JsonWriter& json, const char* name, const std::vector<T>& values) {
    if (values.empty()) return;
    json.key(name).begin_array();
    for (const T& value : values) write(json, value);
    json.end_array();
}

void write(JsonWriter& json, const BlockIo& io) {
    json.begin_object();
    member(json, "weight", io.weight);
    member(json, "leafWeight", io.leaf_weight);
    members(json, "weightDevice", io.weight_device);
    members(json, "throttleReadBpsDevice", io.throttle_read_bps);
    members(json, "throttleWriteBpsDevice", io.throttle_write_bps);
    members(json, "throttleReadIOPSDevice", io.throttle_read_iops);
    members(json, "throttleWriteIOPSDevice", io.throttle_write_iops);
    json.end_object();
}

void write(JsonWriter& json, const NetworkClass& network) {
    json.begin_object();
    member(json, "classID", network.class_id);
    members(json, "priorities", network.priorities);
    json.end_object();
}

void write(JsonWriter& json, const Rdma& limit) {
    json.begin_object();
    member(json, "hcaHandles", limit.hca_handles);
    member(json, "hcaObjects", limit.hca_objects);
    json.end_object();
}

template <class T>
void section(JsonWriter& json, const char* name, const std::optional<T>& value) {
    if (!value) return;
    json.key(name);
    write(json, *value);
}

}  // namespace

void write(JsonWriter& json, const Resources& resources) {
    json.begin_object();
    members(json, "devices", resources.devices);
    section(json, "memory", resources.memory);
    section(json, "cpu", resources.cpu);
    if (resources.pids_limit) {
        json.key("pids").begin_object().member("limit", *resources.pids_limit);
        json.end_object();
    }
    section(json, "blockIO", resources.block_io);
    members(json, "hugepageLimits", resources.hugepage_limits);
    section(json, "network", resources.network);
    if (!resources.rdma.empty()) {
        json.key("rdma").begin_object();
        for (const auto& [device, limit] : resources.rdma) {
            json.key(device);
            write(json, limit);
        }
        json.end_object();
    }
    if (!resources.unified.empty()) {
        json.key("unified").begin_object();
        for (const auto& [file, value] : resources.unified) json.member(file, value);
        json.end_object();
    }
    json.end_object();
}

}  // namespace nucleus::spec
