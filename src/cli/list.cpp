#include "cli/command.hpp"
#include "cli/state_text.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable& table) {
    table.text("format,f", "FORMAT", "table (the default) or json")
        .flag("quiet,q", "print ids only");
}

Result<int> execute(Invocation& invocation) {
    const std::string format = invocation.options.text("format");
    const bool json = format == "json";
    if (!json && !format.empty() && format != "table")
        return Error(Errc::invalid_argument,
                     "list: unknown format \"" + format + "\" (table or json)");
    NUCLEUS_TRY(const auto states, invocation.runtime().list(invocation.warnings).in("list"));
    if (invocation.options.flag("quiet")) {
        invocation.output = list_ids(states);
        return 0;
    }
    const std::string passwd = read_passwd(invocation.kernel);
    invocation.output = json ? list_json(states, passwd) : list_table(states, passwd);
    return 0;
}

}  // namespace

constinit const Command kListCommand{
    "list",   "",     0, 0, AfterOperand::options, "list the containers under the root",
    describe, execute};

}  // namespace nucleus::cli
