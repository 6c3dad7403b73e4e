// Lists of processors and memory nodes, "0-3,7" (cpuset(7), "List format").
#include <charconv>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

constexpr unsigned kWordBits = 64;

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

Result<unsigned> number_of(std::string_view written, unsigned largest, const Location& where) {
    const std::string_view digits = trimmed(written);
    unsigned number = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, number);
    if (error == std::errc::invalid_argument || stop != end) {
        return where.invalid(quoted(written) + " is no number: expected a list such as '0-3,7'");
    }
    if (error != std::errc() || number > largest) {
        return where.invalid(quoted(digits) + " is larger than " + std::to_string(largest));
    }
    return number;
}

bool has(const NumberSet& set, unsigned number) {
    const std::size_t word = number / kWordBits;
    return word < set.mask.size() && (set.mask[word] >> number % kWordBits & 1) != 0;
}

void add(NumberSet& set, unsigned first, unsigned last) {
    if (set.mask.size() <= last / kWordBits) set.mask.resize(last / kWordBits + 1);
    for (unsigned number = first; number <= last; ++number) {
        set.mask[number / kWordBits] |= std::uint64_t{1} << number % kWordBits;
    }
}

std::string text_of(const NumberSet& set) {
    std::string text;
    const auto end = static_cast<unsigned>(set.mask.size()) * kWordBits;
    for (unsigned number = 0; number < end; ++number) {
        if (!has(set, number)) continue;
        const unsigned first = number;
        while (has(set, number + 1)) ++number;
        text += (text.empty() ? "" : ",") + std::to_string(first);
        if (number > first) text += "-" + std::to_string(number);
    }
    return text;
}

}  // namespace

// Blanks around numbers and empty elements mean nothing, as in the lists that the kernel reads.
Result<NumberSet> translate_numbers(std::string_view list, unsigned largest,
                                    const Location& where) {
    NumberSet set;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view element = trimmed(list.substr(0, comma));
        list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
        if (element.empty()) continue;
        const std::size_t dash = element.find('-');
        NUCLEUS_TRY(const unsigned first, number_of(element.substr(0, dash), largest, where));
        unsigned last = first;
        if (dash != std::string_view::npos) {
            NUCLEUS_TRY(last, number_of(element.substr(dash + 1), largest, where));
        }
        if (last < first) return where.invalid("the range " + quoted(element) + " runs backwards");
        add(set, first, last);
    }
    set.text = text_of(set);
    return set;
}

}  // namespace nucleus::policy
