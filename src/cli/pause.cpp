#include "cli/command.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable&) {}

Result<int> execute(Invocation& invocation) {
    const std::string& id = invocation.operands.front();
    NUCLEUS_CHECK(invocation.runtime().pause(id).in(clause("pause", id)));
    return 0;
}

}  // namespace

constinit const Command kPauseCommand{
    "pause",  "ID",   1, 1, AfterOperand::options, "freeze every process of a container",
    describe, execute};

}  // namespace nucleus::cli
