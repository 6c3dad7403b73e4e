#include <errno.h>
#include <signal.h>

#include "runtime/session.hpp"

namespace nucleus::runtime {

namespace {

// Every process of the container's: by its cgroup, the only thing that holds them all without a pid
// namespace.
Result<void> signal_cgroup(Session& session, const Container& container, int signal) {
    if (!container.record) return {};
    NUCLEUS_TRY(const auto cgroup, own_cgroup_of(session, *container.record));
    if (!cgroup)
        return Error(Errc::unsupported, "the container has no cgroup to find its processes by");
    return cgroup->signal_all(signal);
}

}  // namespace

Result<void> kill(Session& session, const KillRequest& request, Warnings&) {
    NUCLEUS_TRY(const Container container, open_container(session, request.id));
    if (request.all) return signal_cgroup(session, container, request.signal);
    NUCLEUS_TRY(const auto pidfd, open_init(session, container));
    // With a pid namespace of its own the kernel ends the rest with the init; else they would be
    // left.
    const bool has_cgroup = !container.record->cgroup.paths.empty();
    if (request.signal == SIGKILL && !container.record->separate_pid_namespace && has_cgroup)
        return signal_cgroup(session, container, SIGKILL);
    const int sent = session.kernel.pidfd_send_signal(pidfd.get(), request.signal);
    if (sent == -ESRCH) return Error(Errc::not_running, "container not running");
    if (sent < 0) return Error::from_errno(-sent, "send signal " + std::to_string(request.signal));
    if (request.signal == SIGKILL && container.status == Status::paused) {
        NUCLEUS_TRY(const auto cgroup, cgroup_of(session, *container.record));
        if (cgroup) return cgroup->thaw();
    }
    return {};
}

}  // namespace nucleus::runtime
