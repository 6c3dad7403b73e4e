#include "runtime/start_hooks.hpp"

#include "enforce/seccomp.hpp"
#include "enforce/security_labels.hpp"
#include "launch/hooks.hpp"

namespace nucleus::runtime {

using policy::HookKind;

Result<void> run_start_container_hooks(Session& session, const state::Record& record,
                                       const policy::ContainerPolicy& policy) {
    if (policy.hooks.of(HookKind::start_container).empty()) return {};
    NUCLEUS_TRY(const base::UniqueFd pidfd, open_process(session, *record.init));
    NUCLEUS_TRY(const auto cgroup, cgroup_of(session, record));
    launch::HookNamespaces namespaces{
        pidfd.get(), {}, separate_flags(policy.namespaces), cgroup.get()};
    NUCLEUS_TRY(const WayIn way, way_in(session, record, policy.namespaces));
    namespaces.root = way.root.get();
    namespaces.groups_denied = way.groups_denied;
    policy::ProcessPolicy process = *policy.process;
    NUCLEUS_CHECK(enforce::check_labels(session.kernel, process, "config.json /process"));
    namespaces.process = &process;
    namespaces.seccomp = policy.seccomp;
    namespaces.record = &record;
    if (policy.seccomp) {
        Warnings known;
        NUCLEUS_TRY(namespaces.seccomp_program, enforce::compile_seccomp(*policy.seccomp, known));
    }
    const int pid = policy.namespaces.creates(NamespaceKind::pid) ? 1 : record.init->pid;
    return launch::run_container_hooks(session.kernel, policy.hooks, HookKind::start_container,
                                       launch::hook_state(record, "created", pid), namespaces);
}

Result<void> run_poststart_hooks(Session& session, const state::Record& record,
                                 const policy::ContainerPolicy& policy) {
    return launch::run_host_hooks(session.kernel, policy.hooks, HookKind::poststart,
                                  launch::hook_state(record, "running", record.init->pid));
}

}  // namespace nucleus::runtime
