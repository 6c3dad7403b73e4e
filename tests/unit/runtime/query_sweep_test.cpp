// kill, state and list with every kernel call failing in turn: a failed one has changed nothing.
#include <boost/test/unit_test.hpp>

#include <signal.h>

#include <algorithm>

#include "scenes.hpp"

using namespace nucleus;
using namespace nucleus::runtime;
using namespace nucleus::runtime::testing;

namespace {

constexpr Hierarchies kBoth[] = {Hierarchies::v1, Hierarchies::v2};

Result<void> kill_container(Machine& machine, int signal, bool all) {
    Session command = machine.session();
    Warnings warnings;
    return runtime::kill(command, {.id = "c1", .signal = signal, .all = all}, warnings);
}

bool was_signalled(Machine& machine, int signal) {
    const std::string wanted = "signal " + std::to_string(signal) + " to ";
    return std::ranges::any_of(machine.kernel.recorded,
                               [&](const std::string& line) { return line.starts_with(wanted); });
}

// Held still, or killed at one stroke, where that can be done; else the signal goes to each all the
// same. What was not let go on is told to once more.
Ignorable with_freezer(Ignorable more = {}) {
    for (const char* call : {"openat", "write"})
        for (const char* file :
             {"/sys/fs/cgroup/freezer/pod/c1/freezer.state", "/sys/fs/cgroup/pod/c1/cgroup.freeze",
              "/sys/fs/cgroup/pod/c1/cgroup.kill"})
            more.insert({call, file});
    return with_usual(std::move(more));
}

// A signal that ends nothing here, so that what it leaves is a running container.
void sweep_signal(Bundle bundle, bool all, Hierarchies hierarchies) {
    const std::size_t runs = run_sweep({
        .prepare =
            [=] {
                auto machine = with_running(bundle, hierarchies);
                machine->kernel.recorded.clear();
                return machine;
            },
        .command = [=](Machine& machine) { return kill_container(machine, SIGUSR1, all); },
        .ignorable = all ? with_freezer() : with_usual({}),
        .after_failure =
            [](Machine& machine, const FaultyRun&) {
                check_no_descriptor_is_open(machine);
                BOOST_TEST(status(machine) == "running");
                check_it_goes_without_a_trace(machine);
            },
        .after_success =
            [](Machine& machine, const FaultyRun&) {
                check_no_descriptor_is_open(machine);
                BOOST_TEST(was_signalled(machine, SIGUSR1));
                BOOST_TEST(status(machine) == "running");
                check_it_goes_without_a_trace(machine);
            },
    });
    BOOST_TEST(runs > 10U);
}

void sweep_kill(Bundle bundle, bool all, Hierarchies hierarchies) {
    const std::size_t runs = run_sweep({
        .prepare = [=] { return with_running(bundle, hierarchies); },
        .command = [=](Machine& machine) { return kill_container(machine, SIGKILL, all); },
        .ignorable = with_freezer(),
        .after_failure =
            [](Machine& machine, const FaultyRun&) {
                check_no_descriptor_is_open(machine);
                // Once the failure has gone, the same command works.
                if (status(machine) == "running")
                    BOOST_TEST(kill_container(machine, SIGKILL, false).has_value());
                BOOST_TEST(status(machine) == "stopped");
                check_it_goes_without_a_trace(machine);
            },
        .after_success =
            [](Machine& machine, const FaultyRun&) {
                check_no_descriptor_is_open(machine);
                BOOST_TEST(status(machine) == "stopped");
                check_it_goes_without_a_trace(machine);
            },
    });
    BOOST_TEST(runs > 10U);
}

Result<void> show_state(Machine& machine) {
    Session command = machine.session();
    NUCLEUS_TRY(const auto state, runtime::state(command, "c1"));
    if (state.id != "c1" || state.bundle != "/bundle" || state.pid == 0)
        return Error(Errc::system, "the state is not that of the container");
    return {};
}

// A container that cannot be read is told of in a warning: the rest is listed all the same.
Result<void> show_list(Machine& machine) {
    Session command = machine.session();
    Warnings warnings;
    NUCLEUS_TRY(const auto states, runtime::list(command, warnings));
    if (states.size() + warnings.size() != 1)
        return Error(Errc::system, "one container: either its state or a warning");
    if (warnings.empty()) return {};
    if (!warnings.front().starts_with("container 'c1': "))
        return Error(Errc::system, "the warning does not name the container");
    return Error(Errc::system, warnings.front());
}

void sweep_look(Bundle bundle, Hierarchies hierarchies, Result<void> (*look)(Machine&)) {
    const auto unchanged = [](Machine& machine, const FaultyRun&) {
        check_no_descriptor_is_open(machine);
        check_only_the_container_runs(machine, 1);
        BOOST_TEST(status(machine) == "running");
        check_it_goes_without_a_trace(machine);
    };
    const std::size_t runs = run_sweep({
        .prepare = [=] { return with_running(bundle, hierarchies); },
        .command = look,
        .ignorable = with_usual({}),
        .after_failure = unchanged,
        .after_success = unchanged,
    });
    BOOST_TEST(runs > 5U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fault_sweep_of_kill_state_and_list)

BOOST_AUTO_TEST_CASE(a_signal_that_was_not_sent_is_an_error_and_changes_nothing) {
    for (const Hierarchies hierarchies : kBoth)
        sweep_signal(Bundle::everything, false, hierarchies);
}

BOOST_AUTO_TEST_CASE(a_signal_to_all_that_was_not_sent_is_an_error_and_changes_nothing) {
    for (const Hierarchies hierarchies : kBoth) sweep_signal(Bundle::everything, true, hierarchies);
}

BOOST_AUTO_TEST_CASE(a_kill_that_failed_can_be_repeated) {
    for (const Hierarchies hierarchies : kBoth) sweep_kill(Bundle::everything, false, hierarchies);
}

// Without a pid namespace of its own the cgroup says who is to end.
BOOST_AUTO_TEST_CASE(a_kill_of_all_that_failed_can_be_repeated) {
    for (const Hierarchies hierarchies : kBoth) {
        sweep_kill(Bundle::everything, true, hierarchies);
        sweep_kill(Bundle::joined, false, hierarchies);
    }
}

BOOST_AUTO_TEST_CASE(a_state_that_was_not_read_is_an_error_and_changes_nothing) {
    for (const Hierarchies hierarchies : kBoth)
        sweep_look(Bundle::everything, hierarchies, show_state);
}

BOOST_AUTO_TEST_CASE(a_list_tells_of_a_container_that_it_could_not_read) {
    for (const Hierarchies hierarchies : kBoth)
        sweep_look(Bundle::everything, hierarchies, show_list);
}

BOOST_AUTO_TEST_SUITE_END()
