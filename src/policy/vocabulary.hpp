// The words that config.json may use, for the features document: each list is read from the table
// that the translation itself looks into, in its file, so that the two cannot differ.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace nucleus::policy {

using Words = std::vector<std::string_view>;

// Of a table whose rows have a `name`.
template <class Table>
Words names_in(const Table& table) {
    Words words;
    for (const auto& row : table) words.push_back(row.name);
    return words;
}

Words hook_words();            // hooks.cpp
Words capability_words();      // capabilities.cpp
Words seccomp_action_words();  // seccomp.cpp, and the next four
Words seccomp_operator_words();
Words seccomp_architecture_words();
Words seccomp_flag_words();
Words memory_policy_mode_words();  // memory_policy.cpp
Words memory_policy_flag_words();
// SECCOMP_FILTER_FLAG_* of a word of seccomp_flag_words(), 0 for any other.
std::uint64_t seccomp_flag_bits(std::string_view name);

}  // namespace nucleus::policy
