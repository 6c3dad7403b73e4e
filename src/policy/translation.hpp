// The translations of one feature each, that policy::translate puts together. All pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nucleus/policy.hpp"
#include "policy/location.hpp"

namespace nucleus::policy {

// namespaces.cpp
Result<NamespaceConfig> translate_namespaces(const std::vector<spec::Namespace>& namespaces,
                                             const TranslationInput& input, const Location& where);
// The maps of a user namespace that is created, or joined and described.
Result<std::optional<UserNamespaceConfig>> translate_user_namespace(
    const spec::Linux& section, const NamespaceConfig& namespaces, const TranslationInput& input,
    const Location& where);
Result<std::vector<TimeOffset>> translate_time_offsets(
    const std::map<std::string, spec::TimeOffset>& offsets, const NamespaceConfig& namespaces,
    const Location& where);

// mounts.cpp
Result<RootfsPolicy> translate_rootfs(const spec::Spec& spec, const NamespaceConfig& namespaces,
                                      const std::optional<UserNamespaceConfig>& user_namespace,
                                      const TranslationInput& input, Warnings& warnings);

// What a mount's meaning depends on beyond its entry.
struct MountSurroundings {
    std::string_view bundle;                   // absolute path
    bool own_user_namespace = false;           // the container creates or joins one
    const UserNamespaceConfig* ids = nullptr;  // its maps, if it is created
    bool host_root = true;                     // TranslationInput::host_root
};

Result<MountPolicy> translate_mount(const spec::Mount& mount, const MountSurroundings& around,
                                    const Location& where, Warnings& warnings);

// mount_options.cpp
// What the options say of the kind of mount, beyond MountPolicy.
struct MountWords {
    bool bind = false;
    bool remount = false;
    std::string_view id_map;  // what follows `idmap=` or `ridmap=`
};
// What one option changes. An option that the table does not know belongs to the file system.
// Nothing is returned for success, a refusal's text otherwise.
Result<void> apply_mount_option(std::string_view option, MountPolicy& mount, MountWords& words,
                                const Location& where);

// id_map.cpp: fills in MountPolicy::id_map, once the kind is known.
Result<void> settle_id_map(const spec::Mount& entry, std::string_view text,
                           const MountSurroundings& around, const Location& where,
                           MountPolicy& mount);

// devices.cpp
Result<DevicePolicy> translate_devices(const std::vector<spec::Device>& devices,
                                       const std::vector<spec::DeviceRule>& rules,
                                       const Location& where);

// intel_rdt.cpp
Result<IntelRdtPolicy> translate_intel_rdt(const spec::IntelRdt& settings, const Location& where,
                                           Warnings& warnings);

// net_devices.cpp
Result<std::vector<NetDevicePolicy>> translate_net_devices(
    const std::map<std::string, spec::NetDevice>& devices, const NamespaceConfig& namespaces,
    const Location& where);

// cgroup.cpp
// The ranges of linux.resources, devices excepted.
Result<void> check_resources(const spec::Resources& resources, const Location& where,
                             Warnings& warnings);
Result<CgroupPolicy> translate_cgroup(const spec::Linux& section, const Location& where,
                                      Warnings& warnings);
// CgroupPolicy::owner, from the other policies.
std::optional<std::uint32_t> cgroup_owner(const ContainerPolicy& policy);

// seccomp.cpp
// `bundle`: where a relative listenerPath begins.
Result<SeccompPolicy> translate_seccomp(const spec::Seccomp& seccomp, const std::string& bundle,
                                        const Location& where, Warnings& warnings);

// capabilities.cpp
CapabilityPolicy translate_capabilities(const spec::Capabilities& capabilities,
                                        const Location& where, Warnings& warnings);

// rlimits.cpp
Result<std::vector<Rlimit>> translate_rlimits(const std::vector<spec::Rlimit>& rlimits,
                                              const Location& where);

// process.cpp
Result<ProcessPolicy> translate_process_at(const spec::Process& process, const Location& where,
                                           Warnings& warnings);
Result<void> check_ids_are_mapped(const ProcessPolicy& process, const UserNamespaceConfig& mappings,
                                  const Location& where, std::string_view why);

// numbers.cpp
Result<NumberSet> translate_numbers(std::string_view list, unsigned largest, const Location& where);

// scheduling.cpp
Result<SchedulerPolicy> translate_scheduler(const spec::Scheduler& scheduler,
                                            const Location& where);
Result<IoPriority> translate_io_priority(const spec::IoPriority& priority, const Location& where);
Result<ExecCpuAffinity> translate_affinity(const spec::ExecCpuAffinity& affinity,
                                           const Location& where);

// memory_policy.cpp
Result<MemoryPolicy> translate_memory_policy(const spec::MemoryPolicy& policy,
                                             const Location& where);

// personality.cpp
Result<Personality> translate_personality(const spec::Personality& personality,
                                          const Location& where);

// hooks.cpp
Result<HookSet> translate_hooks(const spec::Hooks& hooks, const Location& where);

// sysctl.cpp
Result<std::map<std::string, std::string>> translate_sysctl(
    const std::map<std::string, std::string>& sysctl, const NamespaceConfig& namespaces,
    const Location& where);

}  // namespace nucleus::policy
