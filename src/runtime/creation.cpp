#include "runtime/creation.hpp"
#include "launch/console.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include <algorithm>

#include "enforce/seccomp.hpp"
#include "enforce/seccomp_support.hpp"
#include "enforce/security_labels.hpp"
#include "runtime/gate.hpp"
#include "runtime/start_hooks.hpp"
#include "spec/parse.hpp"
#include "state/process.hpp"
#include "sys/files.hpp"

namespace nucleus::runtime {

namespace {

Result<void> check_rootfs(sys::Kernel& kernel, const std::string& path) {
    struct stat facts {};
    const int error = kernel.fstatat(AT_FDCWD, path.c_str(), facts, 0);
    const std::string clause = "config.json /root/path: '" + path + "'";
    if (error < 0) return Error::from_errno(-error, clause);
    if (!S_ISDIR(facts.st_mode)) return Error(Errc::invalid_config, clause + ": is no directory");
    return {};
}

// Of the runtime, where the container stays if it may have none of its own.
std::string own_cgroup(const enforce::CgroupLayout& layout, const std::string& controller) {
    for (const auto& hierarchy : layout.v1)
        for (const auto& name : hierarchy.controllers)
            if (name == controller) return hierarchy.mount_point + hierarchy.own_path;
    return layout.unified ? layout.unified->mount_point + layout.unified->own_path : std::string();
}

plan::CgroupView view_of(const enforce::CgroupLayout& layout, const state::CgroupRecord& record) {
    plan::CgroupView view;
    const auto path = [&](const std::string& controller) {
        const auto found = record.paths.find(controller);
        return found != record.paths.end() ? found->second : own_cgroup(layout, controller);
    };
    if (layout.pure_v2()) {
        view.unified_only = true;
        view.hierarchies.push_back({"", "", path("")});
        return view;
    }
    for (const auto& shown : enforce::container_cgroup_views(layout)) {
        view.hierarchies.push_back({shown.directory, shown.mount_options, path(shown.controller)});
        for (const auto& link : shown.symlinks) view.links.push_back({link, shown.directory});
    }
    return view;
}

}  // namespace

Result<void> check_console(sys::Kernel& kernel, bool terminal, bool detached,
                           const std::string& console_socket) {
    if (detached && terminal && console_socket.empty())
        return Error(Errc::invalid_argument,
                     "cannot allocate tty if nucleus will detach without setting console socket");
    if (!(detached && terminal) && !console_socket.empty())
        return Error(Errc::invalid_argument,
                     "cannot use console socket if nucleus will not detach or allocate tty");
    termios settings{};
    if (terminal && !detached && kernel.ioctl(STDIN_FILENO, TCGETS, &settings) < 0)
        return Error(Errc::invalid_argument,
                     "cannot show the terminal: standard input is not a terminal");
    return {};
}

void warn_of_missing_capabilities(sys::Kernel& kernel, const policy::ProcessPolicy& process,
                                  Warnings& warnings) {
    std::uint64_t available = 0;
    if (!process.capabilities || kernel.permitted_capabilities(available) < 0) return;
    const auto& sets = *process.capabilities;
    const std::uint64_t missing =
        (sets.bounding | sets.effective | sets.permitted | sets.inheritable | sets.ambient) &
        ~available;
    if (missing == 0) return;
    std::string numbers;
    for (int capability = 0; capability < 64; ++capability)
        if ((missing >> capability & 1) != 0) numbers += " " + policy::capability_name(capability);
    warnings.push_back("capabilities that nucleus itself has not got cannot be given:" + numbers);
}

Result<void> Creation::make() {
    NUCLEUS_CHECK(state::validate_id(request_.id));
    NUCLEUS_CHECK(read_bundle());
    NUCLEUS_CHECK(check_console(session_.kernel, policy_.process->terminal, detached_,
                                request_.console_socket));
    NUCLEUS_CHECK(plan_cgroup());
    NUCLEUS_CHECK(claim());
    if (auto acquired = acquire(); !acquired) return fail(std::move(acquired).error());
    if (auto prepared = prepare(); !prepared) return fail(std::move(prepared).error());
    return {};
}

Result<void> Creation::read_bundle() {
    sys::Kernel& kernel = session_.kernel;
    const bool absolute = !request_.config.empty() && request_.config.front() == '/';
    const std::string name = request_.config.empty() ? "config.json" : request_.config;
    const std::string path = absolute ? name : request_.bundle + "/" + name;
    NUCLEUS_TRY(config_, sys::read_file(kernel, AT_FDCWD, path, spec::kMaxConfigBytes));
    NUCLEUS_TRY(const spec::Spec parsed, spec::parse(config_));
    NUCLEUS_CHECK(joined_.open(kernel, parsed));
    record_.own_namespaces = joined_.own();
    NUCLEUS_TRY(policy_, policy::translate(parsed,
                                           {.bundle = request_.bundle,
                                            .host_root = session_.is_root(),
                                            .ordinary = session_.is_ordinary(),
                                            .own_namespaces = joined_.own()},
                                           warnings_));
    if (!policy_.process) {
        if (start_ == Start::by_creator)
            return Error(Errc::invalid_config,
                         "config.json /process: required: there is nothing to start");
        // It waits, and start will refuse (config.md#process: "REQUIRED when start is called").
        policy_.process.emplace().cwd = "/";
    }
    // In a mount namespace that is joined it is another's tree: the init will look.
    if (!policy_.namespaces.joins(NamespaceKind::mnt))
        NUCLEUS_CHECK(check_rootfs(kernel, policy_.rootfs.path));
    if (policy_.seccomp) NUCLEUS_CHECK(enforce::check_seccomp_flags(kernel, *policy_.seccomp));
    NUCLEUS_CHECK(enforce::check_labels(kernel, *policy_.process, "config.json /process"));
    NUCLEUS_CHECK(enforce::check_mount_label(kernel, policy_.rootfs));
    if (policy_.intel_rdt) {
        NUCLEUS_TRY(record_.resctrl,
                    enforce::plan_resctrl(kernel, *policy_.intel_rdt, request_.id));
    }
    record_.id = request_.id;
    record_.oci_version = parsed.oci_version;
    record_.bundle = request_.bundle;
    record_.rootfs = policy_.rootfs.path;
    record_.created = timestamp(kernel);
    record_.owner_uid = kernel.geteuid();
    record_.separate_pid_namespace = policy_.namespaces.creates(NamespaceKind::pid);
    record_.new_keyring = !request_.no_new_keyring;
    record_.no_pivot = request_.no_pivot;
    record_.annotations = policy_.annotations;
    if (start_ == Start::at_gate) record_.socket = kGateName;
    if (policy_.namespaces.inherits(NamespaceKind::user))
        warn_of_missing_capabilities(kernel, *policy_.process, warnings_);
    return {};
}

Result<void> Creation::plan_cgroup() {
    if (session_.settings.cgroup_manager == CgroupManager::disabled) {
        record_.cgroup.manager = "disabled";
        return {};
    }
    NUCLEUS_TRY(layout_, enforce::detect_cgroups(session_.kernel));
    if (session_.settings.cgroup_manager == CgroupManager::systemd) return plan_systemd_unit();
    NUCLEUS_TRY(record_.cgroup,
                enforce::plan_cgroup(session_.kernel, layout_, policy_.cgroup, request_.id,
                                     {.rootless = !session_.is_host_root()}));
    return {};
}

// The id is ours from here on, and all that will be acquired is written down.
Result<void> Creation::claim() {
    NUCLEUS_TRY(directory_, session_.store.create(request_.id));
    // A cgroup that could not be removed stays on record, so that delete can try again.
    cleanup_.push([this] { return cgroup_left_ ? Result<void>() : directory_->remove(); });
    const auto claimed = [&]() -> Result<void> {
        NUCLEUS_TRY(lock_, directory_->lock());
        // The record last: where there is one, the configuration is whole.
        NUCLEUS_CHECK(directory_->save_config(config_));
        return directory_->save(record_);
    }();
    if (!claimed) return fail(claimed.error());
    return {};
}

Result<void> Creation::acquire() {
    if (!cgroup_) {
        NUCLEUS_TRY(cgroup_, cgroup_of(session_, record_));
    }
    if (cgroup_) {
        cleanup_.push([this] {
            // Found empty: processes in it are ours to end. Else only directories that we made go.
            auto removed = owns_cgroup_ ? remove_cgroup(*cgroup_) : remove_made();
            cgroup_left_ = !removed;
            return removed;
        });
        NUCLEUS_CHECK(cgroup_->create(policy_.cgroup, warnings_).in("create cgroup"));
        owns_cgroup_ = true;
        NUCLEUS_CHECK(
            cgroup_->apply(policy_.cgroup, policy_.devices, warnings_).in("set cgroup limits"));
        if (policy_.cgroup.owner)
            NUCLEUS_CHECK(
                cgroup_->delegate(*policy_.cgroup.owner, warnings_).in("delegate cgroup"));
    }
    if (!cgroup_) NUCLEUS_CHECK(refuse_limits());
    if (record_.resctrl) {
        resctrl_.emplace(session_.kernel, *record_.resctrl);
        cleanup_.push([this] { return resctrl_->destroy(); });
        NUCLEUS_CHECK(resctrl_->create(*policy_.intel_rdt));
    }
    if (start_ == Start::at_gate) {
        NUCLEUS_TRY(gate_, listen_at_gate(session_.kernel, directory_->dirfd()));
    }
    return {};
}

// No cgroup may be made here: nothing of what was asked of it may be lost in silence.
Result<void> Creation::refuse_limits() {
    if (record_.cgroup.manager == "disabled") return {};
    NUCLEUS_TRY(const auto none, enforce::open_cgroup(session_.kernel, record_.cgroup,
                                                      {.rootless = !session_.is_host_root()}));
    auto refused = none->create(policy_.cgroup, warnings_);
    if (!refused) return std::move(refused).in("this user may make no cgroup");
    return {};
}

Result<void> Creation::remove_made() {
    NUCLEUS_TRY(const auto made, own_cgroup_of(session_, record_));
    return made ? made->destroy() : Result<void>();
}

plan::CgroupEntry Creation::cgroup_entry() const {
    if (!cgroup_) return plan::CgroupEntry::none;
    if (!record_.cgroup.unit.empty()) return plan::CgroupEntry::by_systemd;
    const bool no_process_fits = layout_.pure_v2() && policy_.cgroup.resources.pids_limit == 0;
    return policy_.namespaces.separate(NamespaceKind::user) || no_process_fits
               ? plan::CgroupEntry::from_outside
               : plan::CgroupEntry::by_itself;
}

plan::LaunchPlan Creation::compile() const {
    plan::CreateFacts facts;
    facts.id = request_.id;
    facts.cgroup_entry = cgroup_entry();
    facts.cgroups = view_of(layout_, record_.cgroup);
    facts.no_pivot = request_.no_pivot;
    facts.new_keyring = !request_.no_new_keyring;
    facts.preserve_fds = request_.listen_fds + request_.preserve_fds;
    facts.listen_fds = request_.listen_fds;
    facts.caller = session_.is_ordinary() ? plan::Caller::ordinary : plan::Caller::privileged;
    facts.nodes = session_.is_host_root() ? plan::Nodes::made : plan::Nodes::bound;
    return plan::compile_create(policy_, facts);
}

bool Creation::made_its_cgroup() const {
    const auto& made = record_.cgroup.made;
    return cgroup_ &&
           std::all_of(record_.cgroup.paths.begin(), record_.cgroup.paths.end(),
                       [&](const auto& entry) {
                           return std::find(made.begin(), made.end(), entry.second) != made.end();
                       });
}

bool Creation::has_creation_hooks() const {
    for (const auto kind : {policy::HookKind::prestart, policy::HookKind::create_runtime,
                            policy::HookKind::create_container})
        if (!policy_.hooks.of(kind).empty()) return true;
    return false;
}

launch::HostInputs Creation::host_inputs() {
    launch::HostInputs in;
    in.mapper = mapper_ ? &*mapper_ : nullptr;
    in.policy = &policy_;
    in.cgroup = cgroup_.get();
    in.rlimits = &policy_.process->rlimits;
    in.hooks = &policy_.hooks;
    in.namespaces = separate_flags(policy_.namespaces);
    in.rootfs = policy_.rootfs.path;
    in.console_socket = request_.console_socket;
    in.state_outside = [this] {
        hooks_ran_ = true;
        return launch::hook_state(record_, "creating", launch_->pid());
    };
    in.state_inside = [this] {
        hooks_ran_ = true;
        const bool own = policy_.namespaces.creates(NamespaceKind::pid);
        return launch::hook_state(record_, "creating", own ? 1 : launch_->pid());
    };
    in.resctrl = resctrl_ ? &*resctrl_ : nullptr;
    in.net_devices = net_devices_ ? &*net_devices_ : nullptr;
    in.net_device_policies = &policy_.net_devices;
    in.note_net_device = [this](const state::NetDeviceRecord& device) -> Result<void> {
        // A namespace of the container's own ends with its init, and the kernel decides about what
        // is in it.
        if (!policy_.namespaces.joins(NamespaceKind::net)) return {};
        record_.net_devices.push_back(device);
        record_.network_namespace = policy_.namespaces.use(NamespaceKind::net).path;
        return directory_->save(record_);
    };
    in.adopt = [this](pid_t pid) -> Result<void> {
        NUCLEUS_TRY(record_.init, state::identify(session_.kernel, pid));
        // For whoever breaks in on a create that hangs: in a hook, or where no cgroup that is
        // surely ours leads to the init.
        return has_creation_hooks() || !made_its_cgroup() ? directory_->save(record_)
                                                          : Result<void>();
    };
    in.commit = [this]() -> Result<void> {
        if (!request_.pidfd_socket.empty())
            NUCLEUS_CHECK(
                launch::send_pidfd(session_.kernel, request_.pidfd_socket, launch_->pidfd()));
        if (!request_.pid_file.empty()) {
            NUCLEUS_CHECK(write_pid_file(session_.kernel, request_.pid_file, launch_->pid()));
            // The init may be killed before it hears of the commit: the create fails then, and
            // names no process.
            cleanup_.push([this] { return remove_pid_file(session_.kernel, request_.pid_file); });
        }
        record_.committed = true;
        record_.net_devices.clear();
        return directory_->save(record_);
    };
    return in;
}

Result<void> Creation::prepare() {
    launch::LaunchOptions options;
    options.gate = gate_.get();
    options.joined = joined_.list();
    if (policy_.seccomp) {
        NUCLEUS_TRY(options.seccomp, enforce::compile_seccomp(*policy_.seccomp, warnings_));
    }
    if (start_ == Start::by_creator)
        options.listener = launch::seccomp_listener(policy_.seccomp, record_, "created", 0);
    if (cgroup_entry() == plan::CgroupEntry::by_itself) {
        NUCLEUS_TRY(options.cgroup, cgroup_->open_entry());
    }
    namespaces_.emplace(policy_.namespaces, static_cast<launch::NamespaceOperations&>(*this));
    if (policy_.user_namespace) {
        mapper_.emplace(session_.kernel, *policy_.user_namespace);
        namespaces_->with_user_mapping(*policy_.user_namespace);
    }
    if (!policy_.hostname.empty()) NUCLEUS_CHECK(namespaces_->set_hostname(policy_.hostname));
    launch_ = std::make_unique<launch::Launch>(session_.kernel, compile(), std::move(options));
    cleanup_.push([this]() -> Result<void> {
        launch_.reset();
        return {};
    });
    if (!policy_.net_devices.empty()) {
        net_devices_.emplace(session_.kernel);
        // Before the launch goes, and with it the namespace.
        cleanup_.push([this] { return net_devices_->restore(); });
    }
    host_ = std::make_unique<launch::HostSteps>(session_.kernel, host_inputs());
    NUCLEUS_CHECK(namespaces_->unshare_namespaces());
    NUCLEUS_CHECK(launch_->prepare(*host_));
    gate_.reset();
    return {};
}

Result<void> Creation::unshare(const NamespaceConfig&) { return launch_->make_namespaces(*host_); }
Result<void> Creation::enter() { return launch_->execute(); }
Result<void> Creation::clean() { return cleanup_.run(); }
// Part of the plan: the init sets the policy's name in the namespace that it makes.
Result<void> Creation::set_hostname(const std::string&) { return {}; }

Result<void> Creation::execute() {
    if (auto ran = run_start_container_hooks(session_, record_, policy_); !ran) {
        hooks_ran_ = true;
        return fail(std::move(ran).error());
    }
    if (auto entered = namespaces_->enter(); !entered) return fail(std::move(entered).error());
    return {};
}

void Creation::commit() {
    launch_->release();
    cleanup_.release();
    net_devices_.reset();  // its sockets would keep the container's network namespace
    lock_.reset();
}

Result<void> Creation::take_down() {
    // Somebody may have deleted it meanwhile, and made another of the same id: that one's cgroup
    // has the same name.
    NUCLEUS_TRY(const bool current, directory_->is_current());
    if (!current) return {};
    return remove_ended(session_, *directory_, record_, &policy_, warnings_);
}

// A hook that failed stops the container, and the life cycle goes on where it ends: with the
// poststop hooks (runtime.md#lifecycle).
Error Creation::fail(Error cause) {
    Error error = cleanup_.fail(std::move(cause));
    if (hooks_ran_) {
        launch::run_poststop_hooks(session_.kernel, policy_.hooks,
                                   launch::hook_state(record_, "stopped", 0), warnings_);
    }
    return error;
}

}  // namespace nucleus::runtime
