#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <memory>

#include "enforce/resctrl.hpp"
#include "enforce/seccomp.hpp"
#include "enforce/security_labels.hpp"
#include "launch/console.hpp"
#include "launch/host_steps.hpp"
#include "runtime/creation.hpp"
#include "runtime/foreground.hpp"
#include "runtime/session.hpp"
#include "runtime/sub_cgroups.hpp"
#include "spec/parse.hpp"
#include "sys/files.hpp"

namespace nucleus::runtime {

namespace {

Result<void> check_executable(const Container& container, bool ignore_paused) {
    switch (container.status) {
        case Status::created:
        case Status::running:
            return {};
        case Status::paused:
            if (ignore_paused) return {};
            return Error(Errc::wrong_state,
                         "cannot exec in a paused container (use --ignore-paused to override)");
        case Status::stopped:
            return Error(Errc::wrong_state, "cannot exec in a stopped container");
        case Status::creating:
            return Error(Errc::wrong_state, "cannot exec in a container that is being created");
    }
    return {};
}

// The cgroup that the process enters: the container's, or cgroups below it.
Result<std::unique_ptr<enforce::CgroupBackend>> destination(Session& session,
                                                            const state::Record& record,
                                                            const ExecRequest& request) {
    if (request.cgroups.empty()) return cgroup_of(session, record);
    state::Record below = record;
    NUCLEUS_TRY(below.cgroup, sub_cgroups(record.cgroup, request.cgroups));
    NUCLEUS_TRY(auto cgroup, cgroup_of(session, below));
    if (!cgroup) return Error(Errc::unsupported, "--cgroup: the container has no cgroup");
    for (const auto& [controller, directory] : below.cgroup.paths) {
        struct stat facts {};
        if (session.kernel.fstatat(AT_FDCWD, directory.c_str(), facts, 0) < 0)
            return Error(Errc::invalid_argument,
                         "--cgroup: there is no cgroup '" + directory + "'");
    }
    return cgroup;
}

// These a process file may leave out: they are then the container's own, as with runc. Limits it
// has to name.
void fill_from(const spec::Process& own, spec::Process& process) {
    if (!process.capabilities) process.capabilities = own.capabilities;
    if (!process.scheduler) process.scheduler = own.scheduler;
    if (!process.io_priority) process.io_priority = own.io_priority;
    if (!process.exec_cpu_affinity) process.exec_cpu_affinity = own.exec_cpu_affinity;
}

// What stands on the command line, over the container's own process.
Result<spec::Process> process_of(Session& session, const ExecRequest& request,
                                 const spec::Spec& config) {
    if (!request.process_file.empty()) {
        NUCLEUS_TRY(
            const std::string text,
            sys::read_file(session.kernel, AT_FDCWD, request.process_file, spec::kMaxConfigBytes));
        NUCLEUS_TRY(spec::Process process, spec::parse_process(text));
        if (request.tty) process.terminal = *request.tty;
        if (config.process) fill_from(*config.process, process);
        return process;
    }
    if (!config.process)
        return Error(Errc::invalid_config,
                     "config.json /process: required: there is nothing to start from");
    spec::Process process = *config.process;
    process.args = request.args;
    process.terminal = request.tty.value_or(false);
    process.console_size.reset();
    if (!request.cwd.empty()) process.cwd = request.cwd;
    process.env.insert(process.env.end(), request.env.begin(), request.env.end());
    if (request.user) {
        process.user.uid = request.user->uid;
        if (request.user->gid) process.user.gid = *request.user->gid;
    }
    process.user.additional_gids.insert(process.user.additional_gids.end(),
                                        request.additional_gids.begin(),
                                        request.additional_gids.end());
    if (request.no_new_privs) process.no_new_privileges = *request.no_new_privs;
    if (request.caps.empty()) return process;
    // Never inheritable, so that no file of the image turns them into more (CVE-2022-29162);
    // ambient only where the container has ambient ones.
    if (!process.capabilities) process.capabilities.emplace();
    for (std::string name : request.caps) {
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return std::toupper(c); });
        if (!name.starts_with("CAP_")) name.insert(0, "CAP_");
        for (auto* set : {&process.capabilities->bounding, &process.capabilities->effective,
                          &process.capabilities->permitted})
            set->push_back(name);
        if (!process.capabilities->ambient.empty()) process.capabilities->ambient.push_back(name);
    }
    return process;
}

plan::ExecFacts facts_of(const ExecRequest& request, const Container& container,
                         const policy::ContainerPolicy& policy) {
    const bool user_namespace = policy.namespaces.separate(NamespaceKind::user);
    plan::ExecFacts facts;
    facts.id = request.id;
    facts.namespaces = separate_flags(policy.namespaces);
    facts.cgroup_entry =
        user_namespace ? plan::CgroupEntry::from_outside : plan::CgroupEntry::by_itself;
    facts.become_root = user_namespace;
    facts.new_keyring = container.record->new_keyring;
    facts.resctrl = container.record->resctrl.has_value();
    facts.seccomp = policy.seccomp;
    facts.preserve_fds = request.preserve_fds;
    return facts;
}

// What clone3 says where no process may be born in a cgroup but one may be moved: EBUSY, since it
// has handed controllers to cgroups below it, where the move goes; EAGAIN, since its limit of
// processes is reached, which no move counts against; EACCES, since it is another branch of the
// hierarchy than this user's session, where systemd can move a process.
bool takes_no_clone(const Error& error) {
    return error.errnum() == EBUSY || error.errnum() == EAGAIN || error.errnum() == EOPNOTSUPP ||
           error.errnum() == EACCES;
}

// Checked here, where it is known: the kernel's EPERM would come from a step, without the property.
Result<void> check_groups(const policy::ProcessPolicy& process, const WayIn& way) {
    if (!way.groups_denied || process.additional_gids.empty()) return {};
    return Error(
        Errc::invalid_config,
        "process /user/additionalGids: the container's user namespace denies setgroups(2)");
}

// The way into the container: tried by clone, and where its cgroup takes none, by a move.
struct Entrance {
    sys::Kernel& kernel;
    const policy::ProcessPolicy& process;
    plan::ExecFacts facts;
    base::UniqueFd init = {};
    WayIn way = {};
    std::unique_ptr<enforce::CgroupBackend> cgroup = nullptr;
    std::vector<std::uint8_t> seccomp = {};
    std::optional<launch::SeccompListener> listener = std::nullopt;

    Result<void> attempt(std::unique_ptr<launch::Launch>& launch, launch::HostSide& host) {
        launch::LaunchOptions options;
        options.joined = {{facts.namespaces, init.get()}};
        options.root = way.root.get();
        options.seccomp = seccomp;
        options.subject = "the process";
        options.listener = listener;
        if (facts.cgroup_entry == plan::CgroupEntry::by_itself) {
            NUCLEUS_TRY(options.cgroup, cgroup->open_entry());
        }
        launch = std::make_unique<launch::Launch>(kernel, plan::compile_exec(process, facts),
                                                  std::move(options));
        return launch->make_namespaces(host);
    }

    Result<void> enter(std::unique_ptr<launch::Launch>& launch, launch::HostSide& host) {
        auto entered = attempt(launch, host);
        if (entered || facts.cgroup_entry != plan::CgroupEntry::by_itself ||
            !takes_no_clone(entered.error()))
            return entered;
        facts.cgroup_entry = plan::CgroupEntry::from_outside;
        return attempt(launch, host);
    }
};

}  // namespace

Result<int> exec(Session& session, const ExecRequest& request, Warnings& warnings) {
    NUCLEUS_TRY(const Container container, open_container(session, request.id));
    NUCLEUS_CHECK(check_executable(container, request.ignore_paused));
    NUCLEUS_TRY(const std::string text, container.directory.load_config());
    NUCLEUS_TRY(const spec::Spec config, spec::parse(text));
    Warnings known;  // create has told what the config alone gives cause for
    NUCLEUS_TRY(const policy::ContainerPolicy policy,
                policy::translate(config, translation_input(session, *container.record), known));
    NUCLEUS_TRY(spec::Process wanted, process_of(session, request, config));
    if (!request.process_label.empty()) wanted.selinux_label = request.process_label;
    if (!request.apparmor_profile.empty()) wanted.apparmor_profile = request.apparmor_profile;
    NUCLEUS_TRY(policy::ProcessPolicy process, policy::translate_process(wanted, policy, warnings));
    NUCLEUS_CHECK(enforce::check_labels(session.kernel, process, "process"));
    NUCLEUS_CHECK(
        check_console(session.kernel, process.terminal, request.detach, request.console_socket));
    if (!policy.namespaces.separate(NamespaceKind::user))
        warn_of_missing_capabilities(session.kernel, process, warnings);

    Entrance entrance{session.kernel, process, facts_of(request, container, policy)};
    NUCLEUS_TRY(entrance.init, open_init(session, container));
    NUCLEUS_TRY(entrance.way, way_in(session, *container.record, policy.namespaces));
    NUCLEUS_CHECK(check_groups(process, entrance.way));
    entrance.facts.groups_denied = entrance.way.groups_denied;
    entrance.facts.root_by_descriptor = entrance.way.root.get() >= 0;
    NUCLEUS_TRY(entrance.cgroup, destination(session, *container.record, request));
    if (!entrance.cgroup) entrance.facts.cgroup_entry = plan::CgroupEntry::none;
    if (policy.seccomp) {
        NUCLEUS_TRY(entrance.seccomp, enforce::compile_seccomp(*policy.seccomp, known));
    }
    entrance.listener = launch::seccomp_listener(
        policy.seccomp, *container.record, std::string(word_of(container.status)), container.pid());

    std::unique_ptr<launch::Launch> launch;
    launch::HostInputs inputs;
    inputs.cgroup = entrance.cgroup.get();
    // Where a sub-cgroup is asked for, that one or none.
    if (request.cgroups.empty()) inputs.beside = container.record->init->pid;
    inputs.rlimits = &process.rlimits;
    std::optional<enforce::Resctrl> resctrl;
    if (container.record->resctrl) resctrl.emplace(session.kernel, *container.record->resctrl);
    inputs.resctrl = resctrl ? &*resctrl : nullptr;
    inputs.console_socket = request.console_socket;
    inputs.commit = [&]() -> Result<void> {
        if (!request.pidfd_socket.empty())
            NUCLEUS_CHECK(
                launch::send_pidfd(session.kernel, request.pidfd_socket, launch->pidfd()));
        return request.pid_file.empty()
                   ? Result<void>()
                   : write_pid_file(session.kernel, request.pid_file, launch->pid());
    };
    launch::HostSteps host(session.kernel, std::move(inputs));
    NUCLEUS_CHECK(entrance.enter(launch, host));
    NUCLEUS_CHECK(launch->prepare(host));
    Foreground foreground(session.kernel);
    if (!request.detach) NUCLEUS_CHECK(foreground.prepare(std::move(launch->console())));
    NUCLEUS_CHECK(launch->execute());
    if (!request.detach) return foreground.attend(*launch);
    launch->release();
    return 0;
}

}  // namespace nucleus::runtime
