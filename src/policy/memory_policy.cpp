// linux.memoryPolicy (config-linux.md#memory-policy): names → the arguments of set_mempolicy(2).
#include <linux/mempolicy.h>

#include <algorithm>
#include <array>

#include "policy/translation.hpp"
#include "policy/vocabulary.hpp"

namespace nucleus::policy {
namespace {

// Whether a mode goes with nodes (set_mempolicy(2)).
enum class Nodes : std::uint8_t { none, any, some };

struct ModeName {
    std::string_view name;
    std::uint32_t mode;
    Nodes nodes;
};

constexpr auto kModes = std::to_array<ModeName>({
    {"MPOL_DEFAULT", MPOL_DEFAULT, Nodes::none},
    {"MPOL_BIND", MPOL_BIND, Nodes::some},
    {"MPOL_INTERLEAVE", MPOL_INTERLEAVE, Nodes::some},
    // Linux 6.9; not in the headers of Debian 12.
    {"MPOL_WEIGHTED_INTERLEAVE", 6, Nodes::some},
    {"MPOL_PREFERRED", MPOL_PREFERRED, Nodes::any},
    {"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY, Nodes::some},
    {"MPOL_LOCAL", MPOL_LOCAL, Nodes::none},
});

struct FlagName {
    std::string_view name;
    std::uint32_t flag;
};

constexpr auto kFlags = std::to_array<FlagName>({
    {"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
    {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
    {"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
});

constexpr unsigned kLargestNode = 1023;  // MAX_NUMNODES of the largest kernel

// Refused here are combinations that no kernel gives a meaning; which of the others this kernel has
// it says itself.
Result<std::uint32_t> translate_flags(const std::vector<std::string>& names, const ModeName& mode,
                                      bool has_nodes, const Location& where) {
    constexpr std::uint32_t kExclusive = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;
    std::uint32_t flags = 0;
    for (std::size_t index = 0; index < names.size(); ++index) {
        const Location entry = where.at(index);
        const auto* row = std::ranges::find(kFlags, names[index], &FlagName::name);
        if (row == kFlags.end()) {
            return entry.invalid("unknown memory policy flag " + quoted(names[index]));
        }
        flags |= row->flag;
        if ((flags & kExclusive) == kExclusive) {
            return entry.invalid(
                "MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
        }
        if ((row->flag & kExclusive) != 0 && !has_nodes) {
            return entry.invalid(quoted(names[index]) + " says how nodes are read: there are none");
        }
        if (row->flag == MPOL_F_NUMA_BALANCING && mode.mode != MPOL_BIND &&
            mode.mode != MPOL_PREFERRED_MANY) {
            return entry.invalid(quoted(names[index]) +
                                 " belongs to MPOL_BIND and MPOL_PREFERRED_MANY alone");
        }
    }
    return flags;
}

}  // namespace

Result<MemoryPolicy> translate_memory_policy(const spec::MemoryPolicy& policy,
                                             const Location& where) {
    const auto* mode = std::ranges::find(kModes, policy.mode, &ModeName::name);
    if (mode == kModes.end()) {
        return where.at("mode").invalid("unknown memory policy mode " + quoted(policy.mode));
    }
    MemoryPolicy translated;
    translated.name = policy.mode;
    NUCLEUS_TRY(translated.nodes, translate_numbers(policy.nodes, kLargestNode, where.at("nodes")));
    const bool has_nodes = !translated.nodes.mask.empty();
    if (has_nodes && mode->nodes == Nodes::none) {
        return where.at("nodes").invalid(policy.mode + " takes no nodes");
    }
    if (!has_nodes && mode->nodes == Nodes::some) {
        return where.at("nodes").invalid(policy.mode + " needs at least one node");
    }
    NUCLEUS_TRY(const std::uint32_t flags,
                translate_flags(policy.flags, *mode, has_nodes, where.at("flags")));
    translated.mode = mode->mode | flags;
    return translated;
}

Words memory_policy_mode_words() { return names_in(kModes); }
Words memory_policy_flag_words() { return names_in(kFlags); }

}  // namespace nucleus::policy
