// Splits an argument list into option uses and operands, with the spellings that callers really
// use: `--f v`, `--f=v`, `-f v`,
// `-f=v`, long names behind one dash (`-no-subreaper`, go-runc), `--tty=false`, letters together
// (`-dt`), `--`, repeats.
//
// Boost.Program_options refuses half of these. Pure; no state.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"

namespace nucleus::cli {

struct OptionShape {
    std::string name;  // the long name, without dashes
    bool takes_value = false;
    bool repeatable = false;  // else the last use counts
};

// What the tokenizer needs to know of a table of options.
class OptionNames {
public:
    virtual ~OptionNames() = default;
    virtual std::optional<OptionShape> by_name(std::string_view name) const = 0;
    virtual std::optional<OptionShape> by_letter(char letter) const = 0;
};

struct OptionUse {
    std::string name;
    std::vector<std::string>
        values;  // one, or all of a repeatable option's in order; a bare flag's is "true"
    bool operator==(const OptionUse&) const = default;
};

struct Tokens {
    std::vector<OptionUse> options;  // each name once
    std::vector<std::string> operands;
};

enum class AfterOperand {
    options,   // options and operands may mix, as people type them
    operands,  // nothing after the first operand is an option: globals, and `exec ID ls -l`
};

// The error is `unknown flag: --x` or `flag needs an argument: --x` (the words that podman looks
// for, contract B2).
Result<Tokens> tokenize(const OptionNames& names, std::span<const std::string_view> arguments,
                        AfterOperand after_operand);

}  // namespace nucleus::cli
