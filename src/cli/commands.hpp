// The commands by name, and the names that stand for commands of later versions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.hpp"

namespace nucleus::cli {

std::span<const Command* const> commands();
const Command* find_command(std::string_view name);
// A command that other runtimes have and this version has not.
bool is_known_elsewhere(std::string_view name);

std::string version_text();
std::string program_help(const OptionTable& globals);
std::string command_help(const Command& command, const OptionTable& options);

}  // namespace nucleus::cli
