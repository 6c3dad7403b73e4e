#include "cli/options.hpp"

#include <algorithm>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <charconv>
#include <sstream>

namespace nucleus::cli {

namespace po = boost::program_options;

namespace {

// What help shows of an option; the values are read below.
struct Argument {};

// Boost finds this by argument-dependent lookup.
void validate(boost::any&, const std::vector<std::string>&, Argument*, int) {}

}  // namespace

std::optional<bool> parse_truth(std::string_view text) {
    for (const std::string_view yes : {"true", "1", "t", "T", "TRUE", "True"})
        if (text == yes) return true;
    for (const std::string_view no : {"false", "0", "f", "F", "FALSE", "False"})
        if (text == no) return false;
    return std::nullopt;
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, number);
    if (fault != std::errc{} || stop != end) return std::nullopt;
    return number;
}

std::string_view OptionTable::Row::name() const {
    const std::string_view all(names);
    return all.substr(0, all.find(','));
}

char OptionTable::Row::letter() const {
    const std::string_view all(names);
    const std::size_t comma = all.find(',');
    return comma == std::string_view::npos ? '\0' : all[comma + 1];
}

OptionTable& OptionTable::add(Row row) {
    if (rows_.empty()) rows_.reserve(24);
    rows_.push_back(row);
    return *this;
}

OptionTable& OptionTable::flag(const char* names, const char* help) {
    return add({Kind::flag, names, nullptr, help});
}

OptionTable& OptionTable::text(const char* names, const char* argument, const char* help) {
    return add({Kind::text, names, argument, help});
}

OptionTable& OptionTable::number(const char* names, const char* argument, const char* help) {
    return add({Kind::number, names, argument, help});
}

OptionTable& OptionTable::list(const char* names, const char* argument, const char* help) {
    return add({Kind::list, names, argument, help});
}

OptionShape OptionTable::shape_of(const Row& row) {
    return {std::string(row.name()), row.kind != Kind::flag, row.kind == Kind::list};
}

// A name is a whole name: an abbreviation is none (Boost would take --pids for --pids-limit).
std::optional<OptionShape> OptionTable::by_name(std::string_view name) const {
    for (const Row& row : rows_)
        if (row.name() == name) return shape_of(row);
    return std::nullopt;
}

std::optional<OptionShape> OptionTable::by_letter(char letter) const {
    for (const Row& row : rows_)
        if (row.letter() == letter && letter != '\0') return shape_of(row);
    return std::nullopt;
}

void OptionTable::describe(const Row& row, po::options_description& out) {
    auto* const value = po::value<Argument>();
    if (row.kind == Kind::flag)
        value->zero_tokens();
    else
        value->value_name(row.argument);
    out.add_options()(row.names, value, row.help != nullptr ? row.help : "");
}

std::vector<std::string> OptionTable::names() const {
    std::vector<std::string> names;
    for (const Row& row : rows_)
        if (row.name().size() > 1) names.emplace_back(row.name());
    return names;
}

std::string OptionTable::help() const {
    po::options_description description;
    for (const Row& row : rows_)
        if (row.help != nullptr) describe(row, description);
    std::ostringstream out;
    out << description;
    return out.str();
}

Result<Options> Options::from(const OptionTable& table, std::vector<OptionUse> uses) {
    for (const OptionUse& use : uses) {
        const auto row = std::ranges::find(table.rows_, use.name, &OptionTable::Row::name);
        const char* fault = nullptr;
        if (row->kind == OptionTable::Kind::flag && !parse_truth(use.values.front()))
            fault = "neither true nor false";
        if (row->kind == OptionTable::Kind::number && !parse_number(use.values.front()))
            fault = "not a number";
        if (fault)
            return Error(Errc::invalid_argument, "invalid value \"" + use.values.front() +
                                                     "\" for flag --" + use.name + ": " + fault);
    }
    return Options(std::move(uses));
}

const std::vector<std::string>* Options::find(const char* name) const {
    const auto use = std::ranges::find(uses_, name, &OptionUse::name);
    return use == uses_.end() ? nullptr : &use->values;
}

std::optional<bool> Options::choice(const char* name) const {
    const auto* const values = find(name);
    return values ? parse_truth(values->front()) : std::nullopt;
}

std::string Options::text(const char* name) const {
    const auto* const values = find(name);
    return values ? values->front() : std::string();
}

std::uint32_t Options::number(const char* name) const {
    const auto* const values = find(name);
    return values ? parse_number(values->front()).value_or(0) : 0;
}

std::vector<std::string> Options::list(const char* name) const {
    const auto* const values = find(name);
    return values ? *values : std::vector<std::string>();
}

}  // namespace nucleus::cli
