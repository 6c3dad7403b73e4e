// The host's steps of create and exec (ARCHITECTURE.md: side "host"), each a function with the name
// of its operation.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "enforce/cgroup.hpp"
#include "enforce/net_devices.hpp"
#include "enforce/resctrl.hpp"
#include "launch/hooks.hpp"
#include "launch/launch.hpp"
#include "launch/user_namespace_mapper.hpp"

namespace nucleus::launch {

// What the steps work with. References outlive the walk; what a launch has not got stays empty.
struct HostInputs {
    const UserNamespaceMapper* mapper = nullptr;
    const policy::ContainerPolicy* policy = nullptr;  // what a joined user namespace must fit
    enforce::CgroupBackend* cgroup = nullptr;
    pid_t beside = 0;  // a process of the container, for one that joins it (exec)
    const std::vector<policy::Rlimit>* rlimits = nullptr;
    const policy::HookSet* hooks = nullptr;
    std::function<HookState()> state_outside,
        state_inside;              // state.pid as the host and as the container sees it
    std::uint64_t namespaces = 0;  // CLONE_NEW* of the container that differ from ours
    std::string rootfs;            // where createContainer hooks run
    std::string console_socket;    // empty: the master stays in Launch::console()
    enforce::Resctrl* resctrl = nullptr;
    enforce::NetDevices* net_devices = nullptr;
    const std::vector<policy::NetDevicePolicy>* net_device_policies = nullptr;
    // A device is about to move: write it down.
    std::function<Result<void>(const state::NetDeviceRecord&)> note_net_device;
    std::function<Result<void>(pid_t)> adopt;  // the process exists: write it down
    std::function<Result<void>()> commit;      // everything is done but the start
};

class HostSteps final : public HostSide {
public:
    HostSteps(sys::Kernel& kernel, HostInputs inputs) : kernel_(kernel), in_(std::move(inputs)) {}

    Result<void> perform(Launch& launch, const plan::Step& step) override;

private:
    Result<void> write_id_maps(Launch& launch, const plan::Step& step);
    Result<void> check_id_maps(Launch& launch, const plan::Step& step);
    Result<void> write_time_offsets(Launch& launch, const plan::Step& step);
    Result<void> adopt(Launch& launch, const plan::Step& step);
    Result<void> attach_cgroup(Launch& launch, const plan::Step& step);
    Result<void> start_unit(Launch& launch, const plan::Step& step);
    Result<void> set_oom_score_adj(Launch& launch, const plan::Step& step);
    Result<void> attach_resctrl(Launch& launch, const plan::Step& step);
    Result<void> move_net_device(Launch& launch, const plan::Step& step);
    Result<void> open_sources(Launch& launch, const plan::Step& step);
    Result<void> send_console(Launch& launch, const plan::Step& step);
    Result<void> run_prestart_hooks(Launch& launch, const plan::Step& step);
    Result<void> run_create_runtime_hooks(Launch& launch, const plan::Step& step);
    Result<void> run_create_container_hooks(Launch& launch, const plan::Step& step);
    Result<void> set_scheduler(Launch& launch, const plan::Step& step);
    Result<void> set_io_priority(Launch& launch, const plan::Step& step);
    Result<void> set_rlimits(Launch& launch, const plan::Step& step);
    Result<void> commit(Launch& launch, const plan::Step& step);

    sys::Kernel& kernel_;
    HostInputs in_;
};

}  // namespace nucleus::launch
