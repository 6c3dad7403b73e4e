#include "nucleus/namespace_config.hpp"

#include <linux/sched.h>

#include <algorithm>
#include <utility>

namespace nucleus {
namespace {

// In the order of NamespaceKind, so that a kind is its own index.
constexpr std::array<NamespaceNames, kNamespaceKinds.size()> kNames{{
    {NamespaceKind::user, "user", "user", CLONE_NEWUSER},
    {NamespaceKind::cgroup, "cgroup", "cgroup", CLONE_NEWCGROUP},
    {NamespaceKind::ipc, "ipc", "ipc", CLONE_NEWIPC},
    {NamespaceKind::uts, "uts", "uts", CLONE_NEWUTS},
    {NamespaceKind::net, "network", "net", CLONE_NEWNET},
    {NamespaceKind::pid, "pid", "pid", CLONE_NEWPID},
    {NamespaceKind::mnt, "mount", "mnt", CLONE_NEWNS},
    {NamespaceKind::time, "time", "time", CLONE_NEWTIME},
}};

constexpr bool names_follow_kinds() {
    for (std::size_t index = 0; index < kNames.size(); ++index) {
        if (kNames[index].kind != kNamespaceKinds[index]) return false;
        if (static_cast<std::size_t>(kNames[index].kind) != index) return false;
    }
    return true;
}
static_assert(names_follow_kinds());

}  // namespace

const NamespaceNames& names_of(NamespaceKind kind) {
    return kNames[static_cast<std::size_t>(kind)];
}

const NamespaceNames* namespace_by_spec_name(std::string_view spec_name) {
    const auto* found = std::ranges::find(kNames, spec_name, &NamespaceNames::spec_name);
    return found == kNames.end() ? nullptr : found;
}

NamespaceConfig NamespaceConfig::all() {
    NamespaceConfig config;
    for (const NamespaceKind kind :
         {NamespaceKind::pid, NamespaceKind::mnt, NamespaceKind::net, NamespaceKind::uts,
          NamespaceKind::ipc, NamespaceKind::cgroup}) {
        config = config.with_created(kind);
    }
    return config;
}

NamespaceConfig NamespaceConfig::minimal() { return all(); }

NamespaceConfig NamespaceConfig::with(NamespaceKind kind, NamespaceUse use) const {
    NamespaceConfig changed = *this;
    changed.uses_[static_cast<std::size_t>(kind)] = std::move(use);
    return changed;
}

NamespaceConfig NamespaceConfig::with_created(NamespaceKind kind) const {
    return with(kind, {NamespaceUse::How::create, {}});
}

NamespaceConfig NamespaceConfig::with_joined(NamespaceKind kind, std::string path) const {
    return with(kind, {NamespaceUse::How::join, std::move(path)});
}

NamespaceConfig NamespaceConfig::with_cgroup_namespace(bool create) const {
    return create ? with_created(NamespaceKind::cgroup) : with(NamespaceKind::cgroup, {});
}

NamespaceConfig NamespaceConfig::with_time_namespace(bool create) const {
    return create ? with_created(NamespaceKind::time) : with(NamespaceKind::time, {});
}

NamespaceConfig NamespaceConfig::with_time_offsets(std::vector<TimeOffset> offsets) const {
    NamespaceConfig changed = *this;
    changed.time_offsets_ = std::move(offsets);
    return changed;
}

std::uint64_t NamespaceConfig::clone_flags() const {
    std::uint64_t flags = 0;
    for (const NamespaceNames& names : kNames) {
        if (creates(names.kind)) flags |= names.clone_flag;
    }
    return flags;
}

}  // namespace nucleus
