#include "enforce/cgroup_text.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace nucleus::enforce {

namespace {

// Takes the part before `separator` off the front of `text`.
std::string_view take(std::string_view& text, char separator) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

std::vector<std::string_view> words_in(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty())
        if (const std::string_view word = take(line, ' '); !word.empty()) words.push_back(word);
    return words;
}

// Calls `use` with the words of each line.
template <class Use>
void each_line(std::string_view text, Use use) {
    while (!text.empty()) use(words_in(take(text, '\n')));
}

// "8:16".
bool device_in(std::string_view word, BlockIoEntry& entry) {
    if (word.find(':') == std::string_view::npos) return false;
    entry.major = number_in(take(word, ':'));
    entry.minor = number_in(word);
    return true;
}

// "12.34" → 1234.
std::uint32_t hundredths_in(std::string_view text) {
    const std::string_view whole = take(text, '.');
    std::string decimals(text.substr(0, 2));
    decimals.resize(2, '0');
    return static_cast<std::uint32_t>(100 * number_in(whole) + number_in(decimals));
}

}  // namespace

std::uint64_t number_in(std::string_view text) {
    text = text.substr(0, text.find('\n'));
    if (text == "max") return std::numeric_limits<std::uint64_t>::max();
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::int64_t signed_in(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::vector<std::uint64_t> numbers_in(std::string_view text) {
    std::vector<std::uint64_t> numbers;
    for (const std::string_view word : words_in(take(text, '\n')))
        numbers.push_back(number_in(word));
    return numbers;
}

std::vector<std::uint16_t> list_in(std::string_view text) {
    std::vector<std::uint16_t> numbers;
    std::string_view list = take(text, '\n');
    while (!list.empty()) {
        std::string_view range = take(list, ',');
        const std::string_view first = take(range, '-');
        const std::uint64_t begin = number_in(first);
        const std::uint64_t end = range.empty() ? begin : number_in(range);
        constexpr std::uint64_t kMost = std::numeric_limits<std::uint16_t>::max();
        for (std::uint64_t each = begin; each <= std::min(end, kMost); ++each)
            numbers.push_back(static_cast<std::uint16_t>(each));
    }
    return numbers;
}

std::map<std::string, std::uint64_t> flat_keyed_in(std::string_view text) {
    std::map<std::string, std::uint64_t> values;
    each_line(text, [&](const auto& words) {
        if (words.size() == 2) values[std::string(words[0])] = number_in(words[1]);
    });
    return values;
}

BlockIoStats::Entries block_entries_in(std::string_view text) {
    BlockIoStats::Entries entries;
    each_line(text, [&](const auto& words) {
        BlockIoEntry entry;
        if (words.size() < 2 || words.size() > 3 || !device_in(words[0], entry)) return;
        if (words.size() == 3) entry.op = words[1];
        entry.value = number_in(words.back());
        entries.push_back(std::move(entry));
    });
    return entries;
}

void io_stat_in(std::string_view text, BlockIoStats& out) {
    struct Key {
        std::string_view name;
        const char* op;
        BlockIoStats::Entries BlockIoStats::*entries;
    };
    constexpr Key kKeys[] = {{"rbytes", "Read", &BlockIoStats::service_bytes},
                             {"wbytes", "Write", &BlockIoStats::service_bytes},
                             {"dbytes", "Discard", &BlockIoStats::service_bytes},
                             {"rios", "Read", &BlockIoStats::serviced},
                             {"wios", "Write", &BlockIoStats::serviced},
                             {"dios", "Discard", &BlockIoStats::serviced}};
    each_line(text, [&](const auto& words) {
        BlockIoEntry entry;
        if (words.empty() || !device_in(words[0], entry)) return;
        for (std::size_t i = 1; i < words.size(); ++i) {
            std::string_view value = words[i];
            const std::string_view name = take(value, '=');
            for (const Key& key : kKeys) {
                if (key.name != name) continue;
                entry.op = key.op;
                entry.value = number_in(value);
                (out.*key.entries).push_back(entry);
            }
        }
    });
}

Pressure pressure_in(std::string_view text) {
    Pressure pressure;
    each_line(text, [&](const auto& words) {
        if (words.empty() || (words[0] != "some" && words[0] != "full")) return;
        PressureShare& share = words[0] == "some" ? pressure.some : pressure.full;
        for (std::size_t i = 1; i < words.size(); ++i) {
            std::string_view value = words[i];
            const std::string_view name = take(value, '=');
            if (name == "avg10") share.avg10 = hundredths_in(value);
            if (name == "avg60") share.avg60 = hundredths_in(value);
            if (name == "avg300") share.avg300 = hundredths_in(value);
            if (name == "total") share.total = number_in(value);
        }
    });
    return pressure;
}

void usage_all_in(std::string_view text, CpuStats& out) {
    take(text, '\n');
    each_line(text, [&](const auto& words) {
        if (words.size() != 3) return;
        out.per_cpu_user.push_back(number_in(words[1]));
        out.per_cpu_kernel.push_back(number_in(words[2]));
    });
}

std::string schema_in(std::string_view text, std::string_view resource) {
    while (!text.empty()) {
        std::string_view line = take(text, '\n');
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        if (line.starts_with(resource) && line.substr(resource.size()).starts_with(':'))
            return std::string(line);
    }
    return "";
}

}  // namespace nucleus::enforce
