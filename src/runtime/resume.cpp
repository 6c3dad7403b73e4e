#include "runtime/session.hpp"

namespace nucleus::runtime {

Result<void> resume(Session& session, const std::string& id) {
    NUCLEUS_TRY(const Container container, open_container(session, id));
    const auto not_paused = [] { return Error(Errc::wrong_state, "container not paused"); };
    if (container.status == Status::stopped || container.status == Status::creating)
        return not_paused();
    NUCLEUS_TRY(const auto cgroup, cgroup_of(session, *container.record));
    if (!cgroup) return not_paused();
    // Asked here again: a status says running where the cgroup gives no answer.
    NUCLEUS_TRY(const bool paused, cgroup->frozen());
    return paused ? cgroup->thaw() : not_paused();
}

}  // namespace nucleus::runtime
