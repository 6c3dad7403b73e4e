#include <signal.h>

#include "enforce/net_devices.hpp"
#include "enforce/resctrl.hpp"
#include "launch/hooks.hpp"
#include "runtime/session.hpp"

namespace nucleus::runtime {

namespace {

Result<void> check_deletable(const Container& container, bool force) {
    if (force || container.status == Status::stopped || container.status == Status::created)
        return {};
    return Error(Errc::wrong_state,
                 "cannot delete container " + container.directory.id() +
                     " that is not stopped: " + std::string(word_of(container.status)));
}

}  // namespace

Result<void> remove_cgroup(enforce::CgroupBackend& cgroup) {
    NUCLEUS_TRY(const bool done, cgroup.destroy_if_empty());
    if (done) return {};
    NUCLEUS_TRY(const auto pids, cgroup.pids());
    if (!pids.empty()) NUCLEUS_CHECK(cgroup.signal_all(SIGKILL));
    return cgroup.destroy();
}

Result<void> remove_ended(Session& session, state::ContainerDirectory& directory,
                          const std::optional<state::Record>& record,
                          const policy::ContainerPolicy* policy, Warnings& warnings) {
    if (record) {
        NUCLEUS_TRY(const auto cgroup, own_cgroup_of(session, *record));
        if (cgroup) NUCLEUS_CHECK(remove_cgroup(*cgroup).in("remove cgroup"));
        if (record->resctrl)
            NUCLEUS_CHECK(enforce::Resctrl(session.kernel, *record->resctrl).destroy());
        if (!record->committed)
            NUCLEUS_CHECK(enforce::restore_net_devices(session.kernel, record->network_namespace,
                                                       record->net_devices));
    }
    NUCLEUS_CHECK(directory.remove());
    if (policy == nullptr) return {};
    launch::run_poststop_hooks(session.kernel, policy->hooks,
                               launch::hook_state(*record, "stopped", 0), warnings);
    return {};
}

Result<void> remove(Session& session, const DeleteRequest& request, Warnings& warnings) {
    auto opened = open_container(session, request.id);
    if (!opened && opened.error().code() == Errc::does_not_exist && request.force) return {};
    if (!opened) return std::move(opened).error();
    Container& container = *opened;
    NUCLEUS_CHECK(check_deletable(container, request.force));
    NUCLEUS_CHECK(kill_and_wait(session, container));
    // Read before it is gone. A container that never came to be has no hooks to run; one whose
    // config cannot be read goes all the same.
    std::optional<policy::ContainerPolicy> policy;
    if (container.record && container.record->committed) {
        Warnings known;
        auto meant = policy_of(session, container, known);
        if (meant)
            policy = std::move(*meant);
        else
            warnings.push_back("poststop hooks are not run: " + meant.error().message());
    }
    return remove_ended(session, container.directory, container.record, policy ? &*policy : nullptr,
                        warnings);
}

}  // namespace nucleus::runtime
