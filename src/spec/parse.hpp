// bytes → Spec. Strict where the specification is (types, required properties, ranges, duplicate
// names), silent about properties it does not know (spec.md, "unknown properties ... MUST be
// ignored"). Pure: no I/O.
#pragma once

#include <string_view>

#include "nucleus/error.hpp"
#include "nucleus/spec.hpp"

namespace nucleus::spec {

inline constexpr std::size_t kMaxConfigBytes = 16U << 20;
inline constexpr unsigned kMaxConfigDepth = 64;

// `bytes` is the whole of config.json. Errors are Errc::invalid_config and read
// `config.json /linux/namespaces/2/type: ...`; a syntax error names the line and column.
Result<Spec> parse(std::string_view bytes);

// The document of `exec --process FILE`: one process object (config.md#process). Errors read
// `process.json /args: ...`.
Result<Process> parse_process(std::string_view bytes);

// The document of `update --resources FILE`: one linux.resources object. Errors read
// `resources.json /memory/limit: ...`.
Result<Resources> parse_resources(std::string_view bytes);

}  // namespace nucleus::spec
