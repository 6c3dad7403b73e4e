#include "sweep.hpp"

#include <errno.h>

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <set>

namespace nucleus::runtime::testing {

namespace {

using nucleus::testing::FakeKernel;

// signal(7): those that a handler may interrupt. The rest never give EINTR.
const std::set<std::string> kInterruptible{"openat", "read",  "write",  "recvmsg", "sendmsg",
                                           "poll",   "flock", "waitid", "connect", "fcntl"};
// Resumed wherever they are used, and so is a short transfer.
const std::set<std::string> kResumed{"openat",  "read", "write", "recvmsg",
                                     "sendmsg", "poll", "flock", "waitid"};

bool is_command_file(const std::string& name) {
    return name.starts_with("/sys/fs/") || name.starts_with("/proc/") || name.ends_with("_map") ||
           name == "setgroups";
}

std::vector<FaultyRun> runs_of(const FakeKernel::Call& call, std::size_t number) {
    std::vector<FaultyRun> runs;
    const auto add = [&](int errnum, bool must_succeed) {
        const std::string fault = errnum == 0 ? "one byte" : strerrorname_np(errnum);
        runs.push_back({"call " + std::to_string(number) + ", " + call.name + " '" + call.object +
                            "': " + fault,
                        call, errnum, false, must_succeed});
    };
    add(EPERM, false);
    add(ENOSPC, false);
    if (kInterruptible.contains(call.name)) add(EINTR, kResumed.contains(call.name));
    // One write is one command to the kernel: half of it is a failure.
    if (call.name == "read") add(0, true);
    if (call.name == "write") add(0, !is_command_file(call.object));
    return runs;
}

// It says which step failed, or on what: `operation 'object': the kernel's words`.
void check_error(const Error& error, const FaultyRun& run) {
    const std::string& message = error.message();
    const std::string words = run.errnum == 0 ? "" : Error::from_errno(run.errnum, "").message();
    BOOST_TEST(message.size() > words.size() + 4, message);
    BOOST_TEST(message.find("unknown") == std::string::npos, message);
    BOOST_TEST(!message.starts_with("open '.'"), message);
}

void run_once(const Sweep& sweep, std::size_t number, const FaultyRun& run) {
    const std::unique_ptr<Machine> machine = sweep.prepare();
    if (run.errnum == 0)
        machine->kernel.shorten_call(number);
    else
        machine->kernel.fail_call(number, run.errnum);
    const auto done = sweep.command(*machine);
    machine->kernel.end_command();
    BOOST_TEST_CONTEXT(run.name << (done ? "" : " gave: " + done.error().message())) {
        for (const std::string& complaint : machine->kernel.complaints) BOOST_ERROR(complaint);
        if (run.must_succeed) BOOST_TEST(done.has_value());
        if (!done) check_error(done.error(), run);
        if (run.errnum == EPERM || run.errnum == ENOSPC)
            BOOST_TEST((!done || run.may_be_ignored), "the failure was passed over");
        (done ? sweep.after_success : sweep.after_failure)(*machine, run);
    }
}

}  // namespace

std::size_t run_sweep(const Sweep& sweep) {
    const std::unique_ptr<Machine> machine = sweep.prepare();
    machine->kernel.begin();
    const auto done = sweep.command(*machine);
    if (!done) BOOST_FAIL(done.error().message());
    for (const std::string& complaint : machine->kernel.complaints) BOOST_ERROR(complaint);
    const std::vector<FakeKernel::Call> calls = machine->kernel.calls();
    std::size_t runs = 0;
    bool all_ignorable = false;
    for (std::size_t number = 1; number <= calls.size(); ++number) {
        const std::pair call(calls[number - 1].name, calls[number - 1].object);
        all_ignorable |= call == sweep.ignorable_from;
        for (FaultyRun run : runs_of(calls[number - 1], number)) {
            run.may_be_ignored =
                sweep.ignorable.contains(call) || (all_ignorable && call != sweep.ignorable_from);
            run_once(sweep, number, run);
            ++runs;
        }
    }
    return runs;
}

}  // namespace nucleus::runtime::testing
