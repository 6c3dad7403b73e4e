// policy → plan of create: the security order of a container start, top to bottom. ARCHITECTURE.md
// has a row for each step.
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "plan/filled_mounts.hpp"
#include "plan/launch_plan.hpp"
#include "plan/process.hpp"

namespace nucleus::plan {

namespace {

using policy::ContainerPolicy;
using policy::MountPolicy;
using wire::Op;

class Compiler {
public:
    Compiler(const ContainerPolicy& policy, const CreateFacts& facts)
        : policy_(policy),
          facts_(facts),
          namespaces_(policy.namespaces),
          own_mounts_(namespaces_.creates(NamespaceKind::mnt)),
          user_namespace_(namespaces_.separate(NamespaceKind::user)),
          ordinary_(facts.caller == Caller::ordinary),
          host_opens_(user_namespace_ && !ordinary_),
          bind_nodes_(user_namespace_ || facts.nodes == Nodes::bound) {}

    LaunchPlan compile() {
        plan_.steps.reserve(96);  // the default bundle has 80: no step is moved as the list grows
        enter_namespaces();
        if (!plan_.spawned_with) open_proc();
        adopt();
        if (plan_.spawned_with) open_proc();
        attach_resctrl();
        move_net_devices();
        set_up_namespaces();
        if (own_mounts_)
            build_root();
        else
            add({.op = Op::use_host_root, .source = policy_.rootfs.path});
        if (!own_mounts_) set_sysctls();
        add_console();
        run_hooks();
        if (own_mounts_)
            close_root();
        else
            add({.op = Op::change_root});
        const Limiter limiter = user_namespace_ ? Limiter::host : Limiter::init;
        add_process_steps(plan_, *policy_.process, policy_.seccomp, limiter);
        add({.op = Op::commit});
        add_start_steps(plan_, *policy_.process);
        plan_.preserve_fds = facts_.preserve_fds;
        if (facts_.listen_fds > 0) announce_descriptors();
        return std::move(plan_);
    }

private:
    void add(Step step) { plan_.steps.push_back(std::move(step)); }

    // sd_listen_fds(3). With a pid namespace of its own the process is number 1; runc says so
    // without one too.
    void announce_descriptors() {
        std::erase_if(plan_.env, [](const std::string& variable) {
            return variable.starts_with("LISTEN_FDS=") || variable.starts_with("LISTEN_PID=");
        });
        plan_.env.push_back("LISTEN_FDS=" + std::to_string(facts_.listen_fds));
        plan_.env.emplace_back("LISTEN_PID=1");
    }

    void enter_namespaces() {
        const bool joins_user = namespaces_.joins(NamespaceKind::user);
        join_all_but_user(joins_user ? wire::kJoinOrWait : wire::kJoinNow);
        if (joins_user) {
            add_join(NamespaceKind::user, wire::kJoinNow);
            add({.op = Op::check_id_maps});
        } else if (user_namespace_) {
            add({.op = Op::unshare_user, .mode = ordinary_ ? wire::kVisible : 0});
            add({.op = Op::write_id_maps});
        }
        if (namespaces_.creates(NamespaceKind::time)) add_time_namespace();
        if (user_namespace_) add({.op = Op::become_root});
        if (joins_user) join_all_but_user(wire::kJoinIfWaiting);
        if (user_namespace_ && ordinary_) add({.op = Op::execute_again});
        // No clone can make these two rightly: a cgroup namespace is rooted where the parent is,
        // time offsets come before the first task.
        constexpr std::uint64_t kNotByClone =
            CLONE_NEWCGROUP | CLONE_NEWUSER | 0x80 /* CLONE_NEWTIME */;
        const std::uint64_t created = namespaces_.clone_flags() & ~kNotByClone;
        if (plan_.steps.empty())
            plan_.spawned_with = created;
        else
            add({.op = Op::clone_container, .flags = created});
    }

    // Before anything is joined where something is; else the process is born into a copy of the
    // host's mounts. In both it is the host's own /proc.
    void open_proc() {
        if (!has_labels(*policy_.process)) return;
        plan_.steps.insert(plan_.spawned_with ? plan_.steps.end() : plan_.steps.begin(),
                           {.op = Op::open_proc});
    }

    void add_join(NamespaceKind kind, std::uint32_t mode) {
        add({.op = Op::join_namespace,
             .source = namespaces_.use(kind).path,
             .flags = names_of(kind).clone_flag,
             .mode = mode});
    }

    void join_all_but_user(std::uint32_t mode) {
        for (NamespaceKind kind : kNamespaceKinds)
            if (kind != NamespaceKind::user && namespaces_.joins(kind) &&
                !(kind == NamespaceKind::cgroup && joins_cgroup_late()))
                add_join(kind, mode);
    }

    // Under nsdelegate nobody may be born into a cgroup out of the parent's cgroup namespace
    // (cgroup-v2.rst, "Delegation Containment"); a move from outside is the host's.
    bool joins_cgroup_late() const { return facts_.cgroup_entry == CgroupEntry::by_itself; }

    // Within the container's user namespace, which then owns it; the offsets before the first
    // process enters: later the kernel refuses them.
    void add_time_namespace() {
        add({.op = Op::unshare_time});
        Step offsets{.op = Op::write_time_offsets};
        for (const TimeOffset& offset : namespaces_.time_offsets()) {
            const int clock =
                offset.clock == TimeOffset::Clock::monotonic ? CLOCK_MONOTONIC : CLOCK_BOOTTIME;
            offsets.options.push_back(std::to_string(clock) + " " + std::to_string(offset.seconds) +
                                      " " + std::to_string(offset.nanoseconds));
        }
        if (!offsets.options.empty()) add(std::move(offsets));
    }

    // The host knows a process that it has spawned itself: the init waits only to be moved.
    void adopt() {
        const bool moved = facts_.cgroup_entry == CgroupEntry::from_outside ||
                           facts_.cgroup_entry == CgroupEntry::by_systemd;
        const bool waits = !plan_.spawned_with || moved;
        if (waits && facts_.cgroup_entry == CgroupEntry::by_itself) add({.op = Op::enter_cgroup});
        add({.op = Op::adopt});
        if (moved)
            add({.op = facts_.cgroup_entry == CgroupEntry::by_systemd ? Op::start_unit
                                                                      : Op::attach_cgroup});
        if (policy_.process->oom_score_adj)
            add({.op = Op::set_oom_score_adj,
                 .value =
                     static_cast<std::uint64_t>(std::int64_t{*policy_.process->oom_score_adj})});
        if (waits) return;
        plan_.unawaited = static_cast<std::uint32_t>(plan_.steps.size());
        if (facts_.cgroup_entry == CgroupEntry::by_itself) add({.op = Op::enter_cgroup});
    }

    void attach_resctrl() {
        if (policy_.intel_rdt) add({.op = Op::attach_resctrl});
    }

    // While the process is alive that keeps their new namespace, and before the sysctls: those of a
    // device (net.ipv4.conf.eth0...) are there only once it is.
    void move_net_devices() {
        for (std::size_t i = 0; i < policy_.net_devices.size(); ++i)
            add({.op = Op::move_net_device,
                 .target = policy_.net_devices[i].name,
                 .source = policy_.net_devices[i].host_name,
                 .value = i});
    }

    void set_up_namespaces() {
        add({.op = Op::new_session});
        add({.op = Op::reset_affinity});
        if (facts_.new_keyring && !policy_.process->selinux_label.empty())
            add({.op = Op::set_key_label, .source = policy_.process->selinux_label});
        if (facts_.new_keyring) add({.op = Op::new_keyring, .source = "_ses." + facts_.id});
        if (namespaces_.creates(NamespaceKind::cgroup)) add({.op = Op::unshare_cgroup});
        if (namespaces_.joins(NamespaceKind::cgroup) && joins_cgroup_late())
            add_join(NamespaceKind::cgroup, wire::kJoinNow);
        if (namespaces_.creates(NamespaceKind::net)) add({.op = Op::bring_up_loopback});
        if (!policy_.hostname.empty()) add({.op = Op::set_hostname, .source = policy_.hostname});
        if (!policy_.domainname.empty())
            add({.op = Op::set_domainname, .source = policy_.domainname});
    }

    void build_root() {
        add({.op = Op::set_propagation,
             .target = policy_.rootfs.path,
             .flags = initial_propagation()});
        if (host_opens_)
            plan_.sources.push_back(
                {.path = policy_.rootfs.path, .recursive = true, .rootfs = true});
        if (host_opens_ || has_id_map()) add({.op = Op::open_sources});
        add({.op = Op::attach_rootfs, .source = policy_.rootfs.path, .slot = host_opens_ ? 0 : -1});
        set_sysctls();
        for (const MountPolicy& mount : policy_.rootfs.mounts)
            if (is_filled(policy_, mount))
                add_filled_mount(mount);
            else
                add_mount(mount);
        if (!dev_is_the_hosts()) add_devices();
    }

    // While the root is built. Shared: binds of shared host trees stay peers of the host's, as the
    // bundle asks. An unbindable tree could not be bound from. The container's root itself gets its
    // word at the end (set root propagation).
    std::uint64_t initial_propagation() const {
        switch (policy_.rootfs.propagation & ~std::uint64_t{MS_REC}) {
            case MS_SHARED:
                return MS_SHARED;
            case MS_PRIVATE:
                return MS_PRIVATE | MS_REC;
            default:
                return MS_SLAVE | MS_REC;
        }
    }

    // A path below /proc/sys: dots become slashes, and slashes (in an interface's name) dots, as
    // sysctl(8) has it.
    void set_sysctls() {
        for (const auto& [name, value] : policy_.sysctl) {
            std::string path = name;
            for (char& c : path) c = c == '.' ? '/' : c == '/' ? '.' : c;
            add({.op = Op::set_sysctl, .target = path, .source = value});
        }
    }

    int slot_for(const std::string& path, bool recursive) {
        if (!host_opens_) return -1;
        plan_.sources.push_back({.path = path, .recursive = recursive});
        return static_cast<int>(plan_.sources.size()) - 1;
    }

    bool has_id_map() const {
        for (const MountPolicy& mount : policy_.rootfs.mounts)
            if (mount.id_map) return true;
        return false;
    }

    // The host maps the ids of a tree that it opens, and has the user namespace for any other: the
    // kernel asks for rights over both (mount_setattr(2), MOUNT_ATTR_IDMAP).
    int slot_for(const MountPolicy& mount) {
        const bool bind = mount.kind == MountPolicy::Kind::bind;
        if (!mount.id_map && !(bind && host_opens_)) return -1;
        plan_.sources.push_back({.path = bind ? mount.source : "",
                                 .recursive = mount.recursive,
                                 .id_map = mount.id_map,
                                 .pointer = mount.pointer});
        return static_cast<int>(plan_.sources.size()) - 1;
    }

    static Step with_attributes(const MountPolicy& mount, Step step) {
        step.attributes_set = mount.attributes_set;
        step.attributes_clear = mount.attributes_clear;
        step.recursive_set = mount.recursive_set;
        step.recursive_clear = mount.recursive_clear;
        step.pointer = mount.pointer;
        return step;
    }

    // In a user namespace the kernel may refuse a new proc or sysfs. The host's shows the same
    // where the container has the host's processes, or its network; of sysfs only if nothing of it
    // can be written, since it brings along all that is mounted below.
    bool may_bind_instance(const MountPolicy& mount) const {
        if (!bind_nodes_ || mount.kind != MountPolicy::Kind::filesystem) return false;
        if (mount.type == "proc") return namespaces_.inherits(NamespaceKind::pid);
        return mount.type == "sysfs" && namespaces_.inherits(NamespaceKind::net) &&
               (mount.attributes_set & MOUNT_ATTR_RDONLY) != 0;
    }

    // "linux.mountLabel will set the SELinux context for the mounts in the container": for those
    // that are the container's own. One instance of the others serves the whole machine, or, of
    // mqueue, the ipc namespace: that one's root is labelled.
    std::vector<std::string> options_of(const MountPolicy& mount) const {
        std::vector<std::string> options = mount.filesystem_options;
        constexpr std::string_view kShared[] = {"proc", "sysfs", "mqueue", "cgroup", "cgroup2"};
        const std::string& label = policy_.rootfs.mount_label;
        if (label.empty() || mount.kind != MountPolicy::Kind::filesystem) return options;
        for (const std::string_view shared : kShared)
            if (mount.type == shared) return options;
        for (const std::string& option : options)
            if (option.starts_with("context=")) return options;
        options.push_back("context=" + label);
        return options;
    }

    // Open until all stands that is made in it (close_root).
    void add_filled_mount(const MountPolicy& mount) {
        constexpr std::uint64_t kReadOnly = MOUNT_ATTR_RDONLY;
        MountPolicy open = mount;
        open.attributes_set &= ~kReadOnly;
        open.recursive_set &= ~kReadOnly;
        open.superblock_flags &= ~std::uint64_t{MS_RDONLY};
        add_mount(open);
        seals_.push_back({.op = Op::remount,
                          .target = mount.destination,
                          .flags = mount.superblock_flags & MS_RDONLY,
                          .attributes_set = kReadOnly,
                          .pointer = mount.pointer});
    }

    void add_mount(const MountPolicy& mount) {
        switch (mount.kind) {
            case MountPolicy::Kind::bind:
                add(with_attributes(mount, {.op = Op::mount_bind,
                                            .target = mount.destination,
                                            .source = mount.source,
                                            .mode = mount.recursive ? 1U : 0U,
                                            .slot = slot_for(mount)}));
                break;
            case MountPolicy::Kind::filesystem:
            case MountPolicy::Kind::remount:
                add(with_attributes(
                    mount, {.op = mount.kind == MountPolicy::Kind::remount ? Op::remount
                                                                           : Op::mount_filesystem,
                            .target = mount.destination,
                            .source = mount.source,
                            .type = mount.type,
                            .options = options_of(mount),
                            .flags = mount.superblock_flags,
                            .value = mount.superblock_flags_clear,
                            .mode = (mount.copy_up ? wire::kCopyUp : 0) |
                                    (may_bind_instance(mount) ? wire::kBindIfRefused : 0),
                            .slot = slot_for(mount)}));
                break;
            case MountPolicy::Kind::cgroup:
                add_cgroup_mount(mount);
                break;
        }
        if (mount.type == "mqueue" && !policy_.rootfs.mount_label.empty())
            add({.op = Op::label_mount,
                 .target = mount.destination,
                 .source = policy_.rootfs.mount_label});
        for (std::uint64_t propagation : mount.propagation)
            add({.op = Op::set_mount_propagation,
                 .target = mount.destination,
                 .flags = propagation,
                 .pointer = mount.pointer});
    }

    // A v1 hierarchy has one superblock, and a mount of it from a cgroup namespace shows the
    // subtree of that namespace's root (cgroup_namespaces(7)): a private bind of the container's
    // directory is the same mount for half the price. One owned by another user namespace may only
    // be mounted anew, and so may the hierarchy in which the container has no directory.
    bool is_mounted_anew(const CgroupView::Hierarchy& hierarchy) const {
        if (!namespaces_.separate(NamespaceKind::cgroup)) return false;
        const bool v1 = !hierarchy.options.empty();
        return !v1 || user_namespace_ || hierarchy.host_path.empty() ||
               namespaces_.joins(NamespaceKind::cgroup);
    }

    // The hierarchy itself where the container has a cgroup namespace; else its own directory of
    // it.
    void add_cgroup_hierarchy(const MountPolicy& mount, const CgroupView::Hierarchy& hierarchy,
                              std::string target) {
        if (!is_mounted_anew(hierarchy)) {
            add(with_attributes(mount, {.op = Op::mount_bind,
                                        .target = std::move(target),
                                        .source = hierarchy.host_path,
                                        .flags = MS_PRIVATE,
                                        .slot = slot_for(hierarchy.host_path, false)}));
            return;
        }
        Step step =
            with_attributes(mount, {.op = Op::mount_filesystem,
                                    .target = std::move(target),
                                    .source = "cgroup",
                                    .type = hierarchy.options.empty() ? "cgroup2" : "cgroup"});
        std::string_view rest = hierarchy.options;
        while (!rest.empty()) {
            const std::size_t comma = rest.find(',');
            step.options.emplace_back(rest.substr(0, comma));
            rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
        }
        add(std::move(step));
    }

    void add_cgroup_mount(const MountPolicy& mount) {
        if (facts_.cgroups.unified_only) {
            for (const auto& hierarchy : facts_.cgroups.hierarchies)
                add_cgroup_hierarchy(mount, hierarchy, mount.destination);
            return;
        }
        // A directory of hierarchies: writable while it is filled.
        MountPolicy directory = mount;
        directory.attributes_set &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
        add(with_attributes(directory, {.op = Op::mount_filesystem,
                                        .target = mount.destination,
                                        .source = "tmpfs",
                                        .type = "tmpfs",
                                        .options = {"mode=755"}}));
        for (const auto& hierarchy : facts_.cgroups.hierarchies)
            add_cgroup_hierarchy(mount, hierarchy, mount.destination + "/" + hierarchy.name);
        for (const auto& link : facts_.cgroups.links)
            add({.op = Op::make_link,
                 .target = mount.destination + "/" + link.name,
                 .source = link.target});
        if ((mount.attributes_set & MOUNT_ATTR_RDONLY) != 0)
            add({.op = Op::remount,
                 .target = mount.destination,
                 .attributes_set = MOUNT_ATTR_RDONLY});
    }

    // The bundle mounts the host's own /dev: its nodes and links are not ours to change.
    bool dev_is_the_hosts() const {
        for (const MountPolicy& mount : policy_.rootfs.mounts)
            if (mount.kind == MountPolicy::Kind::bind && mount.destination == "/dev") return true;
        return false;
    }

    bool has_mount(std::string_view destination) const {
        for (const MountPolicy& mount : policy_.rootfs.mounts)
            if (mount.destination == destination) return true;
        return false;
    }

    void add_devices() {
        for (const policy::DeviceNode& node : policy_.devices.nodes) {
            if (bind_nodes_) {
                // No node can be made there (mknod(2), EPERM): the host's own is bound.
                add({.op = Op::bind_device,
                     .target = node.path,
                     .source = node.path,
                     .slot = slot_for(node.path, false)});
                continue;
            }
            const std::uint32_t type = node.type == policy::DeviceNode::Type::block  ? S_IFBLK
                                       : node.type == policy::DeviceNode::Type::fifo ? S_IFIFO
                                                                                     : S_IFCHR;
            add({.op = Op::make_device,
                 .target = node.path,
                 .value = std::uint64_t{node.major} << 32 | node.minor,
                 .mode = type | node.mode,
                 .uid = node.uid,
                 .gid = node.gid});
        }
        // config-linux.md#default-devices and runtime-linux.md#dev-symbolic-links.
        constexpr struct {
            const char *target, *source;
            std::uint32_t mode;
        } kLinks[] = {{"/dev/fd", "/proc/self/fd", wire::kLinkAlways},
                      {"/dev/stdin", "/proc/self/fd/0", wire::kLinkAlways},
                      {"/dev/stdout", "/proc/self/fd/1", wire::kLinkAlways},
                      {"/dev/stderr", "/proc/self/fd/2", wire::kLinkAlways},
                      {"/dev/core", "/proc/kcore", wire::kLinkIfHostHasSource}};
        for (const auto& link : kLinks)
            add({.op = Op::make_link,
                 .target = link.target,
                 .source = link.source,
                 .mode = link.mode});
        if (has_mount("/dev/pts"))
            add({.op = Op::make_link,
                 .target = "/dev/ptmx",
                 .source = "pts/ptmx",
                 .mode = wire::kLinkReplaces});
    }

    void add_console() {
        if (!policy_.process->terminal) return;
        const auto size = policy_.process->console_size.value_or(spec::Box{});
        add({.op = Op::open_console,
             .target = has_mount("/dev/pts") ? "/dev/pts" : "",
             .value = std::uint64_t{size.height & 0xffff} << 16 | (size.width & 0xffff),
             .mode = own_mounts_ ? 1U : 0U /* /dev/console */});
        add({.op = Op::send_console});
    }

    void run_hooks() {
        const auto add_hooks = [&](policy::HookKind kind, Op op) {
            if (!policy_.hooks.of(kind).empty()) add({.op = op});
        };
        add_hooks(policy::HookKind::prestart, Op::run_prestart_hooks);
        add_hooks(policy::HookKind::create_runtime, Op::run_create_runtime_hooks);
        add_hooks(policy::HookKind::create_container, Op::run_create_container_hooks);
    }

    // Hiding comes before the pivot: the null device that hides files is the host's.
    void close_root() {
        add({.op = Op::make_directory, .target = policy_.process->cwd});
        for (Step& seal : seals_) add(std::move(seal));
        if (policy_.rootfs.readonly) add({.op = Op::make_readonly, .target = "/"});
        for (const auto& path : policy_.rootfs.readonly_paths)
            add({.op = Op::make_readonly, .target = path, .flags = MS_REC});
        for (const auto& path : policy_.rootfs.masked_paths)
            add({.op = Op::mask_path, .target = path});
        add({.op = facts_.no_pivot ? Op::move_root : Op::pivot_root});
        if (policy_.rootfs.propagation != 0)
            add({.op = Op::set_root_propagation,
                 .flags = policy_.rootfs.propagation & ~std::uint64_t{MS_REC}});
    }

    const ContainerPolicy& policy_;
    const CreateFacts& facts_;
    const NamespaceConfig& namespaces_;
    const bool own_mounts_;
    const bool user_namespace_;
    const bool ordinary_;
    const bool host_opens_;  // the mounts' sources, since mapped root cannot walk host directories
    const bool bind_nodes_;
    std::vector<Step> seals_;  // of read-only file systems that are filled first
    LaunchPlan plan_;
};

}  // namespace

LaunchPlan compile_create(const ContainerPolicy& policy, const CreateFacts& facts) {
    return Compiler(policy, facts).compile();
}

}  // namespace nucleus::plan
