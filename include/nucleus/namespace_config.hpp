// NamespaceConfig: what each of the eight namespaces of a container is: inherited, created or
// joined; and the id maps of a user namespace. Immutable values: the with_... functions return
// changed copies. Meaning: config-linux.md#namespaces.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/spec.hpp"

namespace nucleus {

// In the order in which setns(2) joins them and `clone_flags` lists them: the user namespace
// decides over the rest.
enum class NamespaceKind : std::uint8_t { user, cgroup, ipc, uts, net, pid, mnt, time };

inline constexpr std::array kNamespaceKinds{
    NamespaceKind::user, NamespaceKind::cgroup, NamespaceKind::ipc, NamespaceKind::uts,
    NamespaceKind::net,  NamespaceKind::pid,    NamespaceKind::mnt, NamespaceKind::time};

// What one kind is called and by which flag the kernel knows it: one table for every layer.
struct NamespaceNames {
    NamespaceKind kind;
    std::string_view spec_name;  // config.json's word: "network", "mount"
    std::string_view proc_name;  // the name under /proc/PID/ns: "net", "mnt"
    std::uint64_t clone_flag;    // CLONE_NEW*
};
const NamespaceNames& names_of(NamespaceKind kind);
// The kind that config.json calls `spec_name`, or nothing.
const NamespaceNames* namespace_by_spec_name(std::string_view spec_name);

// How far a clock of a created time namespace is ahead of the runtime's
// (config-linux.md#offset-for-time-namespace, time_namespaces(7)).
struct TimeOffset {
    enum class Clock : std::uint8_t { monotonic, boottime };
    Clock clock = Clock::monotonic;
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;  // below 1,000,000,000
    bool operator==(const TimeOffset&) const = default;
};

struct NamespaceUse {
    enum class How : std::uint8_t { inherit, create, join };
    How how = How::inherit;
    std::string path;  // join: the namespace's file
    bool operator==(const NamespaceUse&) const = default;
};

class NamespaceConfig {
public:
    NamespaceConfig() = default;  // inherits all eight: what a bundle without namespaces means

    // pid, mnt, net, uts, ipc, cgroup created; user and time inherited.
    static NamespaceConfig all();
    static NamespaceConfig minimal();
    static NamespaceConfig default_config() { return all(); }

    NamespaceConfig with(NamespaceKind kind, NamespaceUse use) const;
    NamespaceConfig with_created(NamespaceKind kind) const;
    NamespaceConfig with_joined(NamespaceKind kind, std::string path) const;
    NamespaceConfig with_cgroup_namespace(bool create) const;
    NamespaceConfig with_time_namespace(bool create) const;
    // At most one a clock. Their meaning is the created time namespace's; without one there is
    // none.
    NamespaceConfig with_time_offsets(std::vector<TimeOffset> offsets) const;

    const NamespaceUse& use(NamespaceKind kind) const {
        return uses_[static_cast<std::size_t>(kind)];
    }
    bool creates(NamespaceKind kind) const { return use(kind).how == NamespaceUse::How::create; }
    bool joins(NamespaceKind kind) const { return use(kind).how == NamespaceUse::How::join; }
    bool inherits(NamespaceKind kind) const { return use(kind).how == NamespaceUse::How::inherit; }
    // The container has its own (created) or another's (joined) namespace of this kind, not the
    // runtime's.
    bool separate(NamespaceKind kind) const { return !inherits(kind); }

    const std::vector<TimeOffset>& time_offsets() const { return time_offsets_; }

    // CLONE_NEW* of all kinds that are created. The launch masks out cgroup and time, which no
    // clone can make rightly.
    std::uint64_t clone_flags() const;

    bool operator==(const NamespaceConfig&) const = default;

private:
    std::array<NamespaceUse, kNamespaceKinds.size()> uses_{};
    std::vector<TimeOffset> time_offsets_;
};

using IdMapping = spec::IdMapping;

// The id maps of a created user namespace.
class UserNamespaceConfig {
public:
    // Maps container 0 to the caller's own ids, one each: what an unprivileged user may always do
    // (user_namespaces(7)).
    static UserNamespaceConfig rootless(std::uint32_t host_uid, std::uint32_t host_gid);
    // 0 → 100000, 65,536 ids.
    static UserNamespaceConfig root_remapped();
    enum class HostRoot : std::uint8_t { refused, allowed };
    // Valid maps: every size >= 1, no 32-bit overflow, no overlap on either side, host id 0 only
    // where allowed. The error names the mapping (`uid mapping 2 ...`).
    static Result<UserNamespaceConfig> custom(std::vector<IdMapping> uids,
                                              std::vector<IdMapping> gids, HostRoot host_root);

    const std::vector<IdMapping>& uid_mappings() const { return uids_; }
    const std::vector<IdMapping>& gid_mappings() const { return gids_; }
    bool maps_uid(std::uint32_t container_id) const;
    bool maps_gid(std::uint32_t container_id) const;
    // The host's id of a container's id, or nothing where unmapped.
    std::optional<std::uint32_t> host_uid(std::uint32_t container_id) const;
    std::optional<std::uint32_t> host_gid(std::uint32_t container_id) const;

    bool operator==(const UserNamespaceConfig&) const = default;

private:
    std::vector<IdMapping> uids_, gids_;
};

}  // namespace nucleus
