#define BOOST_TEST_MODULE runtime
// `create` with every kernel call failing in turn: an error that says which step, and nothing left.
#include <boost/test/unit_test.hpp>

#include <errno.h>

#include <algorithm>

#include "sweep.hpp"

using namespace nucleus;
using namespace nucleus::runtime;
using namespace nucleus::runtime::testing;

namespace {

Result<void> create(Machine& machine) {
    Session command = machine.session();
    Warnings warnings;
    return runtime::create(command, machine.create_request(), warnings);
}

void check_nothing_is_left(Machine& machine, const FaultyRun& run) {
    for (const std::string& left : machine.left_overs()) {
        // The message that names the process was lost with the call: it has ended at the channel's
        // end, and whoever is the runtime's parent reaps it.
        if (run.call.name == "recvmsg" && left.starts_with("zombie ")) continue;
        BOOST_ERROR("left: " + left);
    }
    // The network device is back, up and with its permanent address of global scope.
    const auto& device = machine.kernel.devices.front();
    BOOST_TEST((device.network == 0 && device.name == "eth1" && device.up));
    BOOST_TEST(!device.addresses.empty());
}

// The container is whole: it is created, it starts, and it goes without a trace.
void check_container_is_whole(Machine& machine, const FaultyRun&) {
    Session command = machine.session();
    Warnings warnings;
    const auto state = runtime::state(command, "c1");
    BOOST_TEST_REQUIRE(state.has_value());
    BOOST_CHECK(state->status == Status::created);
    if (machine.bundle == Bundle::everything || machine.bundle == Bundle::user_namespace) {
        const auto& device = machine.kernel.devices.front();
        BOOST_TEST((device.network == 1 && device.name == "net0" && device.up));
        BOOST_TEST(device.addresses.size() == 1U);
    }
    const auto started = runtime::start(command, "c1", warnings);
    BOOST_TEST(started.has_value(), (started ? "" : started.error().message()));
    const auto removed = runtime::remove(command, {.id = "c1", .force = true}, warnings);
    BOOST_TEST(removed.has_value(), (removed ? "" : removed.error().message()));
}

void check_only_the_pid_file_stays(Machine& machine) {
    machine.kernel.reap_all();
    for (const std::string& left : machine.left_overs())
        if (left != "pid file") BOOST_ERROR("left: " + left);
}

// What may fail without harm.
const std::set<std::pair<std::string, std::string>> kIgnorable{
    // Then it is root like any other, which is the stricter of the two.
    {"fstatat", "/proc/self/ns/user"},
    {"openat", "/proc/self/uid_map"},
    {"read", "/proc/self/uid_map"},
    {"permitted_capabilities", ""},  // for a warning
    {"read", "pipe"},                // what a hook printed
};

std::size_t sweep_create(Bundle bundle, Hierarchies hierarchies) {
    return run_sweep({
        .prepare = [=] { return std::make_unique<Machine>(bundle, hierarchies); },
        .command = create,
        .ignorable = kIgnorable,
        .after_failure = check_nothing_is_left,
        .after_success =
            [](Machine& machine, const FaultyRun& run) {
                check_container_is_whole(machine, run);
                check_only_the_pid_file_stays(machine);
            },
    });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fault_sweep_of_create)

BOOST_AUTO_TEST_CASE(without_a_fault_a_container_is_created) {
    for (const Bundle bundle : {Bundle::everything, Bundle::user_namespace, Bundle::terminal,
                                Bundle::joined, Bundle::ordinary}) {
        for (const Hierarchies hierarchies : {Hierarchies::v1, Hierarchies::v2}) {
            Machine machine(bundle, hierarchies);
            const auto created = create(machine);
            BOOST_TEST_REQUIRE(created.has_value(), (created ? "" : created.error().message()));
            BOOST_TEST(machine.kernel.complaints.empty());
            BOOST_TEST(machine.kernel.running().size() == 1U);
            BOOST_TEST(machine.kernel.open_descriptors().empty());
            BOOST_TEST(machine.kernel.uses("/run/nucleus/c1/start.sock"));
            BOOST_TEST(machine.kernel.content("/run/pid") ==
                       std::to_string(machine.kernel.running().front()));
            check_container_is_whole(machine, {});
            check_only_the_pid_file_stays(machine);
        }
    }
}

// Reading one's own id map may fail for want of a descriptor: no reason to let the container have
// every device.
BOOST_AUTO_TEST_CASE(keeps_the_device_rules_of_root_that_cannot_read_its_id_map) {
    Machine counted(Bundle::everything);
    BOOST_TEST_REQUIRE(create(counted).has_value());
    const auto calls = counted.kernel.calls();
    for (std::size_t n = 1; n <= calls.size(); ++n) {
        if (calls[n - 1].object != "/proc/self/uid_map") continue;
        Machine machine(Bundle::everything);
        machine.kernel.fail_call(n, EMFILE);
        BOOST_TEST(create(machine).has_value());
        BOOST_TEST(machine.kernel.content("/sys/fs/cgroup/devices/pod/c1/devices.deny") == "a\n");
    }
}

BOOST_AUTO_TEST_CASE(leaves_nothing_of_a_bundle_with_everything) {
    BOOST_TEST(sweep_create(Bundle::everything, Hierarchies::v1) > 600U);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_of_a_bundle_with_everything_on_cgroup_v2) {
    BOOST_TEST(sweep_create(Bundle::everything, Hierarchies::v2) > 500U);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_of_a_user_namespace) {
    BOOST_TEST(sweep_create(Bundle::user_namespace, Hierarchies::v1) > 400U);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_of_joined_namespaces) {
    BOOST_TEST(sweep_create(Bundle::joined, Hierarchies::v1) > 200U);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_of_a_user_namespace_on_cgroup_v2) {
    BOOST_TEST(sweep_create(Bundle::user_namespace, Hierarchies::v2) > 280U);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_of_an_ordinary_user) {
    BOOST_TEST(sweep_create(Bundle::ordinary, Hierarchies::v1) > 300U);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_of_a_terminal) {
    BOOST_TEST(sweep_create(Bundle::terminal, Hierarchies::v1) > 300U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(an_init_that_fails)

namespace {

// The init's operations of a bundle before the wait for start, each once.
std::set<wire::Op> operations_of(Bundle bundle) {
    std::set<wire::Op> found;
    for (const auto& operation : wire::kOperations) {
        if (operation.side != wire::Side::init) continue;
        Machine machine(bundle);
        machine.kernel.init_dies_at = operation.op;
        if (!create(machine)) found.insert(operation.op);
    }
    return found;
}

}  // namespace

BOOST_AUTO_TEST_CASE(is_told_of_by_its_step_and_leaves_nothing) {
    for (const Bundle bundle : {Bundle::everything, Bundle::user_namespace, Bundle::terminal,
                                Bundle::joined, Bundle::ordinary}) {
        const std::set<wire::Op> operations = operations_of(bundle);
        BOOST_TEST(operations.size() > (bundle == Bundle::joined ? 15U : 20U));
        for (const wire::Op op : operations) {
            Machine machine(bundle);
            machine.kernel.init_failure = {op, EPERM, ""};
            const auto created = create(machine);
            const std::string name = wire::operation(op).name;
            BOOST_TEST_CONTEXT("failing at " << name) {
                BOOST_TEST_REQUIRE(!created.has_value());
                // Of the container's init, or of that of a hook in the container.
                const bool named = created.error().message().find(name) != std::string::npos;
                BOOST_TEST(named, created.error().message());
                BOOST_TEST(machine.kernel.complaints.empty());
                check_nothing_is_left(machine, {});
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(is_missed_when_it_is_killed_and_leaves_nothing) {
    for (const Bundle bundle : {Bundle::everything, Bundle::user_namespace, Bundle::terminal,
                                Bundle::joined, Bundle::ordinary}) {
        for (const wire::Op op : operations_of(bundle)) {
            Machine machine(bundle);
            machine.kernel.init_dies_at = op;
            const auto created = create(machine);
            BOOST_TEST_CONTEXT("killed at " << wire::operation(op).name) {
                BOOST_TEST_REQUIRE(!created.has_value());
                const bool told = created.error().message().find("ended ") != std::string::npos;
                BOOST_TEST(told, created.error().message());
                BOOST_TEST(machine.kernel.complaints.empty());
                check_nothing_is_left(machine, {});
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_hook_that_fails)

BOOST_AUTO_TEST_CASE(is_named_with_its_status_and_leaves_nothing) {
    for (const std::string kind : {"prestart", "createRuntime", "createContainer"}) {
        Machine machine(Bundle::everything);
        machine.kernel.exit_status["/hooks/" + kind] = 3;
        const auto created = create(machine);
        BOOST_TEST_REQUIRE(!created.has_value());
        BOOST_TEST(created.error().message() ==
                   kind + " hook 0 '/hooks/" + kind + "': exit status 3");
        check_nothing_is_left(machine, {});
        // The life cycle goes on where it ends (runtime.md#lifecycle).
        const auto& recorded = machine.kernel.recorded;
        BOOST_TEST(std::count(recorded.begin(), recorded.end(), "execute /hooks/poststop") == 2);
    }
}

BOOST_AUTO_TEST_CASE(whose_process_is_killed_before_its_program_is_named) {
    Machine machine(Bundle::everything);
    machine.kernel.init_dies_at = wire::Op::use_host_root;  // a step of the hook's alone
    const auto created = create(machine);
    BOOST_TEST_REQUIRE(!created.has_value());
    BOOST_TEST(created.error().message() ==
               "createContainer hook 0 '/hooks/createContainer': its process ended before it was "
               "ready");
    check_nothing_is_left(machine, {});
}

BOOST_AUTO_TEST_CASE(that_takes_too_long_is_killed) {
    Machine machine(Bundle::everything);
    machine.kernel.exit_status.erase("/hooks/createRuntime");  // runs for ever
    const auto created = create(machine);
    BOOST_TEST_REQUIRE(!created.has_value());
    BOOST_TEST(created.error().message() ==
               "createRuntime hook 0 '/hooks/createRuntime': timed out after 10 s");
    check_nothing_is_left(machine, {});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_seccomp_flag)

BOOST_AUTO_TEST_CASE(that_the_kernel_has_not_got_is_refused_before_anything_is_made) {
    Machine machine(Bundle::notify);
    machine.kernel.seccomp_flags = 0x1f;  // all but WAIT_KILLABLE_RECV: Linux before 5.19
    const auto created = create(machine);
    BOOST_TEST_REQUIRE(!created.has_value());
    BOOST_TEST((created.error().code() == Errc::unsupported));
    BOOST_TEST(
        created.error().message() ==
        "config.json /linux/seccomp/flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: this kernel "
        "has not got it (Linux 5.19 has, with CONFIG_SECCOMP_FILTER)");
    check_nothing_is_left(machine, {});
}

BOOST_AUTO_TEST_SUITE_END()
