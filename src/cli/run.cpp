#include "cli/command.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable& table) {
    describe_creation(table);
    table.flag("detach,d", "return when the program runs, instead of waiting for its end")
        .flag("keep", "leave the stopped container for delete");
}

Result<int> execute(Invocation& invocation) {
    runtime::RunRequest request;
    NUCLEUS_CHECK(parse_creation(invocation, request).in("run"));
    request.detach = invocation.options.flag("detach");
    request.keep = invocation.options.flag("keep");
    request.no_subreaper = invocation.options.flag("no-subreaper");
    return invocation.runtime().run(request, invocation.warnings).in(clause("run", request.id));
}

}  // namespace

constinit const Command kRunCommand{"run",
                                    "ID",
                                    1,
                                    1,
                                    AfterOperand::options,
                                    "create a container, start it and wait for its end",
                                    describe,
                                    execute};

}  // namespace nucleus::cli
