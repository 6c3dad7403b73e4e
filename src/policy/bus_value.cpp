// Two passes: the text becomes a tree whose numbers and empty arrays have no type yet, then types
// go down from where they are given.
#include "policy/bus_value.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nucleus::policy {

namespace {

constexpr unsigned kMaxDepth = 32;  // D-Bus specification, "Valid Signatures"
constexpr std::string_view kBasicTypes = "bynqiuxtdsogh";

struct Tree {
    enum class Kind { number, string, boolean, array, tuple, dictionary, entry, variant };
    Kind kind = Kind::string;
    std::string type;  // where the text gives one
    std::string text;
    std::vector<Tree> items;
};

Error refuse(std::string what) { return Error(Errc::invalid_config, std::move(what)); }

struct Keyword {
    std::string_view word, type;
};
constexpr auto kKeywords = std::to_array<Keyword>({{"boolean", "b"},
                                                   {"byte", "y"},
                                                   {"int16", "n"},
                                                   {"uint16", "q"},
                                                   {"int32", "i"},
                                                   {"uint32", "u"},
                                                   {"int64", "x"},
                                                   {"uint64", "t"},
                                                   {"handle", "h"},
                                                   {"double", "d"},
                                                   {"string", "s"},
                                                   {"objectpath", "o"},
                                                   {"signature", "g"}});

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void append_utf8(std::string& out, std::uint32_t point) {
    if (point < 0x80) {
        out += static_cast<char>(point);
        return;
    }
    const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    constexpr unsigned kLead[] = {0, 0xc0, 0xe0, 0xf0};
    out += static_cast<char>(kLead[more] | (point >> (6 * more)));
    for (int i = more - 1; i >= 0; --i)
        out += static_cast<char>(0x80 | ((point >> (6 * i)) & 0x3f));
}

class Parser {
public:
    explicit Parser(std::string_view text) : rest_(text) {}

    Result<Tree> parse() {
        NUCLEUS_TRY(Tree tree, value(0));
        skip_blanks();
        if (!rest_.empty()) return refuse("'" + std::string(rest_) + "' follows the value");
        return tree;
    }

private:
    void skip_blanks() {
        while (!rest_.empty() && std::string_view(" \t\n\r").find(rest_.front()) != rest_.npos)
            rest_.remove_prefix(1);
    }
    bool take(char wanted) {
        skip_blanks();
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    Result<Tree> value(unsigned depth) {
        if (depth > kMaxDepth) return refuse("is nested too deeply");
        skip_blanks();
        if (rest_.empty()) return refuse("a value is missing");
        if (rest_.starts_with("b'") || rest_.starts_with("b\"")) return bytes();
        const char first = rest_.front();
        if (first == '\'' || first == '"') return string();
        if (take('@')) return typed(depth);
        if (take('[')) return list(Tree::Kind::array, ']', depth);
        if (take('(')) return list(Tree::Kind::tuple, ')', depth);
        if (take('{')) return dictionary(depth);
        if (take('<')) return variant(depth);
        if (is_letter(first)) return word(depth);
        return number();
    }

    Result<Tree> typed(unsigned depth) {
        const std::string_view type = take_type(rest_);
        if (type.empty()) return refuse("no D-Bus type follows '@'");
        NUCLEUS_TRY(Tree tree, value(depth + 1));
        return with_type(std::move(tree), std::string(type));
    }

    static Result<Tree> with_type(Tree tree, std::string type) {
        if (!tree.type.empty() && tree.type != type)
            return refuse("is of type '" + tree.type + "' and of type '" + type + "'");
        tree.type = std::move(type);
        return tree;
    }

    Result<Tree> word(unsigned depth) {
        std::size_t end = 0;
        while (end < rest_.size() && (is_letter(rest_[end]) || is_digit(rest_[end]))) ++end;
        const std::string_view name = rest_.substr(0, end);
        if (name == "inf" || name == "nan") return number();
        rest_.remove_prefix(end);
        if (name == "true" || name == "false")
            return Tree{Tree::Kind::boolean, "", std::string(name), {}};
        for (const Keyword& keyword : kKeywords) {
            if (keyword.word != name) continue;
            NUCLEUS_TRY(Tree tree, value(depth + 1));
            return with_type(std::move(tree), std::string(keyword.type));
        }
        return refuse("unknown word '" + std::string(name) + "'");
    }

    Result<Tree> number() {
        std::size_t end = 0;
        while (end < rest_.size() && (is_letter(rest_[end]) || is_digit(rest_[end]) ||
                                      std::string_view("+-.").find(rest_[end]) != rest_.npos))
            ++end;
        if (end == 0) return refuse("'" + std::string(rest_) + "' is no value");
        Tree tree{Tree::Kind::number, "", std::string(rest_.substr(0, end)), {}};
        rest_.remove_prefix(end);
        return tree;
    }

    Result<std::string> quoted_text() {
        const char quote = rest_.front();
        rest_.remove_prefix(1);
        std::string out;
        while (!rest_.empty() && rest_.front() != quote) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c != '\\') {
                out += c;
                continue;
            }
            if (rest_.empty()) break;
            NUCLEUS_CHECK(escape(out));
        }
        if (rest_.empty()) return refuse("a string has no end");
        rest_.remove_prefix(1);
        if (out.find('\0') != out.npos) return refuse("a string holds a NUL character");
        return out;
    }

    Result<void> escape(std::string& out) {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        constexpr std::string_view kLetters = "abfnrtv";
        constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v";
        if (const std::size_t at = kLetters.find(c); at != kLetters.npos) {
            out += kMeanings[at];
            return {};
        }
        if (c != 'u' && c != 'U') {
            out += c;
            return {};
        }
        const std::size_t digits = c == 'u' ? 4 : 8;
        std::uint32_t point = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            const int digit = i < rest_.size() ? hex_digit(rest_[i]) : -1;
            if (digit < 0) return refuse("a character's number has too few digits");
            point = point << 4 | static_cast<std::uint32_t>(digit);
        }
        rest_.remove_prefix(digits);
        if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
            return refuse("a character's number is none of Unicode's");
        append_utf8(out, point);
        return {};
    }

    Result<Tree> string() {
        NUCLEUS_TRY(std::string text, quoted_text());
        return Tree{Tree::Kind::string, "", std::move(text), {}};
    }

    // "An array of bytes, with a NUL at its end".
    Result<Tree> bytes() {
        rest_.remove_prefix(1);
        NUCLEUS_TRY(const std::string text, quoted_text());
        Tree tree{Tree::Kind::array, "ay", "", {}};
        for (const char c : text + '\0')
            tree.items.push_back(
                {Tree::Kind::number, "", std::to_string(static_cast<unsigned char>(c)), {}});
        return tree;
    }

    // A tuple of one has a comma: (1,).
    Result<Tree> list(Tree::Kind kind, char end, unsigned depth) {
        Tree tree{kind, "", "", {}};
        if (take(end)) {
            if (kind == Tree::Kind::tuple) return refuse("D-Bus has no empty structure");
            return tree;
        }
        for (;;) {
            NUCLEUS_TRY(Tree item, value(depth + 1));
            tree.items.push_back(std::move(item));
            const bool comma = take(',');
            if (take(end)) return tree;
            if (!comma) return refuse("a list lacks ',' or '" + std::string(1, end) + "'");
        }
    }

    Result<Tree> dictionary(unsigned depth) {
        Tree tree{Tree::Kind::dictionary, "", "", {}};
        if (take('}')) return tree;
        for (;;) {
            Tree entry{Tree::Kind::entry, "", "", {}};
            NUCLEUS_TRY(Tree key, value(depth + 1));
            if (!take(':')) return refuse("a key of a dictionary lacks ':'");
            NUCLEUS_TRY(Tree content, value(depth + 1));
            entry.items.push_back(std::move(key));
            entry.items.push_back(std::move(content));
            tree.items.push_back(std::move(entry));
            if (take('}')) return tree;
            if (!take(',')) return refuse("a dictionary lacks ',' or '}'");
        }
    }

    Result<Tree> variant(unsigned depth) {
        Tree tree{Tree::Kind::variant, "v", "", {}};
        NUCLEUS_TRY(Tree content, value(depth + 1));
        tree.items.push_back(std::move(content));
        if (!take('>')) return refuse("a variant lacks '>'");
        return tree;
    }

    std::string_view rest_;
};

// What the tree is by itself; empty where nothing says so.
std::string type_of(const Tree& tree) {
    if (!tree.type.empty()) return tree.type;
    switch (tree.kind) {
        case Tree::Kind::boolean:
            return "b";
        case Tree::Kind::string:
            return "s";
        case Tree::Kind::number:
            return tree.text.find_first_of(".") != std::string::npos || tree.text == "inf" ||
                           tree.text == "nan"
                       ? "d"
                       : "i";
        case Tree::Kind::variant:
            return "v";
        case Tree::Kind::array:
        case Tree::Kind::dictionary: {
            // The one that says most speaks for all: a type that is given, else a point.
            std::string found;
            for (const Tree& item : tree.items) {
                const std::string type = type_of(item);
                if (type.empty()) continue;
                if (found.empty() || (found == "i" && item.kind == Tree::Kind::number) ||
                    !item.type.empty())
                    found = type;
            }
            return found.empty() ? "" : "a" + found;
        }
        case Tree::Kind::tuple:
        case Tree::Kind::entry: {
            std::string inner;
            for (const Tree& item : tree.items) {
                const std::string type = type_of(item);
                if (type.empty()) return "";
                inner += type;
            }
            return tree.kind == Tree::Kind::tuple ? "(" + inner + ")" : "{" + inner + "}";
        }
    }
    return "";
}

template <class Integer>
Result<std::string> whole(std::string_view text) {
    const bool negative = text.starts_with('-');
    std::string_view digits = text;
    if (negative || text.starts_with('+')) digits.remove_prefix(1);
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        base = 16;
        digits.remove_prefix(2);
    } else if (digits.size() > 1 && digits.front() == '0') {
        base = 8;
    }
    std::uint64_t size = 0;
    const auto [stop, fault] =
        std::from_chars(digits.data(), digits.data() + digits.size(), size, base);
    const std::string shown = "'" + std::string(text) + "'";
    if (fault == std::errc::invalid_argument || stop != digits.data() + digits.size())
        return refuse(shown + " is no whole number");
    constexpr std::uint64_t kMost = std::numeric_limits<Integer>::max();
    const std::uint64_t most = negative ? (std::is_signed_v<Integer> ? kMost + 1 : 0) : kMost;
    if (fault != std::errc{} || size > most) return refuse(shown + " is out of the type's range");
    return (negative && size != 0 ? "-" : "") + std::to_string(size);
}

Result<std::string> fraction(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    double number = 0;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || stop != text.data() + text.size())
        return refuse("'" + std::string(text) + "' is no number");
    return std::string(text);
}

Result<std::string> number_of(const Tree& tree, char type) {
    switch (type) {
        case 'y':
            return whole<std::uint8_t>(tree.text);
        case 'n':
            return whole<std::int16_t>(tree.text);
        case 'q':
            return whole<std::uint16_t>(tree.text);
        case 'i':
        case 'h':
            return whole<std::int32_t>(tree.text);
        case 'u':
            return whole<std::uint32_t>(tree.text);
        case 'x':
            return whole<std::int64_t>(tree.text);
        case 't':
            return whole<std::uint64_t>(tree.text);
        case 'd':
            return fraction(tree.text);
        default:
            return refuse("'" + tree.text + "' is a number, and the type is '" +
                          std::string(1, type) + "'");
    }
}

Result<BusValue> resolve(const Tree& tree, const std::string& wanted);

// The items of a structure or an entry, whose types stand in `inner` one after the other.
Result<void> resolve_each(const Tree& tree, std::string_view inner, BusValue& out) {
    for (const Tree& item : tree.items) {
        const std::string_view type = take_type(inner);
        if (type.empty()) return refuse("holds more than its type '" + out.type + "'");
        NUCLEUS_TRY(BusValue value, resolve(item, std::string(type)));
        out.items.push_back(std::move(value));
    }
    if (!inner.empty()) return refuse("holds less than its type '" + out.type + "'");
    return {};
}

bool fits(Tree::Kind kind, const std::string& type) {
    switch (kind) {
        case Tree::Kind::boolean:
            return type == "b";
        case Tree::Kind::string:
            return type == "s" || type == "o" || type == "g";
        case Tree::Kind::number:
            return type.size() == 1;
        case Tree::Kind::variant:
            return type == "v";
        case Tree::Kind::array:
            return type.starts_with('a') && !type.starts_with("a{");
        case Tree::Kind::dictionary:
            return type.starts_with("a{");
        case Tree::Kind::tuple:
            return type.starts_with('(');
        case Tree::Kind::entry:
            return type.starts_with('{');
    }
    return false;
}

Result<BusValue> resolve(const Tree& tree, const std::string& wanted) {
    if (!tree.type.empty() && tree.type != wanted)
        return refuse("a value of type '" + tree.type + "' stands where '" + wanted + "' is due");
    if (!fits(tree.kind, wanted)) return refuse("a value does not fit the type '" + wanted + "'");
    BusValue value{wanted, tree.text, {}};
    switch (tree.kind) {
        case Tree::Kind::boolean:
        case Tree::Kind::string:
            return value;
        case Tree::Kind::number: {
            NUCLEUS_TRY(value.text, number_of(tree, wanted.front()));
            return value;
        }
        case Tree::Kind::variant: {
            const std::string inner = type_of(tree.items.front());
            if (inner.empty()) return refuse("an empty array needs a type, as in '@as []'");
            NUCLEUS_TRY(BusValue content, resolve(tree.items.front(), inner));
            value.items.push_back(std::move(content));
            return value;
        }
        case Tree::Kind::array:
        case Tree::Kind::dictionary:
            for (const Tree& item : tree.items) {
                NUCLEUS_TRY(BusValue element, resolve(item, wanted.substr(1)));
                value.items.push_back(std::move(element));
            }
            return value;
        case Tree::Kind::tuple:
        case Tree::Kind::entry:
            NUCLEUS_CHECK(
                resolve_each(tree, std::string_view(wanted).substr(1, wanted.size() - 2), value));
            return value;
    }
    return value;
}

// The length of the complete type at the head of `signature`, or 0.
std::size_t length_of_type(std::string_view signature, unsigned depth) {
    if (signature.empty() || depth > kMaxDepth) return 0;
    const char first = signature.front();
    if (first == 'v' || kBasicTypes.find(first) != kBasicTypes.npos) return 1;
    if (first == 'a' && signature.substr(1).starts_with('{')) {
        if (signature.size() < 3 || kBasicTypes.find(signature[2]) == kBasicTypes.npos) return 0;
        const std::size_t content = length_of_type(signature.substr(3), depth + 1);
        const bool closed = content != 0 && signature.substr(3 + content).starts_with('}');
        return closed ? 3 + content + 1 : 0;
    }
    if (first == 'a') {
        const std::size_t element = length_of_type(signature.substr(1), depth + 1);
        return element == 0 ? 0 : 1 + element;
    }
    if (first != '(') return 0;
    std::size_t length = 1;
    while (!signature.substr(length).starts_with(')')) {
        const std::size_t member = length_of_type(signature.substr(length), depth + 1);
        if (member == 0) return 0;
        length += member;
    }
    return length > 1 ? length + 1 : 0;
}

}  // namespace

std::string_view take_type(std::string_view& signature) {
    // Inside an array of entries the element is "{...}", which is no type by itself.
    std::size_t length = length_of_type(signature, 0);
    const std::string_view type = signature.substr(0, length);
    signature.remove_prefix(length);
    return type;
}

Result<BusValue> parse_bus_value(std::string_view text) {
    NUCLEUS_TRY(const Tree tree, Parser(text).parse());
    const std::string type = type_of(tree);
    if (type.empty()) return refuse("an empty array needs a type, as in '@as []'");
    return resolve(tree, type);
}

}  // namespace nucleus::policy
