#include "launch/launch.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include <cstdio>

#include "launch/init_image.hpp"
#include "launch/report_text.hpp"

namespace nucleus::launch {

using wire::Op;
using wire::Side;

int exit_status_of(const siginfo_t& info) {
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

namespace {

Result<int> reap(sys::Kernel& kernel, pid_t pid) {
    siginfo_t info{};
    int error;
    do error = kernel.waitid(P_PID, static_cast<id_t>(pid), info, WEXITED);
    while (error == -EINTR);
    if (error < 0) return Error::from_errno(-error, "wait for process " + std::to_string(pid));
    return exit_status_of(info);
}

}  // namespace

Launch::Launch(sys::Kernel& kernel, plan::LaunchPlan plan, LaunchOptions options)
    : kernel_(kernel),
      plan_(std::move(plan)),
      options_(std::move(options)),
      channel_(kernel, base::UniqueFd()) {}

Launch::~Launch() {
    channel_.close();
    if (stage1_ > 0) {
        kernel_.kill(stage1_, SIGKILL);
        (void)reap(kernel_, stage1_);
    }
    if (released_ || pid_ <= 0) return;
    // Our own child, not reaped yet: the number cannot be another's.
    kernel_.kill(pid_, SIGKILL);
    (void)reap(kernel_, pid_);
}

void Launch::release() { released_ = true; }

// What the caller left open has come through an execve, so it has no close-on-exec flag. What has
// one is ours: a descriptor of the host's that the caller's mistake must not hand to the container.
Result<void> Launch::check_preserved(int fd) const {
    const int flags = kernel_.fcntl(fd, F_GETFD, 0);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) return {};
    return Error(Errc::invalid_argument, "cannot preserve descriptor " + std::to_string(fd) +
                                             ": the caller has not opened it");
}

Result<void> Launch::spawn() {
    for (plan::Step& step : plan_.steps) {
        if (step.op == Op::join_namespace)
            for (const JoinedNamespace& joined : options_.joined)
                if ((joined.flags & step.flags) == step.flags) step.fd = joined.fd;
        if (step.op == Op::use_host_root && step.mode == wire::kRootByDescriptor)
            step.fd = options_.root;
        if (step.op == Op::clone_container) step.fd = options_.cgroup.unified.get();
    }
    std::vector<int> tasks;
    for (const auto& file : options_.cgroup.tasks) tasks.push_back(file.get());
    NUCLEUS_TRY(const std::string block,
                plan::encode(plan_, options_.seccomp, options_.gate, tasks));
    NUCLEUS_TRY(SealedInit sealed, seal_init(kernel_, block));

    int ends[2];
    if (int error = kernel_.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends); error < 0)
        return Error::from_errno(-error, "make the channel to the init");
    channel_ = Channel(kernel_, base::UniqueFd(ends[0]));
    const base::UniqueFd theirs(ends[1]);

    char memory[16], channel[16], offset[24];
    std::snprintf(memory, sizeof memory, "%d", sealed.memory.get());
    std::snprintf(channel, sizeof channel, "%d", theirs.get());
    std::snprintf(offset, sizeof offset, "%zu", sealed.plan_offset);
    char name[] = "nucleus-init";
    char* argv[] = {name, memory, channel, offset, nullptr};
    char* envp[] = {nullptr};
    std::vector<int> inherited;
    for (const JoinedNamespace& joined : options_.joined) inherited.push_back(joined.fd);
    if (options_.root >= 0) inherited.push_back(options_.root);
    inherited.push_back(sealed.memory.get());
    inherited.push_back(theirs.get());
    if (options_.gate >= 0) inherited.push_back(options_.gate);
    inherited.insert(inherited.end(), tasks.begin(), tasks.end());
    if (options_.cgroup.unified) inherited.push_back(options_.cgroup.unified.get());
    for (std::uint32_t i = 0; i < plan_.preserve_fds; ++i) {
        const int fd = static_cast<int>(3 + i);
        NUCLEUS_CHECK(check_preserved(fd));
        inherited.push_back(fd);
    }

    sys::SpawnRequest request{};
    request.executable_fd = sealed.memory.get();
    request.argv = argv;
    request.envp = envp;
    request.inherited = inherited.data();
    request.inherited_count = inherited.size();
    for (int i = 0; i < 3; ++i) request.stdio[i] = options_.stdio[i];
    request.join_namespaces_fd = -1;
    request.cgroup_fd = -1;
    if (plan_.spawned_with) {
        request.clone_flags = *plan_.spawned_with;
        request.cgroup_fd = options_.cgroup.unified.get();
    }
    const pid_t child = kernel_.spawn(request);
    if (child < 0) return Error::from_errno(-child, "execute nucleus-init");
    (plan_.spawned_with ? pid_ : stage1_) = child;
    options_.cgroup = {};
    const int pidfd = kernel_.pidfd_open(child, 0);
    if (pidfd < 0) return Error::from_errno(-pidfd, "open nucleus-init");
    (plan_.spawned_with ? pidfd_ : stage1_pidfd_).reset(pidfd);
    return {};
}

// End-of-file before the commit: somebody killed the init.
Error Launch::died() {
    return Error(Errc::system, std::string(options_.subject) + " ended before it was ready");
}

// Stage 1 alone can tell the container process's pid. Killed between its clone and that message, it
// leaves a child that holds the channel open and waits for us: no end-of-file would come. So its
// own end is waited for too.
Result<void> Launch::await_message() {
    if (stage1_ < 0) return {};
    pollfd waited[2] = {{channel_.fd(), POLLIN, 0}, {stage1_pidfd_.get(), POLLIN, 0}};
    int ready;
    do ready = kernel_.poll(waited, 2, -1);
    while (ready == -EINTR);
    // A message sent before the end may have come after the look at the channel.
    if (ready >= 0 && waited[0].revents == 0) ready = kernel_.poll(waited, 1, 0);
    if (ready < 0) return Error::from_errno(-ready, "wait for the init");
    if (waited[0].revents == 0) return died();
    return {};
}

Result<void> Launch::hear_once(bool& reached, std::size_t step) {
    NUCLEUS_CHECK(await_message());
    NUCLEUS_TRY(auto received, channel_.receive());
    if (!received) return died();
    const wire::Report& report = received->report;
    switch (report.kind) {
        case wire::Report::Kind::failed:
            return error_of(report, plan_);
        case wire::Report::Kind::descriptor:
            console_ = std::move(received->descriptor);
            return {};
        case wire::Report::Kind::cloned: {
            pid_ = report.pid;
            const int pidfd = kernel_.pidfd_open(pid_, 0);
            if (pidfd < 0) return Error::from_errno(-pidfd, "open the container process");
            pidfd_.reset(pidfd);
            NUCLEUS_CHECK(reap(kernel_, stage1_));
            stage1_ = -1;
            return {};
        }
        case wire::Report::Kind::reached:
            if (static_cast<std::size_t>(report.step) != step)
                return Error(Errc::system, "the init reached another step than the plan's next");
            reached = true;
            return {};
    }
    return Error(Errc::system, "the init said something unknown");
}

Result<void> Launch::hear_until_reached(std::size_t step) {
    bool reached = false;
    while (!reached) NUCLEUS_CHECK(hear_once(reached, step));
    return {};
}

Result<void> Launch::walk(HostSide& host, Op last) {
    for (; cursor_ < plan_.steps.size(); ++cursor_) {
        const plan::Step& step = plan_.steps[cursor_];
        if (wire::operation(step.op).side == Side::init) continue;
        const bool awaited = cursor_ >= plan_.unawaited;
        const bool first_of_run =
            cursor_ == plan_.unawaited ||
            (cursor_ > 0 && wire::operation(plan_.steps[cursor_ - 1].op).side == Side::init);
        if (awaited && first_of_run) {
            // The init names the last step of the host's run.
            std::size_t end = cursor_;
            while (end + 1 < plan_.steps.size() &&
                   wire::operation(plan_.steps[end + 1].op).side == Side::host)
                ++end;
            NUCLEUS_CHECK(hear_until_reached(end));
        }
        if (step.op == Op::adopt) {
            bool ignored = false;
            while (pid_ < 0) NUCLEUS_CHECK(hear_once(ignored, cursor_));
        }
        NUCLEUS_CHECK(host.perform(*this, step));
        const bool last_of_run = cursor_ + 1 == plan_.steps.size() ||
                                 wire::operation(plan_.steps[cursor_ + 1].op).side == Side::init;
        if (awaited && last_of_run)
            NUCLEUS_CHECK(channel_.send(wire::Order::Kind::proceed, order_flags_));
        if (step.op == last) {
            ++cursor_;
            return {};
        }
    }
    return Error(Errc::system,
                 "the plan has no step '" + std::string(wire::operation(last).name) + "'");
}

Result<void> Launch::make_namespaces(HostSide& host) {
    NUCLEUS_CHECK(spawn());
    return walk(host, Op::adopt);
}

Result<void> Launch::prepare(HostSide& host) { return walk(host, Op::commit); }

Result<void> Launch::execute() {
    NUCLEUS_TRY(auto received, say_go(kernel_, channel_, {pid_, pidfd_.get()}, options_.listener));
    channel_.close();
    if (!received) return {};
    return error_of(received->report, plan_);
}

Result<int> Launch::wait() {
    auto status = reap(kernel_, pid_);
    if (status) released_ = true;
    return status;
}

}  // namespace nucleus::launch
