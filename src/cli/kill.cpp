#include "cli/command.hpp"
#include "cli/signals.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable& table) {
    table.flag("all,a", "signal every process of the container, not only its first");
}

Result<int> execute(Invocation& invocation) {
    runtime::KillRequest request;
    request.id = invocation.operands.front();
    request.all = invocation.options.flag("all");
    const std::string outer = clause("kill", request.id);
    if (invocation.operands.size() > 1) {
        NUCLEUS_TRY(request.signal, parse_signal(invocation.operands[1]).in(outer));
    }
    NUCLEUS_CHECK(invocation.runtime().kill(request, invocation.warnings).in(outer));
    return 0;
}

}  // namespace

constinit const Command kKillCommand{"kill",
                                     "ID [SIGNAL]",
                                     1,
                                     2,
                                     AfterOperand::options,
                                     "send a signal (SIGTERM if none is named)",
                                     describe,
                                     execute};

}  // namespace nucleus::cli
