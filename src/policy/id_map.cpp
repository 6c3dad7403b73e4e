// Idmapped mounts (config.md#mounts: uidMappings, gidMappings; the options `idmap` and `ridmap`).
#include <charconv>
#include <optional>
#include <utility>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

using Maps = std::vector<IdMapping>;
using HostId = std::optional<std::uint32_t> (UserNamespaceConfig::*)(std::uint32_t) const;

std::string_view cut(std::string_view& text, char at) {
    const std::size_t end = text.find(at);
    const std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    return part;
}

bool read_number(std::string_view text, std::uint32_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

// `0-1000-10`: file system's ids from 0 are shown as the host's from 1000, ten of them. With `@`
// before it the second number is one of the container's user namespace.
Result<IdMapping> read_range(std::string_view text, const UserNamespaceConfig* container,
                             HostId host_id, const Location& where) {
    const std::string name = quoted(text);
    const bool relative = text.starts_with('@');
    if (relative) text.remove_prefix(1);
    IdMapping range;
    if (!read_number(cut(text, '-'), range.container_id) ||
        !read_number(cut(text, '-'), range.host_id) || !read_number(text, range.size)) {
        return where.invalid("idmap: " + name + " is no range like '0-1000-10'");
    }
    if (!relative || range.size == 0) return range;
    if (container == nullptr) {
        return where.invalid("idmap: " + name +
                             " needs mappings of a user namespace that the container creates");
    }
    const auto first = (container->*host_id)(range.host_id);
    const auto last = (container->*host_id)(range.host_id + (range.size - 1));
    if (!first || !last || *last - *first != range.size - 1) {
        return where.invalid("idmap: " + name +
                             " lies in no one mapping of the container's user namespace");
    }
    range.host_id = *first;
    return range;
}

Result<Maps> read_ranges(std::string_view text, const UserNamespaceConfig* container,
                         HostId host_id, const Location& where) {
    Maps maps;
    while (!text.empty()) {
        NUCLEUS_TRY(const IdMapping range, read_range(cut(text, '#'), container, host_id, where));
        maps.push_back(range);
    }
    return maps;
}

// crun's form: `uids=0-1000-10#10-2000-5;gids=0-1000-10`.
Result<void> read_text(std::string_view text, const UserNamespaceConfig* container,
                       const Location& where, Maps& uids, Maps& gids) {
    while (!text.empty()) {
        std::string_view ranges = cut(text, ';');
        const std::string_view key = cut(ranges, '=');
        if (key == "uids") {
            NUCLEUS_TRY(uids,
                        read_ranges(ranges, container, &UserNamespaceConfig::host_uid, where));
        } else if (key == "gids") {
            NUCLEUS_TRY(gids,
                        read_ranges(ranges, container, &UserNamespaceConfig::host_gid, where));
        } else {
            return where.invalid("idmap: " + quoted(key) + " is neither uids nor gids");
        }
    }
    return {};
}

// config.md#mounts: "If specified, it MUST be specified along with" the other.
Result<void> check_both(const spec::Mount& entry, const Location& where) {
    constexpr std::string_view why = "must be given together with ";
    if (entry.uid_mappings.empty())
        return where.at("gidMappings").invalid(std::string(why) + "uidMappings");
    if (entry.gid_mappings.empty())
        return where.at("uidMappings").invalid(std::string(why) + "gidMappings");
    return {};
}

Result<void> check_kind(const MountPolicy& mount, const MountSurroundings& around,
                        const Location& where) {
    switch (mount.kind) {
        case MountPolicy::Kind::bind:
            return {};
        case MountPolicy::Kind::filesystem:
            // Its file system would belong to the container's user namespace, and the kernel maps
            // such a one only from a namespace below that (mount_setattr(2), EPERM).
            if (!around.own_user_namespace) return {};
            return where.unsupported(
                "an idmapped mount of a new file system in a user namespace (a bind mount can be)");
        case MountPolicy::Kind::cgroup:
            return where.invalid("a cgroup mount cannot be idmapped: the kernel has no support");
        case MountPolicy::Kind::remount:
            return where.invalid("a remount cannot change whose ids a mount shows");
    }
    return {};
}

}  // namespace

Result<void> settle_id_map(const spec::Mount& entry, std::string_view text,
                           const MountSurroundings& around, const Location& where,
                           MountPolicy& mount) {
    const bool listed = !entry.uid_mappings.empty() || !entry.gid_mappings.empty();
    if (!mount.id_map && !listed) return {};
    const Location options = where.at("options");
    // The option SHOULD come with mappings; they mean the same without it, for the top mount.
    if (!mount.id_map) mount.id_map.emplace();
    NUCLEUS_CHECK(check_kind(mount, around, listed ? where : options));
    Maps uids = entry.uid_mappings;
    Maps gids = entry.gid_mappings;
    if (listed) {
        NUCLEUS_CHECK(check_both(entry, where));
        if (!text.empty())
            return options.invalid("idmap: uidMappings and gidMappings name another mapping");
    } else if (!text.empty()) {
        NUCLEUS_CHECK(read_text(text, around.ids, options, uids, gids));
    } else if (!around.own_user_namespace) {
        // "If there are no uidMappings and gidMappings specified and the container isn't using user
        // namespaces, an error MUST be returned."
        return options.invalid(
            "an idmapped mount needs uidMappings and gidMappings, or a user namespace of the "
            "container's own to take them from");
    } else {
        return {};
    }
    using HostRoot = UserNamespaceConfig::HostRoot;
    auto mappings = UserNamespaceConfig::custom(
        std::move(uids), std::move(gids), around.host_root ? HostRoot::allowed : HostRoot::refused);
    if (!mappings) {
        const std::string& why = mappings.error().message();
        const Location at = !listed                  ? options
                            : why.starts_with("uid") ? where.at("uidMappings")
                                                     : where.at("gidMappings");
        return at.invalid(why);
    }
    mount.id_map->mappings = *std::move(mappings);
    return {};
}

}  // namespace nucleus::policy
