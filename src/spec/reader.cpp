#include "spec/reader.hpp"

namespace nucleus::spec {

namespace {

// A token of a JSON pointer: `~` and `/` as RFC 6901 has them; control characters as a line of text
// can carry them.
void append_token(std::string& pointer, std::string_view name) {
    constexpr char kHex[] = "0123456789abcdef";
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else if (byte < 0x20 || byte == 0x7f) {
            pointer += "\\u00";
            pointer += kHex[byte >> 4];
            pointer += kHex[byte & 15];
        } else {
            pointer += c;
        }
    }
}

void fail_range(const Node& node, const std::string& min, const std::string& max) {
    const rapidjson::Value& value = node.value();
    const std::string expected = "an integer from " + min + " to " + max;
    if (!value.IsNumber()) return node.fail_type(expected);
    // RapidJSON turns every number that has a fraction or an exponent, or needs more than 64 bits,
    // into a double.
    const std::string found = value.IsUint64()  ? std::to_string(value.GetUint64())
                              : value.IsInt64() ? std::to_string(value.GetInt64())
                                                : "a number that is none or exceeds 64 bits";
    node.fail("expected " + expected + ", found " + found);
}

}  // namespace

std::string_view describe_type(const rapidjson::Value& value) {
    switch (value.GetType()) {
        case rapidjson::kNullType:
            return "null";
        case rapidjson::kFalseType:
        case rapidjson::kTrueType:
            return "a boolean";
        case rapidjson::kObjectType:
            return "an object";
        case rapidjson::kArrayType:
            return "an array";
        case rapidjson::kStringType:
            return "a string";
        case rapidjson::kNumberType:
            return "a number";
    }
    return "nothing";
}

void ErrorSlot::set(std::string_view place, std::string_view problem) {
    if (failed()) return;
    std::string message(document_);
    if (!place.empty()) message.append(" ").append(place);
    message.append(": ").append(problem);
    place_ = place;
    problem_ = problem;
    error_.emplace(Errc::invalid_config, std::move(message));
}

std::string Node::pointer() const {
    if (parent_ == nullptr) return {};
    std::string text = parent_->pointer() + '/';
    if (name_.data() == nullptr)
        text += std::to_string(index_);
    else
        append_token(text, name_);
    return text;
}

void Node::fail(std::string_view problem) const {
    if (!failed()) errors_.set(pointer(), problem);
}

void Node::fail_type(std::string_view expected) const {
    if (!failed())
        fail(std::string("expected ")
                 .append(expected)
                 .append(", found ")
                 .append(describe_type(value_)));
}

void Node::fail_member(std::string_view name, std::string_view problem) const {
    member(name, value_).fail(problem);
}

void read(const Node& node, bool& out) {
    if (!node.value().IsBool()) return node.fail_type("a boolean");
    out = node.value().GetBool();
}

void read(const Node& node, std::string& out) {
    if (!node.value().IsString()) return node.fail_type("a string");
    out.assign(node.value().GetString(), node.value().GetStringLength());
}

std::int64_t read_signed(const Node& node, std::int64_t min, std::int64_t max) {
    const rapidjson::Value& value = node.value();
    if (value.IsInt64() && value.GetInt64() >= min && value.GetInt64() <= max)
        return value.GetInt64();
    fail_range(node, std::to_string(min), std::to_string(max));
    return 0;
}

std::uint64_t read_unsigned(const Node& node, std::uint64_t max) {
    const rapidjson::Value& value = node.value();
    if (value.IsUint64() && value.GetUint64() <= max) return value.GetUint64();
    fail_range(node, "0", std::to_string(max));
    return 0;
}

const rapidjson::Value* ObjectReader::find(std::string_view name) const {
    if (node_.failed()) return nullptr;
    for (const auto& [key, value] : node_.value().GetObject())
        if (std::string_view(key.GetString(), key.GetStringLength()) == name) return &value;
    return nullptr;
}

}  // namespace nucleus::spec
