// linux.namespaces and the id mappings (config-linux.md#namespaces, #user-namespace-mappings).
#include <utility>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

// config-linux.md#offset-for-time-namespace; time_namespaces(7) has no third.
struct ClockName {
    std::string_view name;
    TimeOffset::Clock clock;
};
constexpr ClockName kClocks[] = {{"monotonic", TimeOffset::Clock::monotonic},
                                 {"boottime", TimeOffset::Clock::boottime}};

const ClockName* clock_by_name(std::string_view name) {
    for (const ClockName& row : kClocks)
        if (row.name == name) return &row;
    return nullptr;
}

constexpr std::string_view kUnmapped = "is not mapped in the user namespace that is joined";

// podman's way of saying "those of the namespace", since older peers want mappings beside a path.
bool is_podmans_wildcard(const std::vector<IdMapping>& mappings) {
    return mappings == std::vector<IdMapping>{{0, 0, 1}};
}

}  // namespace

Result<NamespaceConfig> translate_namespaces(const std::vector<spec::Namespace>& namespaces,
                                             const TranslationInput& input, const Location& where) {
    NamespaceConfig config;
    std::uint64_t listed = 0;
    for (std::size_t index = 0; index < namespaces.size(); ++index) {
        const spec::Namespace& entry = namespaces[index];
        const Location type = where.at(index).at("type");
        const NamespaceNames* names = namespace_by_spec_name(entry.type);
        if (names == nullptr) return type.invalid("unknown namespace " + quoted(entry.type));
        if ((listed & names->clone_flag) != 0) {
            return type.invalid("namespace " + quoted(entry.type) + " is listed twice");
        }
        listed |= names->clone_flag;
        if (entry.path.empty()) {
            config = config.with_created(names->kind);
            continue;
        }
        NUCLEUS_CHECK(where.at(index).at("path").absolute_path(entry.path));
        if ((input.own_namespaces & names->clone_flag) == 0) {
            config = config.with_joined(names->kind, entry.path);
        }
    }
    if (input.ordinary && config.inherits(NamespaceKind::user)) {
        return where.invalid(
            "an ordinary user's container needs a user namespace (spec --rootless writes one)");
    }
    return config;
}

Result<std::vector<TimeOffset>> translate_time_offsets(
    const std::map<std::string, spec::TimeOffset>& offsets, const NamespaceConfig& namespaces,
    const Location& where) {
    std::vector<TimeOffset> translated;
    if (offsets.empty()) return translated;
    if (namespaces.joins(NamespaceKind::time)) {
        return where.invalid("a time namespace that is joined keeps the offsets that it has");
    }
    if (!namespaces.creates(NamespaceKind::time)) {
        return where.invalid("offsets need a time namespace in linux.namespaces");
    }
    constexpr std::uint32_t kSecond = 1000000000;
    for (const auto& [name, offset] : offsets) {
        const Location entry = where.at(name);
        const ClockName* row = clock_by_name(name);
        if (row == nullptr) {
            return entry.invalid("is no clock of a time namespace: monotonic and boottime are");
        }
        if (offset.nanosecs >= kSecond) {
            return entry.at("nanosecs").invalid("is not below 1000000000");
        }
        translated.push_back({row->clock, offset.secs, offset.nanosecs});
    }
    return translated;
}

Result<std::optional<UserNamespaceConfig>> translate_user_namespace(
    const spec::Linux& section, const NamespaceConfig& namespaces, const TranslationInput& input,
    const Location& where) {
    const bool has_mappings = !section.uid_mappings.empty() || !section.gid_mappings.empty();
    const bool joins = namespaces.joins(NamespaceKind::user);
    if (!has_mappings && !namespaces.creates(NamespaceKind::user))
        return std::optional<UserNamespaceConfig>();
    if (namespaces.inherits(NamespaceKind::user)) {
        const auto* key = section.uid_mappings.empty() ? "gidMappings" : "uidMappings";
        return where.at(key).invalid("mappings need a user namespace in linux.namespaces");
    }
    // Without a map every id in the namespace is the overflow id: nothing could be owned or
    // executed as asked.
    if (section.uid_mappings.empty()) {
        return where.at("uidMappings").invalid("a user namespace needs at least one mapping");
    }
    if (section.gid_mappings.empty()) {
        return where.at("gidMappings").invalid("a user namespace needs at least one mapping");
    }
    using HostRoot = UserNamespaceConfig::HostRoot;
    auto config = UserNamespaceConfig::custom(
        section.uid_mappings, section.gid_mappings,
        input.host_root || joins ? HostRoot::allowed : HostRoot::refused);
    if (!config) {
        const bool of_uids = config.error().message().starts_with("uid");
        return where.at(of_uids ? "uidMappings" : "gidMappings").invalid(config.error().message());
    }
    return std::optional<UserNamespaceConfig>(*std::move(config));
}

Result<void> check_joined_user_namespace(const ContainerPolicy& policy,
                                         const JoinedUserNamespace& joined) {
    const Location document("config.json");
    if (policy.process) {
        const Location process = document.at("process");
        NUCLEUS_CHECK(check_ids_are_mapped(*policy.process, joined.maps, process, kUnmapped));
        if (joined.groups_denied && !policy.process->additional_gids.empty()) {
            return process.at("user")
                .at("additionalGids")
                .invalid("the user namespace that is joined denies setgroups(2)");
        }
    }
    if (!policy.joined_user_namespace) return {};
    constexpr std::string_view why =
        "are not those of the user namespace that is joined: leave them out";
    const UserNamespaceConfig& said = *policy.joined_user_namespace;
    const auto differ = [](const auto& wanted, const auto& actual) {
        return !is_podmans_wildcard(wanted) && wanted != actual;
    };
    const Location section = document.at("linux");
    if (differ(said.uid_mappings(), joined.maps.uid_mappings()))
        return section.at("uidMappings").invalid(why);
    if (differ(said.gid_mappings(), joined.maps.gid_mappings()))
        return section.at("gidMappings").invalid(why);
    return {};
}

}  // namespace nucleus::policy
