// Events as one line of JSON each, in the form of runc's that callers read (types/events.go there).
#pragma once

#include <string>
#include <string_view>

#include "nucleus/runtime.hpp"

namespace nucleus::cli {

// With its newline.
std::string event_line(std::string_view id, const runtime::Event& event);

}  // namespace nucleus::cli
