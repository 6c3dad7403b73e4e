// Limits and device rules as properties of a unit.
#include "enforce/unit_properties.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace nucleus;
using namespace nucleus::enforce;
using policy::BusValue;
using policy::DeviceRule;

namespace {

std::string shown(const BusValue& value) {
    if (value.type == "ay") {
        std::string bytes = "bytes";
        for (const BusValue& byte : value.items) bytes += " " + byte.text;
        return bytes;
    }
    if (value.type[0] != 'a' && value.type[0] != '(')
        return value.text == "18446744073709551615" ? "infinity" : value.text;
    std::string out;
    for (const BusValue& item : value.items) out += (out.empty() ? "" : " ") + shown(item);
    return value.type[0] == '(' ? "(" + out + ")" : "[" + out + "]";
}

// "NAME=VALUE", and "NAME>=VERSION=VALUE" of one that an older systemd goes without.
using Texts = std::vector<std::string>;
Texts texts(const Result<UnitProperties>& properties) {
    if (!properties) return {"refused: " + properties.error().message()};
    Texts out;
    for (const auto& [name, value, since] : *properties)
        out.push_back(name + (since == 0 ? "" : ">=" + std::to_string(since)) + "=" + shown(value));
    return out;
}

Texts resources(UnitHierarchy hierarchy, auto change) {
    spec::Resources resources;
    change(resources);
    return texts(resource_properties(resources, hierarchy));
}
Texts v2(auto change) { return resources(UnitHierarchy::v2, change); }
Texts v1(auto change) { return resources(UnitHierarchy::v1, change); }

Texts memory(std::int64_t limit, std::int64_t reservation, std::int64_t swap) {
    return v2([&](spec::Resources& r) {
        r.memory = spec::Memory{};
        r.memory->limit = limit;
        r.memory->reservation = reservation;
        r.memory->swap = swap;
    });
}

Texts quota(std::int64_t quota, std::uint64_t period) {
    return v2([&](spec::Resources& r) {
        r.cpu = spec::Cpu{};
        r.cpu->quota = quota;
        r.cpu->period = period;
    });
}

Texts unified(std::map<std::string, std::string> files) {
    return v2([&](spec::Resources& r) { r.unified = std::move(files); });
}

constexpr bool kAllow = true, kDeny = false;
const DeviceRule kDenyAll{kDeny, 'a', {}, {}, "rwm"};
const DeviceRule kAllowAll{kAllow, 'a', {}, {}, "rwm"};

Texts devices(std::vector<DeviceRule> rules, UnitHierarchy hierarchy = UnitHierarchy::v2) {
    return texts(device_properties(rules, hierarchy));
}

}  // namespace

#define CHECK_TEXTS(actual, ...) \
    BOOST_TEST((actual) == (Texts{__VA_ARGS__}), boost::test_tools::per_element())

BOOST_AUTO_TEST_SUITE(unit_properties)

BOOST_AUTO_TEST_CASE(memory_limits_are_bytes_or_infinity_and_swap_is_without_memory) {
    CHECK_TEXTS(memory(1000, 500, 1500), "MemoryMax=1000", "MemoryLow=500", "MemorySwapMax=500");
    CHECK_TEXTS(memory(-1, 0, 0), "MemoryMax=infinity", "MemorySwapMax=infinity");
    CHECK_TEXTS(memory(1000, 0, -1), "MemoryMax=1000", "MemorySwapMax=infinity");
    BOOST_TEST(memory(1000, 0, 500).at(0).starts_with("refused: /linux/resources/memory/swap"));
}

BOOST_AUTO_TEST_CASE(a_quota_is_the_share_of_a_second_in_whole_percents) {
    CHECK_TEXTS(quota(50000, 100000), "CPUQuotaPeriodUSec>=242=100000",
                "CPUQuotaPerSecUSec=500000");
    CHECK_TEXTS(quota(33333, 0), "CPUQuotaPerSecUSec=340000");
    CHECK_TEXTS(quota(1, 1000000), "CPUQuotaPeriodUSec>=242=1000000", "CPUQuotaPerSecUSec=10000");
    CHECK_TEXTS(quota(-1, 0), "CPUQuotaPerSecUSec=infinity");
    CHECK_TEXTS(quota(0, 50000), "CPUQuotaPeriodUSec>=242=50000", "CPUQuotaPerSecUSec=infinity");
    CHECK_TEXTS(quota(0, 0));
}

BOOST_AUTO_TEST_CASE(shares_idleness_and_cpusets_are_weights_and_masks) {
    CHECK_TEXTS(v2([](spec::Resources& r) {
                    r.cpu = spec::Cpu{};
                    r.cpu->shares = 1024;
                    r.cpu->cpus = "0-2,8";
                    r.cpu->mems = "1";
                }),
                "CPUWeight=100", "AllowedCPUs>=244=bytes 7 1", "AllowedMemoryNodes>=244=bytes 2");
    CHECK_TEXTS(v2([](spec::Resources& r) {
                    r.cpu = spec::Cpu{};
                    r.cpu->shares = 1024;
                    r.cpu->idle = 1;
                }),
                "CPUWeight>=252=0");
}

BOOST_AUTO_TEST_CASE(tasks_are_counted_from_one) {
    for (const auto& [limit, text] : std::map<std::int64_t, std::string>{
             {10, "TasksMax=10"}, {-1, "TasksMax=infinity"}, {0, "TasksMax=1"}})
        CHECK_TEXTS(v2([&](spec::Resources& r) { r.pids_limit = limit; }), text);
}

BOOST_AUTO_TEST_CASE(block_devices_are_named_by_number) {
    const auto io = [](spec::Resources& r) {
        r.block_io.emplace();
        r.block_io->weight = 1000;
        r.block_io->weight_device = {{8, 0, 10, {}}, {8, 16, {}, 100}};
        r.block_io->throttle_read_bps = {{8, 0, 1024}};
        r.block_io->throttle_write_bps = {{8, 0, 0}};
        r.block_io->throttle_read_iops = {{8, 0, 5}};
        r.block_io->throttle_write_iops = {{8, 16, 6}};
    };
    CHECK_TEXTS(v2(io), "IOWeight=10000", "IODeviceWeight=[(/dev/block/8:0 1)]",
                "IOReadBandwidthMax=[(/dev/block/8:0 1024)]",
                "IOWriteBandwidthMax=[(/dev/block/8:0 infinity)]",
                "IOReadIOPSMax=[(/dev/block/8:0 5)]", "IOWriteIOPSMax=[(/dev/block/8:16 6)]");
    CHECK_TEXTS(v1(io), "BlockIOWeight=1000", "BlockIODeviceWeight=[(/dev/block/8:0 10)]",
                "BlockIOReadBandwidth=[(/dev/block/8:0 1024)]",
                "BlockIOWriteBandwidth=[(/dev/block/8:0 infinity)]");
}

BOOST_AUTO_TEST_CASE(cgroup_v1_has_properties_of_its_own) {
    CHECK_TEXTS(v1([](spec::Resources& r) {
                    r.cpu = spec::Cpu{};
                    r.cpu->shares = 512;
                    r.cpu->cpus = "0";
                    r.memory = spec::Memory{};
                    r.memory->limit = 1000;
                    r.memory->swap = 2000;
                }),
                "CPUShares=512", "MemoryLimit=1000");
}

BOOST_AUTO_TEST_CASE(unified_files_that_systemd_knows_are_properties_too) {
    CHECK_TEXTS(unified({{"memory.high", "1M"}, {"memory.min", "0"}, {"hugetlb.2MB.max", "0"}}),
                "MemoryHigh=1048576", "MemoryMin=0");
    CHECK_TEXTS(unified({{"cpu.max", "50000 100000"}}), "CPUQuotaPeriodUSec>=242=100000",
                "CPUQuotaPerSecUSec=500000");
    CHECK_TEXTS(unified({{"cpu.max", "max"}}), "CPUQuotaPerSecUSec=infinity");
    CHECK_TEXTS(unified({{"cpuset.cpus", "1"}, {"pids.max", "max"}, {"cpu.weight", "7"}}),
                "CPUWeight=7", "AllowedCPUs>=244=bytes 2", "TasksMax=infinity");
    // The kernel will say what is wrong with it.
    CHECK_TEXTS(unified({{"memory.max", "lots"}, {"cpu.max", "a b"}, {"cpuset.cpus", "x"}}));
}

BOOST_AUTO_TEST_CASE(a_unified_file_replaces_what_the_section_says) {
    CHECK_TEXTS(v2([](spec::Resources& r) {
                    r.memory = spec::Memory{};
                    r.memory->limit = 1000;
                    r.unified = {{"memory.max", "2000"}};
                }),
                "MemoryMax=2000");
}

BOOST_AUTO_TEST_CASE(device_rules_become_a_strict_list_that_replaces_the_one_before) {
    CHECK_TEXTS(devices({kDenyAll,
                         {kAllow, 'c', 1, 3, "rwm"},
                         {kAllow, 'c', 136, {}, "rw"},
                         {kAllow, 'b', {}, {}, "m"}}),
                "DevicePolicy=strict", "DeviceAllow=[]",
                "DeviceAllow=[(/dev/char/1:3 rwm) (char-136 rw) (block-* m)]");
    CHECK_TEXTS(devices({}));
}

BOOST_AUTO_TEST_CASE(everything_allowed_is_no_list) {
    CHECK_TEXTS(devices({kDenyAll, {kAllow, 'c', 1, 3, "rwm"}, kAllowAll}), "DevicePolicy=auto",
                "DeviceAllow=[]");
}

BOOST_AUTO_TEST_CASE(accesses_of_one_device_add_up_and_are_taken_away) {
    CHECK_TEXTS(devices({kDenyAll,
                         {kAllow, 'c', 1, 3, "r"},
                         {kAllow, 'c', 1, 3, "w"},
                         {kAllow, 'c', 1, 5, "rw"},
                         {kDeny, 'c', 1, 5, "rw"}}),
                "DevicePolicy=strict", "DeviceAllow=[]", "DeviceAllow=[(/dev/char/1:3 rw)]");
}

BOOST_AUTO_TEST_CASE(an_exception_is_left_to_the_filter_of_v2_and_refused_on_v1) {
    const std::vector<std::vector<DeviceRule>> lists{
        {{kDeny, 'c', 1, 3, "rwm"}},
        {kDenyAll, {kAllow, 'c', 1, {}, "rw"}, {kDeny, 'c', 1, 3, "w"}}};
    CHECK_TEXTS(devices(lists[0]), "DevicePolicy=auto", "DeviceAllow=[]");
    CHECK_TEXTS(devices(lists[1]), "DevicePolicy=strict", "DeviceAllow=[]",
                "DeviceAllow=[(char-1 rw)]");
    for (const auto& rules : lists)
        BOOST_TEST(devices(rules, UnitHierarchy::v1)
                       .at(0)
                       .starts_with("refused: /linux/resources/devices: systemd's device list"));
}

BOOST_AUTO_TEST_SUITE_END()
