// process.capabilities (config.md#linux-process): names → bits. A capability that is unknown or
// that the kernel could not grant is a warning, not an error: the clause says so.
#include <linux/capability.h>

#include <algorithm>
#include <array>
#include <string>

#include "policy/translation.hpp"
#include "policy/vocabulary.hpp"

namespace nucleus::policy {
namespace {

// The index is the number in linux/capability.h.
constexpr auto kCapabilities = std::to_array<std::string_view>({
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
});
static_assert(kCapabilities.size() == CAP_LAST_CAP + 1);

std::uint64_t bits_of(const std::vector<std::string>& names, const Location& where,
                      Warnings& warnings) {
    std::uint64_t bits = 0;
    for (const std::string& name : names) {
        const auto* found = std::ranges::find(kCapabilities, name);
        if (found == kCapabilities.end()) {
            warnings.push_back(where.text("unknown capability " + quoted(name) + " is left out"));
            continue;
        }
        bits |= std::uint64_t{1} << (found - kCapabilities.begin());
    }
    return bits;
}

// Takes what is not in `granting` out of `set`: capset(2) or prctl(2) would refuse the whole set
// for one bit.
void keep_granted(std::uint64_t& set, std::uint64_t granting, std::string_view needs,
                  const Location& where, Warnings& warnings) {
    for (std::size_t bit = 0; bit < kCapabilities.size(); ++bit) {
        const std::uint64_t mask = std::uint64_t{1} << bit;
        if ((set & mask) == 0 || (granting & mask) != 0) continue;
        set &= ~mask;
        warnings.push_back(where.text("capability " + quoted(kCapabilities[bit]) +
                                      " is left out: it is not " + std::string(needs)));
    }
}

}  // namespace

CapabilityPolicy translate_capabilities(const spec::Capabilities& capabilities,
                                        const Location& where, Warnings& warnings) {
    CapabilityPolicy policy;
    policy.bounding = bits_of(capabilities.bounding, where.at("bounding"), warnings);
    policy.effective = bits_of(capabilities.effective, where.at("effective"), warnings);
    policy.inheritable = bits_of(capabilities.inheritable, where.at("inheritable"), warnings);
    policy.permitted = bits_of(capabilities.permitted, where.at("permitted"), warnings);
    policy.ambient = bits_of(capabilities.ambient, where.at("ambient"), warnings);

    // capabilities(7), "Programmatically adjusting capability sets" and "Ambient".
    keep_granted(policy.effective, policy.permitted, "permitted", where.at("effective"), warnings);
    keep_granted(policy.inheritable, policy.bounding, "in the bounding set",
                 where.at("inheritable"), warnings);
    keep_granted(policy.ambient, policy.permitted & policy.inheritable,
                 "both permitted and inheritable", where.at("ambient"), warnings);
    return policy;
}

Words capability_words() { return {kCapabilities.begin(), kCapabilities.end()}; }

std::string capability_name(int capability) {
    const auto index = static_cast<std::size_t>(capability);
    return index < kCapabilities.size() ? std::string(kCapabilities[index])
                                        : "capability " + std::to_string(capability);
}

}  // namespace nucleus::policy
