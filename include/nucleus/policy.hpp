// The policy objects: what a bundle means, not yet how it is done. Each is an immutable value made
// by policy::translate, a pure function of a Spec; equality-comparable. Flags are the kernel's own
// bits (linux/mount.h, linux/seccomp.h, linux/capability.h), since a second numbering would only be
// a place for errors.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/namespace_config.hpp"
#include "nucleus/spec.hpp"

namespace nucleus::policy {

// Whose ids a mount shows (config.md#mounts: `idmap`, `ridmap`, uidMappings, gidMappings).
struct MountIdMap {
    bool recursive = false;                       // ridmap: the whole tree
    std::optional<UserNamespaceConfig> mappings;  // nothing: the container's user namespace's
    bool operator==(const MountIdMap&) const = default;
};

// One entry of `mounts`, its options split by who acts on them (config.md#mounts).
struct MountPolicy {
    enum class Kind : std::uint8_t {
        filesystem,  // a new instance of `type`: proc, sysfs, tmpfs, devpts, mqueue, any other
        bind,        // the tree at `source`, `recursive` or only its top mount
        cgroup,      // the container's view of the cgroup hierarchies, whatever the host's layout
        remount,     // changes an existing mount at the destination
    };
    Kind kind = Kind::filesystem;
    std::string destination;  // absolute, as seen in the container
    std::string type;
    std::string source;  // bind: absolute path on the host; else what mountinfo shows
    bool recursive = false;
    bool copy_up = false;  // tmpcopyup: a tmpfs begins with the content of what it covers

    std::uint64_t attributes_set = 0;  // MOUNT_ATTR_* to set on the top mount
    std::uint64_t attributes_clear =
        0;  // MOUNT_ATTR_* to clear; holds MOUNT_ATTR__ATIME whenever an atime mode is set
    std::uint64_t recursive_set = 0;  // the same for the whole tree (rro, rnosuid ...)
    std::uint64_t recursive_clear = 0;
    std::uint64_t superblock_flags =
        0;  // MS_SYNCHRONOUS MS_DIRSYNC MS_LAZYTIME MS_RDONLY (from ro, filesystem kind) ...
    std::uint64_t superblock_flags_clear = 0;  // from async, nolazytime, rw ...
    std::vector<std::uint64_t> propagation;    // MS_SHARED|MS_SLAVE|MS_PRIVATE|MS_UNBINDABLE each,
                                               // with MS_REC where recursive; in order
    std::vector<std::string>
        filesystem_options;            // `key` or `key=value`, for the file system itself
    std::optional<MountIdMap> id_map;  // of a bind, or of a new file system outside any user
                                       // namespace but the runtime's
    std::string pointer;               // JSON pointer of the entry, for errors
    bool operator==(const MountPolicy&) const = default;
};

struct RootfsPolicy {
    std::string path;  // absolute path on the host
    bool readonly = false;
    std::uint64_t propagation =
        0;  // of the container's whole tree: MS_SHARED/SLAVE/PRIVATE/UNBINDABLE with MS_REC; 0 =
            // nothing asked
    std::vector<MountPolicy> mounts;
    std::vector<std::string> masked_paths, readonly_paths;
    std::string mount_label;  // SELinux context of the container's own file systems; empty: none
    bool operator==(const RootfsPolicy&) const = default;
};

// A device node to stand in the container: linux.devices and the default devices
// (config-linux.md#default-devices).
struct DeviceNode {
    enum class Type : char {
        character = 'c',
        block = 'b',
        fifo = 'p'
    };  // config.json's `u` is `c`
    Type type = Type::character;
    std::string path;
    std::uint32_t major = 0, minor = 0;
    std::uint32_t mode = 0666;
    std::uint32_t uid = 0, gid = 0;  // container's ids
    bool operator==(const DeviceNode&) const = default;
};

// The device allow-list in the order in which it is applied: the bundle's rules up to the last for
// all devices, those for the default devices, the rest of the bundle's.
struct DeviceRule {
    bool allow = false;
    char type = 'a';                            // a, b, c
    std::optional<std::uint32_t> major, minor;  // nothing: any
    std::string access;                         // sorted subset of "rwm"
    bool operator==(const DeviceRule&) const = default;
};

struct DevicePolicy {
    std::vector<DeviceNode> nodes;
    std::vector<DeviceRule> rules;
    bool operator==(const DevicePolicy&) const = default;
};

// A network device of the runtime's namespace that becomes the container's
// (config-linux.md#network-devices).
struct NetDevicePolicy {
    std::string host_name;
    std::string name;  // in the container; may hold one `%d`, for which the kernel finds a number
    std::string pointer;  // JSON pointer of the entry, for errors
    bool operator==(const NetDevicePolicy&) const = default;
};

// The resctrl group of the container (config-linux.md#intelrdt).
struct IntelRdtPolicy {
    std::string clos_id;               // the group; empty: one of the container's id, "/": the root
    std::vector<std::string> schemas;  // lines of l3CacheSchema and memBwSchema, as one value
    std::vector<std::string> schemata;  // lines that are written after it
    bool monitoring = false;            // a monitoring group of the container's id
    bool operator==(const IntelRdtPolicy&) const = default;
};

struct CgroupPolicy {
    std::string path;  // linux.cgroupsPath: absolute, or relative to the runtime's own cgroup;
                       // empty: the runtime chooses
    spec::Resources resources;  // limits as written (devices are in DevicePolicy); validated ranges
    // The uid, as the runtime sees it, to which a cgroup of version 2 is given, since the container
    // mounts it writable (config-linux.md#cgroup-ownership).
    std::optional<std::uint32_t> owner;
    bool operator==(const CgroupPolicy&) const = default;
};

struct SeccompArg {
    enum class Op : std::uint8_t { ne, lt, le, eq, ge, gt, masked_eq };
    std::uint32_t index = 0;
    Op op = Op::eq;
    std::uint64_t value = 0, value_two = 0;
    bool operator==(const SeccompArg&) const = default;
};

struct SeccompAction {
    enum class Kind : std::uint8_t {
        kill_thread,
        kill_process,
        trap,
        error,
        trace,
        log,
        allow,
        notify
    };
    Kind kind = Kind::allow;
    std::uint16_t value = 0;  // error: the errno; trace: the message
    bool operator==(const SeccompAction&) const = default;
};

struct SeccompRule {
    std::vector<std::string>
        syscalls;  // names; those that this build does not know are skipped, with a log line
    SeccompAction action;
    std::vector<SeccompArg> args;
    bool operator==(const SeccompRule&) const = default;
};

struct SeccompPolicy {
    SeccompAction default_action;
    std::vector<std::string> architectures;  // SCMP_ARCH_*; the native one is always meant
    std::uint64_t filter_flags = 0;          // SECCOMP_FILTER_FLAG_*
    std::vector<SeccompRule> rules;
    std::string listener_path, listener_metadata;  // absolute; both empty unless notifies()
    // Some action is SCMP_ACT_NOTIFY: the process needs an agent at listener_path.
    bool notifies() const;
    bool operator==(const SeccompPolicy&) const = default;
};

// Sets as bit masks: bit n is capability n of linux/capability.h.
struct CapabilityPolicy {
    std::uint64_t bounding = 0, effective = 0, inheritable = 0, permitted = 0, ambient = 0;
    bool operator==(const CapabilityPolicy&) const = default;
};

// CAP_* of a bit's number, for messages.
std::string capability_name(int capability);

struct Rlimit {
    std::uint32_t resource = 0;  // RLIMIT_* number
    std::string name;
    std::uint64_t soft = 0, hard = 0;
    bool operator==(const Rlimit&) const = default;
};

// A set of processors or memory nodes: bit n of the mask is number n.
struct NumberSet {
    std::string text;  // "0-3,7", at its shortest
    std::vector<std::uint64_t> mask;
    bool operator==(const NumberSet&) const = default;
};

// The arguments of sched_setattr(2). `nice` counts under every policy: with those that do not know
// it, it is what the process has when it leaves them.
struct SchedulerPolicy {
    std::string name;  // SCHED_*
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;  // SCHED_FLAG_*
    std::int32_t nice = 0;
    std::uint32_t priority = 0;                           // 1..99 of SCHED_FIFO and SCHED_RR
    std::uint64_t runtime = 0, deadline = 0, period = 0;  // ns, of SCHED_DEADLINE
    bool operator==(const SchedulerPolicy&) const = default;
};

struct IoPriority {
    std::string io_class;     // IOPRIO_CLASS_*
    std::uint32_t value = 0;  // class and level as ioprio_set(2) takes them
    bool operator==(const IoPriority&) const = default;
};

// Of an executed process, never of the container's first: before and after it enters the cgroup.
// Empty: the runtime's; the cgroup's.
struct ExecCpuAffinity {
    NumberSet initial, final;
    bool operator==(const ExecCpuAffinity&) const = default;
};

struct MemoryPolicy {
    std::string name;        // MPOL_*
    std::uint32_t mode = 0;  // with its flags, as set_mempolicy(2) takes it
    NumberSet nodes;
    bool operator==(const MemoryPolicy&) const = default;
};

struct Personality {
    std::string name;         // the domain and the flags: "LINUX32|ADDR_NO_RANDOMIZE"
    std::uint32_t value = 0;  // as personality(2) takes it
    bool operator==(const Personality&) const = default;
};

struct ProcessPolicy {
    bool terminal = false;
    std::optional<spec::Box> console_size;
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> additional_gids;
    std::optional<std::uint32_t> umask;
    std::vector<std::string> args, env;
    std::string cwd;
    std::optional<CapabilityPolicy> capabilities;  // nothing: leave what the ids give
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::optional<std::int32_t> oom_score_adj;
    std::optional<SchedulerPolicy> scheduler;
    std::optional<IoPriority> io_priority;
    std::optional<ExecCpuAffinity> exec_cpu_affinity;
    // linux.memoryPolicy and linux.personality: of every process of the container.
    std::optional<MemoryPolicy> memory_policy;
    std::optional<Personality> personality;
    std::string apparmor_profile, selinux_label;  // empty: the runtime's own
    bool operator==(const ProcessPolicy&) const = default;
};

// The six kinds, in the order in which the life cycle runs them (config.md#posix-platform-hooks).
enum class HookKind : std::uint8_t {
    prestart,
    create_runtime,
    create_container,
    start_container,
    poststart,
    poststop
};

struct HookSet {
    std::map<HookKind, std::vector<spec::Hook>> hooks;
    const std::vector<spec::Hook>& of(HookKind kind) const;
    bool operator==(const HookSet&) const = default;
};

// A value as D-Bus types it (D-Bus specification, "Type System").
struct BusValue {
    std::string type;  // its signature: "t", "as", "a(ss)"
    // Of a basic type: the string, the number in decimal, `true` or `false`.
    std::string text;
    std::vector<BusValue> items;  // of an array, a structure, a dictionary's entry, a variant
    bool operator==(const BusValue&) const = default;
};

struct UnitProperty {
    std::string name;
    BusValue value;
    // The version of systemd that it came with, where an older one goes without it; 0: it must be
    // known.
    std::uint32_t since = 0;
    bool operator==(const UnitProperty&) const = default;
};

// The transient scope that systemd makes for the container (systemd.scope(5)), without its limits.
struct UnitPolicy {
    std::string slice, name;               // "machine.slice", "libpod-1234.scope"
    std::vector<UnitProperty> properties;  // what the annotations say, sorted by name
    bool operator==(const UnitPolicy&) const = default;
};

// Everything that a bundle means.
struct ContainerPolicy {
    NamespaceConfig namespaces;
    std::optional<UserNamespaceConfig>
        user_namespace;  // present exactly when a user namespace is created
    // The maps that config.json says a joined user namespace has, if it says so.
    std::optional<UserNamespaceConfig> joined_user_namespace;
    RootfsPolicy rootfs;
    DevicePolicy devices;
    std::optional<IntelRdtPolicy> intel_rdt;
    std::vector<NetDevicePolicy> net_devices;  // sorted by host name
    CgroupPolicy cgroup;
    std::optional<SeccompPolicy> seccomp;
    std::optional<ProcessPolicy>
        process;  // a bundle that is only created may have none (config.md#process)
    HookSet hooks;
    std::string hostname, domainname;
    std::map<std::string, std::string> sysctl;  // "net.core.somaxconn" → value; dots, as written
    spec::Annotations annotations;
    bool operator==(const ContainerPolicy&) const = default;
};

// What the bundle's meaning depends on beyond config.json; the caller asks the system, translate
// does not.
struct TranslationInput {
    std::string bundle;  // absolute path
    // The runtime may map host id 0: it is uid 0 of its own user namespace (podman's rootless one
    // counts: it maps id 0 there).
    bool host_root = true;
    // The runtime has no CAP_SYS_ADMIN: all that it can make is in a user namespace of the
    // container's.
    bool ordinary = false;
    // CLONE_NEW* of the kinds whose path in linux.namespaces is that of the runtime's own
    // namespace: to join it is to inherit it, with all that is refused there.
    std::uint64_t own_namespaces = 0;
};

// Spec → policy. Refuses what has no meaning (unknown kinds, duplicates, a mount into an inherited
// namespace) and what this version does not act on: nothing that config.json says is silently
// dropped. Errors are Errc::invalid_config or Errc::unsupported with a JSON pointer; `warnings`
// receives what the specification says to go on with (unknown capabilities).
Result<ContainerPolicy> translate(const spec::Spec& spec, const TranslationInput& input,
                                  Warnings& warnings);

// The mount options that have a meaning of their own here, sorted: what `features` lists as
// mountOptions (features.md). Any other option is handed to the file system as it is written.
std::vector<std::string_view> mount_options();

// What a joined user namespace turned out to be: its maps as the runtime sees them, and whether it
// denies setgroups(2).
struct JoinedUserNamespace {
    UserNamespaceConfig maps;
    bool groups_denied = false;
};
// The process's ids are mapped in it, its groups can be set, and it is the one that config.json
// describes.
Result<void> check_joined_user_namespace(const ContainerPolicy& policy,
                                         const JoinedUserNamespace& joined);

// Whose manager makes the unit: the machine's, or the user's own (systemd --user).
enum class UnitManager : std::uint8_t { system, user };
// With systemd as cgroup manager: linux.cgroupsPath as `slice:prefix:name`, each of which may be
// empty but the name (all three: a bundle without cgroupsPath), and the annotations
// `org.systemd.property.NAME`. Errors are Errc::invalid_config with a JSON pointer.
Result<UnitPolicy> translate_unit(const ContainerPolicy& policy, std::string_view id,
                                  UnitManager manager);
// Where a slice stands below its manager's own cgroup: "a-b.slice" → "/a.slice/a-b.slice"
// (systemd.slice(5)); the root slice "-.slice" is the manager's own: "".
std::string slice_path(std::string_view slice);

// The process of `exec --process`, in a container that is there: its ids must be mapped in the
// container's user namespace, and its memory policy and personality are the container's.
Result<ProcessPolicy> translate_process(const spec::Process& process,
                                        const ContainerPolicy& container, Warnings& warnings);

// What `update` changes of a container's limits. An absent member is left alone; so is a 0 where 0
// means "not set" (memory sizes, shares, quota, periods, weights), since callers send it for absent
// values.
struct LimitChange {
    // What is to be written: the change, and beside it what the kernel judges or forgets together
    // with it (memory and memory + swap; the shares of a cgroup that is idle no longer).
    spec::Resources written;
    // All limits that hold afterwards, and the device rules, which an update leaves as they are.
    spec::Resources remembered;
    bool operator==(const LimitChange&) const = default;
};

// `before` is what the container has; `change` is the document of `update --resources` or what its
// flags say. Errors read `resources /memory/limit: ...`.
Result<LimitChange> translate_update(const spec::Resources& before, const spec::Resources& change,
                                     Warnings& warnings);

// Puts `change` over `under`, member by member; entries of lists by what they are about (device,
// page size, interface).
void overlay(spec::Resources& under, const spec::Resources& change);

// The schemata lines of `update`: the warnings and errors are those of config.json's settings.
Result<IntelRdtPolicy> translate_schema_update(const spec::IntelRdt& change, Warnings& warnings);

}  // namespace nucleus::policy
