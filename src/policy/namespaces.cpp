// linux.namespaces and the id mappings (config-linux.md#namespaces, #user-namespace-mappings).
#include <algorithm>
#include <array>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

// Kinds that config.json may ask to join by path in this version; exec joins all of them by another
// way.
constexpr std::array kJoinableKinds{NamespaceKind::pid, NamespaceKind::net, NamespaceKind::ipc,
                                    NamespaceKind::uts};

}  // namespace

Result<NamespaceConfig> translate_namespaces(const std::vector<spec::Namespace>& namespaces,
                                             const Location& where) {
    NamespaceConfig config;
    for (std::size_t index = 0; index < namespaces.size(); ++index) {
        const spec::Namespace& entry = namespaces[index];
        const Location type = where.at(index).at("type");
        const NamespaceNames* names = namespace_by_spec_name(entry.type);
        if (names == nullptr) return type.invalid("unknown namespace " + quoted(entry.type));
        if (config.separate(names->kind)) {
            return type.invalid("namespace " + quoted(entry.type) + " is listed twice");
        }
        if (names->kind == NamespaceKind::time) return type.unsupported("a time namespace");
        if (entry.path.empty()) {
            config = config.with_created(names->kind);
            continue;
        }
        const Location path = where.at(index).at("path");
        NUCLEUS_CHECK(path.absolute_path(entry.path));
        if (std::ranges::find(kJoinableKinds, names->kind) == kJoinableKinds.end()) {
            return path.unsupported("joining a namespace of type " + quoted(entry.type));
        }
        config = config.with_joined(names->kind, entry.path);
    }
    return config;
}

Result<std::optional<UserNamespaceConfig>> translate_user_namespace(
    const spec::Linux& section, const NamespaceConfig& namespaces, const TranslationInput& input,
    const Location& where) {
    const bool has_mappings = !section.uid_mappings.empty() || !section.gid_mappings.empty();
    if (!namespaces.creates(NamespaceKind::user)) {
        if (!has_mappings) return std::optional<UserNamespaceConfig>();
        const auto* key = section.uid_mappings.empty() ? "gidMappings" : "uidMappings";
        return where.at(key).invalid("mappings need a user namespace in linux.namespaces");
    }
    // Without a map every id in the namespace is the overflow id: nothing could be owned or
    // executed as asked.
    if (section.uid_mappings.empty()) {
        return where.at("uidMappings").invalid("a new user namespace needs at least one mapping");
    }
    if (section.gid_mappings.empty()) {
        return where.at("gidMappings").invalid("a new user namespace needs at least one mapping");
    }
    using HostRoot = UserNamespaceConfig::HostRoot;
    auto config =
        UserNamespaceConfig::custom(section.uid_mappings, section.gid_mappings,
                                    input.host_root ? HostRoot::allowed : HostRoot::refused);
    if (!config) {
        const bool of_uids = config.error().message().starts_with("uid");
        return where.at(of_uids ? "uidMappings" : "gidMappings").invalid(config.error().message());
    }
    return std::optional<UserNamespaceConfig>(*std::move(config));
}

}  // namespace nucleus::policy
