#include "runtime/session.hpp"

namespace nucleus::runtime {

Result<void> pause(Session& session, const std::string& id) {
    NUCLEUS_TRY(const Container container, open_container(session, id));
    // runc's words, which callers know, for one that is paused already too.
    if (container.status != Status::created && container.status != Status::running)
        return Error(Errc::not_running, "container not running");
    NUCLEUS_TRY(const auto cgroup, cgroup_of(session, *container.record));
    if (!cgroup)
        return Error(Errc::unsupported, "the container has no cgroup that could be frozen");
    return cgroup->freeze();
}

}  // namespace nucleus::runtime
