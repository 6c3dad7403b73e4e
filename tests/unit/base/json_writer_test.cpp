#define BOOST_TEST_MODULE base
#include <boost/test/unit_test.hpp>

#include "base/cleanup.hpp"
#include "base/json_writer.hpp"

using nucleus::base::JsonWriter;

BOOST_AUTO_TEST_SUITE(json_writer)

BOOST_AUTO_TEST_CASE(writes_nested_values_in_order) {
    JsonWriter json;
    json.begin_object()
        .member("a", 1)
        .key("b")
        .begin_array()
        .value("x")
        .value(false)
        .null()
        .end_array();
    json.key("c").begin_object().end_object().end_object();
    BOOST_TEST(json.text() == R"({"a":1,"b":["x",false,null],"c":{}})");
}

BOOST_AUTO_TEST_CASE(indents_by_two_spaces) {
    JsonWriter json(JsonWriter::Style::indented);
    json.begin_object()
        .member("a", "b")
        .key("c")
        .begin_array()
        .value(1)
        .value(2)
        .end_array()
        .end_object();
    BOOST_TEST(json.text() == "{\n  \"a\": \"b\",\n  \"c\": [\n    1,\n    2\n  ]\n}");
}

BOOST_AUTO_TEST_CASE(escapes_what_json_forbids_and_replaces_broken_utf8) {
    JsonWriter json;
    json.value(std::string("q\" b\\ n\n z\x01 u\xc3\xa9 bad\xff over\xc0\x80"));
    BOOST_TEST(
        json.text() ==
        "\"q\\\" b\\\\ n\\n z\\u0001 u\xc3\xa9 bad\xef\xbf\xbd over\xef\xbf\xbd\xef\xbf\xbd\"");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cleanup)

BOOST_AUTO_TEST_CASE(undoes_the_newest_first_and_goes_on_after_a_failure) {
    std::string order;
    nucleus::base::Cleanup cleanup;
    cleanup.push([&]() -> nucleus::Result<void> {
        order += 'a';
        return {};
    });
    cleanup.push([&]() -> nucleus::Result<void> {
        order += 'b';
        return nucleus::Error(nucleus::Errc::system, "b failed");
    });
    auto error = cleanup.fail(nucleus::Error(nucleus::Errc::unsupported, "cause"));
    BOOST_TEST(order == "ba");
    BOOST_TEST(error.message() == "cause (and while undoing: b failed)");
    BOOST_TEST((error.code() == nucleus::Errc::unsupported));
}

BOOST_AUTO_TEST_CASE(keeps_everything_after_release) {
    bool undone = false;
    {
        nucleus::base::Cleanup cleanup;
        cleanup.push([&]() -> nucleus::Result<void> {
            undone = true;
            return {};
        });
        cleanup.release();
    }
    BOOST_TEST(!undone);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(add_one_clause_a_layer_and_speak_in_lower_case) {
    auto error = nucleus::Error::from_errno(2, "open 'x'").in("create 'c'");
    BOOST_TEST(error.message() == "create 'c': open 'x': no such file");
    BOOST_TEST(error.errnum() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
