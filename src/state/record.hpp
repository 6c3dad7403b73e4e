// Record ↔ JSON: a line of state.jsonl.
#pragma once

#include <string>
#include <string_view>

#include "nucleus/error.hpp"
#include "nucleus/state.hpp"

namespace nucleus::state {

// One line, without its end.
std::string encode(const Record& record);
// `name` is what errors call the text. Strict: a record that was written by something else is
// refused.
Result<Record> decode(std::string_view name, std::string_view bytes);

}  // namespace nucleus::state
