// Resources → JSON, as linux.resources in config.json has it: what was parsed comes out the same,
// and what was not set is left out.
#pragma once

#include "base/json_writer.hpp"
#include "nucleus/spec.hpp"

namespace nucleus::spec {

void write(base::JsonWriter& json, const Resources& resources);

}  // namespace nucleus::spec
