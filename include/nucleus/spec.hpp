// Spec: config.json as plain structs (runtime-spec 1.3.0, config.md and config-linux.md).
//
// Names follow config.json in snake_case; std::optional stands where the specification says
// OPTIONAL and absence means something other than the empty value. Words with a closed set of
// values are enums or stay strings where the translation (policy) owns their table. A Spec is what
// was written, not what it means. Made by spec::parse only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nucleus::spec {

using Annotations = std::map<std::string, std::string>;

struct Box {  // process.consoleSize
    std::uint32_t height = 0;
    std::uint32_t width = 0;
    bool operator==(const Box&) const = default;
};

struct User {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::optional<std::uint32_t> umask;
    std::vector<std::uint32_t> additional_gids;
    bool operator==(const User&) const = default;
};

struct Rlimit {
    std::string type;  // RLIMIT_*
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
    bool operator==(const Rlimit&) const = default;
};

struct Capabilities {  // names as written: CAP_*; unknown ones are kept, the translation warns of
                       // them
    std::vector<std::string> bounding, effective, inheritable, permitted, ambient;
    bool operator==(const Capabilities&) const = default;
};

struct Scheduler {
    std::string policy;
    std::optional<std::int32_t> nice, priority;
    std::vector<std::string> flags;
    std::optional<std::uint64_t> runtime, deadline, period;
    bool operator==(const Scheduler&) const = default;
};

struct IoPriority {
    std::string io_class;  // ioPriority.class
    std::int32_t priority = 0;
    bool operator==(const IoPriority&) const = default;
};

struct ExecCpuAffinity {
    std::string initial, final;
    bool operator==(const ExecCpuAffinity&) const = default;
};

struct Process {
    bool terminal = false;
    std::optional<Box> console_size;
    User user;
    std::vector<std::string> args;
    std::vector<std::string> env;
    std::string cwd;
    std::optional<Capabilities> capabilities;
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::string apparmor_profile;
    std::string selinux_label;
    std::optional<std::int32_t> oom_score_adj;
    std::optional<Scheduler> scheduler;
    std::optional<IoPriority> io_priority;
    std::optional<ExecCpuAffinity> exec_cpu_affinity;
    bool operator==(const Process&) const = default;
};

struct Root {
    std::string path;
    bool readonly = false;
    bool operator==(const Root&) const = default;
};

struct IdMapping {  // containerID, hostID, size
    std::uint32_t container_id = 0;
    std::uint32_t host_id = 0;
    std::uint32_t size = 0;
    bool operator==(const IdMapping&) const = default;
};

struct Mount {
    std::string destination;
    std::string type;
    std::string source;
    std::vector<std::string> options;
    std::vector<IdMapping> uid_mappings, gid_mappings;
    bool operator==(const Mount&) const = default;
};

struct Hook {
    std::string path;
    std::vector<std::string> args;
    std::vector<std::string> env;
    std::optional<std::int32_t> timeout;  // seconds, > 0
    bool operator==(const Hook&) const = default;
};

struct Hooks {
    std::vector<Hook> prestart, create_runtime, create_container, start_container, poststart,
        poststop;
    bool operator==(const Hooks&) const = default;
};

struct Namespace {
    std::string type;  // pid network ipc uts mount cgroup user time; the translation refuses others
    std::string path;  // empty: create
    bool operator==(const Namespace&) const = default;
};

struct Device {
    std::string type;  // c b u p
    std::string path;
    std::int64_t major = 0, minor = 0;
    std::optional<std::uint32_t> file_mode;
    std::optional<std::uint32_t> uid, gid;
    bool operator==(const Device&) const = default;
};

struct NetDevice {
    std::string name;  // empty: keep
    bool operator==(const NetDevice&) const = default;
};

struct DeviceRule {  // resources.devices
    bool allow = false;
    std::string type;  // a c b, empty: a
    std::optional<std::int64_t> major, minor;
    std::string access;  // letters of rwm, empty: all
    bool operator==(const DeviceRule&) const = default;
};

struct Memory {
    std::optional<std::int64_t> limit, reservation, swap, kernel, kernel_tcp;
    std::optional<std::uint64_t> swappiness;
    std::optional<bool> disable_oom_killer, use_hierarchy, check_before_update;
    bool operator==(const Memory&) const = default;
};

struct Cpu {
    std::optional<std::uint64_t> shares, burst, period, realtime_period;
    std::optional<std::int64_t> quota, realtime_runtime, idle;
    std::string cpus, mems;
    bool operator==(const Cpu&) const = default;
};

struct WeightDevice {
    std::int64_t major = 0, minor = 0;
    std::optional<std::uint16_t> weight, leaf_weight;
    bool operator==(const WeightDevice&) const = default;
};

struct ThrottleDevice {
    std::int64_t major = 0, minor = 0;
    std::uint64_t rate = 0;
    bool operator==(const ThrottleDevice&) const = default;
};

struct BlockIo {
    std::optional<std::uint16_t> weight, leaf_weight;
    std::vector<WeightDevice> weight_device;
    std::vector<ThrottleDevice> throttle_read_bps, throttle_write_bps, throttle_read_iops,
        throttle_write_iops;
    bool operator==(const BlockIo&) const = default;
};

struct HugepageLimit {
    std::string page_size;
    std::uint64_t limit = 0;
    bool operator==(const HugepageLimit&) const = default;
};

struct InterfacePriority {
    std::string name;
    std::uint32_t priority = 0;
    bool operator==(const InterfacePriority&) const = default;
};

struct NetworkClass {  // resources.network
    std::optional<std::uint32_t> class_id;
    std::vector<InterfacePriority> priorities;
    bool operator==(const NetworkClass&) const = default;
};

struct Rdma {
    std::optional<std::uint32_t> hca_handles, hca_objects;
    bool operator==(const Rdma&) const = default;
};

struct Resources {
    std::vector<DeviceRule> devices;
    std::optional<Memory> memory;
    std::optional<Cpu> cpu;
    std::optional<std::int64_t> pids_limit;  // resources.pids.limit
    std::optional<BlockIo> block_io;
    std::vector<HugepageLimit> hugepage_limits;
    std::optional<NetworkClass> network;
    std::map<std::string, Rdma> rdma;
    std::map<std::string, std::string> unified;
    bool operator==(const Resources&) const = default;
};

struct SeccompArg {
    std::uint32_t index = 0;
    std::uint64_t value = 0, value_two = 0;
    std::string op;  // SCMP_CMP_*
    bool operator==(const SeccompArg&) const = default;
};

struct SeccompRule {
    std::vector<std::string> names;
    std::string action;  // SCMP_ACT_*
    std::optional<std::uint32_t> errno_ret;
    std::vector<SeccompArg> args;
    bool operator==(const SeccompRule&) const = default;
};

struct Seccomp {
    std::string default_action;
    std::optional<std::uint32_t> default_errno_ret;
    std::vector<std::string> architectures;  // SCMP_ARCH_*
    std::vector<std::string> flags;          // SECCOMP_FILTER_FLAG_*
    std::string listener_path, listener_metadata;
    std::vector<SeccompRule> syscalls;
    bool operator==(const Seccomp&) const = default;
};

struct IntelRdt {
    std::string clos_id, l3_cache_schema, mem_bw_schema;
    std::vector<std::string> schemata;
    bool enable_monitoring = false;
    bool operator==(const IntelRdt&) const = default;
};

struct MemoryPolicy {
    std::string mode, nodes;
    std::vector<std::string> flags;
    bool operator==(const MemoryPolicy&) const = default;
};

struct Personality {
    std::string domain;
    std::vector<std::string> flags;
    bool operator==(const Personality&) const = default;
};

struct TimeOffset {
    std::int64_t secs = 0;
    std::uint32_t nanosecs = 0;
    bool operator==(const TimeOffset&) const = default;
};

struct Linux {
    std::vector<Namespace> namespaces;
    std::vector<IdMapping> uid_mappings, gid_mappings;
    std::map<std::string, TimeOffset> time_offsets;
    std::vector<Device> devices;
    std::map<std::string, NetDevice> net_devices;
    std::string cgroups_path;
    std::optional<Resources> resources;
    std::optional<IntelRdt> intel_rdt;
    std::optional<MemoryPolicy> memory_policy;
    std::map<std::string, std::string> sysctl;
    std::optional<Seccomp> seccomp;
    std::string rootfs_propagation;
    std::vector<std::string> masked_paths, readonly_paths;
    std::string mount_label;
    std::optional<Personality> personality;
    bool operator==(const Linux&) const = default;
};

struct Spec {
    std::string oci_version;
    std::optional<Root> root;
    std::vector<Mount> mounts;
    std::optional<Process> process;
    std::string hostname, domainname;
    Hooks hooks;
    Annotations annotations;
    std::optional<Linux>
        linux_;  // the section `linux`; the underscore keeps clear of the compiler's macro
    bool operator==(const Spec&) const = default;
};

}  // namespace nucleus::spec
