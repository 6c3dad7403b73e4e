#include "cli/command.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable&) {}

Result<int> execute(Invocation& invocation) {
    const std::string& id = invocation.operands.front();
    NUCLEUS_CHECK(invocation.runtime().start(id, invocation.warnings).in(clause("start", id)));
    return 0;
}

}  // namespace

constinit const Command kStartCommand{
    "start",  "ID",   1, 1, AfterOperand::options, "execute the program of a created container",
    describe, execute};

}  // namespace nucleus::cli
