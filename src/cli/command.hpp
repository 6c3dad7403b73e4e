// A command: one row of the table in commands.cpp, one file each. It turns options and operands
// into a request of the runtime, and what comes back into text.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/globals.hpp"
#include "cli/options.hpp"
#include "nucleus/runtime.hpp"
#include "sys/kernel.hpp"

namespace nucleus::cli {

using RuntimeFactory = std::function<std::unique_ptr<runtime::Runtime>(runtime::Settings)>;

// One use of a command. References outlive it.
struct Invocation {
    const Options& options;
    const std::vector<std::string>& operands;
    sys::Kernel& kernel;
    const Environment& environment;
    // Made when first asked for: `spec` needs none.
    std::function<runtime::Runtime&()> runtime;
    Warnings& warnings;
    std::string output;      // for standard output, written when the command has succeeded
    int failure_status = 1;  // what the program exits with if the command fails
};

struct Command {
    std::string_view name;
    std::string_view operands;  // as the help shows them: "ID [SIGNAL]"
    std::size_t min_operands;
    std::size_t max_operands;
    AfterOperand after_operand;
    std::string_view summary;
    void (*describe)(OptionTable& table);
    Result<int> (*execute)(Invocation& invocation);  // the exit status
};

inline constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);

extern const Command kCreateCommand, kStartCommand, kStateCommand, kKillCommand, kDeleteCommand,
    kRunCommand, kListCommand, kSpecCommand, kExecCommand, kFeaturesCommand, kValidateCommand,
    kPauseCommand, kResumeCommand, kPsCommand, kUpdateCommand, kCheckpointCommand, kRestoreCommand,
    kMountsCommand, kEventsCommand;

// `create 'web-1'`: the outermost clause of an error.
inline std::string clause(std::string_view command, std::string_view id) {
    return std::string(command) + " '" + std::string(id) + "'";
}

// What create and run share.
void describe_creation(OptionTable& table);
Result<void> parse_creation(Invocation& invocation, runtime::CreateRequest& request);
// What exec shares too.
Result<std::uint32_t> parse_preserve_fds(const Options& options);

}  // namespace nucleus::cli
