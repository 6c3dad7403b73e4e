// What `state` and `list` print. Field names and their order are what callers decode (contract A5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nucleus/runtime.hpp"
#include "sys/kernel.hpp"

namespace nucleus::cli {

// The name of `uid` in the text of /etc/passwd (passwd(5)), or "#UID". The program is static: no
// name service.
std::string owner_name(std::string_view passwd, std::uint32_t uid);
// The text of /etc/passwd; empty if there is none.
std::string read_passwd(sys::Kernel& kernel);

// An indented object and a newline.
std::string state_json(const runtime::ContainerState& state, std::string_view passwd);

using States = std::vector<runtime::ContainerState>;
std::string list_table(const States& states, std::string_view passwd);
std::string list_json(const States& states, std::string_view passwd);  // `[]` when empty
std::string list_ids(const States& states);

}  // namespace nucleus::cli
