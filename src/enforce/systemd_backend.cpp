#include "enforce/systemd_backend.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "enforce/cgroup_tree.hpp"
#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

bool is_refusal(const Result<void>& moved) {
    return !moved && (moved.error().errnum() == EACCES || moved.error().errnum() == EPERM);
}

}  // namespace

SystemdBackend::SystemdBackend(sys::Kernel& kernel, const state::CgroupRecord& record,
                               CgroupRights rights)
    : CgroupfsBackend(kernel, record, rights), started_(true) {}

SystemdBackend::SystemdBackend(sys::Kernel& kernel, const state::CgroupRecord& record,
                               CgroupRights rights, policy::UnitPolicy unit,
                               std::unique_ptr<SystemdManager> manager)
    : CgroupfsBackend(kernel, record, rights),
      manager_(std::move(manager)),
      wanted_(Wanted{std::move(unit), {}, {}, {}, nullptr}),
      started_(false) {}

Result<SystemdManager*> SystemdBackend::manager() {
    if (!manager_) {
        NUCLEUS_TRY(manager_, connect_systemd(kernel_, record_.bus));
    }
    return manager_.get();
}

Result<void> SystemdBackend::create(const policy::CgroupPolicy& policy, Warnings& warnings) {
    NUCLEUS_CHECK(place(policy.resources));
    const auto loaded = manager_->look_up(record_.unit);
    if (!loaded) return loaded.error();
    if (*loaded && (*loaded)->active)
        return Error(Errc::wrong_state, "systemd has a unit '" + record_.unit + "' already");
    wanted_->policy = policy;
    wanted_->warnings = &warnings;
    NUCLEUS_CHECK(make_all());
    if (const std::string* cpuset = directory_of("cpuset")) NUCLEUS_CHECK(fill_cpuset(*cpuset));
    return {};
}

Result<void> SystemdBackend::apply(const policy::CgroupPolicy& policy,
                                   const policy::DevicePolicy& devices, Warnings& warnings) {
    NUCLEUS_TRY(const UnitProperties changed, limits(policy, devices));
    if (!started_) {
        wanted_->policy = policy;
        wanted_->devices = devices;
        return {};
    }
    NUCLEUS_TRY(SystemdManager * systemd, manager());
    if (!changed.empty()) NUCLEUS_CHECK(systemd->change(record_.unit, changed));
    return CgroupfsBackend::apply(policy, devices, warnings);
}

Result<void> SystemdBackend::update(const spec::Resources& resources, base::Cleanup& undo) {
    NUCLEUS_TRY(const UnitProperties changed, resource_properties(resources, hierarchy()));
    NUCLEUS_CHECK(CgroupfsBackend::update(resources, undo));
    if (changed.empty()) return {};
    NUCLEUS_TRY(SystemdManager * systemd, manager());
    NUCLEUS_CHECK(systemd->change(record_.unit, changed));
    NUCLEUS_TRY(auto writes, place(resources));
    return write_all(std::move(writes));
}

Result<void> SystemdBackend::delegate(std::uint32_t owner, Warnings& warnings) {
    if (started_) return CgroupfsBackend::delegate(owner, warnings);
    wanted_->owner = owner;
    return {};
}

Result<UnitProperties> SystemdBackend::limits(const policy::CgroupPolicy& policy,
                                              const policy::DevicePolicy& devices) const {
    NUCLEUS_TRY(UnitProperties all, resource_properties(policy.resources, hierarchy()));
    // A user's manager may attach no filter, and an ordinary user's container needs none.
    if (rights_.rootless) return all;
    NUCLEUS_TRY(UnitProperties rules, device_properties(devices.rules, hierarchy()));
    all.insert(all.end(), std::make_move_iterator(rules.begin()),
               std::make_move_iterator(rules.end()));
    return all;
}

// A property that is said again replaces the one before it, a list grows: so the annotations come
// last.
Result<UnitProperties> SystemdBackend::properties(pid_t pid) const {
    const bool v1 = hierarchy() == UnitHierarchy::v1;
    UnitProperties all{
        {"Description", bus_text(record_.description), 0},
        {"Slice", bus_text(wanted_->unit.slice), 0},
        {"PIDs", bus_pids(pid), 0},
        // The cgroups below are the container's business, and no controller is withheld.
        {"Delegate", bus_truth(true), 0},
        // Not ended before the programs that manage it when the machine shuts down.
        {"DefaultDependencies", bus_truth(false), 0},
        // Nothing is left of one that failed, even if nobody deletes it.
        {"CollectMode", bus_text("inactive-or-failed"), 236},
        {"CPUAccounting", bus_truth(true), 0},
        {"MemoryAccounting", bus_truth(true), 0},
        {"TasksAccounting", bus_truth(true), 0},
        {v1 ? "BlockIOAccounting" : "IOAccounting", bus_truth(true), 0},
    };
    NUCLEUS_TRY(const UnitProperties limited, limits(wanted_->policy, wanted_->devices));
    all.insert(all.end(), limited.begin(), limited.end());
    const auto& annotated = wanted_->unit.properties;
    all.insert(all.end(), annotated.begin(), annotated.end());
    return all;
}

Result<void> SystemdBackend::start(pid_t pid) {
    NUCLEUS_TRY(const UnitProperties all, properties(pid));
    NUCLEUS_CHECK(manager_->start(record_.unit, all));
    started_ = true;
    NUCLEUS_CHECK(complete(pid));
    NUCLEUS_CHECK(CgroupfsBackend::apply(wanted_->policy, wanted_->devices, *wanted_->warnings)
                      .in("set cgroup limits"));
    if (!wanted_->owner) return {};
    return CgroupfsBackend::delegate(*wanted_->owner, *wanted_->warnings).in("delegate cgroup");
}

Result<void> SystemdBackend::complete(pid_t pid) {
    const std::string* tracked = directory_of(pure_v2() ? "" : "name=systemd");
    for (const std::string& leaf : leaves_) {
        auto members = processes_below(kernel_, leaf);
        if (!members) return std::move(members).error();
        if (std::ranges::find(*members, pid) != members->end()) continue;
        if (pure_v2() || (tracked && leaf == *tracked))
            return Error(Errc::system, "systemd did not put the process into '" + leaf + "'");
        // A controller of cgroup v1 that this systemd does not manage.
        NUCLEUS_CHECK(make_directories(kernel_, leaf));
        NUCLEUS_CHECK(
            sys::write_existing(kernel_, AT_FDCWD, leaf + "/cgroup.procs", std::to_string(pid)));
    }
    return {};
}

Result<void> SystemdBackend::attach(pid_t pid) {
    if (!started_) return start(pid);
    auto moved = CgroupfsBackend::attach(pid);
    if (!is_refusal(moved)) return moved;
    NUCLEUS_TRY(SystemdManager * systemd, manager());
    return systemd->attach(record_.unit, pid);
}

Result<void> SystemdBackend::attach_beside(pid_t pid, pid_t member) {
    auto moved = CgroupfsBackend::attach_beside(pid, member);
    if (!is_refusal(moved)) return moved;
    NUCLEUS_TRY(SystemdManager * systemd, manager());
    return systemd->attach(record_.unit, pid);
}

Result<std::vector<pid_t>> SystemdBackend::pids() {
    if (!started_) return std::vector<pid_t>();
    return CgroupfsBackend::pids();
}

bool SystemdBackend::is_gone() const {
    return std::ranges::all_of(leaves_, [&](const std::string& leaf) {
        return kernel_.faccessat(AT_FDCWD, leaf.c_str(), F_OK, 0) == -ENOENT;
    });
}

// Stopped even where the cgroup is gone: so the name is free when this returns. A user's manager
// may have ended with the session, and all of its cgroups with it.
Result<void> SystemdBackend::destroy() {
    if (started_) {
        auto systemd = manager();
        auto stopped = systemd ? (*systemd)->stop(record_.unit) : Result<void>(systemd.error());
        if (!stopped && !is_gone())
            return std::move(stopped).in("stop unit '" + record_.unit + "'");
    }
    return CgroupfsBackend::destroy();
}

// systemd's own directories are its own to remove.
Result<bool> SystemdBackend::destroy_if_empty() { return false; }

Result<std::unique_ptr<CgroupBackend>> open_own_unit(sys::Kernel& kernel,
                                                     const state::CgroupRecord& record,
                                                     CgroupRights rights) {
    auto backend = std::make_unique<SystemdBackend>(kernel, record, rights);
    auto systemd = connect_systemd(kernel, record.bus);
    // A manager that is gone has left no unit.
    if (!systemd && systemd.error().code() == Errc::unsupported && backend->is_gone())
        return std::unique_ptr<CgroupBackend>();
    if (!systemd) return std::move(systemd).error();
    NUCLEUS_TRY(const auto loaded, (*systemd)->look_up(record.unit));
    if (!loaded || loaded->description != record.description)
        return std::unique_ptr<CgroupBackend>();
    return std::unique_ptr<CgroupBackend>(std::move(backend));
}

}  // namespace nucleus::enforce
