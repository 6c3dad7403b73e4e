// Hooks (config.md#posix-platform-hooks): programs of the administrator's at fixed points of the
// life cycle, with the container's state on their standard input. They die with the runtime; no
// lock is held while one runs, since hooks call the runtime.
#pragma once

#include <string>

#include "enforce/cgroup.hpp"
#include "nucleus/policy.hpp"
#include "nucleus/state.hpp"
#include "sys/kernel.hpp"

namespace nucleus::launch {

// What a hook is told (runtime.md#state).
struct HookState {
    std::string oci_version, id, bundle;
    std::string status;    // creating, created, running, stopped
    std::int32_t pid = 0;  // 0: no process, left out
    spec::Annotations annotations;

    std::string json() const;
};
HookState hook_state(const state::Record& record, std::string status, std::int32_t pid);

std::string_view name_of(policy::HookKind kind);

// On the host, in order, until one fails. The error names kind, index, path, and ends with what the
// hook printed.
Result<void> run_host_hooks(sys::Kernel& kernel, const policy::HookSet& hooks,
                            policy::HookKind kind, const HookState& state);

// All of them, whatever fails: a warning each, and the life cycle goes on (runtime.md#lifecycle).
void run_poststop_hooks(sys::Kernel& kernel, const policy::HookSet& hooks, const HookState& state,
                        Warnings& warnings);

// The container that a hook enters.
struct HookNamespaces {
    int pidfd = -1;
    std::string directory;    // where a hook of the host's runs: the root file system
    std::uint64_t flags = 0;  // CLONE_NEW* that differ from the runtime's
    enforce::CgroupBackend* cgroup = nullptr;  // joined, if there is one
    int root = -1;               // the container's, where it is not its mount namespace's
    bool groups_denied = false;  // setgroups(2), by its user namespace
    // startContainer: the file is the image's, so it gets no more than the container's process.
    // Null: a program of the host's.
    const policy::ProcessPolicy* process = nullptr;
    std::optional<policy::SeccompPolicy> seccomp;
    std::vector<std::uint8_t> seccomp_program;
    const state::Record* record = nullptr;  // for the agent of a profile that notifies
};

// In the container's namespaces: createContainer before the pivot (the path is the host's),
// startContainer after it (the image's).
Result<void> run_container_hooks(sys::Kernel& kernel, const policy::HookSet& hooks,
                                 policy::HookKind kind, const HookState& state,
                                 const HookNamespaces& namespaces);

}  // namespace nucleus::launch
