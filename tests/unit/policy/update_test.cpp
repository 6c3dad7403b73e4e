// `update`: what is written of a change, and what is remembered.
#include <boost/test/unit_test.hpp>

#include "nucleus/policy.hpp"

using namespace nucleus;
using namespace nucleus::policy;

namespace {

spec::Resources with_memory(std::optional<std::int64_t> limit, std::optional<std::int64_t> swap) {
    spec::Resources resources;
    resources.memory.emplace();
    resources.memory->limit = limit;
    resources.memory->swap = swap;
    return resources;
}

spec::Resources with_cpu(spec::Cpu cpu) {
    spec::Resources resources;
    resources.cpu = cpu;
    return resources;
}

LimitChange changed(const spec::Resources& before, const spec::Resources& change) {
    Warnings warnings;
    auto limits = translate_update(before, change, warnings);
    if (!limits) throw std::runtime_error(limits.error().message());
    BOOST_TEST(warnings.empty());
    return *std::move(limits);
}

std::string refusal(const spec::Resources& before, const spec::Resources& change) {
    Warnings warnings;
    const auto limits = translate_update(before, change, warnings);
    return limits ? "accepted" : limits.error().message();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(update)

BOOST_AUTO_TEST_CASE(what_is_absent_is_left_alone_and_remembered) {
    spec::Resources before = with_memory(100, 200);
    before.memory->swappiness = 7;
    before.pids_limit = 5;
    spec::Resources change;
    change.pids_limit = 0;
    const LimitChange limits = changed(before, change);
    BOOST_TEST((limits.written == change));
    before.pids_limit = 0;
    BOOST_TEST((limits.remembered == before));
}

BOOST_AUTO_TEST_CASE(zero_means_not_set_where_callers_send_it_for_absent_values) {
    const spec::Resources before = with_cpu({.shares = 5, .period = 7, .quota = 6});
    const LimitChange limits = changed(before, with_cpu({.shares = 0, .period = 0, .quota = 0}));
    BOOST_TEST((limits.remembered == before));
    BOOST_TEST((changed(with_memory(9, 10), with_memory(0, 0)).remembered == with_memory(9, 10)));
}

BOOST_AUTO_TEST_CASE(memory_and_swap_are_written_together) {
    BOOST_TEST(
        (changed(with_memory(100, 200), with_memory(150, {})).written == with_memory(150, 200)));
    BOOST_TEST(
        (changed(with_memory(100, 200), with_memory({}, 300)).written == with_memory(100, 300)));
    spec::Resources reservation = with_memory({}, {});
    reservation.memory->reservation = 50;
    BOOST_TEST((changed(with_memory(100, 200), reservation).written == reservation));
}

BOOST_AUTO_TEST_CASE(no_limit_of_memory_is_none_of_memory_and_swap) {
    const LimitChange limits = changed(with_memory(100, 200), with_memory(-1, {}));
    BOOST_TEST((limits.written == with_memory(-1, -1)));
    BOOST_TEST((limits.remembered == with_memory(-1, -1)));
}

BOOST_AUTO_TEST_CASE(shares_come_back_with_the_end_of_idleness) {
    BOOST_TEST((changed(with_cpu({.shares = 700, .idle = 1}), with_cpu({.idle = 0})).written ==
                with_cpu({.shares = 700, .idle = 0})));
    BOOST_TEST((changed(with_cpu({.shares = 700}), with_cpu({.idle = 1})).written ==
                with_cpu({.idle = 1})));
}

BOOST_AUTO_TEST_CASE(what_holds_already_may_forbid_a_change) {
    BOOST_TEST(refusal(with_cpu({.burst = 900, .quota = 1000}), with_cpu({.quota = 800})) ==
               "resources /cpu/burst: is larger than the quota");
    BOOST_TEST(refusal({}, with_memory(-2, {})) ==
               "resources /memory/limit: must be a limit, or -1 for unlimited");
}

BOOST_AUTO_TEST_CASE(entries_of_lists_give_way_to_those_about_the_same_thing) {
    spec::Resources before, change;
    before.block_io.emplace().throttle_read_bps = {{8, 0, 10}, {8, 16, 20}};
    before.block_io->weight_device = {{8, 0, 100, {}}};
    before.hugepage_limits = {{"2MB", 1}};
    before.network.emplace().priorities = {{"eth0", 1}};
    before.rdma = {{"mlx", {3, 4}}};
    before.unified = {{"memory.high", "1"}};
    change.block_io.emplace().throttle_read_bps = {{8, 16, 30}, {8, 32, 40}};
    change.hugepage_limits = {{"1GB", 2}};
    change.network.emplace().priorities = {{"eth0", 5}};
    change.rdma["mlx"].hca_handles = 9;
    change.unified = {{"memory.high", "2"}, {"memory.low", "3"}};
    const spec::Resources after = changed(before, change).remembered;
    BOOST_TEST((after.block_io->throttle_read_bps ==
                std::vector<spec::ThrottleDevice>{{8, 0, 10}, {8, 16, 30}, {8, 32, 40}}));
    BOOST_TEST((after.block_io->weight_device == before.block_io->weight_device));
    BOOST_TEST((after.hugepage_limits == std::vector<spec::HugepageLimit>{{"2MB", 1}, {"1GB", 2}}));
    BOOST_TEST((after.network->priorities == change.network->priorities));
    BOOST_TEST((after.rdma.at("mlx") == spec::Rdma{9, 4}));
    BOOST_TEST((after.unified == change.unified));
}

BOOST_AUTO_TEST_CASE(device_rules_stay_and_other_ones_are_told_of) {
    spec::Resources before, change;
    before.devices = {{false, "a", {}, {}, "rwm"}};
    change.devices = before.devices;
    BOOST_TEST((changed(before, change).remembered == before));
    BOOST_TEST(changed(before, change).written.devices.empty());
    change.devices[0].allow = true;
    Warnings warnings;
    const auto limits = translate_update(before, change, warnings);
    BOOST_TEST_REQUIRE(limits.has_value());
    BOOST_TEST((limits->remembered == before));
    BOOST_TEST(warnings == Warnings{"resources /devices: an update leaves the device rules alone"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(kernel_memory_is_told_of_unless_it_is_zero) {
    spec::Resources change = with_memory({}, {});
    change.memory->kernel = 0;
    BOOST_TEST((changed({}, change).written == with_memory({}, {})));
    change.memory->kernel = 5;
    Warnings warnings;
    BOOST_TEST(translate_update({}, change, warnings).has_value());
    BOOST_TEST(warnings == Warnings{"resources /memory/kernel: is obsolete and ignored"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
