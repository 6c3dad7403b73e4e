// Damaged documents: the reader answers every one with a Spec or with an error that says where, and
// never crashes. Run under the sanitizers it is a small fuzzer with a fixed corpus.
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <boost/test/unit_test.hpp>
#include <random>

#include "documents.hpp"
#include "spec/parse.hpp"

using namespace nucleus::spec;
using namespace nucleus::spec::test;

namespace {

using Json = rapidjson::Value;

struct Tally {
    std::size_t accepted = 0, refused = 0;
};

void judge(std::string_view bytes, Tally& tally) {
    const auto spec = parse(bytes);
    if (spec) {
        ++tally.accepted;
        return;
    }
    ++tally.refused;
    const std::string& message = spec.error().message();
    const bool placed = message.starts_with("config.json /") ||
                        message.starts_with("config.json line ") ||
                        message.starts_with("config.json: expected an object");
    if (!placed || spec.error().code() != nucleus::Errc::invalid_config)
        BOOST_ERROR("no place in: " << message);
}

std::string text_of(const Json& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

rapidjson::Document full_tree() {
    rapidjson::Document tree;
    tree.Parse(kFullConfig.data(), kFullConfig.size());
    BOOST_TEST_REQUIRE(!tree.HasParseError());
    return tree;
}

// Calls visit(value) for every value below the root, as it stands in the tree.
template <class Visit>
void for_each_value(Json& value, Visit visit) {
    // By number: clang 14 finds RapidJSON's comparison of mutable member iterators ambiguous in
    // C++20.
    if (value.IsObject())
        for (rapidjson::SizeType i = 0; i < value.MemberCount(); ++i) {
            Json& member = value.MemberBegin()[i].value;
            visit(member);
            for_each_value(member, visit);
        }
    if (value.IsArray())
        for (auto& element : value.GetArray()) {
            visit(element);
            for_each_value(element, visit);
        }
}

// One property too many (its twin), and one too few, for every property of every object.
template <class Visit>
void for_each_property(Json& value, Visit visit) {
    if (value.IsObject())
        for (rapidjson::SizeType i = 0; i < value.MemberCount(); ++i) {
            visit(value, i);
            for_each_property((value.MemberBegin() + i)->value, visit);
        }
    if (value.IsArray())
        for (auto& element : value.GetArray()) for_each_property(element, visit);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mutations)

BOOST_AUTO_TEST_CASE(refuses_every_truncation) {
    const std::string_view whole = kFullConfig.substr(0, kFullConfig.rfind('}') + 1);
    Tally tally;
    for (std::size_t size = 0; size < whole.size(); ++size) judge(whole.substr(0, size), tally);
    BOOST_TEST(tally.accepted == 0U);
    BOOST_TEST(tally.refused > 2000U);
}

BOOST_AUTO_TEST_CASE(answers_every_swapped_type) {
    const char* const replacements[] = {"null", "true", "-1",       "1.5", "18446744073709551616",
                                        "\"\"", "[]",   "[[null]]", "{}",  "{\"a\":{\"b\":[0]}}"};
    rapidjson::Document tree = full_tree();
    Tally tally;
    for_each_value(tree, [&](Json& value) {
        for (const char* text : replacements) {
            rapidjson::Document other(&tree.GetAllocator());
            other.Parse(text);
            value.Swap(other);
            judge(text_of(tree), tally);
            value.Swap(other);
        }
    });
    BOOST_TEST(tally.accepted >
               200U);  // null for what is optional; "" for a word; -1 for what is signed
    BOOST_TEST(tally.refused > 2000U);
}

BOOST_AUTO_TEST_CASE(answers_every_deletion) {
    rapidjson::Document tree = full_tree();
    const std::string whole = text_of(tree);
    Tally tally;
    for_each_property(tree, [&](Json& object, rapidjson::SizeType index) {
        Json copy(object, tree.GetAllocator());
        copy.EraseMember(copy.MemberBegin() + index);
        object.Swap(copy);
        judge(text_of(tree), tally);
        object.Swap(copy);
    });
    BOOST_TEST(text_of(tree) == whole);
    BOOST_TEST(tally.accepted > 100U);
    BOOST_TEST(tally.refused > 40U);  // one for each required property
}

BOOST_AUTO_TEST_CASE(refuses_every_doubled_property) {
    rapidjson::Document tree = full_tree();
    Tally tally;
    for_each_property(tree, [&](Json& object, rapidjson::SizeType index) {
        Json copy(object, tree.GetAllocator());
        Json name((copy.MemberBegin() + index)->name, tree.GetAllocator());
        Json value((copy.MemberBegin() + index)->value, tree.GetAllocator());
        copy.AddMember(name, value, tree.GetAllocator());
        object.Swap(copy);
        judge(text_of(tree), tally);
        object.Swap(copy);
    });
    BOOST_TEST(tally.accepted == 0U);
    BOOST_TEST(tally.refused > 200U);
}

BOOST_AUTO_TEST_CASE(answers_random_damage_to_bytes) {
    std::mt19937 random(20260101);  // fixed: a failure repeats
    Tally tally;
    for (int round = 0; round < 4000; ++round) {
        std::string bytes(kFullConfig);
        for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
            const std::size_t at = random() % bytes.size();
            switch (random() % 4) {
                case 0:
                    bytes[at] = static_cast<char>(random());
                    break;
                case 1:
                    bytes.erase(at, 1 + random() % 40);
                    break;
                case 2:
                    bytes.insert(at, 1, "{}[]\",:\\0-.eu"[random() % 13]);
                    break;
                case 3:
                    bytes.insert(at, bytes.substr(random() % bytes.size(), 30));
                    break;
            }
        }
        judge(bytes, tally);
    }
    BOOST_TEST(tally.accepted > 0U);
    BOOST_TEST(tally.refused > 2000U);
}

BOOST_AUTO_TEST_SUITE_END()
