// What to write to a file of a cgroup so that it is as it was before another write. Pure.
#pragma once

#include <string>
#include <string_view>

namespace nucleus::enforce {

// `before`: what the file held; `written`: what was then written to it. A file with a line for each
// device (or interface, or page size) gets back the line of the one that `written` is about, or the
// word for none.
std::string restoring_value(std::string_view file, std::string_view before,
                            std::string_view written);

}  // namespace nucleus::enforce
