// What ps(1) prints, without the rows of other processes. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"

namespace nucleus::runtime {

// The heading of `table` and, of the rows below, those whose number in the column PID is one of
// `pids`. Lines before the heading, warnings of ps, are left out. The error: no line has a PID
// column.
Result<std::string> process_rows(std::string_view table, const std::vector<std::int32_t>& pids);

}  // namespace nucleus::runtime
