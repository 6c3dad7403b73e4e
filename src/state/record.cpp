#include "state/record.hpp"

#include "base/json_writer.hpp"
#include "spec/document.hpp"
#include "spec/resources_text.hpp"
#include "spec/sections.hpp"

namespace nucleus::state {

namespace {

using base::JsonWriter;

void write_map(JsonWriter& json, std::string_view name,
               const std::map<std::string, std::string>& map) {
    json.key(name).begin_object();
    for (const auto& [key, value] : map) json.member(key, value);
    json.end_object();
}

void write_cgroup(JsonWriter& json, const CgroupRecord& cgroup) {
    json.key("cgroup").begin_object();
    json.member("manager", cgroup.manager);
    write_map(json, "paths", cgroup.paths);
    json.key("made").begin_array();
    for (const std::string& path : cgroup.made) json.value(path);
    json.end_array();
    if (!cgroup.unit.empty()) {
        json.member("unit", cgroup.unit).member("bus", cgroup.bus);
        json.member("description", cgroup.description);
    }
    json.end_object();
}

}  // namespace

std::string encode(const Record& record) {
    JsonWriter json;
    json.begin_object();
    json.member("id", record.id);
    json.member("ociVersion", record.oci_version);
    json.member("bundle", record.bundle);
    json.member("rootfs", record.rootfs);
    json.member("created", record.created);
    json.member("ownerUid", record.owner_uid);
    if (record.init) {
        json.key("init").begin_object();
        json.member("pid", record.init->pid).member("startTime", record.init->start_time);
        json.end_object();
    }
    json.member("committed", record.committed);
    write_cgroup(json, record.cgroup);
    if (record.resctrl) {
        json.key("resctrl").begin_object();
        json.member("group", record.resctrl->group);
        json.member("monitoring", record.resctrl->monitoring);
        json.key("made").begin_array();
        for (const std::string& path : record.resctrl->made) json.value(path);
        json.end_array().end_object();
    }
    if (!record.net_devices.empty()) {
        json.member("networkNamespace", record.network_namespace);
        json.key("netDevices").begin_array();
        for (const NetDeviceRecord& device : record.net_devices) {
            json.begin_object();
            json.member("name", device.name).member("index", device.index);
            json.end_object();
        }
        json.end_array();
    }
    json.member("socket", record.socket);
    json.member("separatePidNamespace", record.separate_pid_namespace);
    json.member("ownNamespaces", record.own_namespaces);
    json.member("newKeyring", record.new_keyring);
    json.member("noPivot", record.no_pivot);
    write_map(json, "annotations", record.annotations);
    if (record.resources) {
        json.key("resources");
        spec::write(json, *record.resources);
    }
    if (!record.l3_cache_schema.empty()) json.member("l3CacheSchema", record.l3_cache_schema);
    if (!record.mem_bw_schema.empty()) json.member("memBwSchema", record.mem_bw_schema);
    json.end_object();
    return std::move(json).text();
}

// The readers are found by overload (spec/reader.hpp), so that they stand in the namespace of their
// types.
void read(const spec::Node& node, ProcessId& out) {
    const spec::ObjectReader object(node);
    object.required("pid", out.pid);
    object.required("startTime", out.start_time);
    // 0 and below mean a group of processes to kill(2).
    if (!node.failed() && out.pid <= 0)
        node.fail_member("pid", "expected a number greater than zero");
}

void read(const spec::Node& node, CgroupRecord& out) {
    const spec::ObjectReader object(node);
    object.required("manager", out.manager);
    object.required("paths", out.paths);
    object.required("made", out.made);
    object.optional("unit", out.unit);
    object.optional("bus", out.bus);
    object.optional("description", out.description);
}

void read(const spec::Node& node, ResctrlRecord& out) {
    const spec::ObjectReader object(node);
    object.required("group", out.group);
    object.required("monitoring", out.monitoring);
    object.required("made", out.made);
}

void read(const spec::Node& node, NetDeviceRecord& out) {
    const spec::ObjectReader object(node);
    object.required("name", out.name);
    object.required("index", out.index);
}

void read(const spec::Node& node, Record& out) {
    const spec::ObjectReader object(node);
    object.required("id", out.id);
    object.required("ociVersion", out.oci_version);
    object.required("bundle", out.bundle);
    object.required("rootfs", out.rootfs);
    object.required("created", out.created);
    object.required("ownerUid", out.owner_uid);
    object.optional("init", out.init);
    object.required("committed", out.committed);
    object.required("cgroup", out.cgroup);
    object.optional("resctrl", out.resctrl);
    object.optional("networkNamespace", out.network_namespace);
    object.optional("netDevices", out.net_devices);
    object.required("socket", out.socket);
    object.required("separatePidNamespace", out.separate_pid_namespace);
    object.optional("ownNamespaces", out.own_namespaces);
    object.required("newKeyring", out.new_keyring);
    object.required("noPivot", out.no_pivot);
    object.required("annotations", out.annotations);
    object.optional("resources", out.resources);
    object.optional("l3CacheSchema", out.l3_cache_schema);
    object.optional("memBwSchema", out.mem_bw_schema);
}

Result<Record> decode(std::string_view name, std::string_view bytes) {
    auto record = spec::read_document<Record>(name, bytes);
    // No configuration of the caller's is at fault.
    if (!record) return std::move(record).error().with_code(Errc::system);
    return record;
}

}  // namespace nucleus::state
