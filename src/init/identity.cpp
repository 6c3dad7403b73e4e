// Who the process is: session, keyring, ids, capabilities, directory.
#include <errno.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/resource.h>

#include "init/bytes.hpp"
#include "init/init.hpp"

namespace nucleus::init {

namespace {

constexpr int kLastCapability = 63;  // of the kernel's two 32-bit words

struct CapabilityState {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct words[2]{};
};

unsigned long permitted_now() {
    CapabilityState state;
    if (call(__NR_capget, &state.header, state.words) < 0) return 0;
    return state.words[0].permitted | static_cast<unsigned long>(state.words[1].permitted) << 32;
}

struct LimitName {
    unsigned resource;
    const char* name;
};

constexpr LimitName kLimitNames[] = {
    {RLIMIT_AS, "RLIMIT_AS"},           {RLIMIT_CORE, "RLIMIT_CORE"},
    {RLIMIT_CPU, "RLIMIT_CPU"},         {RLIMIT_DATA, "RLIMIT_DATA"},
    {RLIMIT_FSIZE, "RLIMIT_FSIZE"},     {RLIMIT_LOCKS, "RLIMIT_LOCKS"},
    {RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK"}, {RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE"},
    {RLIMIT_NICE, "RLIMIT_NICE"},       {RLIMIT_NOFILE, "RLIMIT_NOFILE"},
    {RLIMIT_NPROC, "RLIMIT_NPROC"},     {RLIMIT_RSS, "RLIMIT_RSS"},
    {RLIMIT_RTPRIO, "RLIMIT_RTPRIO"},   {RLIMIT_RTTIME, "RLIMIT_RTTIME"},
    {RLIMIT_STACK, "RLIMIT_STACK"},     {RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING"},
};

const char* name_of_limit(unsigned resource) {
    for (const LimitName& limit : kLimitNames)
        if (limit.resource == resource) return limit.name;
    return "";
}

}  // namespace

int new_session(Init& init, const wire::Step&) {
    // Files and nodes get the modes that the bundle says; the caller's mask comes back with
    // set_umask.
    init.caller_umask = static_cast<unsigned>(call(__NR_umask, 0));
    const long error = call(__NR_setsid);
    return error < 0 ? static_cast<int>(error) : 0;
}

int new_keyring(Init& init, const wire::Step& step) {
    const long key = call(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, init.text(step.source));
    if (key == -ENOSYS) return 0;  // a kernel without keys has none to share
    if (key < 0) return static_cast<int>(key);
    // The owner may search it, beyond what the kernel gives a new session keyring (keyrings(7)).
    constexpr unsigned long kPossessorAllUserSearch = 0x3f1b0000;
    const long error = call(__NR_keyctl, KEYCTL_SETPERM, key, kPossessorAllUserSearch);
    return error < 0 ? static_cast<int>(error) : 0;
}

int change_directory(Init& init, const wire::Step& step) {
    if (long error = call(__NR_chdir, init.text(step.source)); error < 0)
        return static_cast<int>(error);
    // A descriptor of the host's would give a directory outside (CVE-2024-21626): the kernel then
    // says "(unreachable)".
    static char path[kPathMax];
    const long size = call(__NR_getcwd, path, sizeof path);
    if (size < 0) return static_cast<int>(size);
    if (path[0] != '/') {
        init.detail = "the directory is outside of the container's root";
        return -ENOENT;
    }
    return 0;
}

int limit_resources(Init& init, const wire::Step&) {
    const auto* limits =
        reinterpret_cast<const wire::ResourceLimit*>(init.block + init.header->rlimits);
    for (unsigned i = 0; i < init.header->rlimit_count; ++i) {
        const unsigned long wanted[2] = {limits[i].soft, limits[i].hard};
        if (long error = call(__NR_prlimit64, 0, limits[i].resource, wanted, 0); error < 0) {
            init.detail = name_of_limit(limits[i].resource);
            return static_cast<int>(error);
        }
    }
    return 0;
}

int drop_bounding_set(Init&, const wire::Step& step) {
    for (int capability = 0; capability <= kLastCapability; ++capability) {
        if ((step.value >> capability & 1) != 0) continue;
        const long error = call(__NR_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
        if (error == -EINVAL) break;  // past the kernel's last one
        if (error < 0) return static_cast<int>(error);
    }
    return 0;
}

int set_groups(Init& init, const wire::Step&) {
    // Those of the runtime's caller stay then: no one may take them off.
    if (init.groups_denied && init.header->group_count == 0) return 0;
    const long error =
        call(__NR_setgroups, init.header->group_count, init.block + init.header->groups);
    return error < 0 ? static_cast<int>(error) : 0;
}

int set_ids(Init&, const wire::Step& step) {
    // Kept across the change of uid, so that set_capabilities can still choose (capabilities(7)).
    if (long error = call(__NR_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0); error < 0)
        return static_cast<int>(error);
    if (long error = call(__NR_setresgid, step.gid, step.gid, step.gid); error < 0)
        return static_cast<int>(error);
    if (long error = call(__NR_setresuid, step.uid, step.uid, step.uid); error < 0)
        return static_cast<int>(error);
    return 0;
}

int set_capabilities(Init& init, const wire::Step& step) {
    const wire::CapabilitySets& wanted = init.header->capabilities;
    // What the runtime has not got it cannot give; the host has warned of it
    // (config.md#linux-process).
    const unsigned long available = permitted_now();
    // `value` is CAP_SYS_ADMIN where the seccomp filter needs it to load; the execve takes it away
    // again.
    const unsigned long permitted = (wanted.permitted | step.value) & available;
    const unsigned long effective = (wanted.effective | step.value) & permitted;
    const unsigned long inheritable = wanted.inheritable & available;
    CapabilityState state;
    for (int word = 0; word < 2; ++word) {
        state.words[word].permitted = static_cast<unsigned>(permitted >> (32 * word));
        state.words[word].effective = static_cast<unsigned>(effective >> (32 * word));
        state.words[word].inheritable = static_cast<unsigned>(inheritable >> (32 * word));
    }
    if (long error = call(__NR_capset, &state.header, state.words); error < 0)
        return static_cast<int>(error);
    if (long error = call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); error < 0)
        return static_cast<int>(error);
    const unsigned long ambient = wanted.ambient & wanted.permitted & permitted & inheritable;
    for (int capability = 0; capability <= kLastCapability; ++capability)
        if ((ambient >> capability & 1) != 0)
            if (long error =
                    call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
                error < 0)
                return static_cast<int>(error);
    // A change of ids makes a process dumpable again where suid_dumpable says so (proc(5)).
    return static_cast<int>(call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0));
}

int set_umask(Init& init, const wire::Step& step) {
    constexpr unsigned kCallers = ~0U;
    call(__NR_umask, step.mode == kCallers ? init.caller_umask : step.mode);
    return 0;
}

}  // namespace nucleus::init
