#include "cli/command.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable&) {}

Result<int> execute(Invocation& invocation) {
    const std::string& id = invocation.operands.front();
    NUCLEUS_CHECK(invocation.runtime().resume(id).in(clause("resume", id)));
    return 0;
}

}  // namespace

constinit const Command kResumeCommand{
    "resume", "ID",   1, 1, AfterOperand::options, "let a paused container run on",
    describe, execute};

}  // namespace nucleus::cli
