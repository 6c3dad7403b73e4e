// linux.personality (config-linux.md#personality): the domain, and, beyond the specification, the
// flags of personality(2) by name.
#include <linux/personality.h>

#include <algorithm>
#include <array>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

struct PersonalityName {
    std::string_view name;
    std::uint32_t value;
};

constexpr auto kDomains = std::to_array<PersonalityName>({
    {"LINUX", PER_LINUX},
    {"LINUX32", PER_LINUX32},
});

constexpr auto kFlags = std::to_array<PersonalityName>({
    {"UNAME26", UNAME26},
    {"ADDR_NO_RANDOMIZE", ADDR_NO_RANDOMIZE},
    {"FDPIC_FUNCPTRS", FDPIC_FUNCPTRS},
    {"MMAP_PAGE_ZERO", MMAP_PAGE_ZERO},
    {"ADDR_COMPAT_LAYOUT", ADDR_COMPAT_LAYOUT},
    {"READ_IMPLIES_EXEC", READ_IMPLIES_EXEC},
    {"ADDR_LIMIT_32BIT", ADDR_LIMIT_32BIT},
    {"SHORT_INODE", SHORT_INODE},
    {"WHOLE_SECONDS", WHOLE_SECONDS},
    {"STICKY_TIMEOUTS", STICKY_TIMEOUTS},
    {"ADDR_LIMIT_3GB", ADDR_LIMIT_3GB},
});

}  // namespace

Result<Personality> translate_personality(const spec::Personality& personality,
                                          const Location& where) {
    const auto* domain = std::ranges::find(kDomains, personality.domain, &PersonalityName::name);
    if (domain == kDomains.end()) {
        return where.at("domain").invalid("unknown execution domain " + quoted(personality.domain));
    }
    Personality translated{personality.domain, domain->value};
    for (std::size_t index = 0; index < personality.flags.size(); ++index) {
        const std::string& name = personality.flags[index];
        const auto* flag = std::ranges::find(kFlags, name, &PersonalityName::name);
        if (flag == kFlags.end()) {
            return where.at("flags").at(index).invalid("unknown personality flag " + quoted(name));
        }
        translated.name += "|" + name;
        translated.value |= flag->value;
    }
    return translated;
}

}  // namespace nucleus::policy
