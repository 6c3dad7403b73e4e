#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "cli/program.hpp"
#include "cli/standard_streams.hpp"
#include "sys/files.hpp"
#include "sys/linux_kernel.hpp"

namespace {

std::optional<std::string_view> variable(const char* name) {
    const char* const text = std::getenv(name);
    if (text == nullptr) return std::nullopt;
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace nucleus;
    // A start fits in one piece of heap; growing and shrinking it would be calls and page faults.
    ::mallopt(M_TOP_PAD, 256 << 10);
    ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
    sys::LinuxKernel kernel;
    if (!cli::open_standard_streams(kernel)) return EXIT_FAILURE;  // nowhere to say why
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const cli::Environment environment{variable("XDG_RUNTIME_DIR").value_or(""),
                                       variable("USER"),
                                       variable("LISTEN_FDS").value_or(""),
                                       variable("LISTEN_PID").value_or(""),
                                       variable("NOTIFY_SOCKET").value_or(""),
                                       variable("DBUS_SYSTEM_BUS_ADDRESS").value_or(""),
                                       variable("DBUS_SESSION_BUS_ADDRESS").value_or("")};
    cli::Outcome outcome =
        cli::run_program(arguments, {kernel, environment, runtime::make_runtime});
    if (!outcome.output.empty()) {
        // Half a list would pass for a whole one.
        auto written = sys::write_fd(kernel, STDOUT_FILENO, "standard output", outcome.output);
        if (!written) {
            outcome.status = EXIT_FAILURE;
            outcome.complaint = "nucleus: " + written.error().message() + "\n";
        }
    }
    if (!outcome.complaint.empty())
        (void)sys::write_fd(kernel, STDERR_FILENO, "standard error", outcome.complaint);
    // What is left in memory is the kernel's to take; taking it apart first costs more than that.
    ::_exit(outcome.status);
}
