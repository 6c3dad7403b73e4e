// linux.resources: config-linux.md#control-groups to config-linux.md#unified.
#include <algorithm>

#include "spec/document.hpp"
#include "spec/parse.hpp"
#include "spec/sections.hpp"

namespace nucleus::spec {

void read(const Node& node, DeviceRule& out) {
    const ObjectReader object(node);
    object.required("allow", out.allow);
    object.optional("type", out.type);
    object.optional("major", out.major);
    object.optional("minor", out.minor);
    object.optional("access", out.access);
}

void read(const Node& node, Memory& out) {
    const ObjectReader object(node);
    object.optional("limit", out.limit);
    object.optional("reservation", out.reservation);
    object.optional("swap", out.swap);
    object.optional("kernel", out.kernel);
    object.optional("kernelTCP", out.kernel_tcp);
    object.optional("swappiness", out.swappiness);
    object.optional("disableOOMKiller", out.disable_oom_killer);
    object.optional("useHierarchy", out.use_hierarchy);
    object.optional("checkBeforeUpdate", out.check_before_update);
}

void read(const Node& node, Cpu& out) {
    const ObjectReader object(node);
    object.optional("shares", out.shares);
    object.optional("quota", out.quota);
    object.optional("burst", out.burst);
    object.optional("period", out.period);
    object.optional("realtimeRuntime", out.realtime_runtime);
    object.optional("realtimePeriod", out.realtime_period);
    object.optional("cpus", out.cpus);
    object.optional("mems", out.mems);
    object.optional("idle", out.idle);
}

void read(const Node& node, WeightDevice& out) {
    const ObjectReader object(node);
    object.required("major", out.major);
    object.required("minor", out.minor);
    object.optional("weight", out.weight);
    object.optional("leafWeight", out.leaf_weight);
    // "You MUST specify at least one of `weight` or `leafWeight` in a given entry".
    if (!out.weight && !out.leaf_weight) node.fail("one of weight and leafWeight is required");
}

void read(const Node& node, ThrottleDevice& out) {
    const ObjectReader object(node);
    object.required("major", out.major);
    object.required("minor", out.minor);
    object.required("rate", out.rate);
}

void read(const Node& node, BlockIo& out) {
    const ObjectReader object(node);
    object.optional("weight", out.weight);
    object.optional("leafWeight", out.leaf_weight);
    object.optional("weightDevice", out.weight_device);
    object.optional("throttleReadBpsDevice", out.throttle_read_bps);
    object.optional("throttleWriteBpsDevice", out.throttle_write_bps);
    object.optional("throttleReadIOPSDevice", out.throttle_read_iops);
    object.optional("throttleWriteIOPSDevice", out.throttle_write_iops);
}

namespace {

// `<size><unit-prefix>B`: 64KB, 2MB, 1GB. It becomes part of a file's name (hugetlb.2MB.max).
bool is_page_size(std::string_view text) {
    if (text.size() < 3 || text.back() != 'B' || text[0] < '1' || text[0] > '9') return false;
    text.remove_suffix(1);
    if (std::string_view("KMG").find(text.back()) == text.npos) return false;
    text.remove_suffix(1);
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void read(const Node& node, HugepageLimit& out) {
    const ObjectReader object(node);
    object.required("pageSize", out.page_size);
    object.required("limit", out.limit);
    if (!node.failed() && !is_page_size(out.page_size))
        node.fail_member("pageSize",
                         "expected a size such as 64KB, 2MB or 1GB, found '" + out.page_size + "'");
}

void read(const Node& node, InterfacePriority& out) {
    const ObjectReader object(node);
    object.required("name", out.name);
    object.required("priority", out.priority);
}

void read(const Node& node, NetworkClass& out) {
    const ObjectReader object(node);
    object.optional("classID", out.class_id);
    object.optional("priorities", out.priorities);
}

void read(const Node& node, Rdma& out) {
    const ObjectReader object(node);
    object.optional("hcaHandles", out.hca_handles);
    object.optional("hcaObjects", out.hca_objects);
    // "You MUST specify at least one of the `hcaHandles` or `hcaObjects` in a given entry".
    if (!out.hca_handles && !out.hca_objects)
        node.fail("one of hcaHandles and hcaObjects is required");
}

namespace {

struct Pids {
    std::int64_t limit = 0;
};

void read(const Node& node, Pids& out) {
    const ObjectReader object(node);
    object.required("limit", out.limit);
}

}  // namespace

void read(const Node& node, Resources& out) {
    const ObjectReader object(node);
    object.optional("devices", out.devices);
    object.optional("memory", out.memory);
    object.optional("cpu", out.cpu);
    if (Pids pids; object.optional("pids", pids)) out.pids_limit = pids.limit;
    object.optional("blockIO", out.block_io);
    object.optional("hugepageLimits", out.hugepage_limits);
    object.optional("network", out.network);
    object.optional("rdma", out.rdma);
    object.optional("unified", out.unified);
}

Result<Resources> parse_resources(std::string_view bytes) {
    return read_document<Resources>("resources.json", bytes);
}

}  // namespace nucleus::spec
