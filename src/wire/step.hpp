// One step of a launch as both sides know it: its operation, and the operation's place in the
// protocol.
//
// The table kOperations is the vocabulary of ARCHITECTURE.md's step list: name and side. Plain
// data, shared with the freestanding init.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nucleus::wire {

enum class Side : std::uint8_t { host, init };

enum class Op : std::uint16_t {
    set_initial_affinity,  // mask, source = the same as text
    // Stage 1: namespaces.
    join_namespace,  // fd, flags = CLONE_NEW*, mode = kJoin*
    unshare_user,    // mode = kVisible
    write_id_maps,
    check_id_maps,  // of a joined user namespace
    unshare_time,
    write_time_offsets,  // options = the lines of timens_offsets
    become_root,         // where id 0 is mapped
    execute_again,       // once id 0 is taken
    clone_container,  // flags = CLONE_NEW* of the created namespaces; fd = the unified cgroup to be
                      // born in, or -1
    enter_cgroup,
    adopt,
    attach_cgroup,
    start_unit,         // systemd makes the cgroup around the process
    set_oom_score_adj,  // value
    attach_resctrl,
    move_net_device,  // source = name outside, target = name inside, value = index in the policy
    // Stage 2: the container process's own surroundings.
    new_session,
    reset_affinity,
    set_final_affinity,  // mask, source = the same as text
    open_proc,           // the host's, for the labels below
    set_key_label,       // source = SELinux label of the keyring
    new_keyring,         // source = name
    unshare_cgroup,
    bring_up_loopback,
    set_hostname,    // source
    set_domainname,  // source
    // The root file system.
    set_propagation,  // target on the host's copy, flags = MS_*
    open_sources,     // host: fills the slots of every bind (user namespace only)
    attach_rootfs,    // source = target = path; slot
    use_host_root,    // a mount namespace that is not the container's own: source = path, or fd
    set_sysctl,       // target = path below /proc/sys, source = value
    mount_filesystem,
    mount_bind,  // flags = MS_*: the propagation that it is born with, or 0
    remount,
    label_mount,            // target, source = SELinux label
    set_mount_propagation,  // target, flags = MS_*
    make_device,            // target, mode with S_IF*, value = dev_t, uid, gid
    bind_device,            // target, source, slot
    make_link,              // target = the link, source = what it says, mode = kLink*
    open_console,  // target = path of the container's devpts, or empty: the host's; mode: window
                   // size rows<<16|columns
    send_console,
    run_prestart_hooks,
    run_create_runtime_hooks,
    run_create_container_hooks,
    pivot_root,
    move_root,
    change_root,
    set_root_propagation,  // flags = MS_*
    make_directory,        // target
    make_readonly,         // target; the whole tree below it when flags has MS_REC
    mask_path,             // target
    // The process.
    own_stdio,          // uid
    change_directory,   // source
    limit_resources,    // the plan's limits
    set_memory_policy,  // value = mode and flags, mask = nodes, source = its name
    set_personality,    // value, source = its name
    set_scheduler,      // the plan's; source = its name
    set_io_priority,    // value, source = its class
    drop_bounding_set,  // value = the set to keep
    set_groups,
    set_ids,               // uid, gid
    set_capabilities,      // the plan's capability sets
    set_umask,             // mode
    set_apparmor_profile,  // source
    set_selinux_label,     // source
    find_command,          // source = the name or path; argv[0] may differ (hooks)
    set_rlimits,
    commit,
    wait_for_start,
    end_with_runtime,  // hooks
    set_no_new_privileges,
    take_listener,  // while the init loads the filter, its next step
    load_seccomp,
    execute,
    count_,
};

struct Operation {
    Op op;
    Side side;
    const char* name;  // what error messages and `plan` say: "make device"
};

inline constexpr Operation kOperations[] = {
    {Op::set_initial_affinity, Side::init, "set initial CPU affinity"},
    {Op::join_namespace, Side::init, "join namespace"},
    {Op::unshare_user, Side::init, "unshare user namespace"},
    {Op::write_id_maps, Side::host, "write id maps"},
    {Op::check_id_maps, Side::host, "check id maps"},
    {Op::unshare_time, Side::init, "unshare time namespace"},
    {Op::write_time_offsets, Side::host, "write time offsets"},
    {Op::become_root, Side::init, "become root"},
    {Op::execute_again, Side::init, "execute again"},
    {Op::clone_container, Side::init, "clone container process"},
    {Op::enter_cgroup, Side::init, "enter cgroup"},
    {Op::adopt, Side::host, "adopt container process"},
    {Op::attach_cgroup, Side::host, "attach cgroup"},
    {Op::start_unit, Side::host, "start systemd unit"},
    {Op::set_oom_score_adj, Side::host, "set oom_score_adj"},
    {Op::attach_resctrl, Side::host, "attach resctrl group"},
    {Op::move_net_device, Side::host, "move network device"},
    {Op::new_session, Side::init, "new session"},
    {Op::reset_affinity, Side::init, "reset affinity"},
    {Op::set_final_affinity, Side::init, "set final CPU affinity"},
    {Op::open_proc, Side::init, "open procfs"},
    {Op::set_key_label, Side::init, "set SELinux label of keys"},
    {Op::new_keyring, Side::init, "new keyring"},
    {Op::unshare_cgroup, Side::init, "unshare cgroup namespace"},
    {Op::bring_up_loopback, Side::init, "bring up loopback"},
    {Op::set_hostname, Side::init, "set hostname"},
    {Op::set_domainname, Side::init, "set domainname"},
    {Op::set_propagation, Side::init, "set propagation"},
    {Op::open_sources, Side::host, "open mount sources"},
    {Op::attach_rootfs, Side::init, "attach rootfs"},
    {Op::use_host_root, Side::init, "open rootfs"},
    {Op::set_sysctl, Side::init, "set sysctl"},
    {Op::mount_filesystem, Side::init, "mount"},
    {Op::mount_bind, Side::init, "bind mount"},
    {Op::remount, Side::init, "remount"},
    {Op::label_mount, Side::init, "label mount"},
    {Op::set_mount_propagation, Side::init, "set mount propagation"},
    {Op::make_device, Side::init, "make device"},
    {Op::bind_device, Side::init, "bind device"},
    {Op::make_link, Side::init, "make link"},
    {Op::open_console, Side::init, "open console"},
    {Op::send_console, Side::host, "send console"},
    {Op::run_prestart_hooks, Side::host, "run prestart hooks"},
    {Op::run_create_runtime_hooks, Side::host, "run createRuntime hooks"},
    {Op::run_create_container_hooks, Side::host, "run createContainer hooks"},
    {Op::pivot_root, Side::init, "pivot root"},
    {Op::move_root, Side::init, "move root"},
    {Op::change_root, Side::init, "change root"},
    {Op::set_root_propagation, Side::init, "set root propagation"},
    {Op::make_directory, Side::init, "make directory"},
    {Op::make_readonly, Side::init, "make read-only"},
    {Op::mask_path, Side::init, "mask path"},
    {Op::own_stdio, Side::init, "own stdio"},
    {Op::change_directory, Side::init, "change directory"},
    {Op::limit_resources, Side::init, "set rlimits"},
    {Op::set_memory_policy, Side::init, "set memory policy"},
    {Op::set_personality, Side::init, "set personality"},
    {Op::set_scheduler, Side::host, "set scheduler"},
    {Op::set_io_priority, Side::host, "set I/O priority"},
    {Op::drop_bounding_set, Side::init, "drop bounding set"},
    {Op::set_groups, Side::init, "set groups"},
    {Op::set_ids, Side::init, "set ids"},
    {Op::set_capabilities, Side::init, "set capabilities"},
    {Op::set_umask, Side::init, "set umask"},
    {Op::set_apparmor_profile, Side::init, "set AppArmor profile"},
    {Op::set_selinux_label, Side::init, "set SELinux label"},
    {Op::find_command, Side::init, "exec"},
    {Op::set_rlimits, Side::host, "set rlimits"},
    {Op::commit, Side::host, "commit"},
    {Op::wait_for_start, Side::init, "wait for start"},
    {Op::end_with_runtime, Side::init, "end with the runtime"},
    {Op::set_no_new_privileges, Side::init, "set no_new_privs"},
    {Op::take_listener, Side::host, "take seccomp listener"},
    {Op::load_seccomp, Side::init, "load seccomp"},
    {Op::execute, Side::init, "exec"},
};

constexpr bool operations_are_in_order() {
    for (std::size_t i = 0; i < sizeof kOperations / sizeof kOperations[0]; ++i)
        if (static_cast<std::size_t>(kOperations[i].op) != i) return false;
    return sizeof kOperations / sizeof kOperations[0] == static_cast<std::size_t>(Op::count_);
}
static_assert(operations_are_in_order(), "kOperations is indexed by Op");

constexpr const Operation& operation(Op op) { return kOperations[static_cast<std::size_t>(op)]; }

}  // namespace nucleus::wire
