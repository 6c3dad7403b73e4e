// update with every kernel call failing in turn: afterwards all of it holds, or nothing.
#include <boost/test/unit_test.hpp>

#include "sweep.hpp"

using namespace nucleus;
using namespace nucleus::runtime;
using namespace nucleus::runtime::testing;

namespace {

UpdateRequest request(bool schemata) {
    UpdateRequest request;
    request.id = "c1";
    request.resources.memory.emplace().limit = 1 << 20;
    request.resources.pids_limit = 7;
    if (schemata) request.l3_cache_schema = "L3:0=7";
    return request;
}

struct Files {
    std::string memory, pids, schemata;
};

Files files_of(Hierarchies hierarchies, Bundle bundle) {
    const std::string group = bundle == Bundle::everything ? "shared" : "c1";
    const std::string schemata = "/sys/fs/resctrl/" + group + "/schemata";
    if (hierarchies == Hierarchies::v2)
        return {"/sys/fs/cgroup/pod/c1/memory.max", "/sys/fs/cgroup/pod/c1/pids.max", schemata};
    return {"/sys/fs/cgroup/memory/pod/c1/memory.limit_in_bytes",
            "/sys/fs/cgroup/pids/pod/c1/pids.max", schemata};
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void check_limits(Machine& machine, const Files& files, const std::string& memory,
                  const std::string& pids, const std::string& schemata) {
    BOOST_TEST(first_line(machine.kernel.content(files.memory)) == memory);
    BOOST_TEST(first_line(machine.kernel.content(files.pids)) == pids);
    if (schemata.empty())
        BOOST_TEST(!machine.kernel.exists(files.schemata));
    else
        BOOST_TEST(first_line(machine.kernel.content(files.schemata)) == schemata);
}

std::optional<std::int64_t> remembered_pids(Machine& machine) {
    Session session = machine.session();
    auto container = open_container(session, "c1");
    BOOST_TEST_REQUIRE(container.has_value());
    const auto config = spec_of(*container);
    BOOST_TEST_REQUIRE(config.has_value());
    return config->linux_->resources->pids_limit;
}

void sweep_update(Bundle bundle, Hierarchies hierarchies, bool schemata) {
    const Files files = files_of(hierarchies, bundle);
    const bool has_group = bundle == Bundle::everything;
    const std::string before = has_group ? "L3:0=3" : "";
    const std::string frozen = hierarchies == Hierarchies::v2
                                   ? "/sys/fs/cgroup/pod/c1/cgroup.events"
                                   : "/sys/fs/cgroup/freezer/pod/c1/freezer.state";
    const std::string process = has_group ? "/proc/1002/stat" : "/proc/1001/stat";
    const auto check_no_descriptor = [](Machine& machine) {
        for (const std::string& name : machine.kernel.open_descriptors())
            BOOST_ERROR("open: " + name);
    };
    const std::size_t runs = run_sweep({
        .prepare =
            [=] {
                auto machine = std::make_unique<Machine>(bundle, hierarchies);
                machine->create();
                return machine;
            },
        .command =
            [=](Machine& machine) {
                Session command = machine.session();
                Warnings warnings;
                return runtime::update(command, request(schemata), warnings);
            },
        .ignorable = {{"fstatat", "/proc/self/ns/user"},  // root that cannot be proven less is root
                      {"openat", "/proc/self/uid_map"},
                      {"read", "/proc/self/uid_map"},
                      {"openat", process},
                      {"read", process},
                      {"openat", frozen},
                      {"read", frozen}},
        .after_failure =
            [=](Machine& machine, const FaultyRun&) {
                check_no_descriptor(machine);
                check_limits(machine, files, "67108864", "64", before);
                BOOST_TEST((remembered_pids(machine) == 64));
            },
        .after_success =
            [=](Machine& machine, const FaultyRun&) {
                check_no_descriptor(machine);
                check_limits(machine, files, "1048576", "7", schemata ? "L3:0=7" : before);
                BOOST_TEST((remembered_pids(machine) == 7));
            },
    });
    BOOST_TEST(runs > 50U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fault_sweep_of_update)

BOOST_AUTO_TEST_CASE(changes_all_or_nothing) {
    sweep_update(Bundle::everything, Hierarchies::v1, false);
}

BOOST_AUTO_TEST_CASE(changes_all_or_nothing_on_cgroup_v2) {
    sweep_update(Bundle::everything, Hierarchies::v2, false);
}

BOOST_AUTO_TEST_CASE(changes_all_or_nothing_with_schemata) {
    sweep_update(Bundle::everything, Hierarchies::v1, true);
}

BOOST_AUTO_TEST_CASE(changes_all_or_nothing_with_a_group_that_it_makes) {
    sweep_update(Bundle::terminal, Hierarchies::v2, true);
}

BOOST_AUTO_TEST_SUITE_END()
