// A process whose listener cannot be handed over has its filter, or waits for it, with nobody to
// answer its calls: it must have ended before the command goes on, not only at the command's end.
#include <boost/test/unit_test.hpp>

#include <errno.h>
#include <signal.h>

#include <algorithm>

#include "scenes.hpp"

using namespace nucleus;
using namespace nucleus::runtime;
using namespace nucleus::runtime::testing;

namespace {

constexpr const char* kHandOver[] = {"trace_attach", "trace_to_result", "pidfd_getfd",
                                     "trace_detach"};

Result<void> exec(Machine& machine) {
    Session command = machine.session();
    Warnings warnings;
    const auto status = runtime::exec(
        command, {.id = "c1", .args = {"/bin/tool"}, .detach = true, .pid_file = ""}, warnings);
    if (!status) return status.error();
    return {};
}

// The number of the last call of this name, from 1; 0: there was none.
std::size_t last_call(const Machine& machine, const std::string& name) {
    const auto& calls = machine.kernel.calls();
    for (std::size_t number = calls.size(); number > 0; --number)
        if (calls[number - 1].name == name) return number;
    return 0;
}

void check_hand_over(std::unique_ptr<Machine> (*prepare)(Bundle, Hierarchies),
                     Result<void> (*command)(Machine&), const std::string& failing) {
    BOOST_TEST_CONTEXT(failing << " fails") {
        const auto whole = prepare(Bundle::notify, Hierarchies::v1);
        whole->kernel.begin();
        BOOST_TEST_REQUIRE(command(*whole).has_value());
        const std::size_t number = last_call(*whole, failing);
        BOOST_TEST_REQUIRE(number != 0U);

        const auto machine = prepare(Bundle::notify, Hierarchies::v1);
        machine->kernel.begin();
        machine->kernel.recorded.clear();
        machine->kernel.fail_call(number, EPERM);
        const auto done = command(*machine);
        BOOST_TEST_REQUIRE(!done.has_value());
        BOOST_TEST(done.error().message().find("take seccomp listener") != std::string::npos,
                   done.error().message());
        // The very next thing that happens to it.
        const auto& calls = machine->kernel.calls();
        const auto next =
            std::find_if(calls.begin() + static_cast<std::ptrdiff_t>(number), calls.end(),
                         [](const auto& call) { return call.name != "close"; });
        BOOST_TEST_REQUIRE((next != calls.end()));
        BOOST_TEST(next->name == "pidfd_send_signal");
        BOOST_TEST(std::ranges::any_of(machine->kernel.recorded, [](const std::string& line) {
            return line.starts_with("signal " + std::to_string(SIGKILL) + " to ");
        }));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seccomp_hand_over)

BOOST_AUTO_TEST_CASE(that_fails_at_start_kills_the_process_at_once) {
    for (const char* failing : kHandOver) check_hand_over(with_created, start_container, failing);
}

BOOST_AUTO_TEST_CASE(that_fails_at_exec_kills_the_process_at_once) {
    for (const char* failing : kHandOver) check_hand_over(with_running, exec, failing);
}

BOOST_AUTO_TEST_SUITE_END()
