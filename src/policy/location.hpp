// A place in a JSON document, for errors: `config.json /mounts/3/options: what is wrong`. A value
// of views: cheap enough to be built for each object of the document, since its text is put
// together only for an error. The names that it was told must outlive it: they are literals, or the
// document's own.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"

namespace nucleus::policy {

class Location {
public:
    explicit Location(std::string_view document) : document_(document) {}

    Location at(std::string_view key) const { return with({key, 0}); }
    template <std::same_as<std::string> Temporary>
    Location at(Temporary&& key) const = delete;
    Location at(std::size_t index) const { return with({{}, index}); }

    std::string pointer() const;  // escaped as RFC 6901 demands
    std::string text(std::string_view what) const;

    Error invalid(std::string_view what) const { return {Errc::invalid_config, text(what)}; }
    // A valid request that this version does not carry out.
    Error unsupported(std::string_view what) const;

    // The kernel ends strings at NUL, JSON does not: what follows would be silently lost.
    Result<void> without_nul(std::string_view value) const;
    Result<void> each_without_nul(const std::vector<std::string>& values) const;
    Result<void> absolute_path(std::string_view value) const;

private:
    struct Part {
        std::string_view key;  // its data is null for an index
        std::size_t index;
    };
    // "/linux/seccomp/syscalls/0/args/0/index" has seven.
    static constexpr std::size_t kDeepest = 8;

    Location with(Part part) const;

    std::string_view document_;
    std::size_t depth_ = 0;
    std::array<Part, kDeepest> parts_{};
};

// `'name'`, for messages.
std::string quoted(std::string_view name);

}  // namespace nucleus::policy
