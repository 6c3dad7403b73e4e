#include "init/init.hpp"

namespace nucleus::init {

namespace {

struct Entry {
    wire::Op op;
    StepFunction function;
};

using wire::Op;

constexpr Entry kEntries[] = {
    {Op::set_initial_affinity, set_affinity},
    {Op::join_namespace, join_namespace},
    {Op::unshare_user, unshare_user},
    {Op::unshare_time, unshare_time},
    {Op::become_root, become_root},
    {Op::execute_again, execute_again},
    {Op::clone_container, clone_container},
    {Op::enter_cgroup, enter_cgroup},
    {Op::new_session, new_session},
    {Op::reset_affinity, reset_affinity},
    {Op::set_final_affinity, set_affinity},
    {Op::open_proc, open_proc},
    {Op::set_key_label, set_key_label},
    {Op::new_keyring, new_keyring},
    {Op::unshare_cgroup, unshare_cgroup},
    {Op::bring_up_loopback, bring_up_loopback},
    {Op::set_hostname, set_hostname},
    {Op::set_domainname, set_domainname},
    {Op::set_propagation, set_propagation},
    {Op::attach_rootfs, attach_rootfs},
    {Op::use_host_root, use_host_root},
    {Op::set_sysctl, set_sysctl},
    {Op::mount_filesystem, mount_filesystem},
    {Op::mount_bind, mount_bind},
    {Op::remount, remount},
    {Op::label_mount, label_mount},
    {Op::set_mount_propagation, set_mount_propagation},
    {Op::make_device, make_device},
    {Op::bind_device, bind_device},
    {Op::make_link, make_link},
    {Op::open_console, open_console},
    {Op::pivot_root, pivot_root},
    {Op::move_root, move_root},
    {Op::change_root, change_root},
    {Op::set_root_propagation, set_root_propagation},
    {Op::make_directory, make_directory},
    {Op::make_readonly, make_readonly},
    {Op::mask_path, mask_path},
    {Op::own_stdio, own_stdio},
    {Op::change_directory, change_directory},
    {Op::limit_resources, limit_resources},
    {Op::set_memory_policy, set_memory_policy},
    {Op::set_personality, set_personality},
    {Op::drop_bounding_set, drop_bounding_set},
    {Op::set_groups, set_groups},
    {Op::set_ids, set_ids},
    {Op::set_capabilities, set_capabilities},
    {Op::set_umask, set_umask},
    {Op::set_apparmor_profile, set_apparmor_profile},
    {Op::set_selinux_label, set_selinux_label},
    {Op::find_command, find_command},
    {Op::wait_for_start, wait_for_start},
    {Op::end_with_runtime, end_with_runtime},
    {Op::set_no_new_privileges, set_no_new_privileges},
    {Op::load_seccomp, load_seccomp},
    {Op::execute, execute},
};

// Each of the init's operations has exactly one entry; the host's have none.
constexpr bool complete() {
    for (const auto& operation : wire::kOperations) {
        int entries = 0;
        for (const auto& entry : kEntries) entries += entry.op == operation.op;
        if (entries != (operation.side == wire::Side::init ? 1 : 0)) return false;
    }
    return true;
}
static_assert(complete());

}  // namespace

StepFunction function_of(Op op) {
    for (const auto& entry : kEntries)
        if (entry.op == op) return entry.function;
    return nullptr;
}

}  // namespace nucleus::init
