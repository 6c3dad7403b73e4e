// events with every kernel call failing in turn: an error that says so, and nothing kept open.
#include <boost/test/unit_test.hpp>

#include "sweep.hpp"

using namespace nucleus;
using namespace nucleus::runtime;
using namespace nucleus::runtime::testing;

namespace {

void sweep_stats(Hierarchies hierarchies) {
    const std::string frozen = hierarchies == Hierarchies::v2
                                   ? "/sys/fs/cgroup/pod/c1/cgroup.events"
                                   : "/sys/fs/cgroup/freezer/pod/c1/freezer.state";
    const auto check_no_descriptor = [](Machine& machine, const FaultyRun&) {
        for (const std::string& name : machine.kernel.open_descriptors())
            BOOST_ERROR("open: " + name);
    };
    const std::size_t runs = run_sweep({
        .prepare =
            [=] {
                auto machine = std::make_unique<Machine>(Bundle::everything, hierarchies);
                machine->create();
                return machine;
            },
        .command = [](Machine& machine) -> Result<void> {
            Session command = machine.session();
            std::vector<Event> seen;
            NUCLEUS_CHECK(runtime::events(command, {.id = "c1", .once = true},
                                          [&](const Event& event) -> Result<void> {
                                              seen.push_back(event);
                                              return {};
                                          }));
            BOOST_TEST_REQUIRE(seen.size() == 1U);
            BOOST_TEST(seen[0].stats.pids.limit == 64U);
            return {};
        },
        .ignorable = {{"fstatat", "/proc/self/ns/user"},
                      {"openat", "/proc/self/uid_map"},
                      {"read", "/proc/self/uid_map"},
                      {"openat", "/proc/1002/stat"},
                      {"read", "/proc/1002/stat"},
                      {"openat", frozen},
                      {"read", frozen},
                      // Where it is not there, the group is below the root group.
                      {"openat", "/sys/fs/resctrl/shared/info/last_cmd_status"}},
        .after_failure = check_no_descriptor,
        .after_success = check_no_descriptor,
    });
    BOOST_TEST(runs > 50U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fault_sweep_of_events)

BOOST_AUTO_TEST_CASE(prints_all_statistics_or_an_error) { sweep_stats(Hierarchies::v1); }

BOOST_AUTO_TEST_CASE(prints_all_statistics_or_an_error_on_cgroup_v2) {
    sweep_stats(Hierarchies::v2);
}

BOOST_AUTO_TEST_SUITE_END()
