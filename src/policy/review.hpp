// All that is wrong with a config.json: by the schema, and by its meaning. `create` stops at the
// first error, and pays for no more; this asks the same readers and translations again and again,
// each time with the last error mended. So it can find nothing that create would not.
#pragma once

#include <string_view>

#include "nucleus/policy.hpp"
#include "spec/finding.hpp"

namespace nucleus::policy {

// Errors first, in the order of the document's sections, then warnings and notes.
spec::Findings review(std::string_view config, const TranslationInput& input);

}  // namespace nucleus::policy
