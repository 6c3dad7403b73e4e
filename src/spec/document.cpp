#include "spec/document.hpp"

#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstring>

#include "spec/parse.hpp"

namespace nucleus::spec {

namespace {

// Iterative: the default parser recurses once a level and hostile input would overflow the stack.
constexpr unsigned kParseFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag;
// What holds only ASCII is valid UTF-8: the parser need not look at each letter again.
constexpr unsigned kParseUtf8Flags = kParseFlags | rapidjson::kParseValidateEncodingFlag;

bool is_ascii(std::string_view text) {
    std::uint64_t all = 0;
    for (; text.size() >= sizeof all; text.remove_prefix(sizeof all)) {
        std::uint64_t eight;
        std::memcpy(&eight, text.data(), sizeof eight);
        all |= eight;
    }
    for (const char letter : text) all |= static_cast<unsigned char>(letter);
    return (all & 0x8080808080808080) == 0;
}

// Passes the parser's events on to the tree, and stops it where arrays and objects nest too deep:
// before the tree is built, since what walks the tree later recurses.
class DepthGuard {
public:
    explicit DepthGuard(rapidjson::Document& tree) : tree_(tree) {}

    bool Null() { return tree_.Null(); }
    bool Bool(bool truth) { return tree_.Bool(truth); }
    bool Int(int number) { return tree_.Int(number); }
    bool Uint(unsigned number) { return tree_.Uint(number); }
    bool Int64(std::int64_t number) { return tree_.Int64(number); }
    bool Uint64(std::uint64_t number) { return tree_.Uint64(number); }
    bool Double(double number) { return tree_.Double(number); }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool copy) {
        return tree_.RawNumber(text, size, copy);
    }
    bool String(const char* text, rapidjson::SizeType size, bool copy) {
        return tree_.String(text, size, copy);
    }
    bool Key(const char* text, rapidjson::SizeType size, bool copy) {
        return tree_.Key(text, size, copy);
    }
    bool StartObject() { return enter() && tree_.StartObject(); }
    bool EndObject(rapidjson::SizeType members) {
        --depth_;
        return tree_.EndObject(members);
    }
    bool StartArray() { return enter() && tree_.StartArray(); }
    bool EndArray(rapidjson::SizeType elements) {
        --depth_;
        return tree_.EndArray(elements);
    }

private:
    bool enter() { return ++depth_ <= kMaxConfigDepth; }

    rapidjson::Document& tree_;
    unsigned depth_ = 0;
};

std::string_view describe(rapidjson::ParseErrorCode code) {
    using namespace rapidjson;
    switch (code) {
        case kParseErrorNone:
            return "no error";
        case kParseErrorDocumentEmpty:
            return "the document is empty";
        case kParseErrorDocumentRootNotSingular:
            return "something follows the end of the document";
        case kParseErrorValueInvalid:
            return "expected a value";
        case kParseErrorObjectMissName:
            return "expected a name in double quotes";
        case kParseErrorObjectMissColon:
            return "expected a colon after the name";
        case kParseErrorObjectMissCommaOrCurlyBracket:
            return "expected a comma or '}'";
        case kParseErrorArrayMissCommaOrSquareBracket:
            return "expected a comma or ']'";
        case kParseErrorStringUnicodeEscapeInvalidHex:
            return "expected four hexadecimal digits after \\u";
        case kParseErrorStringUnicodeSurrogateInvalid:
            return "half of a surrogate pair";
        case kParseErrorStringEscapeInvalid:
            return "no such escape sequence";
        case kParseErrorStringMissQuotationMark:
            return "a string that does not end, or a control character in it";
        case kParseErrorStringInvalidEncoding:
            return "invalid UTF-8";
        case kParseErrorNumberTooBig:
            return "a number too large for any type";
        case kParseErrorNumberMissFraction:
            return "expected digits after the decimal point";
        case kParseErrorNumberMissExponent:
            return "expected digits in the exponent";
        case kParseErrorTermination:
            return "arrays and objects nest too deep";
        case kParseErrorUnspecificSyntaxError:
            return "a syntax error";
    }
    return "a syntax error";
}

std::string line_and_column(std::string_view bytes, std::size_t offset) {
    const std::string_view before = bytes.substr(0, offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
    return "line " + std::to_string(line) + " column " + std::to_string(1 + before.size() - start);
}

std::string_view text_of(const rapidjson::Value& string) {
    return {string.GetString(), string.GetStringLength()};
}

void check_string(const Node& node, std::string_view text) {
    // The kernel's strings end at the first NUL: what stands behind it would silently vanish.
    if (text.find('\0') != text.npos) return node.fail("a NUL character in a string");
    // RapidJSON 1.1.0 lets the escape of a lone low surrogate pass; in UTF-8 it begins with 0xed
    // and a byte from 0xa0 on.
    for (std::size_t at = text.find('\xed'); at != text.npos; at = text.find('\xed', at + 1))
        if (static_cast<unsigned char>(text[at + 1]) >= 0xa0)
            return node.fail("half of a surrogate pair");
}

void check_names_unique(const Node& node) {
    const auto members = node.value().GetObject();
    constexpr std::string_view kDuplicate = "duplicate name";
    constexpr rapidjson::SizeType kFew = 16;
    if (members.MemberCount() <= kFew) {
        for (auto one = members.MemberBegin(); one != members.MemberEnd(); ++one)
            for (auto other = members.MemberBegin(); other != one; ++other)
                if (text_of(one->name) == text_of(other->name))
                    return node.fail_member(text_of(one->name), kDuplicate);
        return;
    }
    std::vector<std::string_view> names;
    names.reserve(members.MemberCount());
    for (const auto& member : members) names.push_back(text_of(member.name));
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
        node.fail_member(*twice, kDuplicate);
}

enum class Strings { plain, checked };

// Checks what RapidJSON lets pass, everywhere. Recursion ends at kMaxConfigDepth.
void check_tree(const Node& node, Strings strings) {
    const auto needs_no_check = [&](const rapidjson::Value& value) {
        return !value.IsObject() && !value.IsArray() &&
               (strings == Strings::plain || !value.IsString());
    };
    const rapidjson::Value& value = node.value();
    if (value.IsString()) return check_string(node, text_of(value));
    if (value.IsArray()) {
        const auto elements = value.GetArray();
        for (rapidjson::SizeType i = 0; i < elements.Size() && !node.failed(); ++i)
            if (!needs_no_check(elements[i])) check_tree(node.element(i, elements[i]), strings);
    }
    if (!value.IsObject()) return;
    check_names_unique(node);
    for (const auto& member : value.GetObject()) {
        if (node.failed()) return;
        const Node child = node.member(text_of(member.name), member.value);
        if (strings == Strings::checked) check_string(child, text_of(member.name));
        if (!needs_no_check(member.value)) check_tree(child, strings);
    }
}

}  // namespace

void Document::parse(std::string_view bytes, ErrorSlot& errors) {
    if (bytes.size() > kMaxConfigBytes)
        return errors.set("", "larger than " + std::to_string(kMaxConfigBytes >> 20) + " MiB");
    // RapidJSON takes a NUL byte for the end of the text.
    if (const std::size_t nul = bytes.find('\0'); nul != bytes.npos)
        return errors.set(line_and_column(bytes, nul), "a NUL byte");

    text_ = bytes;
    const bool ascii = is_ascii(bytes);
    rapidjson::ParseResult result;
    const auto generate = [&](rapidjson::Document& tree) {
        rapidjson::InsituStringStream stream(text_.data());
        rapidjson::Reader reader;
        DepthGuard guard(tree);
        result = ascii ? reader.Parse<kParseFlags>(stream, guard)
                       : reader.Parse<kParseUtf8Flags>(stream, guard);
        return !result.IsError();
    };
    tree_.Populate(generate);
    if (result.IsError())
        return errors.set(line_and_column(bytes, result.Offset()), describe(result.Code()));
    // ASCII without an escape can hold neither a NUL character nor half of a surrogate pair.
    const bool plain = ascii && bytes.find('\\') == bytes.npos;
    check_tree(Node(tree_, errors), plain ? Strings::plain : Strings::checked);
}

}  // namespace nucleus::spec
