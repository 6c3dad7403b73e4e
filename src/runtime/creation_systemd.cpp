// Creation with systemd as cgroup manager: what is settled before anything is acquired. The unit
// itself is started by the step `start systemd unit`, around the container process.
#include "enforce/systemd_backend.hpp"
#include "runtime/creation.hpp"

namespace nucleus::runtime {

namespace {

struct Manager {
    policy::UnitManager whose;
    std::string bus;
};

// An ordinary user has a manager of his own. Root of a user namespace may be such a user (podman's
// rootless one) or root of a container with a systemd in it: there the environment tells.
Result<Manager> choose_manager(Session& session) {
    const Settings& settings = session.settings;
    const bool user = !session.is_root() || (!session.is_host_root() && !settings.user_bus.empty());
    if (!user) return Manager{policy::UnitManager::system, settings.system_bus};
    if (settings.user_bus.empty())
        return Error(Errc::unsupported,
                     "the cgroup manager 'systemd' of an ordinary user is found by "
                     "DBUS_SESSION_BUS_ADDRESS or XDG_RUNTIME_DIR: neither is set");
    return Manager{policy::UnitManager::user, settings.user_bus};
}

}  // namespace

// systemd says where the unit's cgroup will be, so that the record has it before it is made.
Result<void> Creation::plan_systemd_unit() {
    NUCLEUS_TRY(const Manager manager, choose_manager(session_));
    NUCLEUS_TRY(policy::UnitPolicy unit,
                policy::translate_unit(policy_, request_.id, manager.whose));
    NUCLEUS_TRY(auto systemd, enforce::connect_systemd(session_.kernel, manager.bus));
    NUCLEUS_TRY(const std::string control_group, systemd->control_group());
    const enforce::CgroupRights rights{.rootless = !session_.is_host_root()};
    NUCLEUS_TRY(record_.cgroup,
                enforce::plan_unit(session_.kernel, layout_, unit, control_group, rights));
    record_.cgroup.bus = manager.bus;
    record_.cgroup.description =
        "nucleus container " + request_.id + " in " + session_.settings.root;
    for (const policy::UnitProperty& property : unit.properties)
        if (property.name == "Description" && property.value.type == "s")
            record_.cgroup.description = property.value.text;
    cgroup_ = std::make_unique<enforce::SystemdBackend>(session_.kernel, record_.cgroup, rights,
                                                        std::move(unit), std::move(systemd));
    return {};
}

}  // namespace nucleus::runtime
