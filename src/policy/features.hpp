// What of config.json this build carries out: the contents of the features document (features.md,
// features-linux.md) but for what only the kernel knows. Computed by asking the translation, word
// by word and property by property, whether it refuses: what is not built in cannot be listed.
#pragma once

#include "policy/vocabulary.hpp"

namespace nucleus::policy {

struct Features {
    Words hooks, mount_options, namespaces, capabilities;
    Words memory_policy_modes, memory_policy_flags;
    Words seccomp_actions, seccomp_operators, seccomp_architectures, seccomp_flags;
    bool rdma = false;
    bool apparmor = false;
    bool selinux = false;
    bool intel_rdt = false, intel_rdt_schemata = false, intel_rdt_monitoring = false;
    bool idmapped_mounts = false;
    bool net_devices = false;
};

// Words are sorted where the specification's order has no meaning.
Features built_in_features();

}  // namespace nucleus::policy
