// Values of unit properties as people write them: the text format of GVariant (GLib's reference,
// "GVariant Text Format"), which is what `org.systemd.property.*` annotations hold. Pure.
#pragma once

#include <string_view>

#include "nucleus/policy.hpp"

namespace nucleus::policy {

// "uint64 10000000" → a `t`, "['a', 'b']" → an `as`. A number without a type is an `i`, or a `d`
// with a point in it; what stands in one array gets one type. Refused: what D-Bus has no type for
// (maybes), and an empty array without a type. The error says what is wrong, without a place.
Result<BusValue> parse_bus_value(std::string_view text);

// The first complete type of a signature, which loses it; empty if there is none.
std::string_view take_type(std::string_view& signature);

}  // namespace nucleus::policy
