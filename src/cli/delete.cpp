#include "cli/command.hpp"
#include "cli/pattern.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable& table) {
    table.flag("force,f", "kill the container first; a missing one is no error")
        .flag("regex,r", "ID is a regular expression: every container that it finds");
}

Result<int> execute(Invocation& invocation) {
    const std::string& subject = invocation.operands.front();
    const auto remove = [&](const std::string& id) -> Result<void> {
        const runtime::DeleteRequest request{id, invocation.options.flag("force")};
        return invocation.runtime().remove(request, invocation.warnings).in(clause("delete", id));
    };
    NUCLEUS_CHECK(invocation.options.flag("regex")
                      ? act_on_matching("delete", invocation.runtime(), subject, remove)
                      : remove(subject));
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
