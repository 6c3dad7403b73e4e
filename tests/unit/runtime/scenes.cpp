#include "scenes.hpp"

#include <boost/test/unit_test.hpp>

namespace nucleus::runtime::testing {

std::unique_ptr<Machine> with_created(Bundle bundle, Hierarchies hierarchies) {
    auto machine = std::make_unique<Machine>(bundle, hierarchies);
    machine->create();
    return machine;
}

std::unique_ptr<Machine> with_running(Bundle bundle, Hierarchies hierarchies) {
    auto machine = with_created(bundle, hierarchies);
    machine->start();
    machine->kernel.reap_all();
    return machine;
}

Result<void> start_container(Machine& machine) {
    Session command = machine.session();
    Warnings warnings;
    return runtime::start(command, "c1", warnings);
}

Result<void> delete_container(Machine& machine) {
    Session command = machine.session();
    Warnings warnings;
    return runtime::remove(command, {.id = "c1", .force = true}, warnings);
}

std::string status(Machine& machine) {
    Session command = machine.session();
    const auto state = runtime::state(command, "c1");
    return state ? std::string(word_of(state->status)) : state.error().message();
}

void check_no_descriptor_is_open(Machine& machine) {
    for (const std::string& name : machine.kernel.open_descriptors()) BOOST_ERROR("open: " + name);
}

void check_it_goes_without_a_trace(Machine& machine) {
    const auto removed = delete_container(machine);
    BOOST_TEST(removed.has_value(), (removed ? "" : removed.error().message()));
    machine.kernel.settle();
    machine.kernel.reap_all();
    for (const std::string& left : machine.left_overs())
        if (left != "pid file") BOOST_ERROR("left: " + left);
}

void check_only_the_container_runs(Machine& machine, std::size_t most) {
    machine.kernel.settle();
    BOOST_TEST(machine.kernel.running().size() <= most);
}

Ignorable with_usual(Ignorable more) {
    more.insert({
        // Root that cannot be proven less is root.
        {"fstatat", "/proc/self/ns/user"},
        {"openat", "/proc/self/uid_map"},
        {"read", "/proc/self/uid_map"},
        // A process counts as alive while the kernel does not answer.
        {"openat", "/proc/1002/stat"},
        {"read", "/proc/1002/stat"},
        // ... and as not frozen.
        {"openat", "/sys/fs/cgroup/freezer/pod/c1/freezer.state"},
        {"read", "/sys/fs/cgroup/freezer/pod/c1/freezer.state"},
        {"openat", "/sys/fs/cgroup/pod/c1/cgroup.events"},
        {"read", "/sys/fs/cgroup/pod/c1/cgroup.events"},
    });
    return more;
}

}  // namespace nucleus::runtime::testing
