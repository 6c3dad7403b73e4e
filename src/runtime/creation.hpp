// Creation: the making of one container, for create and run. Until commit() everything that it has
// acquired is undone when it goes.
#pragma once

#include "base/cleanup.hpp"
#include "launch/host_steps.hpp"
#include "launch/namespace_manager.hpp"
#include "runtime/joined_namespaces.hpp"
#include "runtime/session.hpp"

namespace nucleus::runtime {

// Who says go: a later `start` at the gate, or the caller of Creation himself.
enum class Start : std::uint8_t { at_gate, by_creator };

class Creation final : private launch::NamespaceOperations {
public:
    // `detached`: nobody of ours will attend the terminal.
    Creation(Session& session, const CreateRequest& request, Start start, bool detached,
             Warnings& warnings)
        : session_(session),
          request_(request),
          start_(start),
          detached_(detached),
          warnings_(warnings) {}

    // Rows 1 to 34 of create: the container process waits for start. On failure nothing is left.
    Result<void> make();
    // Start::by_creator: startContainer hooks, then the program runs. A failure removes the
    // container.
    Result<void> execute();
    // The container lives on by itself.
    void commit();

    // After commit, once the container process has ended: as `delete` would, without asking what is
    // known here.
    Result<void> take_down();

    launch::Launch& launch() { return *launch_; }
    const state::Record& record() const { return record_; }
    const policy::ContainerPolicy& policy() const { return policy_; }

private:
    Result<void> read_bundle();
    Result<void> plan_cgroup();
    Result<void> plan_systemd_unit();
    Result<void> claim();
    Result<void> acquire();
    Result<void> prepare();
    Error fail(Error cause);

    // launch::NamespaceOperations
    Result<void> unshare(const NamespaceConfig& config) override;
    Result<void> enter() override;
    Result<void> clean() override;
    Result<void> set_hostname(const std::string& name) override;

    bool made_its_cgroup() const;
    bool has_creation_hooks() const;
    launch::HostInputs host_inputs();
    Result<void> remove_made();
    Result<void> refuse_limits();
    plan::CgroupEntry cgroup_entry() const;
    plan::LaunchPlan compile() const;

    Session& session_;
    const CreateRequest& request_;
    const Start start_;
    const bool detached_;
    Warnings& warnings_;

    std::string config_;
    policy::ContainerPolicy policy_;
    JoinedNamespaces joined_;
    enforce::CgroupLayout layout_;
    state::Record record_;
    std::optional<state::ContainerDirectory> directory_;
    base::UniqueFd lock_;
    base::UniqueFd gate_;
    std::unique_ptr<enforce::CgroupBackend> cgroup_;  // of systemd: as soon as it is planned
    std::optional<enforce::Resctrl> resctrl_;
    std::optional<enforce::NetDevices> net_devices_;
    std::optional<launch::UserNamespaceMapper> mapper_;
    std::unique_ptr<launch::Launch> launch_;
    std::unique_ptr<launch::HostSteps> host_;
    std::optional<launch::NamespaceManager> namespaces_;
    bool hooks_ran_ = false;
    bool owns_cgroup_ = false, cgroup_left_ = false;
    base::Cleanup cleanup_;
};

// A capability that the runtime has not got cannot be given (config.md#linux-process): one warning
// names them all.
void warn_of_missing_capabilities(sys::Kernel& kernel, const policy::ProcessPolicy& process,
                                  Warnings& warnings);

// The terminal and the console socket go together: runc's rules, which callers know.
Result<void> check_console(sys::Kernel& kernel, bool terminal, bool detached,
                           const std::string& console_socket);

}  // namespace nucleus::runtime
