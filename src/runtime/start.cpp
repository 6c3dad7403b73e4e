#include "launch/channel.hpp"
#include "launch/namespace_manager.hpp"
#include "launch/report_text.hpp"
#include "launch/seccomp_listener.hpp"
#include "runtime/gate.hpp"
#include "runtime/session.hpp"
#include "runtime/start_hooks.hpp"

namespace nucleus::runtime {

namespace {

Result<void> check_startable(const Container& container) {
    switch (container.status) {
        case Status::created:
            return {};
        case Status::stopped:
            return Error(Errc::wrong_state, "cannot start a container that has stopped");
        case Status::running:
            return Error(Errc::wrong_state, "cannot start an already running container");
        case Status::paused:  // created or running: it could not say
            return Error(Errc::wrong_state, "cannot start a container in the paused state");
        case Status::creating:
            return Error(Errc::wrong_state, "cannot start a container that is being created");
    }
    return {};
}

// Go, and the answer: end-of-file once execve has succeeded.
Result<void> open_gate(Session& session, const Container& container,
                       const policy::ContainerPolicy& policy) {
    NUCLEUS_TRY(auto socket, connect_to_gate(session.kernel, container.directory.dirfd(),
                                             container.record->socket));
    launch::Channel channel(session.kernel, std::move(socket));
    const auto listener =
        launch::seccomp_listener(policy.seccomp, *container.record, "created", container.pid());
    base::UniqueFd pidfd;
    if (listener) {
        NUCLEUS_TRY(pidfd, open_init(session, container));
    }
    NUCLEUS_TRY(auto received,
                launch::say_go(session.kernel, channel, {container.pid(), pidfd.get()}, listener));
    if (!received) return {};
    return launch::start_error_of(received->report, policy.process->args.front());
}

// The namespaces are entered when the program runs in them.
class Entering final : public launch::NamespaceOperations {
public:
    Entering(Session& session, const Container& container, const policy::ContainerPolicy& policy)
        : session_(session), container_(container), policy_(policy) {}

    Result<void> unshare(const NamespaceConfig&) override { return {}; }
    Result<void> enter() override { return open_gate(session_, container_, policy_); }
    Result<void> clean() override { return kill_and_wait(session_, container_); }
    Result<void> set_hostname(const std::string&) override { return {}; }

private:
    Session& session_;
    const Container& container_;
    const policy::ContainerPolicy& policy_;
};

// A container whose hook failed is stopped, and its life goes on where it is destroyed: step 12,
// with the poststop hooks behind it (runtime.md#lifecycle).
Error destroy_after(Error cause, Session& session, const std::string& id,
                    launch::NamespaceManager& namespaces, Warnings& warnings) {
    if (auto cleaned = namespaces.clean(); !cleaned) return std::move(cause).also(cleaned.error());
    if (auto removed = remove(session, {.id = id, .force = true}, warnings); !removed)
        return std::move(cause).also(removed.error());
    return cause;
}

}  // namespace

Result<void> start(Session& session, const std::string& id, Warnings& warnings) {
    NUCLEUS_TRY(Container found, open_container(session, id));
    NUCLEUS_CHECK(check_startable(found));
    // Ends with this process; a second start is told, not made to wait. Another may have started it
    // just before the lock.
    NUCLEUS_TRY(const base::UniqueFd lock, found.directory.lock());
    NUCLEUS_TRY(Container container, open_container(session, id));
    NUCLEUS_CHECK(check_startable(container));
    Warnings known;  // create has told them already
    NUCLEUS_TRY(const policy::ContainerPolicy policy, policy_of(session, container, known));
    if (!policy.process)
        return Error(Errc::invalid_config,
                     "config.json /process: required: there is nothing to start");
    Entering entering(session, container, policy);
    launch::NamespaceManager namespaces(policy.namespaces, entering,
                                        launch::NamespaceState::unshared);
    if (auto ran = run_start_container_hooks(session, *container.record, policy); !ran)
        return destroy_after(std::move(ran).error(), session, id, namespaces, warnings);
    NUCLEUS_CHECK(namespaces.enter());
    session.kernel.unlinkat(container.directory.dirfd(), container.record->socket.c_str(), 0);
    if (auto ran = run_poststart_hooks(session, *container.record, policy); !ran)
        return destroy_after(std::move(ran).error(), session, id, namespaces, warnings);
    return {};
}

}  // namespace nucleus::runtime
