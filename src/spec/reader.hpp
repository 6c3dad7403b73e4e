// Typed reading of a JSON tree. A Node is a value together with the way to it, so that an error can
// name its JSON pointer (RFC 6901); the way is a list on the stack, turned into text only for an
// error. Readers are functions `void read(const Node&, T&)`, found by overload; the first error
// stays in the ErrorSlot, later reads then change nothing that matters, and the value is thrown
// away.
#pragma once

#include <rapidjson/document.h>

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"

namespace nucleus::spec {

class Node;

// `a string`, `an object`, `null`: what a value is, for messages.
std::string_view describe_type(const rapidjson::Value& value);

// The first error of one document.
class ErrorSlot {
public:
    explicit ErrorSlot(std::string_view document) : document_(document) {}

    bool failed() const { return error_.has_value(); }
    // `DOCUMENT PLACE: problem`; the place is a JSON pointer, or a line and column, or empty.
    void set(std::string_view place, std::string_view problem);
    Error take() { return std::move(*error_); }
    // What was set, for whoever does not want one sentence of it.
    const std::string& place() const { return place_; }
    const std::string& problem() const { return problem_; }

private:
    std::string_view document_;
    std::optional<Error> error_;
    std::string place_, problem_;
};

class Node {
public:
    Node(const rapidjson::Value& root, ErrorSlot& errors) : value_(root), errors_(errors) {}

    Node member(std::string_view name, const rapidjson::Value& value) const {
        return Node(value, *this, name, 0);
    }
    Node element(std::size_t index, const rapidjson::Value& value) const {
        return Node(value, *this, {}, index);
    }

    const rapidjson::Value& value() const { return value_; }
    std::string pointer() const;

    bool failed() const { return errors_.failed(); }
    void fail(std::string_view problem) const;
    // `expected a string, found a number`
    void fail_type(std::string_view expected) const;
    // The same for a member of this object, present or not.
    void fail_member(std::string_view name, std::string_view problem) const;

private:
    Node(const rapidjson::Value& value, const Node& parent, std::string_view name,
         std::size_t index)
        : value_(value), errors_(parent.errors_), parent_(&parent), name_(name), index_(index) {}

    const rapidjson::Value& value_;
    ErrorSlot& errors_;
    const Node* parent_ = nullptr;  // null: the root
    std::string_view name_;         // of a member; its data is null for an element of an array
    std::size_t index_ = 0;
};

void read(const Node& node, bool& out);
void read(const Node& node, std::string& out);

// Range-checked whole numbers; 1.0 and 1e3 are refused, as every peer's decoder does.
std::int64_t read_signed(const Node& node, std::int64_t min, std::int64_t max);
std::uint64_t read_unsigned(const Node& node, std::uint64_t max);

template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;

template <Number T>
void read(const Node& node, T& out) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::signed_integral<T>)
        out = static_cast<T>(read_signed(node, Limits::min(), Limits::max()));
    else
        out = static_cast<T>(read_unsigned(node, Limits::max()));
}

template <class T>
void read(const Node& node, std::vector<T>& out) {
    if (!node.value().IsArray()) return node.fail_type("an array");
    const auto elements = node.value().GetArray();
    out.reserve(elements.Size());
    for (rapidjson::SizeType i = 0; i < elements.Size() && !node.failed(); ++i)
        read(node.element(i, elements[i]), out.emplace_back());
}

template <class T>
void read(const Node& node, std::map<std::string, T>& out) {
    if (!node.value().IsObject()) return node.fail_type("an object");
    for (const auto& [name, value] : node.value().GetObject()) {
        if (node.failed()) return;
        const std::string_view key(name.GetString(), name.GetStringLength());
        read(node.member(key, value), out[std::string(key)]);
    }
}

template <class T>
void read(const Node& node, std::optional<T>& out) {
    read(node, out.emplace());
}

// The members of an object, by name. Members that nobody asks for are ignored (spec.md: unknown
// properties).
class ObjectReader {
public:
    explicit ObjectReader(const Node& node) : node_(node) {
        if (!node.value().IsObject()) node.fail_type("an object");
    }

    // An absent property and `null` are the same, as for the decoder of the specification's Go
    // bindings. True if present.
    template <class T>
    bool optional(std::string_view name, T& out) const {
        const rapidjson::Value* value = find(name);
        if (value == nullptr || value->IsNull()) return false;
        read(node_.member(name, *value), out);
        return true;
    }

    template <class T>
    void required(std::string_view name, T& out) const {
        const rapidjson::Value* value = find(name);
        if (value == nullptr) return node_.fail_member(name, "required property is missing");
        read(node_.member(name, *value), out);
    }

private:
    const rapidjson::Value* find(std::string_view name) const;

    const Node& node_;
};

}  // namespace nucleus::spec
