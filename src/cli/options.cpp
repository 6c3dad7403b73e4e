#include "cli/options.hpp"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/variables_map.hpp>
#include <charconv>
#include <sstream>

namespace nucleus::cli {

namespace po = boost::program_options;

namespace {

struct Switch {
    bool on;
};
struct Number {
    std::uint32_t value;
};

// Boost finds these by argument-dependent lookup. Its own reader takes "-1" for an unsigned number.
void validate(boost::any& out, const std::vector<std::string>& texts, Switch*, int) {
    const auto truth = parse_truth(texts.front());
    if (!truth) throw po::validation_error(po::validation_error::invalid_bool_value);
    out = Switch{*truth};
}

void validate(boost::any& out, const std::vector<std::string>& texts, Number*, int) {
    const auto number = parse_number(texts.front());
    if (!number) throw po::validation_error(po::validation_error::invalid_option_value);
    out = Number{*number};
}

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
    const auto add = [&](const po::value_semantic* value) {
        out.add_options()(row.names, value, row.help);
    };
    switch (row.kind) {
        case Kind::flag:
            return add(po::value<Switch>()->zero_tokens());
        case Kind::text:
            return add(po::value<std::string>()->value_name(row.argument));
        case Kind::number:
            return add(po::value<Number>()->value_name(row.argument));
        case Kind::list:
            return add(
                po::value<std::vector<std::string>>()->composing()->value_name(row.argument));
    }
}

std::vector<std::string> OptionTable::names() const {
    std::vector<std::string> names;
    for (const Row& row : rows_) names.emplace_back(row.name());
    return names;
}

std::string OptionTable::help() const {
    po::options_description description;
    for (const Row& row : rows_) describe(row, description);
    std::ostringstream out;
    out << description;
    return out.str();
}

struct Options::Values {
    po::variables_map map;
};

Options::Options(std::unique_ptr<Values> values) : values_(std::move(values)) {}
Options::Options(Options&&) noexcept = default;
Options& Options::operator=(Options&&) noexcept = default;
Options::~Options() = default;

Result<Options> Options::from(const OptionTable& table, const std::vector<OptionUse>& uses) {
    auto values = std::make_unique<Values>();
    const OptionUse* current = nullptr;
    try {
        for (const OptionUse& use : uses) {
            current = &use;
            po::options_description description;
            for (const OptionTable::Row& row : table.rows_)
                if (row.name() == use.name) OptionTable::describe(row, description);
            po::parsed_options parsed(&description);
            parsed.options.emplace_back(use.name, use.values);
            po::store(parsed, values->map);
        }
    } catch (const po::validation_error& error) {
        const bool truth = error.kind() == po::validation_error::invalid_bool_value;
        return Error(Errc::invalid_argument,
                     "invalid value \"" + current->values.front() + "\" for flag --" +
                         current->name + ": " +
                         (truth ? "neither true nor false" : "not a number"));
    }
    return Options(std::move(values));
}

bool Options::given(const char* name) const { return values_->map.count(name) != 0; }

std::optional<bool> Options::choice(const char* name) const {
    if (!given(name)) return std::nullopt;
    return values_->map[name].as<Switch>().on;
}

std::string Options::text(const char* name) const {
    return given(name) ? values_->map[name].as<std::string>() : std::string();
}

std::uint32_t Options::number(const char* name) const {
    return given(name) ? values_->map[name].as<Number>().value : 0;
}

std::vector<std::string> Options::list(const char* name) const {
    if (!given(name)) return {};
    return values_->map[name].as<std::vector<std::string>>();
}

}  // namespace nucleus::cli
