// The requests of README.md as they are read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"

namespace nucleus::systemd {

struct Value {
    std::string type, text;
    std::vector<Value> items;
};

struct Property {
    std::string name;
    Value value;
    std::uint32_t since = 0;
};

struct Request {
    std::string request, bus, unit;
    std::vector<Property> properties;
    std::uint32_t pid = 0;
};

Result<Request> parse_request(std::string_view packet);

}  // namespace nucleus::systemd
