#include "enforce/unit_properties.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "enforce/cgroup_limits.hpp"
#include "enforce/devices.hpp"

namespace nucleus::enforce {

namespace {

using policy::BusValue;

constexpr std::uint64_t kInfinity = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kMicroPerSecond = 1000000;
constexpr std::uint64_t kUsualPeriod = 100000;  // µs, cpu.max of a new cgroup
// systemd writes the quota into its own files in whole percents.
constexpr std::uint64_t kOnePercent = 10000;
// Versions of systemd with news (its NEWS): an older one lives with the file that is written.
constexpr std::uint32_t kPeriods = 242, kCpusets = 244, kIdle = 252, kZswap = 253;

std::uint64_t or_infinity(std::int64_t limit) {
    return limit < 0 ? kInfinity : static_cast<std::uint64_t>(limit);
}

std::uint64_t rounded_up(std::uint64_t per_second) {
    return std::max((per_second + kOnePercent - 1) / kOnePercent, std::uint64_t{1}) * kOnePercent;
}

class List {
public:
    void number(std::string name, std::uint64_t value, std::uint32_t since = 0) {
        add({std::move(name), bus_number(value), since});
    }
    // The later word counts: resources.unified over what config.json has words for.
    void add(policy::UnitProperty property) {
        std::erase_if(
            out_, [&](const policy::UnitProperty& known) { return known.name == property.name; });
        out_.push_back(std::move(property));
    }

    void quota(std::int64_t quota, std::uint64_t period) {
        if (quota == 0 && period == 0) return;
        if (period != 0) number("CPUQuotaPeriodUSec", period, kPeriods);
        std::uint64_t per_second = kInfinity;
        if (quota > 0) {
            const std::uint64_t divisor = period == 0 ? kUsualPeriod : period;
            // More than this is no quota that the kernel counts in (max_cfs_runtime).
            const auto whole = static_cast<std::uint64_t>(quota);
            if (whole < kInfinity / kMicroPerSecond)
                per_second = rounded_up(whole * kMicroPerSecond / divisor);
        }
        number("CPUQuotaPerSecUSec", per_second);
    }

    UnitProperties take() && { return std::move(out_); }

private:
    UnitProperties out_;
};

BusValue pair_list(std::string type) { return BusValue{std::move(type), "", {}}; }

std::string device_path(std::int64_t major, std::int64_t minor) {
    return "/dev/block/" + std::to_string(major) + ":" + std::to_string(minor);
}

void add_pair(BusValue& list, std::string first, BusValue second) {
    const std::string type = "(s" + second.type + ")";
    list.items.push_back({type, "", {bus_text(std::move(first)), std::move(second)}});
}

// A list of numbers (cpuset(7)) as the bit mask that systemd takes: byte n has numbers 8n to 8n+7.
std::optional<BusValue> bit_mask(std::string_view list) {
    constexpr std::size_t kMost = 8192;  // CONFIG_NR_CPUS at its largest
    std::vector<std::uint8_t> bytes;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view range = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        while (!range.empty() && (range.front() == ' ' || range.front() == '\n'))
            range.remove_prefix(1);
        while (!range.empty() && (range.back() == ' ' || range.back() == '\n'))
            range.remove_suffix(1);
        if (range.empty()) continue;
        const std::size_t dash = std::min(range.find('-'), range.size());
        const std::string_view ends[] = {range.substr(0, dash),
                                         dash == range.size() ? range : range.substr(dash + 1)};
        std::size_t numbers[2];
        for (int i = 0; i < 2; ++i) {
            const char* end = ends[i].data() + ends[i].size();
            const auto [stop, fault] = std::from_chars(ends[i].data(), end, numbers[i]);
            if (fault != std::errc{} || stop != end || numbers[i] >= kMost) return std::nullopt;
        }
        for (std::size_t n = numbers[0]; n <= numbers[1]; ++n) {
            if (bytes.size() <= n / 8) bytes.resize(n / 8 + 1);
            bytes[n / 8] |= static_cast<std::uint8_t>(1U << n % 8);
        }
    }
    BusValue value{"ay", "", {}};
    for (const std::uint8_t byte : bytes) value.items.push_back({"y", std::to_string(byte), {}});
    if (bytes.empty()) return std::nullopt;
    return value;
}

void add_cpuset(List& list, const char* name, std::string_view numbers) {
    // What is no list the kernel will refuse, when it is written.
    if (auto mask = bit_mask(numbers)) list.add({name, std::move(*mask), kCpusets});
}

void add_cpu(List& list, const spec::Cpu& cpu, UnitHierarchy hierarchy) {
    const std::uint64_t shares = cpu.shares.value_or(0);
    const bool idle = cpu.idle.value_or(0) != 0;
    if (hierarchy == UnitHierarchy::v1) {
        if (shares != 0 && !idle)
            list.number("CPUShares", std::clamp<std::uint64_t>(shares, 2, 262144));
    } else {
        // CPUWeight=idle (systemd.resource-control(5)).
        if (idle)
            list.number("CPUWeight", 0, kIdle);
        else if (shares != 0)
            list.number("CPUWeight", cpu_weight_from_shares(shares));
        add_cpuset(list, "AllowedCPUs", cpu.cpus);
        add_cpuset(list, "AllowedMemoryNodes", cpu.mems);
    }
    list.quota(cpu.quota.value_or(0), cpu.period.value_or(0));
}

Result<void> add_memory(List& list, const spec::Memory& memory, UnitHierarchy hierarchy) {
    const std::int64_t limit = memory.limit.value_or(0);
    if (hierarchy == UnitHierarchy::v1) {
        if (limit != 0) list.number("MemoryLimit", or_infinity(limit));
        return {};
    }
    if (limit != 0) list.number("MemoryMax", or_infinity(limit));
    if (memory.reservation.value_or(0) != 0)
        list.number("MemoryLow", or_infinity(*memory.reservation));
    NUCLEUS_TRY(const std::string swap,
                swap_max_from_memory_and_swap(limit, memory.swap.value_or(0)));
    if (!swap.empty()) list.number("MemorySwapMax", swap == "max" ? kInfinity : std::stoull(swap));
    return {};
}

void add_block_io(List& list, const spec::BlockIo& io, UnitHierarchy hierarchy) {
    const bool v1 = hierarchy == UnitHierarchy::v1;
    const auto weight = [&](std::uint16_t value) {
        return v1 ? std::uint64_t{value} : io_weight_from_blkio(value);
    };
    if (io.weight.value_or(0) != 0)
        list.number(v1 ? "BlockIOWeight" : "IOWeight", weight(*io.weight));
    BusValue weights = pair_list("a(st)");
    for (const spec::WeightDevice& device : io.weight_device)
        if (device.weight.value_or(0) != 0)
            add_pair(weights, device_path(device.major, device.minor),
                     bus_number(weight(*device.weight)));
    if (!weights.items.empty())
        list.add({v1 ? "BlockIODeviceWeight" : "IODeviceWeight", std::move(weights), 0});
    const auto throttle = [&](const char* name, const std::vector<spec::ThrottleDevice>& devices) {
        BusValue rates = pair_list("a(st)");
        for (const spec::ThrottleDevice& device : devices)
            add_pair(rates, device_path(device.major, device.minor),
                     bus_number(device.rate == 0 ? kInfinity : device.rate));
        if (!rates.items.empty()) list.add({name, std::move(rates), 0});
    };
    throttle(v1 ? "BlockIOReadBandwidth" : "IOReadBandwidthMax", io.throttle_read_bps);
    throttle(v1 ? "BlockIOWriteBandwidth" : "IOWriteBandwidthMax", io.throttle_write_bps);
    if (v1) return;  // systemd has no words for v1's operations a second
    throttle("IOReadIOPSMax", io.throttle_read_iops);
    throttle("IOWriteIOPSMax", io.throttle_write_iops);
}

// A size as the kernel reads it (memparse): a number with K, M, G, T; or "max".
std::optional<std::uint64_t> parse_size(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    if (text == "max") return kInfinity;
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, number);
    if (fault != std::errc{}) return std::nullopt;
    if (stop == end) return number;
    const std::size_t power = std::string_view("kmgt").find(static_cast<char>(*stop | 0x20));
    if (stop + 1 != end || power == std::string_view::npos) return std::nullopt;
    const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
    if (number > kInfinity >> shift) return std::nullopt;
    return number << shift;
}

void add_cpu_max(List& list, std::string_view text) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    const auto quota = parse_size(text.substr(0, blank));
    const auto period =
        blank == text.size() ? std::optional<std::uint64_t>(0) : parse_size(text.substr(blank + 1));
    if (!quota || !period) return;
    const bool none = *quota == kInfinity;
    if (!none && *quota > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return;
    list.quota(none ? -1 : static_cast<std::int64_t>(*quota), *period);
}

// config-linux.md#unified. A file that systemd knows nothing of it leaves alone; a value that is
// none the kernel refuses when it is written.
void add_unified(List& list, const std::map<std::string, std::string>& unified) {
    struct Known {
        const char *file, *property;
        std::uint32_t since;
        std::uint64_t least;
    };
    static constexpr Known kKnown[] = {{"cpu.weight", "CPUWeight", 0, 1},
                                       {"memory.min", "MemoryMin", 0, 0},
                                       {"memory.low", "MemoryLow", 0, 0},
                                       {"memory.high", "MemoryHigh", 0, 1},
                                       {"memory.max", "MemoryMax", 0, 1},
                                       {"memory.swap.max", "MemorySwapMax", 0, 0},
                                       {"memory.zswap.max", "MemoryZSwapMax", kZswap, 0},
                                       {"pids.max", "TasksMax", 0, 1}};
    for (const auto& [file, value] : unified) {
        for (const Known& known : kKnown) {
            const auto size = file == known.file ? parse_size(value) : std::nullopt;
            if (size) list.number(known.property, std::max(*size, known.least), known.since);
        }
        if (file == "cpu.max") add_cpu_max(list, value);
        if (file == "cpuset.cpus") add_cpuset(list, "AllowedCPUs", value);
        if (file == "cpuset.mems") add_cpuset(list, "AllowedMemoryNodes", value);
        if (file == "cpu.idle" && parse_size(value) == 1U) list.number("CPUWeight", 0, kIdle);
    }
}

// A device, or all of a major number, or all: as DeviceAllow names them.
std::string device_name(const policy::DeviceRule& rule) {
    const std::string kind = rule.type == 'b' ? "block" : "char";
    if (!rule.major) return kind + "-*";
    const std::string major = std::to_string(*rule.major);
    if (!rule.minor) return kind + "-" + major;
    return "/dev/" + kind + "/" + major + ":" + std::to_string(*rule.minor);
}

Error no_exception() {
    return Error(Errc::unsupported,
                 "/linux/resources/devices: systemd's device list has no exceptions, and on cgroup "
                 "v1 it is the only list");
}

// What is allowed once all rules are heard, or more where exceptions are among them.
struct Allowed {
    bool everything = true;  // a new cgroup's list
    bool exact = true;
    std::vector<policy::DeviceRule> rules;

    void hear(const policy::DeviceRule& rule) {
        if (rule.access.empty()) return;
        if (covers_everything(rule)) {
            everything = rule.allow;
            exact = true;
            rules.clear();
        } else if (everything) {
            exact = exact && rule.allow;
        } else if (rule.allow) {
            allow(rule);
        } else {
            deny(rule);
        }
    }

private:
    static bool same_devices(const policy::DeviceRule& one, const policy::DeviceRule& other) {
        return one.type == other.type && one.major == other.major && one.minor == other.minor;
    }
    void allow(const policy::DeviceRule& rule) {
        if (!rule.major && rule.minor) exact = false;
        for (policy::DeviceRule& known : rules) {
            if (!same_devices(known, rule)) continue;
            for (const char letter : rule.access)
                if (known.access.find(letter) == std::string::npos) known.access += letter;
            return;
        }
        rules.push_back(rule);
    }
    void deny(const policy::DeviceRule& rule) {
        for (policy::DeviceRule& known : rules) {
            const bool wider = !rule.major && !rule.minor && known.type == rule.type;
            if (!wider && !same_devices(known, rule)) continue;
            std::erase_if(known.access, [&](char letter) {
                return rule.access.find(letter) != std::string::npos;
            });
        }
        std::erase_if(rules, [](const policy::DeviceRule& known) { return known.access.empty(); });
        const bool inside_wider = std::ranges::any_of(rules, [&](const policy::DeviceRule& known) {
            const bool meet = known.type == rule.type &&
                              (!known.major || !rule.major || known.major == rule.major) &&
                              (!known.minor || !rule.minor || known.minor == rule.minor);
            return meet && known.access.find_first_of(rule.access) != std::string::npos;
        });
        if (inside_wider) exact = false;
    }
};

}  // namespace

BusValue bus_number(std::uint64_t number) { return {"t", std::to_string(number), {}}; }
BusValue bus_text(std::string text) { return {"s", std::move(text), {}}; }
BusValue bus_truth(bool truth) { return {"b", truth ? "true" : "false", {}}; }
BusValue bus_pids(pid_t pid) { return {"au", "", {{"u", std::to_string(pid), {}}}}; }

Result<UnitProperties> resource_properties(const spec::Resources& resources,
                                           UnitHierarchy hierarchy) {
    List list;
    if (resources.cpu) add_cpu(list, *resources.cpu, hierarchy);
    if (resources.memory) NUCLEUS_CHECK(add_memory(list, *resources.memory, hierarchy));
    // TasksMax knows no 0: of a cgroup with a process in it, 1 says the same.
    if (resources.pids_limit)
        list.number("TasksMax", std::max<std::uint64_t>(or_infinity(*resources.pids_limit), 1));
    if (resources.block_io) add_block_io(list, *resources.block_io, hierarchy);
    if (hierarchy == UnitHierarchy::v2) add_unified(list, resources.unified);
    return std::move(list).take();
}

Result<UnitProperties> device_properties(const std::vector<policy::DeviceRule>& rules,
                                         UnitHierarchy hierarchy) {
    UnitProperties out;
    if (rules.empty()) return out;
    Allowed allowed;
    for (const policy::DeviceRule& rule : rules) {
        if (rule.type != 'a' || covers_everything(rule)) {
            allowed.hear(rule);
            continue;
        }
        for (const char type : {'b', 'c'}) {
            policy::DeviceRule typed = rule;
            typed.type = type;
            allowed.hear(typed);
        }
    }
    if (hierarchy == UnitHierarchy::v1 && !allowed.exact) return no_exception();
    out.push_back({"DevicePolicy", bus_text(allowed.everything ? "auto" : "strict"), 0});
    // An empty list first takes away what an earlier command has set.
    BusValue list{"a(ss)", "", {}};
    out.push_back({"DeviceAllow", list, 0});
    for (const policy::DeviceRule& rule : allowed.rules)
        add_pair(list, device_name(rule), bus_text(rule.access));
    if (!list.items.empty()) out.push_back({"DeviceAllow", std::move(list), 0});
    return out;
}

}  // namespace nucleus::enforce
