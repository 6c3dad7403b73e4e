#include "spec/schema_check.hpp"

#include <rapidjson/internal/regex.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "spec/reader.hpp"
#include "spec/schema.hpp"

namespace nucleus::spec {

namespace {

using rapidjson::Value;

constexpr std::string_view kExtensibility = "config.md#extensibility";

const Value* member(const Value& object, std::string_view name) {
    if (!object.IsObject()) return nullptr;
    for (const auto& [key, value] : object.GetObject())
        if (text_in(key) == name) return &value;
    return nullptr;
}

// `#/definitions/NAME`, the one form in use.
const Value* resolve(const Value& root, std::string_view reference) {
    constexpr std::string_view kPrefix = "#/definitions/";
    const Value* const definitions = member(root, "definitions");
    if (definitions == nullptr || !reference.starts_with(kPrefix)) return nullptr;
    return member(*definitions, reference.substr(kPrefix.size()));
}

bool matches(std::string_view pattern, std::string_view text) {
    const rapidjson::internal::Regex regex(std::string(pattern).c_str());
    return regex.Search(std::string(text).c_str());
}

bool is_integer(const Value& value) { return value.IsInt64() || value.IsUint64(); }

// Of two integers of up to 64 bits, signed or not.
bool less(const Value& one, const Value& other) {
    const bool negative = !one.IsUint64();
    if (negative != !other.IsUint64()) return negative;
    return negative ? one.GetInt64() < other.GetInt64() : one.GetUint64() < other.GetUint64();
}

std::string text_of_integer(const Value& value) {
    return value.IsUint64() ? std::to_string(value.GetUint64()) : std::to_string(value.GetInt64());
}

bool has_type(const Value& value, std::string_view type) {
    if (type == "object") return value.IsObject();
    if (type == "array") return value.IsArray();
    if (type == "string") return value.IsString();
    if (type == "boolean") return value.IsBool();
    return type == "integer" && is_integer(value);
}

std::string with_article(std::string_view type) {
    const bool vowel = type.starts_with('a') || type.starts_with('i') || type.starts_with('o');
    return (vowel ? "an " : "a ") + std::string(type);
}

// Enough of a text to recognize it.
std::string shown(std::string_view text) {
    constexpr std::size_t kMost = 64;
    return "'" + std::string(text.substr(0, kMost)) + (text.size() > kMost ? "..." : "") + "'";
}

std::string listed(const Value& words) {
    constexpr rapidjson::SizeType kMost = 10;
    if (words.Size() > kMost) return "the " + std::to_string(words.Size()) + " known words";
    std::string list;
    for (const Value& word : words.GetArray()) (list += list.empty() ? "" : ", ") += text_in(word);
    return list;
}

bool is_listed(const Value& words, std::string_view text) {
    for (const Value& word : words.GetArray())
        if (text_in(word) == text) return true;
    return false;
}

}  // namespace

std::string_view text_in(const Value& string) {
    return string.IsString() ? std::string_view(string.GetString(), string.GetStringLength())
                             : std::string_view();
}

std::string unescape_pointer_token(std::string_view token) {
    std::string name;
    for (std::size_t at = 0; at < token.size(); ++at) {
        if (token[at] == '~' && at + 1 < token.size())
            name += token[++at] == '1' ? '/' : '~';
        else
            name += token[at];
    }
    return name;
}

SchemaView::SchemaView(const Value& schema, const Value& root)
    : schema_(&schema), root_(&root), target_(&schema) {
    if (const Value* reference = member(schema, "$ref"))
        target_ = resolve(root, text_in(*reference));
}

const Value* SchemaView::keyword(std::string_view name) const {
    if (const Value* own = member(*schema_, name)) return own;
    if (target_ == nullptr || target_ == schema_) return nullptr;
    return SchemaView(*target_, *root_).keyword(name);
}

std::string_view SchemaView::text(std::string_view name) const {
    const Value* const value = keyword(name);
    return value == nullptr ? std::string_view() : text_in(*value);
}

std::optional<SchemaView> SchemaView::inner(std::string_view token) const {
    if (const Value* properties = keyword("properties"))
        if (const Value* schema = member(*properties, token)) return at(*schema);
    if (const Value* patterns = keyword("patternProperties"))
        for (const auto& [pattern, schema] : patterns->GetObject())
            if (matches(text_in(pattern), token)) return at(schema);
    const Value* const additional = keyword("additionalProperties");
    if (additional != nullptr && additional->IsObject()) return at(*additional);
    const Value* const items = keyword("items");
    if (items != nullptr && items->IsObject()) return at(*items);
    if (items != nullptr && token == "0" && !items->Empty()) return at((*items)[0]);
    return std::nullopt;
}

std::optional<SchemaView> SchemaView::follow(
    std::string_view pointer, const std::function<void(const SchemaView&)>& visit) const {
    SchemaView place = *this;
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        const std::size_t end = std::min(pointer.find('/'), pointer.size());
        const auto next = place.inner(unescape_pointer_token(pointer.substr(0, end)));
        if (!next) return std::nullopt;
        place = *next;
        visit(place);
        pointer.remove_prefix(end);
    }
    return place;
}

void SchemaView::for_each_inner(const std::function<void(const SchemaView&)>& visit) const {
    for (const char* const keyword : {"properties", "patternProperties", "definitions"})
        if (const Value* schemas = member(*schema_, keyword))
            for (const auto& [name, schema] : schemas->GetObject()) visit(at(schema));
    for (const char* const keyword : {"additionalProperties", "items"}) {
        const Value* const schema = member(*schema_, keyword);
        if (schema == nullptr) continue;
        if (schema->IsObject()) visit(at(*schema));
        if (schema->IsArray())
            for (const Value& element : schema->GetArray()) visit(at(element));
    }
}

void SchemaCheck::find(Finding::Severity severity, std::string text, std::string_view clause) {
    findings_.push_back({severity, pointer_, std::move(text), std::string(clause)});
}

void SchemaCheck::within(std::string_view token, const std::function<void()>& walk) {
    const std::size_t size = pointer_.size();
    append_pointer_token(pointer_, token);
    walk();
    pointer_.resize(size);
}

void SchemaCheck::check(const SchemaView& schema, const Value& value, std::string_view clause) {
    using enum Finding::Severity;
    if (!schema.clause().empty()) clause = schema.clause();
    if (const std::string_view platform = schema.text("platform"); !platform.empty())
        find(note, "for " + std::string(platform) + ": ignored on Linux", clause);
    const std::string_view type = schema.text("type");
    if (!type.empty() && !has_type(value, type))
        return find(
            error,
            "expected " + with_article(type) + ", found " + std::string(describe_type(value)),
            clause);
    if (value.IsObject()) check_object(schema, value, clause);
    if (value.IsArray()) check_array(schema, value, clause);
    if (value.IsNumber()) check_number(schema, value, clause);
    if (value.IsString()) check_string(schema, value, clause);
}

void SchemaCheck::check_object(const SchemaView& schema, const Value& value,
                               std::string_view clause) {
    if (const Value* required = schema.keyword("required"))
        for (const Value& name : required->GetArray())
            if (member(value, text_in(name)) == nullptr)
                within(text_in(name), [&] {
                    const auto inner = schema.inner(text_in(name));
                    const bool own = inner && !inner->clause().empty();
                    find(Finding::Severity::error, "required property is missing",
                         own ? inner->clause() : clause);
                });
    for (const auto& [name, inner] : value.GetObject())
        within(text_in(name), [&, &name = name, &inner = inner] {
            check_member(schema, text_in(name), inner, clause);
        });
}

void SchemaCheck::check_member(const SchemaView& schema, std::string_view name, const Value& value,
                               std::string_view clause) {
    using enum Finding::Severity;
    if (const auto inner = schema.inner(name)) return check(*inner, value, clause);
    const Value* const additional = schema.keyword("additionalProperties");
    if (additional != nullptr && additional->IsFalse()) {
        find(error, "unknown property", clause);
    } else if (schema.keyword("patternProperties") == nullptr) {
        // "Unknown properties MUST be ignored": a schema that names properties is told of others.
        find(note, "unknown property: ignored", kExtensibility);
    }
}

void SchemaCheck::check_array(const SchemaView& schema, const Value& value,
                              std::string_view clause) {
    const Value* const least = schema.keyword("minItems");
    if (least != nullptr && value.Size() < least->GetUint())
        find(Finding::Severity::error,
             "at least " + text_of_integer(*least) +
                 (least->GetUint() == 1 ? " entry is required" : " entries are required"),
             clause);
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
        const std::string token = std::to_string(i);
        if (const auto inner = schema.inner(token))
            within(token, [&] { check(*inner, value[i], clause); });
    }
}

void SchemaCheck::check_number(const SchemaView& schema, const Value& value,
                               std::string_view clause) {
    if (!is_integer(value)) return;
    const Value* const minimum = schema.keyword("minimum");
    const Value* const maximum = schema.keyword("maximum");
    const bool low = minimum != nullptr && less(value, *minimum);
    const bool high = maximum != nullptr && less(*maximum, value);
    if (!low && !high) return;
    std::string wish = "expected an integer";
    if (minimum != nullptr) wish += " from " + text_of_integer(*minimum);
    if (maximum != nullptr) wish += " to " + text_of_integer(*maximum);
    find(Finding::Severity::error, wish + ", found " + text_of_integer(value), clause);
}

void SchemaCheck::check_string(const SchemaView& schema, const Value& value,
                               std::string_view clause) {
    using enum Finding::Severity;
    const std::string_view text = text_in(value);
    const Value* const words = schema.keyword("enum");
    if (words != nullptr && !is_listed(*words, text)) {
        find(error, shown(text) + " is none of " + listed(*words), clause);
    }
    const std::string_view pattern = schema.text("pattern");
    if (!pattern.empty() && !matches(pattern, text))
        find(error, shown(text) + " does not match " + std::string(pattern), clause);
}

}  // namespace nucleus::spec
