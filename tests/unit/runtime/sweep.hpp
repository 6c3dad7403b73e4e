// The fault sweep: a command is run once to count its kernel calls, and then once for each call and
// each way in which that call may fail. What must hold afterwards is said by the caller.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "machine.hpp"

namespace nucleus::runtime::testing {

struct FaultyRun {
    std::string name;  // "call 12, openat 'x': EPERM"
    nucleus::testing::FakeKernel::Call call;
    int errnum = 0;  // 0: a transfer of one byte
    bool may_be_ignored = false;
    bool must_succeed = false;  // interrupted calls and short transfers are resumed
};

struct Sweep {
    std::function<std::unique_ptr<Machine>()> prepare;  // up to the command
    std::function<Result<void>(Machine&)> command;
    // What may fail without the command's failing: name and object of the call.
    std::set<std::pair<std::string, std::string>> ignorable = {};
    // The same of every call from the first of this name and object on.
    std::pair<std::string, std::string> ignorable_from = {};
    // After a command that failed, or succeeded in spite of the fault.
    std::function<void(Machine&, const FaultyRun&)> after_failure, after_success;
};

// The number of runs.
std::size_t run_sweep(const Sweep& sweep);

}  // namespace nucleus::runtime::testing
