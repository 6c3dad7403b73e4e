// The unit that systemd makes of a container: its name and place (linux.cgroupsPath in the form
// `slice:prefix:name`, which runc began and callers write), and what annotations say of it.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "policy/bus_value.hpp"
#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

constexpr std::string_view kAnnotation = "org.systemd.property.";
constexpr std::string_view kSlice = ".slice";
constexpr std::string_view kScope = ".scope";
constexpr std::size_t kLongestName = 255;  // systemd.unit(5)
constexpr std::string_view kDefaultPrefix = "nucleus";

// What says where the process stands: config.json's, never an annotation's.
constexpr std::array kOwnProperties{"PIDs", "Slice"};

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

// systemd.unit(5): "ASCII letters, digits, ":", "-", "_", ".", and "\"".
bool has_unit_characters(std::string_view name) {
    return std::ranges::all_of(name, [](char c) {
        return is_alphanumeric(c) || std::string_view(":-_.\\").find(c) != std::string_view::npos;
    });
}

// As systemd-escape(1) writes it: an id may have '+'.
std::string escaped(std::string_view id) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (const char c : id) {
        const auto byte = static_cast<unsigned char>(c);
        if (has_unit_characters({&c, 1}))
            out += c;
        else
            ((out += "\\x") += kHex[byte >> 4]) += kHex[byte & 15];
    }
    return out;
}

struct Parts {
    std::string slice, prefix, name;
};

Result<Parts> split(std::string_view path, std::string_view id, const Location& where) {
    if (path.empty()) return Parts{"", std::string(kDefaultPrefix), escaped(id)};
    const std::size_t first = path.find(':');
    const std::size_t second = first == path.npos ? path.npos : path.find(':', first + 1);
    if (second == path.npos || path.find(':', second + 1) != path.npos)
        return where.invalid(
            "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got " +
            quoted(path) + " instead");
    return Parts{std::string(path.substr(0, first)),
                 std::string(path.substr(first + 1, second - first - 1)),
                 std::string(path.substr(second + 1))};
}

// systemd.slice(5): the dashes of the name are the way to it.
Result<void> check_slice(std::string_view slice, const Location& where) {
    if (slice == "-.slice") return {};
    const bool ends_well = slice.ends_with(kSlice) && slice.size() > kSlice.size();
    const std::string_view stem = slice.substr(0, slice.size() - (ends_well ? kSlice.size() : 0));
    if (!ends_well || !has_unit_characters(stem) || slice.size() > kLongestName ||
        stem.starts_with('-') || stem.ends_with('-') || stem.find("--") != stem.npos)
        return where.invalid("is no name of a slice: " + quoted(slice));
    return {};
}

Result<BusValue> in_microseconds(const BusValue& seconds) {
    constexpr std::uint64_t kMicro = 1000000;
    const Error wrong(Errc::invalid_config, "must be a number of seconds, none below zero");
    if (seconds.type == "d") {
        const double micro = std::strtod(seconds.text.c_str(), nullptr) * kMicro;
        if (!(micro >= 0) || micro >= 18446744073709551615.0) return wrong;
        return BusValue{"t", std::to_string(static_cast<std::uint64_t>(std::llround(micro))), {}};
    }
    if (seconds.type.size() != 1 ||
        std::string_view("ynqiuxt").find(seconds.type) == std::string_view::npos)
        return wrong;
    std::uint64_t number = 0;
    const char* end = seconds.text.data() + seconds.text.size();
    const auto [stop, fault] = std::from_chars(seconds.text.data(), end, number);
    if (fault != std::errc{} || stop != end ||
        number > std::numeric_limits<std::uint64_t>::max() / kMicro)
        return wrong;
    return BusValue{"t", std::to_string(number * kMicro), {}};
}

// systemd's D-Bus properties have microseconds where its unit files have seconds:
// TimeoutStopSec=30 is TimeoutStopUSec, 30000000.
bool means_seconds(std::string_view name) {
    return name.size() > 3 && name.ends_with("Sec") && name[name.size() - 4] >= 'a' &&
           name[name.size() - 4] <= 'z';
}

Result<UnitProperty> translate_property(std::string name, std::string_view text,
                                        const Location& where) {
    if (name.empty() || !std::ranges::all_of(name, is_alphanumeric))
        return where.invalid("names no property of a unit");
    if (std::ranges::find(kOwnProperties, name) != kOwnProperties.end())
        return where.invalid("is not an annotation's to say: cgroupsPath places the unit");
    auto value = parse_bus_value(text);
    if (value && means_seconds(name)) {
        value = in_microseconds(*value);
        name.replace(name.size() - 3, 3, "USec");
    }
    if (!value) return where.invalid("is no value for systemd: " + value.error().message());
    return UnitProperty{std::move(name), std::move(*value), 0};
}

}  // namespace

std::string slice_path(std::string_view slice) {
    std::string path;
    if (slice == "-.slice") return path;
    const std::string_view stem = slice.substr(0, slice.size() - kSlice.size());
    for (std::size_t dash = stem.find('-');; dash = stem.find('-', dash + 1)) {
        path.append("/").append(stem.substr(0, dash)).append(kSlice);
        if (dash == stem.npos) return path;
    }
}

Result<UnitPolicy> translate_unit(const ContainerPolicy& policy, std::string_view id,
                                  UnitManager manager) {
    const Location document("config.json");
    const Location where = document.at("linux").at("cgroupsPath");
    NUCLEUS_TRY(Parts parts, split(policy.cgroup.path, id, where));
    UnitPolicy unit;
    const std::string_view usual = manager == UnitManager::user ? "user.slice" : "system.slice";
    unit.slice = parts.slice.empty() ? std::string(usual) : std::move(parts.slice);
    NUCLEUS_CHECK(check_slice(unit.slice, where));
    if (parts.name.ends_with(kSlice))
        return where.invalid("names a slice, which holds no process: " + quoted(parts.name));
    unit.name = (parts.prefix.empty() ? "" : parts.prefix + "-") + parts.name + std::string(kScope);
    if (parts.name.empty() || !has_unit_characters(unit.name) || unit.name.size() > kLongestName)
        return where.invalid("makes no name of a unit: " + quoted(unit.name));
    const Location annotations = document.at("annotations");
    for (const auto& [key, text] : policy.annotations) {
        if (!key.starts_with(kAnnotation)) continue;
        NUCLEUS_TRY(UnitProperty property,
                    translate_property(key.substr(kAnnotation.size()), text, annotations.at(key)));
        std::erase_if(unit.properties,
                      [&](const UnitProperty& other) { return other.name == property.name; });
        unit.properties.push_back(std::move(property));
    }
    return unit;
}

}  // namespace nucleus::policy
