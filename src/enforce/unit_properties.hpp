// Limits and device rules of config.json as properties of a systemd unit
// (systemd.resource-control(5), org.freedesktop.systemd1(5)). Pure. systemd writes what it knows of
// a unit whenever it thinks fit
// (`systemctl daemon-reload`), so whatever it can express it is told; the cgroup's files get all of
// it afterwards, exactly.
#pragma once

#include <string>
#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/policy.hpp"

namespace nucleus::enforce {

// Where the controllers are decides which properties systemd heeds.
enum class UnitHierarchy : std::uint8_t { v1, v2 };

using UnitProperties = std::vector<policy::UnitProperty>;

// What systemd has a property for, of linux.resources without devices and of resources.unified.
// Zeros mean "not set" as in cgroup_limits.hpp.
Result<UnitProperties> resource_properties(const spec::Resources& resources,
                                           UnitHierarchy hierarchy);

// DevicePolicy and DeviceAllow that allow what the rules allow. systemd's list has no exceptions:
// on v2 it may allow more than the rules, whose own filter stays attached beside systemd's and has
// the last word; on v1 there is one list, and what it cannot hold is refused with
// Errc::unsupported. No rules: systemd is told nothing.
Result<UnitProperties> device_properties(const std::vector<policy::DeviceRule>& rules,
                                         UnitHierarchy hierarchy);

// Values of the types that properties have.
policy::BusValue bus_number(std::uint64_t number);  // t
policy::BusValue bus_text(std::string text);        // s
policy::BusValue bus_truth(bool truth);             // b
policy::BusValue bus_pids(pid_t pid);               // au with one

}  // namespace nucleus::enforce
