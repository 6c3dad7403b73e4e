#include "policy/features.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "nucleus/policy.hpp"

namespace nucleus::policy {
namespace {

// A bundle in which every property has what it needs: a namespace of its own of each kind that can
// be created, a user namespace with mappings.
spec::Spec complete_bundle() {
    spec::Spec spec;
    spec.oci_version = "1.0.0";
    spec.root = spec::Root{.path = "rootfs"};
    spec.process = spec::Process{};
    spec.process->args = {"sh"};
    spec.process->cwd = "/";
    spec.linux_ = spec::Linux{};
    for (const char* const type : {"pid", "network", "ipc", "uts", "mount", "cgroup", "user"}) {
        spec.linux_->namespaces.push_back({type, {}});
    }
    spec.linux_->uid_mappings = spec.linux_->gid_mappings = {{0, 1000, 65536}};
    return spec;
}

// A property may have no meaning in this bundle, and is then invalid; only `unsupported` says that
// it is not built in.
template <class Change>
bool carries_out(Change change) {
    spec::Spec spec = complete_bundle();
    change(spec);
    Warnings warnings;
    const auto policy = translate(spec, {.bundle = "/bundle"}, warnings);
    return policy || policy.error().code() != Errc::unsupported;
}

template <class Change>
Words carried_out(Words words, Change change) {
    std::erase_if(words, [&](std::string_view word) {
        return !carries_out([&](spec::Spec& spec) { change(spec, std::string(word)); });
    });
    std::ranges::sort(words);
    return words;
}

void use_namespace(spec::Spec& spec, const std::string& type) {
    if (std::ranges::find(spec.linux_->namespaces, type, &spec::Namespace::type) ==
        spec.linux_->namespaces.end()) {
        spec.linux_->namespaces.push_back({type, {}});
    }
}

void use_mount_option(spec::Spec& spec, const std::string& option) {
    spec::Mount mount;
    mount.destination = "/mnt";
    mount.type = "tmpfs";
    mount.source = "/source";
    mount.options = {option};
    spec.mounts.push_back(std::move(mount));
}

void use_seccomp_action(spec::Spec& spec, const std::string& action) {
    spec::Seccomp seccomp;
    seccomp.default_action = "SCMP_ACT_ALLOW";
    seccomp.listener_path = "/listener";
    spec::SeccompRule rule;
    rule.names = {"getcwd"};
    rule.action = action;
    seccomp.syscalls.push_back(std::move(rule));
    spec.linux_->seccomp = std::move(seccomp);
}

void use_seccomp_flag(spec::Spec& spec, const std::string& flag) {
    spec::Seccomp seccomp;
    seccomp.default_action = "SCMP_ACT_ALLOW";
    seccomp.flags = {flag};
    spec.linux_->seccomp = std::move(seccomp);
}

Words namespace_words() {
    Words words;
    for (const NamespaceKind kind : kNamespaceKinds) words.push_back(names_of(kind).spec_name);
    return words;
}

bool carries_out_intel_rdt(const spec::IntelRdt& settings) {
    return carries_out([&](spec::Spec& spec) { spec.linux_->intel_rdt = settings; });
}

}  // namespace

Features built_in_features() {
    Features features;
    features.hooks = hook_words();
    features.mount_options = carried_out(mount_options(), use_mount_option);
    features.namespaces = carried_out(namespace_words(), use_namespace);
    features.capabilities = capability_words();
    features.memory_policy_modes = memory_policy_mode_words();
    features.memory_policy_flags = memory_policy_flag_words();
    features.seccomp_actions = carried_out(seccomp_action_words(), use_seccomp_action);
    features.seccomp_operators = seccomp_operator_words();
    std::ranges::sort(features.seccomp_operators);
    features.seccomp_architectures = seccomp_architecture_words();
    std::ranges::sort(features.seccomp_architectures);
    features.seccomp_flags = carried_out(seccomp_flag_words(), use_seccomp_flag);

    features.rdma = carries_out([](spec::Spec& spec) {
        spec.linux_->resources = spec::Resources{};
        spec.linux_->resources->rdma["device"] = {.hca_handles = 1, .hca_objects = 1};
    });
    features.apparmor =
        carries_out([](spec::Spec& spec) { spec.process->apparmor_profile = "profile"; });
    features.selinux = carries_out([](spec::Spec& spec) {
        spec.process->selinux_label = "user:role:type:level";
        spec.linux_->mount_label = "user:role:type:level";
    });
    features.intel_rdt = carries_out_intel_rdt({.clos_id = "group"});
    features.intel_rdt_schemata =
        carries_out_intel_rdt({.clos_id = "group", .schemata = {"L3:0=f"}});
    features.intel_rdt_monitoring =
        carries_out_intel_rdt({.clos_id = "group", .enable_monitoring = true});
    features.idmapped_mounts = carries_out([](spec::Spec& spec) {
        use_mount_option(spec, "bind");
        spec.mounts.back().uid_mappings = spec.mounts.back().gid_mappings = {{0, 1000, 65536}};
    });
    features.net_devices =
        carries_out([](spec::Spec& spec) { spec.linux_->net_devices["eth0"] = {}; });
    return features;
}

}  // namespace nucleus::policy
