// --regex of kill and delete: one command for every container whose id a regular expression finds.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/runtime.hpp"

namespace nucleus::cli {

// Those of `ids` in which the POSIX extended regular expression `pattern` (regex(7)) finds
// something, anywhere unless it is anchored, as crun has it.
Result<std::vector<std::string>> matching(const std::vector<std::string>& ids,
                                          const std::string& pattern);

// `act` on each container that `pattern` finds; one that fails does not keep the rest from it, and
// all failures are one error. None found is no error. `command` names itself in other errors.
Result<void> act_on_matching(std::string_view command, runtime::Runtime& runtime,
                             const std::string& pattern,
                             const std::function<Result<void>(const std::string& id)>& act);

}  // namespace nucleus::cli
