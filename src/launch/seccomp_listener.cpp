#include "launch/seccomp_listener.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include <span>

#include "base/json_writer.hpp"
#include "nucleus/version.hpp"
#include "sys/unix_socket.hpp"
#include "wire/step.hpp"

namespace nucleus::launch {

namespace {

constexpr int kAgentTimeoutMs = 5000;

// One sendmsg takes what fits; the descriptor goes with the first byte ("the file descriptors MUST
// be sent only in the first call").
Result<void> send_state(sys::Kernel& kernel, int agent, std::string_view state, int descriptor) {
    bool first = true;
    while (!state.empty()) {
        const std::span<const int> sent_along(&descriptor, first ? 1 : 0);
        const ssize_t sent = sys::send_with_descriptors(kernel, agent, state, sent_along);
        if (sent == -EAGAIN) {
            pollfd waited{agent, POLLOUT, 0};
            int ready;
            do ready = kernel.poll(&waited, 1, kAgentTimeoutMs);
            while (ready == -EINTR);
            if (ready < 0) return Error::from_errno(-ready, "wait");
            if (ready == 0) return Error(Errc::system, "it does not read");
            continue;
        }
        if (sent < 0) return Error::from_errno(static_cast<int>(-sent), "send");
        first = false;
        state.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

// Not in the kernel's words: callers take "no such file" for a command that is missing.
Error no_agent(int errnum, const std::string& path) {
    const std::string socket = "'" + path + "'";
    if (errnum == ENOENT || errnum == ENOTDIR)
        return Error(Errc::system, "there is no socket " + socket);
    if (errnum == ECONNREFUSED) return Error(Errc::system, "nobody listens at " + socket);
    if (errnum == EAGAIN) return Error(Errc::system, "nobody accepts at " + socket);
    return Error::from_errno(errnum, "connect to " + socket);
}

Result<base::UniqueFd> call_agent(sys::Kernel& kernel, const std::string& path) {
    constexpr timespec kPause{0, 20'000'000};
    int waited_ms = 0;
    for (;; waited_ms += 20) {
        auto agent = sys::connect_unix(kernel, path, SOCK_NONBLOCK);
        if (agent) return agent;
        // Its queue is full.
        if (agent.error().errnum() != EAGAIN || waited_ms >= kAgentTimeoutMs)
            return no_agent(agent.error().errnum(), path)
                .in("config.json /linux/seccomp/listenerPath");
        kernel.nanosleep(kPause);
    }
}

// Kills the process unless it was let go: it has its filter, or waits for it, and can only end.
class Hold {
public:
    Hold(sys::Kernel& kernel, const WaitingProcess& process) : kernel_(kernel), process_(process) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() {
        if (held_) kernel_.pidfd_send_signal(process_.pidfd, SIGKILL);
    }
    Result<void> let_go() {
        if (int error = kernel_.trace_detach(process_.pid); error < 0)
            return Error::from_errno(-error, "let the process go on");
        held_ = false;
        return {};
    }

private:
    sys::Kernel& kernel_;
    const WaitingProcess& process_;
    bool held_ = true;
};

// The process waits before it loads its filter. On success it has loaded it and runs on, to its
// execve, and the agent has the listener; or the kernel refused the filter, which it will report.
// On failure it has been killed.
Result<void> hand_over(sys::Kernel& kernel, Channel& channel, const WaitingProcess& process,
                       const SeccompListener& listener, int agent) {
    Hold hold(kernel, process);
    if (int error = kernel.trace_attach(process.pid); error < 0)
        return Error::from_errno(-error,
                                 "config.json /linux/seccomp/listenerPath: trace the process "
                                 "(which takes CAP_SYS_PTRACE in the runtime's user namespace)");
    NUCLEUS_CHECK(channel.send(wire::Order::Kind::proceed));
    long result = 0;
    if (int error = kernel.trace_to_result(process.pid, SYS_seccomp, result); error < 0)
        return Error::from_errno(-error, "follow the process");
    if (result >= 0) {
        const int taken = kernel.pidfd_getfd(process.pidfd, static_cast<int>(result));
        if (taken < 0) return Error::from_errno(-taken, "take the process's descriptor");
        const base::UniqueFd owned(taken);
        NUCLEUS_CHECK(
            send_state(kernel, agent, container_process_state(listener, process.pid), taken)
                .in("send it to the agent '" + listener.path + "'"));
    }
    return hold.let_go();
}

}  // namespace

std::string container_process_state(const SeccompListener& listener, pid_t pid) {
    HookState container = listener.container;
    if (container.pid == 0) container.pid = pid;
    base::JsonWriter json;
    json.begin_object().member("ociVersion", kSpecVersion);
    json.key("fds").begin_array().value("seccompFd").end_array();
    json.member("pid", pid);
    if (!listener.metadata.empty()) json.member("metadata", listener.metadata);
    json.key("state").raw(container.json());
    json.end_object();
    return std::move(json).text();
}

std::optional<SeccompListener> seccomp_listener(const std::optional<policy::SeccompPolicy>& policy,
                                                const state::Record& record, std::string status,
                                                std::int32_t pid) {
    if (!policy || !policy->notifies()) return std::nullopt;
    return SeccompListener{policy->listener_path, policy->listener_metadata,
                           hook_state(record, std::move(status), pid)};
}

Result<std::optional<Received>> say_go(sys::Kernel& kernel, Channel& channel,
                                       const WaitingProcess& process,
                                       const std::optional<SeccompListener>& listener) {
    if (!listener) {
        NUCLEUS_CHECK(channel.send(wire::Order::Kind::go));
        return channel.receive();
    }
    NUCLEUS_TRY(base::UniqueFd agent, call_agent(kernel, listener->path));
    NUCLEUS_CHECK(channel.send(wire::Order::Kind::go));
    NUCLEUS_TRY(auto received, channel.receive());
    if (!received || received->report.kind != wire::Report::Kind::reached) return received;
    NUCLEUS_CHECK(hand_over(kernel, channel, process, *listener, agent.get())
                      .in(wire::operation(wire::Op::take_listener).name));
    // The agent sees the end of the state by the end of the connection.
    agent.reset();
    return channel.receive();
}

}  // namespace nucleus::launch
