#include "cli/pattern.hpp"

#include <regex.h>

#include <optional>

namespace nucleus::cli {

Result<std::vector<std::string>> matching(const std::vector<std::string>& ids,
                                          const std::string& pattern) {
    regex_t compiled;
    if (const int fault = regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB);
        fault != 0) {
        char why[256];
        (void)regerror(fault, &compiled, why, sizeof why);
        return Error(Errc::invalid_argument,
                     "invalid regular expression \"" + pattern + "\": " + why);
    }
    std::vector<std::string> found;
    for (const std::string& id : ids)
        if (regexec(&compiled, id.c_str(), 0, nullptr, 0) == 0) found.push_back(id);
    regfree(&compiled);
    return found;
}

Result<void> act_on_matching(std::string_view command, runtime::Runtime& runtime,
                             const std::string& pattern,
                             const std::function<Result<void>(const std::string& id)>& act) {
    NUCLEUS_TRY(const auto ids, runtime.ids().in(command));
    NUCLEUS_TRY(const auto found, matching(ids, pattern).in(command));
    std::optional<Error> failed;
    for (const std::string& id : found) {
        auto acted = act(id);
        if (acted) continue;
        if (!failed)
            failed = std::move(acted).error();
        else
            failed = Error(failed->code(), failed->message() + "; " + acted.error().message());
    }
    if (failed) return *std::move(failed);
    return {};
}

}  // namespace nucleus::cli
