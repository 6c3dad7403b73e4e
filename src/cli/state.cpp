#include "cli/command.hpp"
#include "cli/state_text.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable&) {}

Result<int> execute(Invocation& invocation) {
    const std::string& id = invocation.operands.front();
    NUCLEUS_TRY(const auto state, invocation.runtime().state(id).in(clause("state", id)));
    invocation.output = state_json(state, read_passwd(invocation.kernel));
    return 0;
}

}  // namespace

constinit const Command kStateCommand{
    "state",  "ID",   1, 1, AfterOperand::options, "print the state of a container as JSON",
    describe, execute};

}  // namespace nucleus::cli
