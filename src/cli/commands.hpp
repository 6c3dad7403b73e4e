// The commands by name.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.hpp"

namespace nucleus::cli {

std::span<const Command* const> commands();
const Command* find_command(std::string_view name);

std::string version_text();
std::string program_help(const OptionTable& globals);
std::string command_help(const Command& command, const OptionTable& options);

}  // namespace nucleus::cli
