// LaunchPlan: what a start or an exec will do, as one flat list of steps in the order in which they
// run (ARCHITECTURE.md, "The step list"). Compiled from the policy objects by pure functions;
// printed, compared and tested before anything happens; encoded for the init.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nucleus/policy.hpp"
#include "wire/plan.hpp"

namespace nucleus::plan {

// wire::Step with strings of its own: the fields mean the same.
struct Step {
    wire::Op op{};
    std::string target, source, type;
    std::vector<std::string> options;
    std::uint64_t flags = 0, value = 0;
    std::uint32_t mode = 0, uid = 0, gid = 0;
    std::uint64_t attributes_set = 0, attributes_clear = 0, recursive_set = 0, recursive_clear = 0;
    std::vector<std::uint64_t> mask;
    std::int32_t slot = -1;
    std::int32_t fd = -1;  // filled in by launch: a number that only the running command knows
    std::string pointer;   // JSON pointer of the entry that asked for it, for errors; or empty

    bool operator==(const Step&) const = default;
};

// A host tree that the host opens into a slot of the init's (create row 31).
struct Source {
    std::string path;  // empty: no tree, but the user namespace that has the mapping
    bool recursive = false;
    bool rootfs = false;                       // attached at its own path by the host
    std::optional<policy::MountIdMap> id_map;  // whose ids the tree shows
    std::string pointer;                       // as Step's
    bool operator==(const Source&) const = default;
};

struct LaunchPlan {
    // The container process is born by the host's spawn, with these namespaces (CLONE_NEW*):
    // nothing is to be joined or mapped first, so that a stage 1 would have nothing to do. Else a
    // step `clone container process` makes it.
    std::optional<std::uint64_t> spawned_with;
    std::vector<Step> steps;
    std::uint32_t unawaited = 0;  // so many of the host's steps, at the head, the init runs past
    std::vector<Source> sources;  // index = slot
    std::vector<std::string> argv, env;
    std::vector<std::uint32_t> groups;
    std::vector<wire::ResourceLimit> rlimits;
    std::optional<policy::SchedulerPolicy> scheduler;
    wire::CapabilitySets capabilities;
    std::uint32_t uid = 0;
    std::uint32_t preserve_fds = 0;
    bool needs_home = false;
    bool needs_seccomp = false;  // an empty slot for the program that enforce compiles
    std::uint64_t seccomp_flags = 0;

    bool operator==(const LaunchPlan&) const = default;
};

// The host's cgroup hierarchies as the container's cgroup mount shows them.
struct CgroupView {
    struct Hierarchy {
        std::string name;       // directory below the mount: "cpu,cpuacct", "systemd", "unified"
        std::string options;    // of a v1 mount: "cpu,cpuacct", "name=systemd"; empty: cgroup2
        std::string host_path;  // the container's own directory in it
        bool operator==(const Hierarchy&) const = default;
    };
    struct Link {
        std::string name, target;  // "cpu" → "cpu,cpuacct"
        bool operator==(const Link&) const = default;
    };
    bool unified_only = false;  // cgroup v2: one mount, no tmpfs
    std::vector<Hierarchy> hierarchies;
    std::vector<Link> links;
};

// How the process gets into the container's cgroup. By itself it waits for nobody; moved from
// outside it costs a grace period of the kernel's, but that is the only way where the process's own
// rights would not do (a user namespace) or where no clone fits (pids limit 0).
// systemd makes the cgroup of a container around the process that it is given.
enum class CgroupEntry : std::uint8_t { none, by_itself, from_outside, by_systemd };

// Who the runtime is. A user without CAP_SYS_ADMIN has rights in the container's user namespace
// only: the init opens the host's trees itself, with the same rights to files.
enum class Caller : std::uint8_t { privileged, ordinary };

// Whether a device node can be made: by root of the initial user namespace (mknod(2)).
enum class Nodes : std::uint8_t { made, bound };

struct CreateFacts {
    std::string id;
    CgroupEntry cgroup_entry = CgroupEntry::by_itself;
    CgroupView cgroups;
    bool no_pivot = false;
    bool new_keyring = true;
    std::uint32_t preserve_fds = 0;
    std::uint32_t listen_fds = 0;  // the first of these, announced by LISTEN_FDS
    Caller caller = Caller::privileged;
    Nodes nodes = Nodes::made;  // without a user namespace of the container's: then they are bound
};

// `policy.process` must be there.
LaunchPlan compile_create(const policy::ContainerPolicy& policy, const CreateFacts& facts);

struct ExecFacts {
    std::string id;
    CgroupEntry cgroup_entry = CgroupEntry::by_itself;
    std::uint64_t namespaces = 0;  // CLONE_NEW* that differ from the runtime's
    bool become_root = false;      // it has a user namespace: what is made on the way is its root's
    bool groups_denied = false;    // that denies setgroups(2)
    // The container's root is not that of its mount namespace, which is not its own: its descriptor
    // comes along (LaunchOptions::root).
    bool root_by_descriptor = false;
    bool new_keyring = false;
    bool resctrl = false;  // the container has a resctrl group: the process goes there too
    std::optional<policy::SeccompPolicy> seccomp;
    std::uint32_t preserve_fds = 0;
    std::string command;  // what is executed, if not process.args[0] (hooks)
};

LaunchPlan compile_exec(const policy::ProcessPolicy& process, const ExecFacts& facts);

// A createContainer hook: a program of the host in the container's namespaces, with every right
// that it finds there.
LaunchPlan compile_namespace_hook(const spec::Hook& hook, std::uint64_t namespaces,
                                  const std::string& directory);

// One line a step: `12 init  mount '/proc' type=proc ...`. Secrets of the environment are not
// shown.
std::string describe(const LaunchPlan& plan);

// The block that the init reads. `seccomp`: the compiled program, present when `needs_seccomp`;
// `gate`: the listening socket's number or -1; `tasks`: the numbers of the `tasks` files that
// enter_cgroup writes. Fails only if it would not fit 32-bit offsets.
Result<std::string> encode(const LaunchPlan& plan, const std::vector<std::uint8_t>& seccomp,
                           int gate, const std::vector<int>& tasks);

}  // namespace nucleus::plan
