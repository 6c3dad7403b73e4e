// Numbers of the command line that are more than a count: sizes with a unit.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nucleus::cli {

// All of `text` as a decimal number that the type holds.
std::optional<std::int64_t> parse_integer(std::string_view text);
std::optional<std::uint64_t> parse_unsigned(std::string_view text);

// Bytes: `-1` (no limit), or a number, which may have decimals, with a unit of 1024s behind it or
// none: `512M`, `1.5g`, `64 MiB`, `100kb`.
std::optional<std::int64_t> parse_size(std::string_view text);

// A time as Go writes it: numbers, which may have decimals, each with its unit: `5s`, `1m30s`,
// `250ms`, `1.5h`.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace nucleus::cli
