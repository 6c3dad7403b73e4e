#include "cli/quantities.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace nucleus::cli {

namespace {

template <class Number>
std::optional<Number> whole(std::string_view text) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, number);
    if (fault != std::errc{} || stop != end) return std::nullopt;
    return number;
}

// The factor of `k`, `MiB`, `gb`, ... or nothing.
std::optional<std::uint64_t> factor_of(std::string_view unit) {
    std::string letters;
    for (const char c : unit)
        letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (letters.empty() || letters == "b") return 1;
    const std::size_t power = std::string_view("kmgtp").find(letters.front());
    const std::string_view rest = std::string_view(letters).substr(1);
    if (power == std::string_view::npos || (!rest.empty() && rest != "b" && rest != "ib"))
        return std::nullopt;
    return std::uint64_t{1024} << (10 * power);
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
    return whole<std::int64_t>(text);
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
    return whole<std::uint64_t>(text);
}

std::optional<std::int64_t> parse_size(std::string_view text) {
    if (text == "-1") return -1;
    const std::size_t number_end = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string_view number = text.substr(0, number_end);
    std::string_view unit = text.substr(number_end);
    if (unit.starts_with(' ')) unit.remove_prefix(1);
    const auto factor = factor_of(unit);
    const std::size_t dot = number.find('.');
    const auto integer = parse_unsigned(number.substr(0, dot));
    if (!factor || !integer) return std::nullopt;
    constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
    if (*integer > kLargest / *factor) return std::nullopt;
    std::uint64_t bytes = *integer * *factor;
    if (dot != std::string_view::npos) {
        const std::string_view decimals = number.substr(dot + 1);
        const auto part = parse_unsigned(decimals);
        if (!part || decimals.size() > 9) return std::nullopt;
        long double share = static_cast<long double>(*part);
        for (std::size_t i = 0; i < decimals.size(); ++i) share /= 10;
        bytes += static_cast<std::uint64_t>(share * static_cast<long double>(*factor));
    }
    if (bytes > kLargest) return std::nullopt;
    return static_cast<std::int64_t>(bytes);
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        long double nanoseconds;
    };
    constexpr Unit kUnits[] = {{"ns", 1},    {"us", 1e3L}, {"\xc2\xb5s", 1e3L}, {"\xce\xbcs", 1e3L},
                               {"ms", 1e6L}, {"s", 1e9L},  {"m", 60e9L},        {"h", 3600e9L}};
    if (text.empty()) return std::nullopt;
    long double sum = 0;
    while (!text.empty()) {
        const std::size_t number_end = std::min(text.find_first_not_of("0123456789."), text.size());
        const std::string_view number = text.substr(0, number_end);
        text.remove_prefix(number_end);
        const std::size_t unit_end = std::min(text.find_first_of("0123456789."), text.size());
        const auto* const unit = std::ranges::find(kUnits, text.substr(0, unit_end), &Unit::name);
        text.remove_prefix(unit_end);
        const std::size_t dot = number.find('.');
        const auto integer = parse_unsigned(number.substr(0, dot));
        if (unit == std::end(kUnits) || !integer) return std::nullopt;
        long double value = static_cast<long double>(*integer);
        if (dot != std::string_view::npos) {
            const std::string_view decimals = number.substr(dot + 1);
            const auto part = parse_unsigned(decimals);
            if (!part) return std::nullopt;
            long double share = static_cast<long double>(*part);
            for (std::size_t i = 0; i < decimals.size(); ++i) share /= 10;
            value += share;
        }
        sum += value * unit->nanoseconds;
    }
    constexpr long double kLargest = 9.2e18L;  // of a 64-bit count: 292 years
    if (sum > kLargest) return std::nullopt;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(sum));
}

}  // namespace nucleus::cli
