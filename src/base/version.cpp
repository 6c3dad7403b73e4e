#include "nucleus/version.hpp"

#ifndef NUCLEUS_COMMIT
#define NUCLEUS_COMMIT "unknown"
#endif

namespace nucleus {

std::string_view build_commit() { return NUCLEUS_COMMIT; }

}  // namespace nucleus
