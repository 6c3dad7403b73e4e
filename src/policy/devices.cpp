// Device nodes and the device allow-list (config-linux.md#devices, #default-devices,
// #allowed-device-list).
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

// dev_t inside the kernel: 12 bits of major, 20 of minor (include/linux/kdev_t.h).
constexpr std::int64_t kMaximumMajor = (1 << 12) - 1;
constexpr std::int64_t kMaximumMinor = (1 << 20) - 1;
constexpr std::uint32_t kPermissionBits = 07777;
// What callers write for `any` where the specification leaves the number out.
constexpr std::int64_t kAny = -1;

struct DefaultDevice {
    std::string_view path;
    std::uint32_t major, minor;
};

constexpr auto kDefaultDevices = std::to_array<DefaultDevice>({
    {"/dev/null", 1, 3},
    {"/dev/zero", 1, 5},
    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8},
    {"/dev/urandom", 1, 9},
    {"/dev/tty", 5, 0},
});

struct DefaultRule {
    char type;
    std::optional<std::uint32_t> major, minor;
    std::string_view access;
};

// After the bundle's last rule for all devices, so that a bundle that denies everything still gets
// its default devices, and before what it says of single ones: those words are the last. Not the
// host's /dev/console (5:1): the container's is a terminal of its own. Making a node gives nothing
// by itself: opening it is what the list guards.
constexpr auto kDefaultRules = std::to_array<DefaultRule>({
    {'c', std::nullopt, std::nullopt, "m"},
    {'b', std::nullopt, std::nullopt, "m"},
    {'c', 1, 3, "rwm"},
    {'c', 1, 5, "rwm"},
    {'c', 1, 7, "rwm"},
    {'c', 1, 8, "rwm"},
    {'c', 1, 9, "rwm"},
    {'c', 5, 0, "rwm"},
    {'c', 5, 2, "rwm"},               // /dev/ptmx
    {'c', 136, std::nullopt, "rwm"},  // /dev/pts/N
    {'c', 10, 200, "rwm"},            // /dev/net/tun
});

Result<std::uint32_t> number(std::int64_t value, std::int64_t maximum, const Location& where) {
    if (value < 0 || value > maximum) {
        return where.invalid("device number " + std::to_string(value) + " is not in 0.." +
                             std::to_string(maximum));
    }
    return static_cast<std::uint32_t>(value);
}

Result<DeviceNode::Type> node_type(std::string_view type, const Location& where) {
    if (type == "c" || type == "u") return DeviceNode::Type::character;
    if (type == "b") return DeviceNode::Type::block;
    if (type == "p") return DeviceNode::Type::fifo;
    return where.invalid("unknown device type " + quoted(type) + ": c, b, u and p are known");
}

Result<DeviceNode> translate_node(const spec::Device& device, const Location& where) {
    DeviceNode node;
    NUCLEUS_TRY(node.type, node_type(device.type, where.at("type")));
    NUCLEUS_CHECK(where.at("path").absolute_path(device.path));
    node.path = device.path;
    if (node.type != DeviceNode::Type::fifo) {
        NUCLEUS_TRY(node.major, number(device.major, kMaximumMajor, where.at("major")));
        NUCLEUS_TRY(node.minor, number(device.minor, kMaximumMinor, where.at("minor")));
    }
    // Callers copy st_mode, the file type included; mknod gets the type from `type`.
    if (device.file_mode) node.mode = *device.file_mode & kPermissionBits;
    node.uid = device.uid.value_or(0);
    node.gid = device.gid.value_or(0);
    return node;
}

Result<std::optional<std::uint32_t>> rule_number(const std::optional<std::int64_t>& value,
                                                 std::int64_t maximum, const Location& where) {
    if (!value || *value == kAny) return std::optional<std::uint32_t>();
    NUCLEUS_TRY(const std::uint32_t checked, number(*value, maximum, where));
    return std::optional<std::uint32_t>(checked);
}

Result<std::string> translate_access(std::string_view access, const Location& where) {
    if (access.find_first_not_of("rwm") != std::string_view::npos) {
        return where.invalid("unknown access " + quoted(access) + ": letters of rwm are known");
    }
    std::string sorted;
    for (const char letter : std::string_view("rwm")) {
        if (access.empty() || access.find(letter) != std::string_view::npos) sorted += letter;
    }
    return sorted;
}

Result<void> append_rule(const spec::DeviceRule& rule, const Location& where,
                         std::vector<DeviceRule>& rules) {
    DeviceRule translated;
    translated.allow = rule.allow;
    NUCLEUS_TRY(translated.major, rule_number(rule.major, kMaximumMajor, where.at("major")));
    NUCLEUS_TRY(translated.minor, rule_number(rule.minor, kMaximumMinor, where.at("minor")));
    NUCLEUS_TRY(translated.access, translate_access(rule.access, where.at("access")));

    const std::string_view type = rule.type.empty() ? "a" : std::string_view(rule.type);
    if (type != "a" && type != "b" && type != "c") {
        return where.at("type").invalid("unknown device type " + quoted(type) +
                                        ": a, b and c are known");
    }
    translated.type = type.front();
    // cgroup v1 takes `a` as all devices with all accesses, whatever follows it; so a narrower rule
    // becomes two.
    const bool narrow = translated.major || translated.minor || translated.access != "rwm";
    if (translated.type != 'a' || !narrow) {
        rules.push_back(std::move(translated));
        return {};
    }
    for (const char each : {'b', 'c'}) {
        translated.type = each;
        rules.push_back(translated);
    }
    return {};
}

}  // namespace

Result<DevicePolicy> translate_devices(const std::vector<spec::Device>& devices,
                                       const std::vector<spec::DeviceRule>& rules,
                                       const Location& where) {
    DevicePolicy policy;
    // A device that the bundle puts at a default device's path takes its place.
    for (const DefaultDevice& device : kDefaultDevices) {
        if (std::ranges::find(devices, device.path, &spec::Device::path) != devices.end()) continue;
        DeviceNode node;
        node.path = device.path;
        node.major = device.major;
        node.minor = device.minor;
        policy.nodes.push_back(std::move(node));
    }
    const Location devices_location = where.at("devices");
    for (std::size_t index = 0; index < devices.size(); ++index) {
        NUCLEUS_TRY(DeviceNode node, translate_node(devices[index], devices_location.at(index)));
        policy.nodes.push_back(std::move(node));
    }
    const Location rules_location = where.at("resources").at("devices");
    policy.rules.reserve(rules.size() + kDefaultRules.size());
    for (std::size_t index = 0; index < rules.size(); ++index) {
        NUCLEUS_CHECK(append_rule(rules[index], rules_location.at(index), policy.rules));
    }
    const auto last_for_all =
        std::ranges::find(policy.rules.rbegin(), policy.rules.rend(), 'a', &DeviceRule::type);
    auto place = last_for_all.base();
    for (const DefaultRule& rule : kDefaultRules) {
        place = policy.rules.insert(
                    place, {true, rule.type, rule.major, rule.minor, std::string(rule.access)}) +
                1;
    }
    return policy;
}

}  // namespace nucleus::policy
