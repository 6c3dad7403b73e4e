// config-linux.md, but for its resources and seccomp.
#include "spec/sections.hpp"

namespace nucleus::spec {

void read(const Node& node, IdMapping& out) {
    const ObjectReader object(node);
    object.required("containerID", out.container_id);
    object.required("hostID", out.host_id);
    object.required("size", out.size);
}

void read(const Node& node, Namespace& out) {
    const ObjectReader object(node);
    object.required("type", out.type);
    object.optional("path", out.path);
}

void read(const Node& node, TimeOffset& out) {
    const ObjectReader object(node);
    object.optional("secs", out.secs);
    object.optional("nanosecs", out.nanosecs);
}

void read(const Node& node, Device& out) {
    const ObjectReader object(node);
    object.required("type", out.type);
    object.required("path", out.path);
    // "REQUIRED unless `type` is `p`".
    if (out.type == "p") {
        object.optional("major", out.major);
        object.optional("minor", out.minor);
    } else {
        object.required("major", out.major);
        object.required("minor", out.minor);
    }
    object.optional("fileMode", out.file_mode);
    object.optional("uid", out.uid);
    object.optional("gid", out.gid);
}

void read(const Node& node, NetDevice& out) {
    const ObjectReader object(node);
    object.optional("name", out.name);
}

void read(const Node& node, IntelRdt& out) {
    const ObjectReader object(node);
    object.optional("closID", out.clos_id);
    object.optional("l3CacheSchema", out.l3_cache_schema);
    object.optional("memBwSchema", out.mem_bw_schema);
    object.optional("schemata", out.schemata);
    object.optional("enableMonitoring", out.enable_monitoring);
}

void read(const Node& node, MemoryPolicy& out) {
    const ObjectReader object(node);
    object.required("mode", out.mode);
    object.optional("nodes", out.nodes);
    object.optional("flags", out.flags);
}

void read(const Node& node, Personality& out) {
    const ObjectReader object(node);
    object.required("domain", out.domain);
    object.optional("flags", out.flags);
}

void read(const Node& node, Linux& out) {
    const ObjectReader object(node);
    object.optional("namespaces", out.namespaces);
    object.optional("uidMappings", out.uid_mappings);
    object.optional("gidMappings", out.gid_mappings);
    object.optional("timeOffsets", out.time_offsets);
    object.optional("devices", out.devices);
    object.optional("netDevices", out.net_devices);
    object.optional("cgroupsPath", out.cgroups_path);
    object.optional("resources", out.resources);
    object.optional("intelRdt", out.intel_rdt);
    object.optional("memoryPolicy", out.memory_policy);
    object.optional("sysctl", out.sysctl);
    object.optional("seccomp", out.seccomp);
    object.optional("rootfsPropagation", out.rootfs_propagation);
    object.optional("maskedPaths", out.masked_paths);
    object.optional("readonlyPaths", out.readonly_paths);
    object.optional("mountLabel", out.mount_label);
    object.optional("personality", out.personality);
}

}  // namespace nucleus::spec
