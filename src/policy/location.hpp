// A place in a JSON document, for errors: `config.json /mounts/3/options: what is wrong`. A value,
// cheap enough to be built for each object of the document.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"

namespace nucleus::policy {

class Location {
public:
    explicit Location(std::string_view document) : document_(document) {}

    Location at(std::string_view key) const;  // escaped as RFC 6901 demands
    Location at(std::size_t index) const;

    const std::string& pointer() const { return pointer_; }
    std::string text(std::string_view what) const;

    Error invalid(std::string_view what) const { return {Errc::invalid_config, text(what)}; }
    // A valid request that this version does not carry out.
    Error unsupported(std::string_view what) const;

    // The kernel ends strings at NUL, JSON does not: what follows would be silently lost.
    Result<void> without_nul(std::string_view value) const;
    Result<void> each_without_nul(const std::vector<std::string>& values) const;
    Result<void> absolute_path(std::string_view value) const;

private:
    std::string_view document_;
    std::string pointer_;
};

// `'name'`, for messages.
std::string quoted(std::string_view name);

}  // namespace nucleus::policy
