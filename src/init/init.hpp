// The init program's state and its steps: one function an operation, in the files named after what
// they touch. Each returns 0 or -errno, and may say in `detail` what within the step failed.
// Nothing allocates; buffers are static or on the stack.
#pragma once

#include "init/syscall.hpp"
#include "wire/message.hpp"
#include "wire/plan.hpp"

namespace nucleus::init {

inline constexpr int kPathMax = 4096;

struct Init {
    char* block = nullptr;  // the plan, writable and private
    const wire::Header* header = nullptr;
    const wire::Step* steps = nullptr;
    int channel = -1;                        // to the host: the creator's, then who said go's
    int memory = -1;                         // the memfd, where the plan executes it again
    const char* const* arguments = nullptr;  // what this program was executed with
    unsigned first = 0;                      // step to begin with
    bool root_taken = false;                 // by become_root
    int root = -1;      // the container's root as seen before the pivot, then "/"
    int parent = -1;    // open_parent_in_root's last answer
    int made_in = -1;   // the directory in which open_in_root made the last target, if nothing else
                        // was opened since
    int proc_sys = -1;  // /proc/sys of a procfs of our own, opened by the first sysctl
    int proc = -1;      // the host's procfs, while labels are still to be written
    unsigned caller_umask = 022;
    int mask_directory = -1;          // the shared empty tmpfs of masked directories
    int null_device = -1;             // the host's /dev/null, proven to be it
    std::uint64_t waiting_joins = 0;  // CLONE_NEW* of what is joined after the user namespace
    bool groups_denied = false;       // by the user namespace: the host has looked
    const char* command = nullptr;    // what find_command found
    const char* detail = "";

    const char* text(wire::Text text) const { return block + text.offset; }
    int* slots() const { return reinterpret_cast<int*>(block + header->slots); }
};

using StepFunction = int (*)(Init&, const wire::Step&);

// namespaces.cpp
int join_namespace(Init&, const wire::Step&);
int unshare_user(Init&, const wire::Step&);
int unshare_time(Init&, const wire::Step&);
int become_root(Init&, const wire::Step&);
int execute_again(Init&, const wire::Step&);
int clone_container(Init&, const wire::Step&);
int enter_cgroup(Init&, const wire::Step&);
int unshare_cgroup(Init&, const wire::Step&);
int bring_up_loopback(Init&, const wire::Step&);
int set_hostname(Init&, const wire::Step&);
int set_domainname(Init&, const wire::Step&);
// root.cpp
int set_propagation(Init&, const wire::Step&);
int attach_rootfs(Init&, const wire::Step&);
int use_host_root(Init&, const wire::Step&);
int pivot_root(Init&, const wire::Step&);
int move_root(Init&, const wire::Step&);
int change_root(Init&, const wire::Step&);
int set_root_propagation(Init&, const wire::Step&);
// mounts.cpp
int mount_filesystem(Init&, const wire::Step&);
int mount_bind(Init&, const wire::Step&);
int remount(Init&, const wire::Step&);
int set_mount_propagation(Init&, const wire::Step&);
// hide.cpp
int make_readonly(Init&, const wire::Step&);
int mask_path(Init&, const wire::Step&);
// devices.cpp
int make_device(Init&, const wire::Step&);
int bind_device(Init&, const wire::Step&);
int make_link(Init&, const wire::Step&);
int make_directory(Init&, const wire::Step&);
// console.cpp
int open_console(Init&, const wire::Step&);
int own_stdio(Init&, const wire::Step&);
// sysctl.cpp
int set_sysctl(Init&, const wire::Step&);
// labels.cpp
int open_proc(Init&, const wire::Step&);
int set_key_label(Init&, const wire::Step&);
int set_apparmor_profile(Init&, const wire::Step&);
int set_selinux_label(Init&, const wire::Step&);
int label_mount(Init&, const wire::Step&);
// identity.cpp
int new_session(Init&, const wire::Step&);
int new_keyring(Init&, const wire::Step&);
int change_directory(Init&, const wire::Step&);
int limit_resources(Init&, const wire::Step&);
int drop_bounding_set(Init&, const wire::Step&);
int set_groups(Init&, const wire::Step&);
int set_ids(Init&, const wire::Step&);
int set_capabilities(Init&, const wire::Step&);
int set_umask(Init&, const wire::Step&);
// scheduling.cpp
int reset_affinity(Init&, const wire::Step&);
int set_affinity(Init&, const wire::Step&);
int set_memory_policy(Init&, const wire::Step&);
int set_personality(Init&, const wire::Step&);
// program.cpp
int find_command(Init&, const wire::Step&);
int set_no_new_privileges(Init&, const wire::Step&);
int load_seccomp(Init&, const wire::Step&);
int execute(Init&, const wire::Step&);
// gate.cpp
int wait_for_start(Init&, const wire::Step&);
int end_with_runtime(Init&, const wire::Step&);

// The function of each operation of the init's side, null for the host's (steps.cpp).
StepFunction function_of(wire::Op op);
// Walks the list from the first step to the last: returns the exit status (walk.cpp).
int walk(Init& init);

}  // namespace nucleus::init
