#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "nucleus/namespace_config.hpp"

namespace nucleus {
namespace {

// The kernel's limit of lines in a map (user_namespaces(7), "Defining user and group ID mappings").
constexpr std::size_t kMaximumMappings = 340;

// One past the last id; 2^32 - 1 is no id: it is the kernel's "no such id".
constexpr std::uint64_t kIdEnd = std::numeric_limits<std::uint32_t>::max();

bool overlap(std::uint32_t first, std::uint32_t first_size, std::uint32_t second,
             std::uint32_t second_size) {
    const std::uint64_t first_end = std::uint64_t{first} + first_size;
    const std::uint64_t second_end = std::uint64_t{second} + second_size;
    return first < second_end && second < first_end;
}

Error bad_mapping(std::string_view side, std::size_t index, std::string_view what) {
    return {Errc::invalid_config,
            std::string(side) + " mapping " + std::to_string(index) + ' ' + std::string(what)};
}

Result<void> check_mapping(std::string_view side, const std::vector<IdMapping>& mappings,
                           std::size_t index, UserNamespaceConfig::HostRoot host_root) {
    const IdMapping& mapping = mappings[index];
    if (mapping.size == 0)
        return bad_mapping(side, index, "maps nothing: its size must be at least 1");
    if (std::uint64_t{mapping.container_id} + mapping.size > kIdEnd) {
        return bad_mapping(side, index, "overflows 32 bits on the container's side");
    }
    if (std::uint64_t{mapping.host_id} + mapping.size > kIdEnd) {
        return bad_mapping(side, index, "overflows 32 bits on the host's side");
    }
    if (mapping.host_id == 0 && host_root == UserNamespaceConfig::HostRoot::refused) {
        return bad_mapping(side, index, "maps host id 0: only root may");
    }
    for (std::size_t earlier = 0; earlier < index; ++earlier) {
        const IdMapping& other = mappings[earlier];
        if (overlap(mapping.container_id, mapping.size, other.container_id, other.size)) {
            return bad_mapping(
                side, index,
                "overlaps mapping " + std::to_string(earlier) + " on the container's side");
        }
        if (overlap(mapping.host_id, mapping.size, other.host_id, other.size)) {
            return bad_mapping(
                side, index, "overlaps mapping " + std::to_string(earlier) + " on the host's side");
        }
    }
    return {};
}

Result<void> check_mappings(std::string_view side, const std::vector<IdMapping>& mappings,
                            UserNamespaceConfig::HostRoot host_root) {
    if (mappings.empty()) {
        return Error(Errc::invalid_config, "no " + std::string(side) + " mapping");
    }
    if (mappings.size() > kMaximumMappings) {
        return bad_mapping(side, kMaximumMappings, "is one too many: the kernel takes 340");
    }
    for (std::size_t index = 0; index < mappings.size(); ++index) {
        NUCLEUS_CHECK(check_mapping(side, mappings, index, host_root));
    }
    return {};
}

std::optional<std::uint32_t> host_id(const std::vector<IdMapping>& mappings,
                                     std::uint32_t container_id) {
    const auto found = std::ranges::find_if(mappings, [&](const IdMapping& mapping) {
        return container_id >= mapping.container_id &&
               container_id - mapping.container_id < mapping.size;
    });
    if (found == mappings.end()) return std::nullopt;
    return found->host_id + (container_id - found->container_id);
}

}  // namespace

UserNamespaceConfig UserNamespaceConfig::rootless(std::uint32_t host_uid, std::uint32_t host_gid) {
    UserNamespaceConfig config;
    config.uids_ = {{0, host_uid, 1}};
    config.gids_ = {{0, host_gid, 1}};
    return config;
}

UserNamespaceConfig UserNamespaceConfig::root_remapped() {
    UserNamespaceConfig config;
    config.uids_ = {{0, 100000, 65536}};
    config.gids_ = config.uids_;
    return config;
}

Result<UserNamespaceConfig> UserNamespaceConfig::custom(std::vector<IdMapping> uids,
                                                        std::vector<IdMapping> gids,
                                                        HostRoot host_root) {
    NUCLEUS_CHECK(check_mappings("uid", uids, host_root));
    NUCLEUS_CHECK(check_mappings("gid", gids, host_root));
    UserNamespaceConfig config;
    config.uids_ = std::move(uids);
    config.gids_ = std::move(gids);
    return config;
}

bool UserNamespaceConfig::maps_uid(std::uint32_t container_id) const {
    return host_uid(container_id).has_value();
}

bool UserNamespaceConfig::maps_gid(std::uint32_t container_id) const {
    return host_gid(container_id).has_value();
}

std::optional<std::uint32_t> UserNamespaceConfig::host_uid(std::uint32_t container_id) const {
    return host_id(uids_, container_id);
}

std::optional<std::uint32_t> UserNamespaceConfig::host_gid(std::uint32_t container_id) const {
    return host_id(gids_, container_id);
}

}  // namespace nucleus
