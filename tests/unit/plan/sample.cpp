#include "sample.hpp"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>

namespace nucleus::plan::testing {

namespace {

using policy::ContainerPolicy;
using policy::DeviceNode;
using policy::MountPolicy;

constexpr std::uint64_t kHardened = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV;
// CAP_KILL, CAP_NET_BIND_SERVICE, CAP_AUDIT_WRITE.
constexpr std::uint64_t kGranted = 1U << 5 | 1U << 10 | 1U << 29;

MountPolicy filesystem(std::string destination, std::string type, std::uint64_t attributes,
                       std::vector<std::string> options = {}) {
    MountPolicy mount;
    mount.destination = std::move(destination);
    mount.source = type;
    mount.type = std::move(type);
    mount.attributes_set = attributes;
    mount.filesystem_options = std::move(options);
    return mount;
}

MountPolicy bind(std::string source, std::string destination, bool recursive) {
    MountPolicy mount;
    mount.kind = MountPolicy::Kind::bind;
    mount.source = std::move(source);
    mount.destination = std::move(destination);
    mount.recursive = recursive;
    return mount;
}

std::vector<MountPolicy> default_mounts() {
    std::vector<MountPolicy> mounts{
        filesystem("/proc", "proc", 0),
        filesystem("/dev", "tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME,
                   {"mode=755", "size=65536k"}),
        filesystem("/dev/pts", "devpts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
                   {"newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
        filesystem("/dev/shm", "tmpfs", kHardened, {"mode=1777", "size=65536k"}),
        filesystem("/dev/mqueue", "mqueue", kHardened),
        filesystem("/sys", "sysfs", kHardened | MOUNT_ATTR_RDONLY),
        filesystem("/sys/fs/cgroup", "cgroup", kHardened | MOUNT_ATTR_RDONLY),
    };
    mounts[1].attributes_clear = MOUNT_ATTR__ATIME;
    mounts[5].superblock_flags = MS_RDONLY;
    mounts[6].kind = MountPolicy::Kind::cgroup;
    return mounts;
}

policy::ProcessPolicy default_process() {
    policy::ProcessPolicy process;
    process.args = {"sh"};
    process.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
    process.cwd = "/";
    process.capabilities = policy::CapabilityPolicy{kGranted, kGranted, 0, kGranted, 0};
    process.rlimits = {{7, "RLIMIT_NOFILE", 1024, 1024}};
    process.no_new_privileges = true;
    return process;
}

}  // namespace

ContainerPolicy default_policy() {
    ContainerPolicy policy;
    policy.namespaces = NamespaceConfig::all();
    policy.rootfs.path = "/bundle/rootfs";
    policy.rootfs.readonly = true;
    policy.rootfs.mounts = default_mounts();
    policy.rootfs.masked_paths = {"/proc/kcore", "/sys/firmware"};
    policy.rootfs.readonly_paths = {"/proc/bus", "/proc/sys"};
    policy.devices.nodes = {
        {DeviceNode::Type::character, "/dev/null", 1, 3, 0666, 0, 0},
        {DeviceNode::Type::character, "/dev/zero", 1, 5, 0666, 0, 0},
        {DeviceNode::Type::character, "/dev/tty", 5, 0, 0666, 0, 0},
    };
    policy.seccomp.emplace();
    policy.seccomp->filter_flags = SECCOMP_FILTER_FLAG_LOG;
    policy.process = default_process();
    policy.hostname = "nucleus";
    return policy;
}

ContainerPolicy notify_policy() {
    ContainerPolicy policy = default_policy();
    policy.seccomp->default_action.kind = policy::SeccompAction::Kind::notify;
    policy.seccomp->listener_path = "/run/agent.sock";
    policy.seccomp->filter_flags = SECCOMP_FILTER_FLAG_TSYNC;
    return policy;
}

ContainerPolicy user_namespace_policy() {
    ContainerPolicy policy = default_policy();
    policy.namespaces = policy.namespaces.with_created(NamespaceKind::user);
    policy.user_namespace = UserNamespaceConfig::root_remapped();
    policy.rootfs.mounts.push_back(bind("/host/data", "/data", true));
    return policy;
}

ContainerPolicy joined_policy() {
    ContainerPolicy policy = default_policy();
    policy.namespaces = policy.namespaces.with_joined(NamespaceKind::ipc, "/run/pod/ipc")
                            .with_joined(NamespaceKind::uts, "/run/pod/uts")
                            .with_joined(NamespaceKind::net, "/run/pod/net")
                            .with_joined(NamespaceKind::pid, "/proc/7/ns/pid");
    policy.hostname.clear();
    return policy;
}

ContainerPolicy joined_user_policy() {
    ContainerPolicy policy = inherited_mounts_policy();
    policy.namespaces = policy.namespaces.with_joined(NamespaceKind::user, "/run/pod/user")
                            .with_joined(NamespaceKind::net, "/run/pod/net")
                            .with_joined(NamespaceKind::mnt, "/run/pod/mnt");
    policy.sysctl.clear();
    return policy;
}

ContainerPolicy time_policy() {
    ContainerPolicy policy = user_namespace_policy();
    policy.namespaces = policy.namespaces.with_time_namespace(true).with_time_offsets(
        {{TimeOffset::Clock::monotonic, 86400, 7}, {TimeOffset::Clock::boottime, -5, 0}});
    return policy;
}

ContainerPolicy inherited_mounts_policy() {
    ContainerPolicy policy = default_policy();
    policy.namespaces = policy.namespaces.with(NamespaceKind::mnt, {});
    policy.rootfs = {.path = "/bundle/rootfs"};
    policy.devices.nodes.clear();
    policy.sysctl = {{"kernel.domainname", "example"}};
    return policy;
}

ContainerPolicy hooks_policy() {
    ContainerPolicy policy = default_policy();
    using policy::HookKind;
    for (const HookKind kind :
         {HookKind::prestart, HookKind::create_runtime, HookKind::create_container,
          HookKind::start_container, HookKind::poststart, HookKind::poststop})
        policy.hooks.hooks[kind] = {sample_hook()};
    return policy;
}

ContainerPolicy terminal_policy() {
    ContainerPolicy policy = default_policy();
    policy.process->terminal = true;
    policy.process->console_size = spec::Box{24, 80};
    return policy;
}

ContainerPolicy rare_policy() {
    ContainerPolicy policy = default_policy();
    policy.domainname = "example";
    policy.sysctl = {{"net.core.somaxconn", "64"}, {"net.ipv4.conf.eth0/1.forwarding", "1"}};
    policy.rootfs.readonly = false;
    policy.rootfs.propagation = MS_SHARED | MS_REC;
    MountPolicy data = bind("/host/data", "/data", true);
    data.attributes_set = MOUNT_ATTR_NODEV;
    data.attributes_clear = MOUNT_ATTR_RDONLY;
    data.recursive_set = MOUNT_ATTR_NOSUID;
    data.recursive_clear = MOUNT_ATTR_NOEXEC;
    data.propagation = {MS_SLAVE | MS_REC, MS_SHARED};
    policy.rootfs.mounts.push_back(data);
    policy.rootfs.mounts.push_back(filesystem("/scratch", "tmpfs", 0, {"size=1m"}));
    policy.rootfs.mounts.back().copy_up = true;
    policy.rootfs.mounts.back().superblock_flags = MS_SYNCHRONOUS;
    policy.rootfs.mounts.back().superblock_flags_clear = MS_LAZYTIME;
    policy.rootfs.mounts.push_back(filesystem("/scratch", "", MOUNT_ATTR_RDONLY));
    policy.rootfs.mounts.back().kind = MountPolicy::Kind::remount;
    policy.devices.nodes.push_back({DeviceNode::Type::block, "/dev/disk", 8, 300, 0640, 10, 6});
    policy.devices.nodes.push_back({DeviceNode::Type::fifo, "/dev/pipe", 0, 0, 0600, 0, 0});
    policy::ProcessPolicy& process = *policy.process;
    process.uid = 1000;
    process.gid = 1001;
    process.additional_gids = {5, 1002};
    process.umask = 027;
    process.cwd = "/work";
    process.oom_score_adj = -500;
    process.no_new_privileges = false;
    process.env.push_back("HOME=/work");
    process.capabilities->inheritable = kGranted;
    process.capabilities->ambient = kGranted;
    return policy;
}

ContainerPolicy scheduled_policy() {
    ContainerPolicy policy = default_policy();
    policy::ProcessPolicy& process = *policy.process;
    process.scheduler =
        policy::SchedulerPolicy{"SCHED_DEADLINE", 6, 1, 0, 0, 1'000'000, 2'000'000, 3'000'000};
    process.io_priority = policy::IoPriority{"IOPRIO_CLASS_BE", 2U << 13 | 7};
    process.exec_cpu_affinity = policy::ExecCpuAffinity{{"0", {1}}, {"0-1,64", {3, 1}}};
    process.memory_policy = policy::MemoryPolicy{"MPOL_BIND", 2, {"0", {1}}};
    process.personality = policy::Personality{"LINUX32|UNAME26", 0x20008};
    return policy;
}

ContainerPolicy idmapped_policy(bool user_namespace) {
    ContainerPolicy policy = user_namespace ? user_namespace_policy() : default_policy();
    MountPolicy data = bind("/host/data", "/data", true);
    const auto mappings = UserNamespaceConfig::custom({{0, 1000, 1}, {1, 2000, 5}}, {{0, 3000, 1}},
                                                      UserNamespaceConfig::HostRoot::allowed);
    data.id_map = policy::MountIdMap{.recursive = true, .mappings = mappings.value()};
    policy.rootfs.mounts.push_back(data);
    MountPolicy scratch = filesystem("/scratch", "tmpfs", 0, {"size=1m"});
    if (user_namespace) scratch = bind("/host/scratch", "/scratch", false);
    scratch.id_map = policy::MountIdMap{.recursive = false, .mappings = {}};
    if (!user_namespace) scratch.id_map->mappings = mappings.value();
    policy.rootfs.mounts.push_back(scratch);
    return policy;
}

ContainerPolicy labels_policy() {
    ContainerPolicy policy = default_policy();
    policy.rootfs.mount_label = "u:object_r:mount_t";
    policy.process->apparmor_profile = "box";
    policy.process->selinux_label = "u:r:box_t";
    policy.intel_rdt = policy::IntelRdtPolicy{};
    policy.net_devices = {{"eth1", "net%d", "/linux/netDevices/eth1"}};
    return policy;
}

CgroupView v1_view() {
    CgroupView view;
    view.hierarchies = {
        {"cpu,cpuacct", "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/c1"},
        {"memory", "memory", "/sys/fs/cgroup/memory/c1"},
        {"systemd", "none,name=systemd", "/sys/fs/cgroup/systemd/c1"},
    };
    view.links = {{"cpu", "cpu,cpuacct"}, {"cpuacct", "cpu,cpuacct"}};
    return view;
}

CgroupView v2_view() {
    CgroupView view;
    view.unified_only = true;
    view.hierarchies = {{"", "", "/sys/fs/cgroup/c1"}};
    return view;
}

CreateFacts default_facts() { return {.id = "c1", .cgroups = v1_view()}; }

ExecFacts default_exec() {
    return {.id = "c1",
            .namespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET,
            .new_keyring = true,
            .seccomp = default_policy().seccomp};
}

spec::Hook sample_hook() { return {"/usr/bin/hook", {"hook", "argument"}, {"NAME=value"}, 5}; }

std::vector<NamedPlan> sample_plans() {
    const CreateFacts facts = default_facts();
    const auto with = [](const CreateFacts& from, auto change) {
        CreateFacts changed = from;
        change(changed);
        return changed;
    };
    const auto no_pivot = with(facts, [](CreateFacts& f) { f.no_pivot = true; });
    const auto bare = with(facts, [](CreateFacts& f) {
        f.new_keyring = false;
        f.preserve_fds = 2;
    });
    const auto outside =
        with(facts, [](CreateFacts& f) { f.cgroup_entry = CgroupEntry::from_outside; });
    const auto systemd =
        with(facts, [](CreateFacts& f) { f.cgroup_entry = CgroupEntry::by_systemd; });
    const auto no_cgroup = with(facts, [](CreateFacts& f) { f.cgroup_entry = CgroupEntry::none; });
    const auto v2 = with(facts, [](CreateFacts& f) { f.cgroups = v2_view(); });
    const auto ordinary = with(no_cgroup, [](CreateFacts& f) {
        f.caller = Caller::ordinary;
        f.nodes = Nodes::bound;
    });
    const auto nested = with(facts, [](CreateFacts& f) { f.nodes = Nodes::bound; });
    ContainerPolicy hosts_network = user_namespace_policy();
    hosts_network.namespaces = hosts_network.namespaces.with(NamespaceKind::net, {});
    ContainerPolicy no_cgroup_namespace = default_policy();
    no_cgroup_namespace.namespaces = no_cgroup_namespace.namespaces.with_cgroup_namespace(false);
    ContainerPolicy host_dev = default_policy();
    host_dev.rootfs.mounts = {filesystem("/proc", "proc", 0), bind("/dev", "/dev", true)};
    policy::ProcessPolicy exec_terminal = *terminal_policy().process;
    exec_terminal.oom_score_adj = 100;
    const ExecFacts exec = default_exec();
    ExecFacts start_hook = exec;
    start_hook.new_keyring = false;
    start_hook.command = "/hook";
    ExecFacts exec_user = exec;
    exec_user.namespaces |= CLONE_NEWUSER;
    exec_user.cgroup_entry = CgroupEntry::from_outside;
    exec_user.seccomp.reset();
    exec_user.become_root = exec_user.groups_denied = true;
    ExecFacts exec_labels = exec;
    exec_labels.resctrl = true;
    ExecFacts exec_root = exec;
    exec_root.namespaces &= ~std::uint64_t{CLONE_NEWNS};
    exec_root.root_by_descriptor = true;
    const policy::ProcessPolicy process = *default_policy().process;
    ContainerPolicy scheduled_in_user_namespace = user_namespace_policy();
    scheduled_in_user_namespace.process = scheduled_policy().process;
    scheduled_in_user_namespace.process->memory_policy = policy::MemoryPolicy{"MPOL_LOCAL", 4, {}};
    return {
        {"default", compile_create(default_policy(), facts)},
        {"user-namespace", compile_create(user_namespace_policy(), outside)},
        {"joined-namespaces", compile_create(joined_policy(), facts)},
        {"joined-user-namespace", compile_create(joined_user_policy(), outside)},
        {"time-namespace", compile_create(time_policy(), outside)},
        {"ordinary-user", compile_create(hosts_network, ordinary)},
        {"root-of-a-user-namespace", compile_create(default_policy(), nested)},
        {"inherited-mount-namespace", compile_create(inherited_mounts_policy(), facts)},
        {"hooks", compile_create(hooks_policy(), facts)},
        {"terminal", compile_create(terminal_policy(), facts)},
        {"no-pivot", compile_create(default_policy(), no_pivot)},
        {"no-keyring-preserved-descriptors", compile_create(default_policy(), bare)},
        {"without-cgroup", compile_create(default_policy(), no_cgroup)},
        {"cgroup-v2", compile_create(default_policy(), v2)},
        {"cgroup-v1-without-namespace", compile_create(no_cgroup_namespace, facts)},
        {"host-dev", compile_create(host_dev, facts)},
        {"moved-from-outside", compile_create(default_policy(), outside)},
        {"systemd", compile_create(default_policy(), systemd)},
        {"seccomp-notify", compile_create(notify_policy(), facts)},
        {"idmapped", compile_create(idmapped_policy(false), facts)},
        {"idmapped-user-namespace", compile_create(idmapped_policy(true), facts)},
        {"rare", compile_create(rare_policy(), facts)},
        {"scheduled", compile_create(scheduled_policy(), facts)},
        {"scheduled-user-namespace", compile_create(scheduled_in_user_namespace, outside)},
        {"exec-scheduled", compile_exec(*scheduled_policy().process, exec)},
        {"labels", compile_create(labels_policy(), facts)},
        {"exec", compile_exec(process, exec)},
        {"exec-labels", compile_exec(*labels_policy().process, exec_labels)},
        {"exec-terminal", compile_exec(exec_terminal, exec)},
        {"exec-user-namespace", compile_exec(process, exec_user)},
        {"exec-inherited-mount-namespace", compile_exec(process, exec_root)},
        {"start-container-hook", compile_exec(process, start_hook)},
        {"create-container-hook",
         compile_namespace_hook(sample_hook(), CLONE_NEWNS | CLONE_NEWPID, "/bundle/rootfs")},
    };
}

}  // namespace nucleus::plan::testing
