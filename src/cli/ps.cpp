#include "base/json_writer.hpp"
#include "cli/command.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable& table) {
    table.text("format,f", "FORMAT", "table (the default) or json, an array of process ids");
}

Result<int> execute(Invocation& invocation) {
    const std::string& id = invocation.operands.front();
    const std::string outer = clause("ps", id);
    const std::string format = invocation.options.text("format");
    const bool json = format == "json";
    if (!json && !format.empty() && format != "table")
        return Error(Errc::invalid_argument,
                     outer + ": unknown format \"" + format + "\" (table or json)");
    NUCLEUS_TRY(const auto pids, invocation.runtime().processes(id).in(outer));
    if (json) {
        base::JsonWriter array;
        array.begin_array();
        for (const std::int32_t pid : pids) array.value(pid);
        array.end_array();
        invocation.output = std::move(array).text() + "\n";
        return 0;
    }
    const std::vector<std::string> arguments(invocation.operands.begin() + 1,
                                             invocation.operands.end());
    NUCLEUS_TRY(invocation.output, invocation.runtime().process_table(pids, arguments).in(outer));
    return 0;
}

}  // namespace

constinit const Command kPsCommand{"ps",
                                   "ID [PS-OPTION...]",
                                   1,
                                   kAnyNumber,
                                   AfterOperand::operands,
                                   "show the processes of a container",
                                   describe,
                                   execute};

}  // namespace nucleus::cli
