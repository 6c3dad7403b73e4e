// What `validate` prints: findings as lines for people, or as one JSON object.
#pragma once

#include <string>

#include "spec/finding.hpp"

namespace nucleus::cli {

// `error: /mounts/0/destination: required property is missing (config.md#mounts)`, one line each,
// and a last line with the verdict on the file.
std::string findings_text(const std::string& file, bool valid, const spec::Findings& findings);
// {"file", "valid", "findings": [{"severity", "pointer", "message", "clause"}]}
std::string findings_json(const std::string& file, bool valid, const spec::Findings& findings);

}  // namespace nucleus::cli
