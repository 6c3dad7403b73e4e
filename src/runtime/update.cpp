// New limits for a container that is there: all of them, or none.
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "base/cleanup.hpp"
#include "enforce/resctrl.hpp"
#include "runtime/session.hpp"
#include "sys/files.hpp"

namespace nucleus::runtime {

namespace {

Result<void> check_updatable(const Container& container) {
    switch (container.status) {
        case Status::created:
        case Status::running:
        case Status::paused:
            return {};
        case Status::stopped:
            return Error(Errc::not_running, "container not running");
        case Status::creating:
            return Error(Errc::wrong_state, "cannot update a container that is being created");
    }
    return {};
}

// Of updates only, one after the other: each reads what the one before has left. `start` holds the
// container's own lock while hooks run, which may well call for an update. Ends with the
// descriptor.
Result<base::UniqueFd> wait_for_turn(Session& session, const Container& container) {
    NUCLEUS_TRY(auto file, sys::open_at(session.kernel, container.directory.dirfd(), "update.lock",
                                        O_RDONLY | O_CREAT | O_NOFOLLOW, 0600));
    int locked;
    do locked = session.kernel.flock(file.get(), LOCK_EX);
    while (locked == -EINTR);
    if (locked < 0) return Error::from_errno(-locked, "wait for another update");
    return file;
}

// One update of one container. The objects that its undo writes through live as long as it.
class Update {
public:
    Update(Session& session, Container& container)
        : session_(session), container_(container), record_(*container.record) {}

    Result<void> run(const UpdateRequest& request, Warnings& warnings) {
        auto done = change(request, warnings);
        if (!done) return undo_.fail(std::move(done).error());
        undo_.release();
        return {};
    }

private:
    Result<void> change(const UpdateRequest& request, Warnings& warnings) {
        NUCLEUS_CHECK(change_limits(request.resources, warnings));
        NUCLEUS_CHECK(change_schemata(request, warnings));
        if (record_ == *container_.record) return {};
        return container_.directory.save(record_);
    }

    Result<void> change_limits(const spec::Resources& wanted, Warnings& warnings) {
        if (wanted == spec::Resources{}) return {};
        NUCLEUS_TRY(const spec::Spec config, spec_of(container_));
        spec::Resources before;
        if (config.linux_ && config.linux_->resources) before = *config.linux_->resources;
        NUCLEUS_TRY(policy::LimitChange change, policy::translate_update(before, wanted, warnings));
        NUCLEUS_TRY(cgroup_, cgroup_of(session_, record_));
        if (!cgroup_)
            return Error(Errc::unsupported,
                         "the container has no cgroup whose limits could change");
        NUCLEUS_CHECK(cgroup_->update(change.written, undo_));
        record_.resources = std::move(change.remembered);
        return {};
    }

    Result<void> change_schemata(const UpdateRequest& request, Warnings& warnings) {
        if (request.l3_cache_schema.empty() && request.mem_bw_schema.empty()) return {};
        spec::IntelRdt change;
        change.l3_cache_schema = request.l3_cache_schema;
        change.mem_bw_schema = request.mem_bw_schema;
        NUCLEUS_TRY(const auto policy, policy::translate_schema_update(change, warnings));
        if (!record_.resctrl) {
            NUCLEUS_CHECK(make_group(policy));
        } else {
            resctrl_.emplace(session_.kernel, *record_.resctrl);
            NUCLEUS_CHECK(resctrl_->update(policy, undo_));
        }
        if (!request.l3_cache_schema.empty()) record_.l3_cache_schema = request.l3_cache_schema;
        if (!request.mem_bw_schema.empty()) record_.mem_bw_schema = request.mem_bw_schema;
        return {};
    }

    // A container without intelRdt gets a group of its id now. In the record first, so that delete
    // finds it.
    Result<void> make_group(const policy::IntelRdtPolicy& policy) {
        const std::string& id = container_.directory.id();
        NUCLEUS_TRY(record_.resctrl, enforce::plan_resctrl(session_.kernel, policy, id));
        state::Record planned = *container_.record;
        planned.resctrl = record_.resctrl;
        undo_.push([this] { return container_.directory.save(*container_.record); });
        NUCLEUS_CHECK(container_.directory.save(planned));
        resctrl_.emplace(session_.kernel, *record_.resctrl);
        undo_.push([this] { return resctrl_->dissolve(); });
        NUCLEUS_CHECK(resctrl_->create(policy));
        return attach_all();
    }

    Result<void> attach_all() {
        NUCLEUS_TRY(auto cgroup, cgroup_of(session_, record_));
        std::vector<pid_t> pids;
        if (cgroup) {
            NUCLEUS_TRY(pids, cgroup->pids());
        } else {
            pids.push_back(container_.pid());
        }
        for (const pid_t pid : pids) {
            auto attached = resctrl_->attach(pid);
            // One that has ended meanwhile.
            if (!attached && attached.error().errnum() != ESRCH) return attached;
        }
        return {};
    }

    Session& session_;
    Container& container_;
    state::Record record_;  // as it will be
    std::unique_ptr<enforce::CgroupBackend> cgroup_;
    std::optional<enforce::Resctrl> resctrl_;
    base::Cleanup undo_;
};

}  // namespace

Result<void> update(Session& session, const UpdateRequest& request, Warnings& warnings) {
    NUCLEUS_TRY(const Container found, open_container(session, request.id));
    NUCLEUS_CHECK(check_updatable(found));
    NUCLEUS_TRY(const base::UniqueFd turn, wait_for_turn(session, found));
    NUCLEUS_TRY(Container container, open_container(session, request.id));
    NUCLEUS_CHECK(check_updatable(container));
    return Update(session, container).run(request, warnings);
}

}  // namespace nucleus::runtime
