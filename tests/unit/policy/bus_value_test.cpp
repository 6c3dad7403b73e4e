// GVariant texts as D-Bus values.
#include "policy/bus_value.hpp"

#include <boost/test/unit_test.hpp>

using namespace nucleus;
using policy::BusValue;
using policy::parse_bus_value;

namespace {

// `TYPE TEXT` of a basic value, `TYPE [ITEM, ...]` of a container.
std::string shown(const BusValue& value) {
    if (value.items.empty() && value.type.find_first_of("a({v") == std::string::npos)
        return value.type + " " + value.text;
    std::string out = value.type + " [";
    for (const BusValue& item : value.items) out += (out.ends_with('[') ? "" : ", ") + shown(item);
    return out + "]";
}

std::string parsed(const std::string& text) {
    const auto value = parse_bus_value(text);
    return value ? shown(*value) : "refused: " + value.error().message();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bus_value)

BOOST_AUTO_TEST_CASE(numbers_have_the_type_that_stands_before_them) {
    BOOST_TEST(parsed("5") == "i 5");
    BOOST_TEST(parsed(" -0x10 ") == "i -16");
    BOOST_TEST(parsed("010") == "i 8");
    BOOST_TEST(parsed("uint64 18446744073709551615") == "t 18446744073709551615");
    BOOST_TEST(parsed("@t 7") == "t 7");
    BOOST_TEST(parsed("byte 0xff") == "y 255");
    BOOST_TEST(parsed("int64 -9223372036854775808") == "x -9223372036854775808");
    BOOST_TEST(parsed("1.5") == "d 1.5");
    BOOST_TEST(parsed("double 2") == "d 2");
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_are_refused) {
    BOOST_TEST(parsed("2147483648") == "refused: '2147483648' is out of the type's range");
    BOOST_TEST(parsed("byte 256") == "refused: '256' is out of the type's range");
    BOOST_TEST(parsed("uint32 -1") == "refused: '-1' is out of the type's range");
    BOOST_TEST(parsed("uint64 1s") == "refused: '1s' is no whole number");
}

BOOST_AUTO_TEST_CASE(strings_truths_and_escapes) {
    BOOST_TEST(parsed("true") == "b true");
    BOOST_TEST(parsed("'a \"b\"'") == "s a \"b\"");
    BOOST_TEST(parsed("\"\\u00e4\\n\\\\\"") == "s \u00e4\n\\");
    BOOST_TEST(parsed("objectpath '/a'") == "o /a");
    BOOST_TEST(parsed("'\\u0000'") == "refused: a string holds a NUL character");
    BOOST_TEST(parsed("'\\ud800'") == "refused: a character's number is none of Unicode's");
    BOOST_TEST(parsed("'open") == "refused: a string has no end");
}

BOOST_AUTO_TEST_CASE(containers_have_one_type_for_their_elements) {
    BOOST_TEST(parsed("['a', 'b']") == "as [s a, s b]");
    BOOST_TEST(parsed("[1, uint64 2]") == "at [t 1, t 2]");
    BOOST_TEST(parsed("[1, 2.5]") == "ad [d 1, d 2.5]");
    BOOST_TEST(parsed("[('/dev/null', 'rw')]") == "a(ss) [(ss) [s /dev/null, s rw]]");
    BOOST_TEST(parsed("@a(st) [('/dev/sda', 5)]") == "a(st) [(st) [s /dev/sda, t 5]]");
    BOOST_TEST(parsed("@as []") == "as []");
    BOOST_TEST(parsed("(1,)") == "(i) [i 1]");
    BOOST_TEST(parsed("{'a': <1>}") == "a{sv} [{sv} [s a, v [i 1]]]");
    BOOST_TEST(parsed("b'ab'") == "ay [y 97, y 98, y 0]");
    BOOST_TEST(parsed("[[], ['x']]") == "aas [as [], as [s x]]");
}

BOOST_AUTO_TEST_CASE(what_is_no_value_is_refused) {
    BOOST_TEST(parsed("") == "refused: a value is missing");
    BOOST_TEST(parsed("[]") == "refused: an empty array needs a type, as in '@as []'");
    BOOST_TEST(parsed("@z 1") == "refused: no D-Bus type follows '@'");
    BOOST_TEST(parsed("nothing") == "refused: unknown word 'nothing'");
    BOOST_TEST(parsed("1 2") == "refused: '2' follows the value");
    BOOST_TEST(parsed("['a', 1]") == "refused: '1' is a number, and the type is 's'");
    BOOST_TEST(parsed("[1, 'a']") == "refused: a value does not fit the type 'i'");
    BOOST_TEST(parsed("@as [1]") == "refused: '1' is a number, and the type is 's'");
    BOOST_TEST(parsed("[1") == "refused: a list lacks ',' or ']'");
    BOOST_TEST(parsed("@(ss) ('a',)") == "refused: holds less than its type '(ss)'");
    BOOST_TEST(parsed("()") == "refused: D-Bus has no empty structure");
    BOOST_TEST(parsed(std::string(40, '[')) == "refused: is nested too deeply");
    BOOST_TEST(parsed("uint64 @u 1") == "refused: is of type 'u' and of type 't'");
}

BOOST_AUTO_TEST_CASE(a_signature_is_taken_apart_type_by_type) {
    std::string_view signature = "sa{sv}(ab)t";
    BOOST_TEST(policy::take_type(signature) == "s");
    BOOST_TEST(policy::take_type(signature) == "a{sv}");
    BOOST_TEST(policy::take_type(signature) == "(ab)");
    BOOST_TEST(signature == "t");
    for (std::string_view broken : {"", "a", "(s", "a{vs}", "a{s}", "()", "m"}) {
        std::string_view rest = broken;
        BOOST_TEST(policy::take_type(rest) == "", broken);
    }
}

BOOST_AUTO_TEST_SUITE_END()
