// Values into D-Bus messages.
#pragma once

#include <systemd/sd-bus.h>

#include "systemd/messages.hpp"

namespace nucleus::systemd {

// Appends a variant with the value, as its type says. 0 or -errno: -EINVAL for a text that is no
// value of its type, or a type that is none.
int append_variant(sd_bus_message* message, const Value& value);

}  // namespace nucleus::systemd
