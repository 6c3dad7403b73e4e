#include "launch/hooks.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>

#include "base/json_writer.hpp"
#include "launch/host_program.hpp"
#include "launch/launch.hpp"
#include "sys/files.hpp"

namespace nucleus::launch {

namespace {

using policy::HookKind;

constexpr std::size_t kMaxOutput = 4096;  // of a failed hook, in the error

// What a hook is given for 0, 1 and 2: its state, and a pipe whose content an error will show.
struct HookStreams {
    base::UniqueFd input, output, output_end;
};

Result<HookStreams> open_streams(sys::Kernel& kernel, const std::string& state) {
    HookStreams streams;
    // Not a pipe: a state larger than the pipe's buffer must not wait for a hook that does not
    // read.
    const int input = kernel.memfd_create("hook-state", MFD_CLOEXEC);
    if (input < 0) return Error::from_errno(-input, "make the hook's input");
    streams.input.reset(input);
    NUCLEUS_CHECK(sys::write_fd(kernel, input, "hook-state", state));
    if (int error = kernel.lseek(input, 0, SEEK_SET); error < 0)
        return Error::from_errno(-error, "rewind the hook's input");
    int ends[2];
    if (int error = kernel.pipe2(ends, O_CLOEXEC); error < 0)
        return Error::from_errno(-error, "make the hook's output");
    streams.output.reset(ends[0]);
    streams.output_end.reset(ends[1]);
    if (int error = kernel.fcntl(ends[0], F_SETFL, O_NONBLOCK); error < 0)
        return Error::from_errno(-error, "set up the hook's output");
    return streams;
}

// Reads what is there; keeps the beginning.
void drain(sys::Kernel& kernel, int fd, std::string& output) {
    char buffer[1024];
    ssize_t got;
    while ((got = kernel.read(fd, buffer, sizeof buffer)) > 0)
        output.append(buffer, std::min(static_cast<std::size_t>(got),
                                       kMaxOutput - std::min(kMaxOutput, output.size())));
}

std::int64_t milliseconds(sys::Kernel& kernel) {
    timespec now{};
    kernel.clock_gettime(CLOCK_MONOTONIC, now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

// With the processes that it has started: it leads a session and a group of its own. Not reaped
// yet: the number is still its own.
void kill_hook(sys::Kernel& kernel, pid_t pid) {
    kernel.kill(-pid, SIGKILL);
    kernel.kill(pid, SIGKILL);
}

// Waits for the process's end, at most the hook's timeout, and reaps it: `reaped` says whether it
// came to that. The error says how the process ended.
Result<void> supervise(sys::Kernel& kernel, const spec::Hook& hook, pid_t pid, int pidfd,
                       int output_fd, bool& reaped) {
    std::string output;
    const std::int64_t deadline =
        hook.timeout ? milliseconds(kernel) + std::int64_t{*hook.timeout} * 1000 : 0;
    bool late = false;
    for (;;) {
        pollfd waited[2] = {{pidfd, POLLIN, 0}, {output_fd, POLLIN, 0}};
        const std::int64_t left =
            hook.timeout ? std::max<std::int64_t>(deadline - milliseconds(kernel), 0) : -1;
        const int ready =
            kernel.poll(waited, 2, static_cast<int>(std::min<std::int64_t>(left, 1 << 30)));
        if (ready < 0 && ready != -EINTR) return Error::from_errno(-ready, "wait for the hook");
        drain(kernel, output_fd, output);
        if ((waited[0].revents & POLLIN) != 0) break;
        if (hook.timeout && left == 0) {
            late = true;
            kill_hook(kernel, pid);
            break;
        }
        // A writer that has closed its end leaves the descriptor readable for ever: only the
        // process counts then.
        if (ready > 0 && (waited[1].revents & POLLHUP) != 0) output_fd = -1;
    }
    siginfo_t info{};
    int error;
    do error = kernel.waitid(P_PID, static_cast<id_t>(pid), info, WEXITED);
    while (error == -EINTR);
    if (error < 0) return Error::from_errno(-error, "wait for the hook");
    reaped = true;
    drain(kernel, output_fd, output);
    while (!output.empty() && (output.back() == '\n' || output.back() == ' ')) output.pop_back();
    const std::string tail = output.empty() ? "" : ", output: " + output;
    if (late)
        return Error(Errc::system,
                     "timed out after " + std::to_string(*hook.timeout) + " s" + tail);
    if (info.si_code != CLD_EXITED)
        return Error(Errc::system, "ended by signal " + std::to_string(info.si_status) + tail);
    if (info.si_status != 0)
        return Error(Errc::system, "exit status " + std::to_string(info.si_status) + tail);
    return {};
}

// A hook that cannot be waited for any more.
void end_child(sys::Kernel& kernel, pid_t pid) {
    kill_hook(kernel, pid);
    siginfo_t info{};
    while (kernel.waitid(P_PID, static_cast<id_t>(pid), info, WEXITED) == -EINTR) {
    }
}

Error no_program() {
    return Error(Errc::system, "execute: it is no program, or none that may be executed");
}

Result<void> run_host_hook(sys::Kernel& kernel, const spec::Hook& hook,
                           const std::string& directory, const std::string& state) {
    NUCLEUS_TRY(HookStreams streams, open_streams(kernel, state));
    const std::vector<std::string> arguments =
        hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
    const std::vector<char*> argv = argument_vector(arguments);
    const std::vector<char*> envp = argument_vector(hook.env);
    sys::SpawnRequest request{};
    request.executable_fd = -1;
    request.path = hook.path.c_str();
    request.argv = argv.data();
    request.envp = envp.data();
    request.stdio[0] = streams.input.get();
    request.stdio[1] = request.stdio[2] = streams.output_end.get();
    request.join_namespaces_fd = -1;
    request.cgroup_fd = -1;
    request.directory = directory.c_str();
    request.new_session = true;
    request.dies_with_parent = true;
    const pid_t pid = kernel.spawn(request);
    if (pid == -EACCES) return no_program();
    if (pid < 0) return Error::from_errno(-pid, "execute");
    streams.output_end.reset();
    bool reaped = false;
    auto outcome = [&]() -> Result<void> {
        const int pidfd = kernel.pidfd_open(pid, 0);
        if (pidfd < 0) return Error::from_errno(-pidfd, "watch the hook");
        const base::UniqueFd owned(pidfd);
        return supervise(kernel, hook, pid, pidfd, streams.output.get(), reaped);
    }();
    if (!reaped) end_child(kernel, pid);
    return outcome;
}

// Of the host's steps, a hook in a container has only its cgroup.
class HookHost final : public HostSide {
public:
    explicit HookHost(enforce::CgroupBackend* cgroup) : cgroup_(cgroup) {}
    Result<void> perform(Launch& launch, const plan::Step& step) override {
        if (step.op == wire::Op::attach_cgroup && cgroup_ != nullptr)
            return cgroup_->attach(launch.pid());
        return {};
    }

private:
    enforce::CgroupBackend* cgroup_;
};

plan::LaunchPlan plan_of(const spec::Hook& hook, const HookNamespaces& namespaces) {
    if (namespaces.process == nullptr)
        return plan::compile_namespace_hook(hook, namespaces.flags, namespaces.directory);
    policy::ProcessPolicy process = *namespaces.process;
    process.terminal = false;
    process.rlimits.clear();
    process.scheduler.reset();
    process.io_priority.reset();
    process.exec_cpu_affinity.reset();
    process.args = hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
    process.env = hook.env;
    plan::ExecFacts facts;
    facts.namespaces = namespaces.flags;
    facts.become_root = (namespaces.flags & CLONE_NEWUSER) != 0;
    facts.groups_denied = namespaces.groups_denied;
    facts.root_by_descriptor = namespaces.root >= 0;
    facts.seccomp = namespaces.seccomp;
    facts.cgroup_entry = plan::CgroupEntry::from_outside;
    facts.command = hook.path;
    return plan::compile_exec(process, facts);
}

// Callers tell a container whose program is missing by the words for that, and this is another's
// (contract B2, B4).
Result<void> in_words_of_hooks(Result<void> outcome) {
    if (outcome) return outcome;
    if (outcome.error().code() == Errc::command_not_found)
        return Error::from_errno(ENOENT, "execute");
    if (outcome.error().code() == Errc::command_not_executable) return no_program();
    return outcome;
}

Result<void> run_container_hook(sys::Kernel& kernel, const spec::Hook& hook,
                                const std::string& state, const HookNamespaces& namespaces) {
    NUCLEUS_TRY(HookStreams streams, open_streams(kernel, state));
    LaunchOptions options;
    options.stdio[0] = streams.input.get();
    options.stdio[1] = options.stdio[2] = streams.output_end.get();
    options.joined = {{namespaces.flags, namespaces.pidfd}};
    options.root = namespaces.root;
    options.seccomp = namespaces.seccomp_program;
    options.subject = "its process";
    // A process of its own, with a listener of its own.
    if (namespaces.seccomp)
        options.listener = seccomp_listener(namespaces.seccomp, *namespaces.record, "created",
                                            namespaces.record->init->pid);
    Launch launch(kernel, plan_of(hook, namespaces), std::move(options));
    HookHost host(namespaces.cgroup);
    NUCLEUS_CHECK(launch.make_namespaces(host));
    NUCLEUS_CHECK(in_words_of_hooks(launch.prepare(host)));
    streams.output_end.reset();
    NUCLEUS_CHECK(in_words_of_hooks(launch.execute()));
    bool reaped = false;
    auto outcome =
        supervise(kernel, hook, launch.pid(), launch.pidfd(), streams.output.get(), reaped);
    if (reaped) launch.release();
    return outcome;
}

std::string clause_of(HookKind kind, std::size_t index, const spec::Hook& hook) {
    return std::string(name_of(kind)) + " hook " + std::to_string(index) + " '" + hook.path + "'";
}

template <class Run>
Result<void> run_each(const policy::HookSet& hooks, HookKind kind, Run run) {
    const auto& list = hooks.of(kind);
    for (std::size_t i = 0; i < list.size(); ++i)
        NUCLEUS_CHECK(Result<void>(run(list[i])).in(clause_of(kind, i, list[i])));
    return {};
}

}  // namespace

std::string_view name_of(HookKind kind) {
    constexpr std::string_view kNames[] = {"prestart",       "createRuntime", "createContainer",
                                           "startContainer", "poststart",     "poststop"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string HookState::json() const {
    base::JsonWriter json;
    json.begin_object().member("ociVersion", oci_version).member("id", id).member("status", status);
    if (pid != 0) json.member("pid", pid);
    json.member("bundle", bundle);
    if (!annotations.empty()) {
        json.key("annotations").begin_object();
        for (const auto& [name, value] : annotations) json.member(name, value);
        json.end_object();
    }
    json.end_object();
    return std::move(json).text();
}

HookState hook_state(const state::Record& record, std::string status, std::int32_t pid) {
    return {record.oci_version, record.id, record.bundle,
            std::move(status),  pid,       record.annotations};
}

Result<void> run_host_hooks(sys::Kernel& kernel, const policy::HookSet& hooks, HookKind kind,
                            const HookState& state) {
    if (hooks.of(kind).empty()) return {};
    const std::string json = state.json();
    return run_each(hooks, kind, [&](const spec::Hook& hook) {
        return run_host_hook(kernel, hook, state.bundle, json);
    });
}

void run_poststop_hooks(sys::Kernel& kernel, const policy::HookSet& hooks, const HookState& state,
                        Warnings& warnings) {
    const auto& list = hooks.of(HookKind::poststop);
    if (list.empty()) return;
    const std::string json = state.json();
    for (std::size_t i = 0; i < list.size(); ++i) {
        auto ran = run_host_hook(kernel, list[i], state.bundle, json);
        if (!ran)
            warnings.push_back(
                std::move(ran).error().in(clause_of(HookKind::poststop, i, list[i])).message());
    }
}

Result<void> run_container_hooks(sys::Kernel& kernel, const policy::HookSet& hooks, HookKind kind,
                                 const HookState& state, const HookNamespaces& namespaces) {
    if (hooks.of(kind).empty()) return {};
    const std::string json = state.json();
    return run_each(hooks, kind, [&](const spec::Hook& hook) {
        return run_container_hook(kernel, hook, json, namespaces);
    });
}

}  // namespace nucleus::launch
