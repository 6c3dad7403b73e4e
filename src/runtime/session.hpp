// What every command works with: the kernel, the settings, the store; and a container as it stands
// now.
#pragma once

#include <memory>
#include <optional>

#include "enforce/cgroup.hpp"
#include "nucleus/policy.hpp"
#include "nucleus/runtime.hpp"
#include "state/store.hpp"
#include "sys/kernel.hpp"

namespace nucleus::runtime {

class Session {
public:
    Session(sys::Kernel& kernel_in, Settings settings_in)
        : kernel(kernel_in), settings(std::move(settings_in)), store(kernel, settings.root) {}

    sys::Kernel& kernel;
    Settings settings;
    state::Store store;

    // The runtime is root of the initial user namespace (user_namespaces(7)): it maps any id and
    // makes device nodes. Asked once.
    bool is_host_root();
    // Without CAP_SYS_ADMIN: it has rights only in user namespaces that it makes.
    bool is_ordinary();
    // Root of its own user namespace, the initial one or not: it maps the ids that there are.
    bool is_root() { return kernel.geteuid() == 0; }

private:
    std::optional<bool> host_root_;
};

// A container found in the store.
struct Container {
    state::ContainerDirectory directory;
    std::optional<state::Record> record;  // nothing: its create was killed before it wrote one
    Status status = Status::stopped;

    std::int32_t pid() const { return record && record->init ? record->init->pid : 0; }
};

// Opens and judges it. Errc::does_not_exist if there is none.
Result<Container> open_container(Session& session, const std::string& id);

// The cgroup in the record, or null where there is none.
Result<std::unique_ptr<enforce::CgroupBackend>> cgroup_of(Session& session,
                                                          const state::Record& record);
// The part of it that is the container's without doubt. A record that was not committed may stem
// from a create that was killed, or refused, before it saw whether others stand in the cgroup: then
// only what create was about to make counts.
Result<std::unique_ptr<enforce::CgroupBackend>> own_cgroup_of(Session& session,
                                                              const state::Record& record);

// config.json as create read it: later edits to the bundle's file have no effect
// (runtime.md#create); with the limits as updates have left them.
Result<spec::Spec> spec_of(const Container& container);
// What it means.
Result<policy::ContainerPolicy> policy_of(Session& session, const Container& container,
                                          Warnings& warnings);

// What config.json's meaning depends on beyond itself: the same for every command of a container.
policy::TranslationInput translation_input(Session& session, const state::Record& record);

// How a process gets into a container that runs, beyond its pidfd.
struct WayIn {
    // Of the container, where it made no mount namespace: its root is not the namespace's then.
    base::UniqueFd root;
    bool groups_denied = false;  // by its user namespace
};
Result<WayIn> way_in(Session& session, const state::Record& record,
                     const NamespaceConfig& namespaces);

// CLONE_NEW* of the namespaces that the container does not share with the runtime.
std::uint64_t separate_flags(const NamespaceConfig& namespaces);

// A pidfd, proven to be the recorded process's. Errc::not_running: `container not running`.
Result<base::UniqueFd> open_process(Session& session, const state::ProcessId& process);
// The container process's.
Result<base::UniqueFd> open_init(Session& session, const Container& container);

// Sends a signal and, if it is SIGKILL, waits for the end, at most 10 s.
Result<void> kill_and_wait(Session& session, const Container& container);

// The pid, without a newline, in a new file that takes the old one's place (callers read it with
// Atoi).
Result<void> write_pid_file(sys::Kernel& kernel, const std::string& path, pid_t pid);
Result<void> remove_pid_file(sys::Kernel& kernel, const std::string& path);

// Now, RFC 3339 with nanoseconds, UTC.
std::string timestamp(sys::Kernel& kernel);

// create.cpp ... one file a command
Result<void> create(Session& session, const CreateRequest& request, Warnings& warnings);
Result<void> start(Session& session, const std::string& id, Warnings& warnings);
Result<ContainerState> state(Session& session, const std::string& id);
Result<void> kill(Session& session, const KillRequest& request, Warnings& warnings);
Result<void> remove(Session& session, const DeleteRequest& request, Warnings& warnings);
// Kills whatever still runs in it (what a hook left behind, say), then removes its directories.
Result<void> remove_cgroup(enforce::CgroupBackend& cgroup);
// What is left of delete once no process of the init's runs: the cgroup, the directory, and the
// poststop hooks of a container that came to be
// (`policy`).
Result<void> remove_ended(Session& session, state::ContainerDirectory& directory,
                          const std::optional<state::Record>& record,
                          const policy::ContainerPolicy* policy, Warnings& warnings);
Result<int> run(Session& session, const RunRequest& request, Warnings& warnings);
Result<int> exec(Session& session, const ExecRequest& request, Warnings& warnings);
Result<void> pause(Session& session, const std::string& id);
Result<void> resume(Session& session, const std::string& id);
Result<std::vector<std::int32_t>> processes(Session& session, const std::string& id);
Result<std::string> process_table(sys::Kernel& kernel, const std::vector<std::int32_t>& pids,
                                  const std::vector<std::string>& arguments);
Result<void> events(Session& session, const EventsRequest& request, const EventSink& sink);
Result<void> update(Session& session, const UpdateRequest& request, Warnings& warnings);
Result<std::vector<ContainerState>> list(Session& session, Warnings& warnings);

// The state as `state` and `list` print it.
ContainerState describe(const Container& container);

}  // namespace nucleus::runtime
