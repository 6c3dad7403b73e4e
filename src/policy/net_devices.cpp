// linux.netDevices (config-linux.md#network-devices): which devices of the runtime's network
// namespace move into the container's, and under which names.
#include <net/if.h>

#include <algorithm>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

constexpr std::string_view kPattern = "%d";

// What the kernel takes for a name (net/core/dev.c, dev_valid_name).
Result<void> check_name(std::string_view name, const Location& where) {
    if (name.empty()) return where.invalid("a network device has a name");
    if (name.size() >= IFNAMSIZ) {
        return where.invalid(quoted(name) + " is longer than 15 bytes, the longest device name");
    }
    if (name == "." || name == "..") {
        return where.invalid(quoted(name) + " is no name of a network device");
    }
    constexpr std::string_view kForbidden{"/: \t\n\v\f\r\0", 9};
    if (name.find_first_of(kForbidden) != std::string_view::npos) {
        return where.invalid(quoted(name) +
                             " is no name of a network device: it holds '/', ':' or a blank");
    }
    return {};
}

// One `%d` stands for the lowest free number; any other `%` the kernel refuses.
Result<void> check_new_name(std::string_view name, const Location& where) {
    NUCLEUS_CHECK(check_name(name, where));
    const std::size_t percent = name.find('%');
    if (percent == std::string_view::npos) return {};
    if (name.substr(percent, kPattern.size()) != kPattern ||
        name.find('%', percent + 1) != std::string_view::npos) {
        return where.invalid(quoted(name) + " may hold '%' only once, as '%d'");
    }
    return {};
}

}  // namespace

Result<std::vector<NetDevicePolicy>> translate_net_devices(
    const std::map<std::string, spec::NetDevice>& devices, const NamespaceConfig& namespaces,
    const Location& where) {
    std::vector<NetDevicePolicy> translated;
    if (devices.empty()) return translated;
    if (namespaces.inherits(NamespaceKind::net)) {
        return where.invalid(
            "needs a namespace of type 'network' of the container's own; it inherits the "
            "runtime's");
    }
    for (const auto& [host_name, device] : devices) {
        const Location entry = where.at(host_name);
        NUCLEUS_CHECK(check_name(host_name, entry));
        if (!device.name.empty()) NUCLEUS_CHECK(check_new_name(device.name, entry.at("name")));
        const std::string& name = device.name.empty() ? host_name : device.name;
        const bool taken =
            std::ranges::find(translated, name, &NetDevicePolicy::name) != translated.end();
        if (taken && name.find('%') == std::string::npos) {
            return entry.at("name").invalid("two devices would be called " + quoted(name) +
                                            " in the container");
        }
        translated.push_back({host_name, name, entry.pointer()});
    }
    return translated;
}

}  // namespace nucleus::policy
