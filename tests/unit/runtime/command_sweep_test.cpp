// start, exec, run and `delete --force` with every kernel call failing in turn.
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>

#include "scenes.hpp"

using namespace nucleus;
using namespace nucleus::runtime;
using namespace nucleus::runtime::testing;

namespace {

ExecRequest exec_request(bool detach) {
    ExecRequest request;
    request.id = "c1";
    request.args = {"/bin/tool"};
    request.detach = detach;
    request.pid_file = "/run/pid2";
    return request;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fault_sweep_of_start)

void sweep_start(Bundle bundle, Hierarchies hierarchies) {
    const std::size_t runs = run_sweep({
        .prepare = [=] { return with_created(bundle, hierarchies); },
        .command = start_container,
        .ignorable = with_usual({
            {"read", "pipe"},            // what a hook printed
            {"unlinkat", "start.sock"},  // a reader that finds the gate probes it
        }),
        .after_failure =
            [](Machine& machine, const FaultyRun&) {
                check_no_descriptor_is_open(machine);
                check_only_the_container_runs(machine, 1);
                check_it_goes_without_a_trace(machine);
            },
        .after_success =
            [](Machine& machine, const FaultyRun&) {
                check_no_descriptor_is_open(machine);
                BOOST_TEST(status(machine) == "running");
                check_it_goes_without_a_trace(machine);
            },
    });
    BOOST_TEST(runs > 50U);
}

BOOST_AUTO_TEST_CASE(leaves_a_container_that_delete_removes) {
    sweep_start(Bundle::everything, Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(leaves_a_container_that_delete_removes_on_cgroup_v2) {
    sweep_start(Bundle::everything, Hierarchies::v2);
}

BOOST_AUTO_TEST_CASE(leaves_a_user_namespace_that_delete_removes) {
    sweep_start(Bundle::user_namespace, Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(leaves_a_container_with_a_seccomp_agent_that_delete_removes) {
    sweep_start(Bundle::notify, Hierarchies::v1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fault_sweep_of_delete)

void sweep_delete(bool running, Bundle bundle, Hierarchies hierarchies) {
    const std::size_t runs = run_sweep({
        .prepare = [=] { return (running ? with_running : with_created)(bundle, hierarchies); },
        .command = delete_container,
        .ignorable = with_usual({
            // Without it no poststop hooks can be known, and the container goes all the same.
            {"openat", "config.json"},
            {"read", "config.json"},
        }),
        .ignorable_from = {"unlinkat", "c1"},  // poststop hooks: a failure is a warning
        .after_failure =
            [](Machine& machine, const FaultyRun&) {
                check_no_descriptor_is_open(machine);
                check_it_goes_without_a_trace(machine);
            },
        .after_success =
            [](Machine& machine, const FaultyRun&) {
                machine.kernel.reap_all();
                for (const std::string& left : machine.left_overs())
                    if (left != "pid file") BOOST_ERROR("left: " + left);
            },
    });
    BOOST_TEST(runs > 50U);
}

BOOST_AUTO_TEST_CASE(can_be_repeated_for_a_created_container) {
    sweep_delete(false, Bundle::everything, Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(can_be_repeated_for_a_running_container) {
    sweep_delete(true, Bundle::everything, Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(can_be_repeated_on_cgroup_v2) {
    sweep_delete(true, Bundle::everything, Hierarchies::v2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_process_that_does_not_die)

// Contract B7: ten seconds, and then an error that leaves the container to a later delete.
BOOST_AUTO_TEST_CASE(is_waited_for_and_told_of) {
    const auto machine = with_running(Bundle::everything, Hierarchies::v1);
    const std::vector<pid_t> running = machine->kernel.running();
    machine->kernel.uninterruptible = {running.begin(), running.end()};
    const auto removed = delete_container(*machine);
    BOOST_TEST_REQUIRE(!removed.has_value());
    BOOST_TEST(removed.error().message() == "container init still running");
    BOOST_TEST(status(*machine) == "running");
    machine->kernel.uninterruptible.clear();
    check_it_goes_without_a_trace(*machine);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fault_sweep_of_exec)

Result<void> exec(Machine& machine, bool detach) {
    Session command = machine.session();
    Warnings warnings;
    const auto status = runtime::exec(command, exec_request(detach), warnings);
    if (!status) return status.error();
    if (*status != (detach ? 0 : 7)) return Error(Errc::system, "exit status of the program");
    return {};
}

void sweep_exec(bool detach, Bundle bundle, Hierarchies hierarchies) {
    const std::size_t runs = run_sweep({
        .prepare =
            [=] {
                auto machine = with_running(bundle, hierarchies);
                if (!detach) machine->kernel.exit_status["/bin/tool"] = 7;
                return machine;
            },
        .command = [=](Machine& machine) { return exec(machine, detach); },
        .ignorable = with_usual({
            {"permitted_capabilities", ""},
            {"read", "signals"},
            {"sigprocmask", "restore"},  // at the command's end
        }),
        .after_failure =
            [](Machine& machine, const FaultyRun& run) {
                check_no_descriptor_is_open(machine);
                check_only_the_container_runs(machine, 1);
                if (run.call.name != "recvmsg") BOOST_TEST(machine.kernel.processes().size() == 1U);
                BOOST_TEST(status(machine) == "running");
                check_it_goes_without_a_trace(machine);
            },
        .after_success =
            [=](Machine& machine, const FaultyRun&) {
                check_no_descriptor_is_open(machine);
                BOOST_TEST(machine.kernel.running().size() == (detach ? 2U : 1U));
                BOOST_TEST(machine.kernel.exists("/run/pid2"));
                BOOST_TEST(status(machine) == "running");
                check_it_goes_without_a_trace(machine);
            },
    });
    BOOST_TEST(runs > 100U);
}

BOOST_AUTO_TEST_CASE(leaves_the_container_as_it_was) {
    sweep_exec(true, Bundle::everything, Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(leaves_the_container_as_it_was_in_the_foreground) {
    sweep_exec(false, Bundle::everything, Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(leaves_the_container_as_it_was_on_cgroup_v2) {
    sweep_exec(true, Bundle::everything, Hierarchies::v2);
}

BOOST_AUTO_TEST_CASE(leaves_the_container_as_it_was_with_a_seccomp_agent) {
    sweep_exec(true, Bundle::notify, Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(leaves_a_user_namespace_as_it_was) {
    sweep_exec(true, Bundle::user_namespace, Hierarchies::v1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fault_sweep_of_pause_resume_and_ps)

Result<void> pause_container(Machine& machine) {
    Session command = machine.session();
    return runtime::pause(command, "c1");
}

Result<void> resume_container(Machine& machine) {
    Session command = machine.session();
    return runtime::resume(command, "c1");
}

// One of the two, and never something between them.
void check_it_is_whole(Machine& machine, const char* wanted) {
    check_no_descriptor_is_open(machine);
    check_only_the_container_runs(machine, 1);
    BOOST_TEST(status(machine) == wanted);
    check_it_goes_without_a_trace(machine);
}

void sweep_pause(Hierarchies hierarchies) {
    const std::size_t runs = run_sweep({
        .prepare = [=] { return with_running(Bundle::everything, hierarchies); },
        .command = pause_container,
        .ignorable = with_usual({}),
        .after_failure = [](Machine& machine,
                            const FaultyRun&) { check_it_is_whole(machine, "running"); },
        .after_success = [](Machine& machine,
                            const FaultyRun&) { check_it_is_whole(machine, "paused"); },
    });
    BOOST_TEST(runs > 20U);
}

BOOST_AUTO_TEST_CASE(leaves_a_container_running_that_could_not_be_paused) {
    sweep_pause(Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(leaves_a_container_running_that_could_not_be_paused_on_cgroup_v2) {
    sweep_pause(Hierarchies::v2);
}

void sweep_resume(Hierarchies hierarchies) {
    const std::size_t runs = run_sweep({
        .prepare =
            [=] {
                auto machine = with_running(Bundle::everything, hierarchies);
                if (const auto paused = pause_container(*machine); !paused)
                    throw std::runtime_error(paused.error().message());
                return machine;
            },
        .command = resume_container,
        .ignorable = with_usual({}),
        .after_failure = [](Machine& machine,
                            const FaultyRun&) { check_it_is_whole(machine, "paused"); },
        .after_success = [](Machine& machine,
                            const FaultyRun&) { check_it_is_whole(machine, "running"); },
    });
    BOOST_TEST(runs > 20U);
}

BOOST_AUTO_TEST_CASE(leaves_a_container_paused_that_could_not_be_resumed) {
    sweep_resume(Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(leaves_a_container_paused_that_could_not_be_resumed_on_cgroup_v2) {
    sweep_resume(Hierarchies::v2);
}

Result<void> show_processes(Machine& machine) {
    Session command = machine.session();
    NUCLEUS_TRY(const auto pids, runtime::processes(command, "c1"));
    if (pids.size() != 1) return Error(Errc::system, "the number of processes");
    return {};
}

BOOST_AUTO_TEST_CASE(lists_all_processes_or_says_why_not) {
    for (const Hierarchies hierarchies : {Hierarchies::v1, Hierarchies::v2}) {
        const auto check = [](Machine& machine, const FaultyRun&) {
            check_it_is_whole(machine, "running");
        };
        const std::size_t runs = run_sweep({
            .prepare = [=] { return with_running(Bundle::everything, hierarchies); },
            .command = show_processes,
            .ignorable = with_usual({}),
            .after_failure = check,
            .after_success = check,
        });
        BOOST_TEST(runs > 20U);
    }
}

BOOST_AUTO_TEST_CASE(leaves_no_process_of_ps_behind) {
    const std::size_t runs = run_sweep({
        .prepare =
            [] {
                auto machine = with_running(Bundle::everything, Hierarchies::v1);
                machine->kernel.make_file("/usr/bin/ps", "");
                machine->kernel.exit_status["/usr/bin/ps"] = 0;
                machine->kernel.output["/usr/bin/ps"] = "UID PID CMD\nroot 1002 sh\nroot 1 init\n";
                return machine;
            },
        .command = [](Machine& machine) -> Result<void> {
            NUCLEUS_TRY(const std::string table,
                        runtime::process_table(machine.kernel, {1002}, {}));
            if (table != "UID PID CMD\nroot 1002 sh\n") return Error(Errc::system, table);
            return {};
        },
        .ignorable = {},
        .after_failure = [](Machine& machine,
                            const FaultyRun&) { check_it_is_whole(machine, "running"); },
        .after_success = [](Machine& machine,
                            const FaultyRun&) { check_it_is_whole(machine, "running"); },
    });
    BOOST_TEST(runs > 5U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fault_sweep_of_run)

Result<void> run(Machine& machine, bool detach) {
    Session command = machine.session();
    Warnings warnings;
    RunRequest request;
    static_cast<CreateRequest&>(request) = machine.create_request();
    request.detach = detach;
    const auto status = runtime::run(command, request, warnings);
    if (!status) return status.error();
    if (*status != (detach ? 0 : 5)) return Error(Errc::system, "exit status of the program");
    return {};
}

void sweep_run(bool detach, Bundle bundle, Hierarchies hierarchies) {
    const std::size_t runs = run_sweep({
        .prepare =
            [=] {
                auto machine = std::make_unique<Machine>(bundle, hierarchies);
                if (!detach) machine->kernel.exit_status["sh"] = 5;
                return machine;
            },
        .command = [=](Machine& machine) { return run(machine, detach); },
        .ignorable = with_usual({
            {"permitted_capabilities", ""},
            {"prctl", "36"},  // orphans then go to somebody else (PR_SET_CHILD_SUBREAPER)
            {"read", "pipe"},
            {"read", "signals"},
            {"sigprocmask", "restore"},
            // Asked whether somebody has deleted it meanwhile: taken down all the same.
            {"openat", "state.jsonl"},
            {"read", "state.jsonl"},
            // Taken down without poststop hooks.
            {"openat", "config.json"},
            {"read", "config.json"},
        }),
        .ignorable_from = {"unlinkat", "c1"},
        .after_failure =
            [](Machine& machine, const FaultyRun&) {
                check_no_descriptor_is_open(machine);
                check_it_goes_without_a_trace(machine);
            },
        .after_success =
            [=](Machine& machine, const FaultyRun&) {
                check_no_descriptor_is_open(machine);
                BOOST_TEST(status(machine) == (detach ? "running" : "container does not exist"));
                check_it_goes_without_a_trace(machine);
            },
    });
    BOOST_TEST(runs > 300U);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_that_delete_does_not_remove) {
    sweep_run(true, Bundle::everything, Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_that_delete_does_not_remove_in_the_foreground) {
    sweep_run(false, Bundle::everything, Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_that_delete_does_not_remove_with_a_seccomp_agent) {
    sweep_run(true, Bundle::notify, Hierarchies::v1);
}

BOOST_AUTO_TEST_CASE(leaves_nothing_that_delete_does_not_remove_of_a_user_namespace) {
    sweep_run(false, Bundle::user_namespace, Hierarchies::v2);
}

BOOST_AUTO_TEST_SUITE_END()
