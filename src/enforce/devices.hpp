// The device rules as writes to a v1 devices cgroup
// (Documentation/admin-guide/cgroup-v1/devices.rst). Pure.
#pragma once

#include <string>
#include <vector>

#include "nucleus/policy.hpp"

namespace nucleus::enforce {

struct DeviceWrite {
    bool allow = false;  // to devices.allow; else to devices.deny
    std::string value;   // "c 1:3 rwm", "a"
    bool operator==(const DeviceWrite&) const = default;
};

// In the rules' order, without those that change nothing in a cgroup that starts with what its
// parent allows (all that it can ever have). A rule for all types that is not about everything
// becomes one for block and one for character devices: the kernel reads nothing but the letter of
// an `a` rule. Refused with Errc::unsupported: a rule that takes a part out of a wider one before
// it; the kernel's list cannot hold that, and would ignore it without an error. (Where the wider
// one gives no more than the making of nodes, only a rule about nothing else is refused.)
Result<std::vector<DeviceWrite>> v1_device_writes(const std::vector<policy::DeviceRule>& rules);

// The rule allows or denies every access to every device.
bool covers_everything(const policy::DeviceRule& rule);

}  // namespace nucleus::enforce
