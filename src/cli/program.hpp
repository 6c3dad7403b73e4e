// The whole program but for its two standard streams: dispatch, log, and the one place where an
// error becomes text.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "cli/globals.hpp"
#include "sys/kernel.hpp"

namespace nucleus::cli {

struct Surroundings {
    sys::Kernel& kernel;
    Environment environment;
    RuntimeFactory make_runtime;
    std::string settings_file =
        kSettingsFile;  // read unless --settings names another; may be missing
};

// What the program leaves behind. A successful one has nothing to say on standard error, since
// callers read both streams as one; a failed one says one line there: `nucleus: create 'web-1':
// ...`. That line is plain, unlike runc's `time=... level=error msg="..."`: conmon and go-runc hand
// it to people as it is, the texts that callers search for (contract B6) stand in it without a
// second layer of quotes, and the log has the dressed form.
struct Outcome {
    int status = 0;
    std::string output;
    std::string complaint;
};

// One line whatever a name in it holds, and nothing that a terminal would obey.
std::string one_line(std::string_view text);

// `arguments` without the program's name.
Outcome run_program(std::span<const std::string_view> arguments, const Surroundings& surroundings);

}  // namespace nucleus::cli
