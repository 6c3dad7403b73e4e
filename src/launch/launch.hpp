// Launch: one walk through a plan. It starts the init program, performs the host's steps through a
// HostSide, and hears of the init's. Used alike for create, exec and hooks in the container's
// namespaces. Owns the processes until release(): a Launch that is dropped before kills and reaps
// what it started.
#pragma once

#include <optional>
#include <vector>

#include "base/unique_fd.hpp"
#include "enforce/cgroup.hpp"
#include "launch/channel.hpp"
#include "launch/seccomp_listener.hpp"
#include "plan/launch_plan.hpp"

namespace nucleus::launch {

class Launch;

// Who performs the steps of the host's side.
class HostSide {
public:
    virtual ~HostSide() = default;
    virtual Result<void> perform(Launch& launch, const plan::Step& step) = 0;
};

// A namespace to join, or a pidfd that stands for several.
struct JoinedNamespace {
    std::uint64_t flags = 0;  // CLONE_NEW*: of one of the plan's steps, or of several
    int fd = -1;
};

struct LaunchOptions {
    std::vector<std::uint8_t> seccomp;  // the compiled program, if the plan needs one
    int gate = -1;  // listening socket where `start` will say go; -1: execute() says it
    int stdio[3] = {-1, -1, -1};  // descriptors for 0, 1, 2; -1: the runtime's own
    std::vector<JoinedNamespace> joined;
    int root = -1;                // of the container, where the plan wants its descriptor
    enforce::CgroupEntry cgroup;  // where enter_cgroup goes, if the plan has that step
    const char* subject = "the container process";  // in the error, if it ends too early
    std::optional<SeccompListener> listener;  // who gets it, if the plan has the step take_listener
};

class Launch {
public:
    Launch(sys::Kernel& kernel, plan::LaunchPlan plan, LaunchOptions options);
    Launch(const Launch&) = delete;
    Launch& operator=(const Launch&) = delete;
    ~Launch();

    // From the first step through `adopt`: the namespaces exist and hold a process.
    Result<void> make_namespaces(HostSide& host);
    // From there through `commit`: the process waits for start.
    Result<void> prepare(HostSide& host);
    // Says go over the channel, and returns when execve has succeeded. Only with options.gate < 0.
    Result<void> execute();

    pid_t pid() const { return pid_; }  // of the container process, as the runtime sees it
    int pidfd() const { return pidfd_.get(); }
    int stage1() const { return stage1_; }  // the process whose user namespace waits for its maps
    const plan::LaunchPlan& plan() const { return plan_; }
    base::UniqueFd& console() {
        return console_;
    }  // the terminal's master, once the init has sent it
    Channel& channel() { return channel_; }
    // The user namespace denies setgroups(2): the init hears of it with the next order.
    void deny_groups() { order_flags_ |= wire::kGroupsDenied; }

    // The container process lives on by itself.
    void release();
    // Waits for its end: its exit status, 128 + n after signal n.
    Result<int> wait();

private:
    Result<void> spawn();
    Result<void> check_preserved(int fd) const;
    // Walks until the step after `last`, a host step, which is performed.
    Result<void> walk(HostSide& host, wire::Op last);
    Result<void> hear_until_reached(std::size_t step);
    Result<void> hear_once(bool& reached, std::size_t step);
    Result<void> await_message();
    Error died();

    sys::Kernel& kernel_;
    plan::LaunchPlan plan_;
    LaunchOptions options_;
    Channel channel_;
    std::uint32_t order_flags_ = 0;
    std::size_t cursor_ = 0;
    pid_t stage1_ = -1;
    base::UniqueFd stage1_pidfd_;
    pid_t pid_ = -1;
    base::UniqueFd pidfd_;
    base::UniqueFd console_;
    bool released_ = false;
};

// waitid's outcome as a shell tells it.
int exit_status_of(const siginfo_t& info);

}  // namespace nucleus::launch
