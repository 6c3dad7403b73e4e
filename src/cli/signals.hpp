// The signals that `kill` takes by name or number.
#pragma once

#include <string_view>

#include "nucleus/error.hpp"

namespace nucleus::cli {

// A number from 0 to SIGRTMAX, or a name with or without SIG in any case: "TERM", "sigterm",
// "SIGRTMIN+3", "RTMAX-1". Otherwise `unknown signal "X"`.
Result<int> parse_signal(std::string_view text);

}  // namespace nucleus::cli
