#include "cli/tokenizer.hpp"

#include <algorithm>

namespace nucleus::cli {

namespace {

class Tokenizer {
public:
    Tokenizer(const OptionNames& names, std::span<const std::string_view> arguments)
        : names_(names), rest_(arguments) {}

    Result<Tokens> run(AfterOperand after_operand) {
        while (!rest_.empty()) {
            const std::string_view argument = next();
            if (argument == "--") break;
            if (argument.size() > 1 && argument.front() == '-') {
                NUCLEUS_CHECK(option(argument));
                continue;
            }
            tokens_.operands.emplace_back(argument);
            if (after_operand == AfterOperand::operands) break;
        }
        for (const std::string_view operand : rest_) tokens_.operands.emplace_back(operand);
        return std::move(tokens_);
    }

private:
    std::string_view next() {
        const std::string_view argument = rest_.front();
        rest_ = rest_.subspan(1);
        return argument;
    }

    Result<void> option(std::string_view argument) {
        const bool two_dashes = argument.starts_with("--");
        const std::string_view body = argument.substr(two_dashes ? 2 : 1);
        const std::size_t equals = body.find('=');
        const std::string_view name = body.substr(0, equals);
        std::optional<std::string_view> value;
        if (equals != std::string_view::npos) value = body.substr(equals + 1);

        std::optional<OptionShape> shape = names_.by_name(name);
        if (!shape && !two_dashes && name.size() == 1) shape = names_.by_letter(name.front());
        if (shape) return use(*shape, value);
        if (!two_dashes && name.size() > 1) return letters(argument, name, value);
        return unknown(argument);
    }

    // `-dt`: flags, of which only the last may be an option with a value. A value glued to its
    // letter is not understood: a mistyped long name behind one dash would then silently mean
    // something.
    Result<void> letters(std::string_view argument, std::string_view letters,
                         std::optional<std::string_view> value) {
        std::vector<OptionShape> shapes;
        for (const char letter : letters) {
            const auto shape = names_.by_letter(letter);
            if (!shape) return unknown(argument);
            shapes.push_back(*shape);
        }
        for (std::size_t i = 0; i + 1 < shapes.size(); ++i)
            if (shapes[i].takes_value) return unknown(argument);
        for (std::size_t i = 0; i + 1 < shapes.size(); ++i) record(shapes[i], "true");
        return use(shapes.back(), value);
    }

    Result<void> use(const OptionShape& shape, std::optional<std::string_view> value) {
        if (!value && shape.takes_value) {
            if (rest_.empty())
                return Error(Errc::invalid_argument, "flag needs an argument: --" + shape.name);
            value = next();
        }
        record(shape, value.value_or("true"));
        return {};
    }

    void record(const OptionShape& shape, std::string_view value) {
        auto use = std::find_if(tokens_.options.begin(), tokens_.options.end(),
                                [&](const OptionUse& each) { return each.name == shape.name; });
        if (use == tokens_.options.end())
            use = tokens_.options.insert(use, OptionUse{shape.name, {}});
        else if (!shape.repeatable)
            use->values.clear();
        use->values.emplace_back(value);
    }

    static Error unknown(std::string_view argument) {
        const std::string_view name = argument.substr(0, argument.find('='));
        return Error(Errc::invalid_argument, "unknown flag: " + std::string(name));
    }

    const OptionNames& names_;
    std::span<const std::string_view> rest_;
    Tokens tokens_;
};

}  // namespace

Result<Tokens> tokenize(const OptionNames& names, std::span<const std::string_view> arguments,
                        AfterOperand after_operand) {
    return Tokenizer(names, arguments).run(after_operand);
}

}  // namespace nucleus::cli
