#include "cli/command.hpp"
#include "cli/pattern.hpp"
#include "cli/signals.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable& table) {
    table.flag("all,a", "signal every process of the container, not only its first")
        .flag("regex,r", "ID is a regular expression: every container that it finds");
}

Result<int> execute(Invocation& invocation) {
    runtime::KillRequest request;
    const std::string& subject = invocation.operands.front();
    request.all = invocation.options.flag("all");
    if (invocation.operands.size() > 1) {
        NUCLEUS_TRY(request.signal,
                    parse_signal(invocation.operands[1]).in(clause("kill", subject)));
    }
    const auto kill = [&](const std::string& id) -> Result<void> {
        request.id = id;
        return invocation.runtime().kill(request, invocation.warnings).in(clause("kill", id));
    };
    NUCLEUS_CHECK(invocation.options.flag("regex")
                      ? act_on_matching("kill", invocation.runtime(), subject, kill)
                      : kill(subject));
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
