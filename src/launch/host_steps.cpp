#include "launch/host_steps.hpp"

#include <errno.h>
#include <fcntl.h>

#include "launch/console.hpp"
#include "launch/mount_sources.hpp"
#include "launch/scheduling.hpp"
#include "sys/files.hpp"

namespace nucleus::launch {

using wire::Op;

Result<void> HostSteps::perform(Launch& launch, const plan::Step& step) {
    struct Entry {
        Op op;
        Result<void> (HostSteps::*function)(Launch&, const plan::Step&);
    };
    static constexpr Entry kEntries[] = {
        {Op::write_id_maps, &HostSteps::write_id_maps},
        {Op::check_id_maps, &HostSteps::check_id_maps},
        {Op::write_time_offsets, &HostSteps::write_time_offsets},
        {Op::adopt, &HostSteps::adopt},
        {Op::attach_cgroup, &HostSteps::attach_cgroup},
        {Op::start_unit, &HostSteps::start_unit},
        {Op::set_oom_score_adj, &HostSteps::set_oom_score_adj},
        {Op::attach_resctrl, &HostSteps::attach_resctrl},
        {Op::move_net_device, &HostSteps::move_net_device},
        {Op::open_sources, &HostSteps::open_sources},
        {Op::send_console, &HostSteps::send_console},
        {Op::run_prestart_hooks, &HostSteps::run_prestart_hooks},
        {Op::run_create_runtime_hooks, &HostSteps::run_create_runtime_hooks},
        {Op::run_create_container_hooks, &HostSteps::run_create_container_hooks},
        {Op::set_scheduler, &HostSteps::set_scheduler},
        {Op::set_io_priority, &HostSteps::set_io_priority},
        {Op::set_rlimits, &HostSteps::set_rlimits},
        {Op::commit, &HostSteps::commit},
    };
    for (const Entry& entry : kEntries)
        if (entry.op == step.op) return (this->*entry.function)(launch, step);
    return Error(Errc::system, std::string("no host step '") + wire::operation(step.op).name + "'");
}

Result<void> HostSteps::write_id_maps(Launch& launch, const plan::Step&) {
    auto denied = in_.mapper->write_maps(launch.stage1());
    if (!denied) return std::move(denied).error().in("write id maps");
    if (!*denied) return {};
    if (!launch.plan().groups.empty())
        return Error(
            Errc::invalid_config,
            "config.json /process/user/additionalGids: the kernel denies setgroups(2) where "
            "an ordinary user maps its own gid alone; newgidmap maps a range");
    launch.deny_groups();
    return {};
}

// Stage 1 stands in the namespace that it has joined: the first moment at which its maps can be
// read.
Result<void> HostSteps::check_id_maps(Launch& launch, const plan::Step&) {
    auto joined = UserNamespaceMapper::read(kernel_, launch.stage1());
    if (!joined) return std::move(joined).error().in("the user namespace that is joined");
    if (joined->groups_denied) launch.deny_groups();
    return policy::check_joined_user_namespace(*in_.policy, *joined);
}

Result<void> HostSteps::write_time_offsets(Launch& launch, const plan::Step& step) {
    const std::string file = "/proc/" + std::to_string(launch.stage1()) + "/timens_offsets";
    std::string lines;
    for (const std::string& line : step.options) lines += line + "\n";
    auto written = sys::write_existing(kernel_, AT_FDCWD, file, lines);
    // time_namespaces(7): the clock would be negative, or past half of what it can count.
    if (!written && written.error().errnum() == ERANGE)
        return Error(
            Errc::invalid_config,
            "config.json /linux/timeOffsets: a clock would leave the range that the kernel "
            "counts in");
    return std::move(written).in("write time offsets");
}

Result<void> HostSteps::adopt(Launch& launch, const plan::Step&) {
    return in_.adopt ? in_.adopt(launch.pid()) : Result<void>();
}

Result<void> HostSteps::attach_cgroup(Launch& launch, const plan::Step&) {
    if (in_.cgroup == nullptr) return {};
    auto moved = in_.beside > 0 ? in_.cgroup->attach_beside(launch.pid(), in_.beside)
                                : in_.cgroup->attach(launch.pid());
    return std::move(moved).in("attach cgroup");
}

Result<void> HostSteps::start_unit(Launch& launch, const plan::Step&) {
    return in_.cgroup->attach(launch.pid()).in("start systemd unit");
}

Result<void> HostSteps::set_oom_score_adj(Launch& launch, const plan::Step& step) {
    const std::string file = "/proc/" + std::to_string(launch.pid()) + "/oom_score_adj";
    const std::string wanted = std::to_string(static_cast<std::int64_t>(step.value));
    // What is so already is not demanded: lowering needs CAP_SYS_RESOURCE, which may be missing.
    NUCLEUS_TRY(const std::string present, sys::read_file(kernel_, AT_FDCWD, file));
    if (present == wanted + "\n") return {};
    return sys::write_existing(kernel_, AT_FDCWD, file, wanted).in("set oom_score_adj");
}

Result<void> HostSteps::attach_resctrl(Launch& launch, const plan::Step&) {
    return in_.resctrl->attach(launch.pid()).in("attach resctrl group");
}

Result<void> HostSteps::move_net_device(Launch& launch, const plan::Step& step) {
    const std::string clause = "move network device '" + step.source + "'";
    NUCLEUS_CHECK(in_.net_devices->open(launch.pidfd()).in(clause));
    return in_.net_devices
        ->move((*in_.net_device_policies)[step.value], launch.pid(), in_.note_net_device)
        .in(clause);
}

Result<void> HostSteps::open_sources(Launch& launch, const plan::Step&) {
    return open_mount_sources(kernel_, launch);
}

Result<void> HostSteps::send_console(Launch& launch, const plan::Step&) {
    if (!launch.console()) return Error(Errc::system, "the init sent no terminal");
    if (in_.console_socket.empty()) return {};
    NUCLEUS_CHECK(launch::send_console(kernel_, in_.console_socket, launch.console().get())
                      .in("send console"));
    launch.console().reset();
    return {};
}

Result<void> HostSteps::run_prestart_hooks(Launch&, const plan::Step&) {
    return run_host_hooks(kernel_, *in_.hooks, policy::HookKind::prestart, in_.state_outside());
}

Result<void> HostSteps::run_create_runtime_hooks(Launch&, const plan::Step&) {
    return run_host_hooks(kernel_, *in_.hooks, policy::HookKind::create_runtime,
                          in_.state_outside());
}

Result<void> HostSteps::run_create_container_hooks(Launch& launch, const plan::Step&) {
    return run_container_hooks(kernel_, *in_.hooks, policy::HookKind::create_container,
                               in_.state_inside(),
                               {launch.pidfd(), in_.rootfs, in_.namespaces, in_.cgroup});
}

Result<void> HostSteps::set_scheduler(Launch& launch, const plan::Step&) {
    return launch::set_scheduler(kernel_, launch.pid(), *launch.plan().scheduler)
        .in("set scheduler");
}

Result<void> HostSteps::set_io_priority(Launch& launch, const plan::Step& step) {
    return launch::set_io_priority(kernel_, launch.pid(), static_cast<std::uint32_t>(step.value))
        .in("set I/O priority '" + step.source + "'");
}

Result<void> HostSteps::set_rlimits(Launch& launch, const plan::Step&) {
    for (const policy::Rlimit& limit : *in_.rlimits) {
        const rlimit wanted{limit.soft, limit.hard};
        if (int error =
                kernel_.prlimit(launch.pid(), static_cast<int>(limit.resource), &wanted, nullptr);
            error < 0)
            return Error::from_errno(-error, "set rlimit '" + limit.name + "'");
    }
    return {};
}

Result<void> HostSteps::commit(Launch&, const plan::Step&) {
    return in_.commit ? in_.commit() : Result<void>();
}

}  // namespace nucleus::launch
