#include "spec/version.hpp"

#include <algorithm>

namespace nucleus::spec {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_identifier_character(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

bool is_number(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit) &&
           (text.size() == 1 || text[0] != '0');
}

bool is_build_identifier(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_identifier_character);
}

// Of digits only, it is a number and has no leading zero (semver.org, clause 9).
bool is_prerelease_identifier(std::string_view text) {
    return is_build_identifier(text) &&
           (!std::all_of(text.begin(), text.end(), is_digit) || is_number(text));
}

template <class Predicate>
bool all_identifiers(std::string_view text, Predicate holds) {
    for (;;) {
        const std::size_t dot = text.find('.');
        if (!holds(text.substr(0, dot))) return false;
        if (dot == text.npos) return true;
        text.remove_prefix(dot + 1);
    }
}

}  // namespace

std::optional<std::string_view> semver_major(std::string_view version) {
    std::string_view rest = version;
    if (const std::size_t plus = rest.find('+'); plus != rest.npos) {
        if (!all_identifiers(rest.substr(plus + 1), is_build_identifier)) return {};
        rest = rest.substr(0, plus);
    }
    if (const std::size_t hyphen = rest.find('-'); hyphen != rest.npos) {
        if (!all_identifiers(rest.substr(hyphen + 1), is_prerelease_identifier)) return {};
        rest = rest.substr(0, hyphen);
    }
    if (std::count(rest.begin(), rest.end(), '.') != 2 || !all_identifiers(rest, is_number))
        return {};
    return rest.substr(0, rest.find('.'));
}

}  // namespace nucleus::spec
