#include "runtime/process_rows.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace nucleus::runtime {

namespace {

constexpr std::string_view kBlank = " \t";

// The word of a line in column `index`; empty if it has fewer.
std::string_view word_at(std::string_view line, std::size_t index) {
    for (;;) {
        line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
        const std::string_view word = line.substr(0, line.find_first_of(kBlank));
        if (index-- == 0 || word.empty()) return word;
        line.remove_prefix(word.size());
    }
}

std::optional<std::size_t> pid_column(std::string_view heading) {
    for (std::size_t index = 0;; ++index) {
        const std::string_view word = word_at(heading, index);
        if (word == "PID") return index;
        if (word.empty()) return std::nullopt;
    }
}

bool is_of(std::string_view word, const std::vector<std::int32_t>& pids) {
    std::int32_t pid = 0;
    const char* const end = word.data() + word.size();
    const auto [stop, fault] = std::from_chars(word.data(), end, pid);
    return fault == std::errc{} && stop == end && std::ranges::find(pids, pid) != pids.end();
}

}  // namespace

Result<std::string> process_rows(std::string_view table, const std::vector<std::int32_t>& pids) {
    std::optional<std::size_t> column;
    std::string rows;
    while (!table.empty()) {
        const std::string_view line = table.substr(0, table.find('\n'));
        table.remove_prefix(std::min(line.size() + 1, table.size()));
        const bool heading = !column;
        if (heading) column = pid_column(line);
        if (!column || (!heading && !is_of(word_at(line, *column), pids))) continue;
        (rows += line) += '\n';
    }
    if (!column) return Error(Errc::invalid_argument, "what ps printed has no column PID");
    return rows;
}

}  // namespace nucleus::runtime
