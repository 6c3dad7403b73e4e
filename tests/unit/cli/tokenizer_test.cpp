#define BOOST_TEST_MODULE cli
#include <boost/test/unit_test.hpp>

#include "cli/tokenizer.hpp"

#include <initializer_list>

using namespace nucleus::cli;

namespace {

class Names final : public OptionNames {
public:
    std::optional<OptionShape> by_name(std::string_view name) const override {
        for (const auto& row : kRows)
            if (row.shape.name == name) return row.shape;
        return std::nullopt;
    }
    std::optional<OptionShape> by_letter(char letter) const override {
        for (const auto& row : kRows)
            if (row.letter == letter) return row.shape;
        return std::nullopt;
    }

private:
    struct Row {
        OptionShape shape;
        char letter;
    };
    const std::vector<Row> kRows = {{{"bundle", true, false}, 'b'},
                                    {{"env", true, true}, 'e'},
                                    {{"detach", false, false}, 'd'},
                                    {{"tty", false, false}, 't'},
                                    {{"no-subreaper", false, false}, 0}};
};

// Options as `name=value|value`, then `:`, then operands; or the error.
std::string shown(std::initializer_list<std::string_view> arguments,
                  AfterOperand after = AfterOperand::options) {
    const std::vector<std::string_view> list(arguments);
    const auto tokens = tokenize(Names(), list, after);
    if (!tokens) return tokens.error().message();
    std::string text;
    for (const OptionUse& use : tokens->options) {
        text += use.name + "=";
        for (const std::string& value : use.values)
            text += (&value == &use.values.front() ? "" : "|") + value;
        text += " ";
    }
    text += ":";
    for (const std::string& operand : tokens->operands) text += " " + operand;
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tokenizer)

BOOST_AUTO_TEST_CASE(takes_a_value_as_next_argument_or_behind_an_equals_sign) {
    for (const char* const spelling : {"--bundle", "-bundle", "-b"}) {
        BOOST_TEST(shown({spelling, "/b", "c"}) == "bundle=/b : c");
        BOOST_TEST(shown({std::string(spelling) + "=/b", "c"}) == "bundle=/b : c");
    }
    BOOST_TEST(shown({"--bundle=", "c"}) == "bundle= : c");
    BOOST_TEST(shown({"--bundle=a=b"}) == "bundle=a=b :");
    BOOST_TEST(shown({"--bundle", "--detach"}) == "bundle=--detach :");
}

BOOST_AUTO_TEST_CASE(takes_flags_bare_or_with_a_truth_value) {
    BOOST_TEST(shown({"-no-subreaper", "c"}) == "no-subreaper=true : c");
    BOOST_TEST(shown({"--tty=false", "c"}) == "tty=false : c");
    BOOST_TEST(shown({"-t=0"}) == "tty=0 :");
}

BOOST_AUTO_TEST_CASE(lets_the_last_of_repeats_win_and_keeps_all_of_a_repeatable_option) {
    BOOST_TEST(shown({"--bundle", "a", "-b", "b", "--bundle=c"}) == "bundle=c :");
    BOOST_TEST(shown({"--tty", "--tty=false"}) == "tty=false :");
    BOOST_TEST(shown({"-e", "A=1", "--env", "B=2", "--env=A=3"}) == "env=A=1|B=2|A=3 :");
}

BOOST_AUTO_TEST_CASE(reads_letters_together_but_no_value_glued_to_one) {
    BOOST_TEST(shown({"-dt", "c"}) == "detach=true tty=true : c");
    BOOST_TEST(shown({"-dte", "A=1", "c"}) == "detach=true tty=true env=A=1 : c");
    BOOST_TEST(shown({"-detch", "c"}) == "unknown flag: -detch");
    BOOST_TEST(shown({"-b/b"}) == "unknown flag: -b/b");
}

BOOST_AUTO_TEST_CASE(ends_options_at_two_dashes) {
    BOOST_TEST(shown({"-d", "--", "--tty", "-x"}) == "detach=true : --tty -x");
    BOOST_TEST(shown({"--"}) == ":");
    BOOST_TEST(shown({"-"}) == ": -");
}

BOOST_AUTO_TEST_CASE(leaves_everything_behind_the_first_operand_alone_where_told_so) {
    const auto strict = AfterOperand::operands;
    BOOST_TEST(shown({"-t", "c", "ls", "-l", "--bundle"}, strict) == "tty=true : c ls -l --bundle");
    BOOST_TEST(shown({"c", "--", "ls"}, strict) == ": c -- ls");
    BOOST_TEST(shown({"--", "-c", "ls"}, strict) == ": -c ls");
    BOOST_TEST(shown({"c", "--detach", "9"}) == "detach=true : c 9");
}

BOOST_AUTO_TEST_CASE(names_what_it_does_not_know_and_what_lacks_a_value) {
    BOOST_TEST(shown({"--bogus=1", "c"}) == "unknown flag: --bogus");
    BOOST_TEST(shown({"-x"}) == "unknown flag: -x");
    BOOST_TEST(shown({"--bund", "x"}) == "unknown flag: --bund");
    BOOST_TEST(shown({"---tty"}) == "unknown flag: ---tty");
    BOOST_TEST(shown({"--=x"}) == "unknown flag: --");
    BOOST_TEST(shown({"-t", "--bundle"}) == "flag needs an argument: --bundle");
    BOOST_TEST(shown({"-b"}) == "flag needs an argument: --bundle");
}

BOOST_AUTO_TEST_SUITE_END()
