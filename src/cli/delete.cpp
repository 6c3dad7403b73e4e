#include "cli/command.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable& table) {
    table.flag("force,f", "kill the container first; a missing one is no error");
}

Result<int> execute(Invocation& invocation) {
    const runtime::DeleteRequest request{invocation.operands.front(),
                                         invocation.options.flag("force")};
    NUCLEUS_CHECK(
        invocation.runtime().remove(request, invocation.warnings).in(clause("delete", request.id)));
    return 0;
}

}  // namespace

constinit const Command kDeleteCommand{
    "delete",
    "ID",
    1,
    1,
    AfterOperand::options,
    "remove a stopped or created container and all that it holds",
    describe,
    execute};

}  // namespace nucleus::cli
