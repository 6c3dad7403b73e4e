// process.rlimits (config.md#posix-process): names → the kernel's numbers.
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <utility>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

struct RlimitName {
    std::string_view name;
    std::uint32_t resource;
};

constexpr auto kRlimits = std::to_array<RlimitName>({
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
});

}  // namespace

Result<std::vector<Rlimit>> translate_rlimits(const std::vector<spec::Rlimit>& rlimits,
                                              const Location& where) {
    std::vector<Rlimit> translated;
    translated.reserve(rlimits.size());
    for (std::size_t index = 0; index < rlimits.size(); ++index) {
        const spec::Rlimit& rlimit = rlimits[index];
        const Location entry = where.at(index);
        const auto* row = std::ranges::find(kRlimits, rlimit.type, &RlimitName::name);
        if (row == kRlimits.end()) {
            return entry.at("type").invalid("unknown rlimit " + quoted(rlimit.type));
        }
        if (std::ranges::find(translated, row->resource, &Rlimit::resource) != translated.end()) {
            return entry.at("type").invalid("rlimit " + quoted(rlimit.type) + " is listed twice");
        }
        if (rlimit.soft > rlimit.hard) {
            return entry.at("soft").invalid("the soft limit is above the hard limit");
        }
        translated.push_back({row->resource, rlimit.type, rlimit.soft, rlimit.hard});
    }
    return translated;
}

}  // namespace nucleus::policy
