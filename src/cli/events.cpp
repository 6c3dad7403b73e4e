#include <unistd.h>

#include "cli/command.hpp"
#include "cli/event_text.hpp"
#include "cli/quantities.hpp"
#include "sys/files.hpp"

namespace nucleus::cli {

namespace {

void describe(OptionTable& table) {
    table.text("interval", "TIME", "time between statistics: 5s (the default), 500ms, 1m30s")
        .flag("stats", "print the statistics as they are now, and no more")
        .text("memory-pressure", "LEVEL", "tell when memory is short: low, medium or critical");
}

Result<std::optional<runtime::PressureLevel>> parse_level(const Options& options) {
    using runtime::PressureLevel;
    if (!options.given("memory-pressure")) return std::optional<PressureLevel>();
    const std::string text = options.text("memory-pressure");
    for (const auto level : {PressureLevel::low, PressureLevel::medium, PressureLevel::critical})
        if (runtime::word_of(level) == text) return std::optional(level);
    return Error(Errc::invalid_argument, "invalid value \"" + text +
                                             "\" for flag --memory-pressure: not low, medium or "
                                             "critical");
}

Result<runtime::EventsRequest> parse(const Invocation& invocation) {
    const Options& options = invocation.options;
    runtime::EventsRequest request;
    request.id = invocation.operands.front();
    request.once = options.flag("stats");
    if (options.given("interval")) {
        const std::string text = options.text("interval");
        const auto interval = parse_duration(text);
        if (!interval)
            return Error(Errc::invalid_argument, "invalid value \"" + text +
                                                     "\" for flag --interval: not a time such as "
                                                     "5s, 500ms or 1m30s");
        request.interval = *interval;
    }
    if (request.interval.count() <= 0)
        return Error(Errc::invalid_argument, "duration interval must be greater than 0");
    NUCLEUS_TRY(request.pressure, parse_level(options));
    return request;
}

Result<int> execute(Invocation& invocation) {
    const std::string outer = clause("events", invocation.operands.front());
    NUCLEUS_TRY(const runtime::EventsRequest request, parse(invocation).in(outer));
    // Line by line: a reader waits for them.
    const auto print = [&](const runtime::Event& event) {
        return sys::write_fd(invocation.kernel, STDOUT_FILENO, "standard output",
                             event_line(request.id, event));
    };
    NUCLEUS_CHECK(invocation.runtime().events(request, print).in(outer));
    return 0;
}

}  // namespace

constinit const Command kEventsCommand{
    "events", "ID",   1, 1, AfterOperand::options, "print what a container uses, and OOM notices",
    describe, execute};

}  // namespace nucleus::cli
