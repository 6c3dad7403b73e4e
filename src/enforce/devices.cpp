#include "enforce/devices.hpp"

#include <algorithm>

namespace nucleus::enforce {

namespace {

bool has_all(const std::string& access, const std::string& wanted) {
    return std::ranges::all_of(wanted, [&](char c) { return access.find(c) != std::string::npos; });
}

// `wide` speaks of every device that `narrow` speaks of. Both have a type of b or c.
bool covers_devices(const policy::DeviceRule& wide, const policy::DeviceRule& narrow) {
    return wide.type == narrow.type && (!wide.major || wide.major == narrow.major) &&
           (!wide.minor || wide.minor == narrow.minor);
}

bool share_devices(const policy::DeviceRule& one, const policy::DeviceRule& other) {
    const auto meet = [](const auto& a, const auto& b) { return !a || !b || a == b; };
    return one.type == other.type && meet(one.major, other.major) && meet(one.minor, other.minor);
}

// Not more than leave to make nodes, of whatever number.
bool makes_any_node(const policy::DeviceRule& rule) {
    return !rule.major && !rule.minor && rule.access == "m";
}

std::string number_or_any(const std::optional<std::uint32_t>& number) {
    return number ? std::to_string(*number) : "*";
}

std::string text_of(const policy::DeviceRule& rule) {
    return std::string(1, rule.type) + " " + number_or_any(rule.major) + ":" +
           number_or_any(rule.minor) + " " + rule.access;
}

// The state of the kernel's list as far as it follows from the writes: whether it allows or denies
// what no exception names.
class WriteList {
public:
    void add_everything(bool allow) {
        if (default_ == allow && exceptions_.empty()) return;
        writes_.push_back({allow, "a"});
        default_ = allow;
        exceptions_.clear();
    }

    Result<void> add(const policy::DeviceRule& rule) {
        if (rule.access.empty()) return {};
        if (rule.allow == default_) return take_out(rule);
        const bool known = std::ranges::any_of(exceptions_, [&](const policy::DeviceRule& line) {
            return covers_devices(line, rule) && has_all(line.access, rule.access);
        });
        if (known) return {};
        exceptions_.push_back(rule);
        writes_.push_back({rule.allow, text_of(rule)});
        return {};
    }

    std::vector<DeviceWrite> take() && { return std::move(writes_); }

private:
    // The kernel takes accesses out of the line that names the very same devices, and ignores any
    // other wish. One is let go: a rule against opening a device, as dockerd has it for /dev/fuse,
    // often names the making of its node too, which the default rules give for all; a node gives
    // nothing that the list does not guard when it is opened.
    Result<void> take_out(const policy::DeviceRule& rule) {
        for (policy::DeviceRule& line : exceptions_) {
            policy::DeviceRule common = line;
            common.allow = rule.allow;
            std::erase_if(common.access,
                          [&](char c) { return rule.access.find(c) == std::string::npos; });
            if (common.access.empty() || !share_devices(line, rule)) continue;
            const bool covered = covers_devices(rule, line);
            if (!covered && makes_any_node(line) && rule.access != "m") continue;
            if (!covered)
                return Error(Errc::unsupported,
                             "/linux/resources/devices: cgroup v1 cannot take '" + text_of(rule) +
                                 "' out of the wider rule '" + text_of(line) + "'");
            std::erase_if(line.access,
                          [&](char c) { return rule.access.find(c) != std::string::npos; });
            writes_.push_back({rule.allow, text_of(common)});
        }
        return {};
    }

    bool default_ = true;
    std::vector<policy::DeviceRule> exceptions_;
    std::vector<DeviceWrite> writes_;
};

}  // namespace

bool covers_everything(const policy::DeviceRule& rule) {
    return rule.type == 'a' && !rule.major && !rule.minor && has_all(rule.access, "rwm");
}

Result<std::vector<DeviceWrite>> v1_device_writes(const std::vector<policy::DeviceRule>& rules) {
    WriteList list;
    for (const policy::DeviceRule& rule : rules) {
        if (covers_everything(rule)) {
            list.add_everything(rule.allow);
            continue;
        }
        for (const char type : {'b', 'c'}) {
            if (rule.type != 'a' && rule.type != type) continue;
            policy::DeviceRule typed = rule;
            typed.type = type;
            NUCLEUS_CHECK(list.add(typed));
        }
    }
    return std::move(list).take();
}

}  // namespace nucleus::enforce
