// A command's options: the table (names, types, help) and the values that an argument list gave
// them. Boost.Program_options describes the options to people (--help); the values are read here:
// its maps and the locale below them would cost a start more than reading its config.json.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/tokenizer.hpp"
#include "nucleus/error.hpp"

namespace boost::program_options {
class options_description;
}

namespace nucleus::cli {

class OptionTable final : public OptionNames {
public:
    // `names` is "long" or "long,l"; `argument` is the word for the value in the help. All are kept
    // as pointers. An option without a help text is taken, and not shown.
    OptionTable& flag(const char* names, const char* help);
    OptionTable& text(const char* names, const char* argument, const char* help);
    OptionTable& number(const char* names, const char* argument, const char* help);
    OptionTable& list(const char* names, const char* argument, const char* help);

    std::optional<OptionShape> by_name(std::string_view name) const override;
    std::optional<OptionShape> by_letter(char letter) const override;

    std::vector<std::string> names() const;  // the long ones
    std::string help() const;

private:
    friend class Options;
    enum class Kind : std::uint8_t { flag, text, number, list };
    struct Row {
        Kind kind;
        const char* names;
        const char* argument;
        const char* help;
        std::string_view name() const;  // the long one
        char letter() const;            // 0: none
    };
    OptionTable& add(Row row);
    static OptionShape shape_of(const Row& row);
    static void describe(const Row& row, boost::program_options::options_description& out);

    std::vector<Row> rows_;
};

// Typed values. Asking for a name that is not in the table is a defect of the program.
class Options {
public:
    // Checks the types; the error names the option: `invalid value "x" for flag --preserve-fds:
    // ...`.
    static Result<Options> from(const OptionTable& table, std::vector<OptionUse> uses);

    bool given(const char* name) const { return find(name) != nullptr; }
    bool flag(const char* name) const { return choice(name).value_or(false); }
    std::optional<bool> choice(const char* name) const;  // a flag, if it was given at all
    std::string text(const char* name) const;            // empty if not given
    std::uint32_t number(const char* name) const;        // 0 if not given
    std::vector<std::string> list(const char* name) const;

private:
    explicit Options(std::vector<OptionUse> uses) : uses_(std::move(uses)) {}
    const std::vector<std::string>* find(const char* name) const;

    std::vector<OptionUse> uses_;  // each option once
};

// What boolean flags may be set to: 1 0 t f true false, as runc's flags take them.
std::optional<bool> parse_truth(std::string_view text);
// All of `text` as a decimal number.
std::optional<std::uint32_t> parse_number(std::string_view text);

}  // namespace nucleus::cli
