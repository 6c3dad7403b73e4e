#include "spec/schema.hpp"

#include <boost/test/unit_test.hpp>

#include "spec/draft.hpp"

using namespace nucleus::spec;

namespace {

// `pointer: text` of each finding.
std::vector<std::string> lines(const Schema& schema, std::string_view document) {
    std::vector<std::string> lines;
    for (const Finding& finding : check_schema(schema, document))
        lines.push_back(finding.pointer + ": " + finding.text);
    return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(schema)

BOOST_AUTO_TEST_CASE(uses_only_keywords_that_are_evaluated_and_references_that_lead_somewhere) {
    for (const SchemaName name :
         {SchemaName::config, SchemaName::features, SchemaName::state, SchemaName::settings})
        BOOST_TEST(Schema(name).defect() == "");
    BOOST_TEST(Schema(R"({"properties":{"a":{"oneOf":[]}}})").defect() ==
               "unknown keyword 'oneOf'");
    BOOST_TEST(Schema(R"({"definitions":{"a":{"items":{"$ref":"#/definitions/b"}}}})").defect() ==
               "'#/definitions/b' is not there");
    BOOST_TEST(Schema("[").defect() == "no schema");
}

BOOST_AUTO_TEST_CASE(finds_all_that_is_wrong_in_the_documents_order) {
    const Schema schema(R"({"type":"object","required":["a","b"],"properties":{
        "a":{"type":"integer","minimum":-2,"maximum":18446744073709551615},
        "c":{"type":"array","minItems":2,"items":{"type":"string","enum":["x","y"]}},
        "d":{"type":"string","pattern":"^[0-9, -]+$"},"e~/":{"type":"boolean"}}})");
    BOOST_TEST(
        lines(schema, R"({"a":-3,"c":["z"],"d":"a","e~/":1,"f":2})") ==
            (Lines{"/b: required property is missing",
                   "/a: expected an integer from -2 to 18446744073709551615, found -3",
                   "/c: at least 2 entries are required", "/c/0: 'z' is none of x, y",
                   "/d: 'a' does not match ^[0-9, -]+$",
                   "/e~0~1: expected a boolean, found a number", "/f: unknown property: ignored"}),
        boost::test_tools::per_element());
    BOOST_TEST(lines(schema, R"({"a":18446744073709551615,"b":null,"d":"0-3, 5"})") ==
                   (Lines{"/b: unknown property: ignored"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(takes_a_number_with_a_fraction_or_an_exponent_for_no_integer) {
    const Schema schema(R"({"properties":{"a":{"type":"integer"}}})");
    for (const char* const number : {"1.0", "1e3", "18446744073709551616"})
        BOOST_TEST(lines(schema, std::string(R"({"a":)") + number + "}").size() == 1U, number);
    for (const char* const number : {"-9223372036854775808", "18446744073709551615", "0"})
        BOOST_TEST(lines(schema, std::string(R"({"a":)") + number + "}").empty(), number);
}

BOOST_AUTO_TEST_CASE(judges_members_of_maps_and_positions_of_tuples) {
    const Schema schema(R"({"properties":{
        "map":{"additionalProperties":{"type":"string"}},
        "texts":{"patternProperties":{".":{"type":"string"}}},
        "closed":{"additionalProperties":false},
        "tuple":{"items":[{"type":"string"}]}}})");
    BOOST_TEST(
        lines(schema, R"({"map":{"a":1},"texts":{"":1,"b":1},"closed":{"c":1},
                                 "tuple":[1,1]})") ==
            (Lines{"/map/a: expected a string, found a number",
                   "/texts/b: expected a string, found a number", "/closed/c: unknown property",
                   "/tuple/0: expected a string, found a number"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tells_a_syntax_error_and_a_duplicate_name_as_the_one_finding) {
    const Schema schema("{}");
    BOOST_TEST(
        lines(schema, "{]") == (Lines{": line 1 column 2: expected a name in double quotes"}),
        boost::test_tools::per_element());
    BOOST_TEST(lines(schema, R"({"a":{"b":1,"b":2}})") == (Lines{"/a/b: duplicate name"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(knows_the_clause_of_every_place) {
    const Schema schema(SchemaName::config);
    BOOST_TEST(schema.clause_of("") == "config.md");
    BOOST_TEST(schema.clause_of("/mounts/3/destination") == "config.md#mounts");
    BOOST_TEST(schema.clause_of("/linux/resources/unified/a~1b") == "config-linux.md#unified");
    BOOST_TEST(schema.clause_of("/linux/namespaces/0/nonsense") == "config-linux.md#namespaces");
    BOOST_TEST(schema.clause_of("/nonsense/more") == "config.md");
}

BOOST_AUTO_TEST_CASE(knows_the_plainest_value_of_a_place) {
    const Schema schema(SchemaName::config);
    BOOST_TEST(schema.plainest_value("/process/user/uid") == "0");
    BOOST_TEST(schema.plainest_value("/linux/namespaces/0/type") == "\"pid\"");
    BOOST_TEST(schema.plainest_value("/process/args") == "[]");
    BOOST_TEST(schema.plainest_value("/nonsense") == "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(draft)

BOOST_AUTO_TEST_CASE(keeps_pointers_as_written_while_elements_go) {
    auto draft = Draft::of(R"({"m":[{"a":0},{"a":1},{"a":2},["x","y","x"]]})");
    BOOST_TEST_REQUIRE(draft.has_value());
    BOOST_TEST(draft->remove("/m/1"));
    BOOST_TEST(!draft->holds("/m/1"));
    BOOST_TEST(!draft->remove("/m/1"));
    BOOST_TEST(draft->holds("/m/2/a"));
    BOOST_TEST(draft->written("/m/1/a") == "/m/2/a");
    BOOST_TEST(draft->remove("/m/0"));
    BOOST_TEST(draft->written("/m/0/b") == "/m/2/b");
    BOOST_TEST(draft->remove_word("/m/3", "y"));
    BOOST_TEST(!draft->remove_word("/m/3", "y"));
    BOOST_TEST(draft->remove_word("/m/3", "x"));
    BOOST_TEST(draft->remove_word("/m/3", "x"));
    BOOST_TEST(!draft->holds("/m/3/2"));
    BOOST_TEST(!draft->remove("/nothing/here"));
}

BOOST_AUTO_TEST_CASE(takes_substitutes_and_reads_the_whole) {
    auto draft = Draft::of(R"({"root":{"path":7}})");
    BOOST_TEST_REQUIRE(draft.has_value());
    Spec spec;
    BOOST_TEST(draft->read(spec)->pointer == "/ociVersion");
    BOOST_TEST(draft->set("/ociVersion", R"("1.0.0")"));
    BOOST_TEST(draft->read(spec)->pointer == "/root/path");
    BOOST_TEST(draft->read(spec)->text == "expected a string, found a number");
    BOOST_TEST(draft->set("/root", R"({"path":"rootfs"})"));
    BOOST_TEST(!draft->set("/nothing/here", "1"));
    spec = {};
    BOOST_TEST(!draft->read(spec).has_value());
    BOOST_TEST(spec.root->path == "rootfs");
    BOOST_TEST(!Draft::of("{").has_value());
}

BOOST_AUTO_TEST_CASE(finds_the_place_that_a_message_names) {
    const auto draft = Draft::of(R"({"a":{"b: c":1,"d":[1]}})");
    BOOST_TEST_REQUIRE(draft.has_value());
    const auto check = [&](const char* message, const char* pointer, const char* text) {
        const Draft::Problem problem = draft->locate(message);
        BOOST_TEST(problem.pointer == pointer);
        BOOST_TEST(problem.text == text);
    };
    check("config.json /a/b: c: is bad: very", "/a/b: c", "is bad: very");
    check("config.json /a/d/0: is bad: very", "/a/d/0", "is bad: very");
    check("config.json /a/missing: is bad", "/a/missing", "is bad");
    check("config.json /: is bad", "", "is bad");
    check("no document at all", "", "no document at all");
}

BOOST_AUTO_TEST_SUITE_END()
