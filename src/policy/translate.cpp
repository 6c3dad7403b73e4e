// Spec → ContainerPolicy, in the order of the policy's members. What each feature means is in its
// own file.
#include <utility>

#include "nucleus/policy.hpp"
#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

// config.md#hostname and #domainname: "on Linux, this will change the hostname in the container UTS
// namespace". In an inherited namespace it would be the host's.
Result<void> check_uts_name(std::string_view name, const NamespaceConfig& namespaces,
                            const Location& where) {
    if (name.empty()) return {};
    if (namespaces.inherits(NamespaceKind::uts)) {
        return where.invalid(
            "needs a uts namespace of the container's own; it inherits the runtime's");
    }
    constexpr std::size_t kMaximumLength = 64;  // __NEW_UTS_LEN, uname(2)
    if (name.size() > kMaximumLength) return where.invalid("is longer than 64 bytes");
    return where.without_nul(name);
}

// config.md#annotations: "Keys MUST NOT be an empty string."
Result<void> check_annotations(const spec::Annotations& annotations, const Location& where) {
    if (annotations.contains("")) return where.invalid("has an empty key");
    return {};
}

// What the section `linux` says of each process of the container.
Result<void> translate_surroundings(const spec::Linux& section, const Location& where,
                                    ProcessPolicy& process) {
    if (section.memory_policy) {
        NUCLEUS_TRY(process.memory_policy,
                    translate_memory_policy(*section.memory_policy, where.at("memoryPolicy")));
    }
    if (section.personality) {
        NUCLEUS_TRY(process.personality,
                    translate_personality(*section.personality, where.at("personality")));
    }
    return {};
}

}  // namespace

const std::vector<spec::Hook>& HookSet::of(HookKind kind) const {
    static const std::vector<spec::Hook> none;
    const auto found = hooks.find(kind);
    return found == hooks.end() ? none : found->second;
}

Result<ContainerPolicy> translate(const spec::Spec& spec, const TranslationInput& input,
                                  Warnings& warnings) {
    const Location document("config.json");
    const Location linux_location = document.at("linux");
    static const spec::Linux absent;
    const spec::Linux& section = spec.linux_ ? *spec.linux_ : absent;

    ContainerPolicy policy;
    NUCLEUS_TRY(policy.namespaces,
                translate_namespaces(section.namespaces, input, linux_location.at("namespaces")));
    NUCLEUS_TRY(auto offsets, translate_time_offsets(section.time_offsets, policy.namespaces,
                                                     linux_location.at("timeOffsets")));
    policy.namespaces = policy.namespaces.with_time_offsets(std::move(offsets));
    auto& maps = policy.namespaces.joins(NamespaceKind::user) ? policy.joined_user_namespace
                                                              : policy.user_namespace;
    NUCLEUS_TRY(maps, translate_user_namespace(section, policy.namespaces, input, linux_location));
    NUCLEUS_TRY(policy.rootfs, translate_rootfs(spec, policy.namespaces, maps, input, warnings));

    static const std::vector<spec::DeviceRule> no_rules;
    const auto& rules = section.resources ? section.resources->devices : no_rules;
    NUCLEUS_TRY(policy.devices, translate_devices(section.devices, rules, linux_location));
    if (section.intel_rdt) {
        NUCLEUS_TRY(policy.intel_rdt, translate_intel_rdt(*section.intel_rdt,
                                                          linux_location.at("intelRdt"), warnings));
    }
    NUCLEUS_TRY(policy.net_devices, translate_net_devices(section.net_devices, policy.namespaces,
                                                          linux_location.at("netDevices")));
    NUCLEUS_TRY(policy.cgroup, translate_cgroup(section, linux_location, warnings));
    if (section.seccomp) {
        NUCLEUS_TRY(policy.seccomp, translate_seccomp(*section.seccomp, input.bundle,
                                                      linux_location.at("seccomp"), warnings));
    }
    if (spec.process) {
        const Location where = document.at("process");
        NUCLEUS_TRY(policy.process, translate_process_at(*spec.process, where, warnings));
        if (policy.user_namespace) {
            NUCLEUS_CHECK(check_ids_are_mapped(*policy.process, *policy.user_namespace, where,
                                               "is not mapped in the container's user namespace"));
        }
    }
    ProcessPolicy none;  // a bundle without a process is checked all the same
    NUCLEUS_CHECK(
        translate_surroundings(section, linux_location, policy.process ? *policy.process : none));
    policy.cgroup.owner = cgroup_owner(policy);
    NUCLEUS_TRY(policy.hooks, translate_hooks(spec.hooks, document.at("hooks")));

    NUCLEUS_CHECK(check_uts_name(spec.hostname, policy.namespaces, document.at("hostname")));
    NUCLEUS_CHECK(check_uts_name(spec.domainname, policy.namespaces, document.at("domainname")));
    policy.hostname = spec.hostname;
    policy.domainname = spec.domainname;
    NUCLEUS_TRY(policy.sysctl,
                translate_sysctl(section.sysctl, policy.namespaces, linux_location.at("sysctl")));
    NUCLEUS_CHECK(check_annotations(spec.annotations, document.at("annotations")));
    if (!spec.domainname.empty() && policy.sysctl.contains("kernel.domainname")) {
        return linux_location.at("sysctl")
            .at("kernel.domainname")
            .invalid("conflicts with the property domainname");
    }
    policy.annotations = spec.annotations;
    return policy;
}

}  // namespace nucleus::policy
