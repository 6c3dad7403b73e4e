// What `validate` has to say of one place in a document.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nucleus::spec {

struct Finding {
    enum class Severity : std::uint8_t {
        error,    // the document is not valid, or has no meaning here
        warning,  // it is carried out in part
        note,     // ignored, as the specification demands: unknown properties, other platforms
    };
    Severity severity = Severity::error;
    std::string pointer;  // RFC 6901; empty: the whole document
    std::string text;
    std::string clause;  // "config.md#mounts"; empty where no clause is concerned
    bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

}  // namespace nucleus::spec
