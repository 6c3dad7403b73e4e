// Namespaces from the inside: joining, creating, and what belongs to the fresh ones.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "init/bytes.hpp"
#include "init/channel.hpp"
#include "init/init.hpp"
#include "init/kernel_types.hpp"

namespace nucleus::init {

namespace {

constexpr int kSetDumpable = 4;  // PR_SET_DUMPABLE

// Through the next execve.
int keep_open(int fd) { return fd < 0 ? 0 : static_cast<int>(call(__NR_fcntl, fd, F_SETFD, 0)); }

}  // namespace

int join_namespace(Init& init, const wire::Step& step) {
    if (step.mode == wire::kJoinIfWaiting && (init.waiting_joins & step.flags) == 0) return 0;
    const long error = call(__NR_setns, step.fd, step.flags);
    if (step.mode != wire::kJoinOrWait || error != -EPERM) return static_cast<int>(error);
    init.waiting_joins |= step.flags;
    return 0;
}

int unshare_user(Init&, const wire::Step& step) {
    if (long error = call(__NR_unshare, CLONE_NEWUSER); error < 0) return static_cast<int>(error);
    if (step.mode != wire::kVisible) return 0;
    // Nobody else stands in the namespace, and only the user's own processes could look.
    return static_cast<int>(call(__NR_prctl, kSetDumpable, 1, 0, 0, 0));
}

// For the children: the caller stays outside, so that offsets may still be written
// (time_namespaces(7)).
int unshare_time(Init& init, const wire::Step&) {
    const long error = call(__NR_unshare, CLONE_NEWTIME);
    if (error == -EINVAL) init.detail = "the kernel has none (CONFIG_TIME_NS)";
    return static_cast<int>(error);
}

// In a new user namespace the process has every capability but an unmapped id; files that it makes
// would be nobody's. An id 0 that is not mapped cannot be taken (EINVAL): it stays nobody then.
int become_root(Init& init, const wire::Step&) {
    long error = call(__NR_setresgid, 0, 0, 0);
    if (error >= 0) error = call(__NR_setresuid, 0, 0, 0);
    if (error < 0 && error != -EINVAL) return static_cast<int>(error);
    init.root_taken = error >= 0;
    // Changing ids with a dumpable reset is the kernel's habit (setresuid(2), prctl(2)): stay
    // hidden.
    return static_cast<int>(call(__NR_prctl, kSetDumpable, 0, 0, 0, 0));
}

// A hidden process may be entered by who has CAP_SYS_PTRACE in the user namespace in which it was
// executed (ptrace(2), "access mode checking"). An ordinary user's runtime has that in the
// container's only. As root: another's execve would take the capabilities away.
int execute_again(Init& init, const wire::Step& step) {
    if (!init.root_taken) return 0;
    const int kept[] = {init.memory, init.channel, init.header->gate};
    for (const int fd : kept)
        if (int error = keep_open(fd); error < 0) return error;
    for (unsigned i = 0; i < init.header->step_count; ++i)
        if (int error = keep_open(init.steps[i].fd); error < 0) return error;
    static Builder<24> next;
    next.clear();
    next.add(static_cast<unsigned long>(&step - init.steps) + 1);
    const char* arguments[] = {init.arguments[0],
                               init.arguments[1],
                               init.arguments[2],
                               init.arguments[3],
                               next.text(),
                               init.groups_denied ? "1" : "0",
                               nullptr};
    const char* environment[] = {nullptr};
    return static_cast<int>(
        call(__NR_execveat, init.memory, "", arguments, environment, AT_EMPTY_PATH));
}

// The container process is the host's child, not ours (CLONE_PARENT): stage 1 can go, and the
// caller's subreaper gets it later.
int clone_container(Init& init, const wire::Step& step) {
    clone_args arguments{};
    arguments.flags = step.flags | CLONE_PARENT;
    if (step.fd >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = static_cast<unsigned long>(step.fd);
    }
    if (init.memory >= 0) call(__NR_close, init.memory);
    const long pid = call(__NR_clone3, &arguments, sizeof arguments);
    if (pid < 0) return static_cast<int>(pid);
    if (pid == 0) return 0;
    const bool told = report_cloned(init, static_cast<int>(pid));
    for (;;) call(__NR_exit_group, told ? 0 : 1);
}

// A single thread that moves itself through `tasks` needs no grace period
// (cgroup_threadgroup_rwsem), unlike a pid in cgroup.procs.
int enter_cgroup(Init& init, const wire::Step&) {
    const auto* tasks = reinterpret_cast<const int*>(init.block + init.header->tasks);
    for (unsigned i = 0; i < init.header->task_count; ++i) {
        const long put = call(__NR_write, tasks[i], "0", 1);
        if (put < 0) return static_cast<int>(put);
        call(__NR_close, tasks[i]);
    }
    return 0;
}

int unshare_cgroup(Init&, const wire::Step&) {
    return static_cast<int>(call(__NR_unshare, CLONE_NEWCGROUP));
}

int bring_up_loopback(Init&, const wire::Step&) {
    const long fd = call(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return static_cast<int>(fd);
    ifreq request{};
    request.ifr_name[0] = 'l';
    request.ifr_name[1] = 'o';
    long error = call(__NR_ioctl, fd, SIOCGIFFLAGS, &request);
    if (error >= 0) {
        request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
        error = call(__NR_ioctl, fd, SIOCSIFFLAGS, &request);
    }
    call(__NR_close, fd);
    return static_cast<int>(error);
}

int set_hostname(Init& init, const wire::Step& step) {
    return static_cast<int>(call(__NR_sethostname, init.text(step.source), step.source.size));
}

int set_domainname(Init& init, const wire::Step& step) {
    return static_cast<int>(call(__NR_setdomainname, init.text(step.source), step.source.size));
}

}  // namespace nucleus::init
