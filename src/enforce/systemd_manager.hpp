// systemd as the backend sees it: a handful of calls. The real one speaks D-Bus in a program of its
// own, nucleus-systemd (src/systemd): libsystemd cannot be linked statically, and no container that
// does not ask for systemd shall pay for it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "enforce/unit_properties.hpp"
#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

struct LoadedUnit {
    std::string description;
    bool active = false;  // or about to be: neither ended nor failed
};

class SystemdManager {
public:
    virtual ~SystemdManager() = default;

    // Its own cgroup as a path below the mount point, below which all its slices are: "" of the
    // machine's manager, "/user.slice/user-1000.slice/user@1000.service" of a user's.
    virtual Result<std::string> control_group() = 0;
    // Nothing: it knows no such unit.
    virtual Result<std::optional<LoadedUnit>> look_up(const std::string& unit) = 0;
    // Makes the transient unit and waits until it is started. A unit of that name that has failed
    // is forgotten first. Refused, it has left nothing.
    virtual Result<void> start(const std::string& unit, const UnitProperties& properties) = 0;
    // Of a unit that runs, until it ends: all of them or, refused, none.
    virtual Result<void> change(const std::string& unit, const UnitProperties& properties) = 0;
    // Moves a process into the unit's cgroup, with systemd's rights.
    virtual Result<void> attach(const std::string& unit, pid_t pid) = 0;
    // Stops the unit, waits until it is, and has it forgotten if it failed. What is gone already is
    // no error.
    virtual Result<void> stop(const std::string& unit) = 0;
};

// `bus`: D-Bus addresses, separated by ';', of which the first that answers is taken. The program
// is started now, and ends with the object. Errc::unsupported: this build or this host has no
// systemd.
Result<std::unique_ptr<SystemdManager>> connect_systemd(sys::Kernel& kernel,
                                                        const std::string& bus);
// Whether the program is installed: without it there is no systemd to ask.
bool has_systemd_program(sys::Kernel& kernel);

}  // namespace nucleus::enforce
