#include "cli/commands.hpp"

#include "nucleus/version.hpp"

namespace nucleus::cli {

namespace {

constexpr const Command* kCommands[] = {
    &kCreateCommand,     &kStartCommand,   &kStateCommand,  &kKillCommand,     &kDeleteCommand,
    &kRunCommand,        &kExecCommand,    &kListCommand,   &kPauseCommand,    &kResumeCommand,
    &kPsCommand,         &kUpdateCommand,  &kSpecCommand,   &kFeaturesCommand, &kValidateCommand,
    &kCheckpointCommand, &kRestoreCommand, &kMountsCommand, &kEventsCommand,
};

}  // namespace

std::span<const Command* const> commands() { return kCommands; }

const Command* find_command(std::string_view name) {
    for (const Command* command : kCommands)
        if (command->name == name) return command;
    return nullptr;
}

// The form of runc's, which dockerd and cri-o take apart line by line (contract A1, B4).
std::string version_text() {
    std::string text = "nucleus version ";
    (text += kVersion) += "\ncommit: ";
    (text += build_commit()) += "\nspec: ";
    (text += kSpecVersion) += "\n";
    return text;
}

std::string program_help(const OptionTable& globals) {
    std::string text =
        "nucleus: run OCI containers\n\n"
        "Usage: nucleus [GLOBAL OPTION...] COMMAND [OPTION...] [ID ...]\n\nCommands:\n";
    for (const Command* command : kCommands) {
        text.append("  ").append(command->name).append(12 - command->name.size(), ' ');
        text.append(command->summary).append("\n");
    }
    return text + "\nGlobal options:\n" + globals.help() +
           "\nnucleus COMMAND --help tells more; so does nucleus(8).\n";
}

std::string command_help(const Command& command, const OptionTable& options) {
    std::string text = "nucleus " + std::string(command.name) + ": " +
                       std::string(command.summary) + "\n\nUsage: nucleus " +
                       std::string(command.name) + " [OPTION...]";
    if (!command.operands.empty()) text += " " + std::string(command.operands);
    return text + "\n\nOptions:\n" + options.help();
}

}  // namespace nucleus::cli
