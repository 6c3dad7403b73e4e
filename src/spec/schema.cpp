#include "spec/schema.hpp"

#include <algorithm>
#include <array>

#include "base/json_writer.hpp"
#include "spec/schema_check.hpp"

namespace nucleus::spec {

extern const unsigned char kConfigSchema[];
extern const std::size_t kConfigSchemaSize;
extern const unsigned char kFeaturesSchema[];
extern const std::size_t kFeaturesSchemaSize;
extern const unsigned char kStateSchema[];
extern const std::size_t kStateSchemaSize;
extern const unsigned char kSettingsSchema[];
extern const std::size_t kSettingsSchemaSize;

namespace {

std::string_view embedded(const unsigned char* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

std::string_view text_of(SchemaName name) {
    switch (name) {
        case SchemaName::config:
            return embedded(kConfigSchema, kConfigSchemaSize);
        case SchemaName::features:
            return embedded(kFeaturesSchema, kFeaturesSchemaSize);
        case SchemaName::state:
            return embedded(kStateSchema, kStateSchemaSize);
        case SchemaName::settings:
            return embedded(kSettingsSchema, kSettingsSchemaSize);
    }
    return {};
}

constexpr auto kKeywords = std::to_array<std::string_view>(
    {"$schema", "title", "clause", "platform", "definitions", "$ref", "type", "required",
     "properties", "patternProperties", "additionalProperties", "items", "minItems", "enum",
     "minimum", "maximum", "pattern"});

struct Plainest {
    std::string_view type, json;
};
constexpr auto kPlainest = std::to_array<Plainest>({{"object", "{}"},
                                                    {"array", "[]"},
                                                    {"string", R"("")"},
                                                    {"boolean", "false"},
                                                    {"integer", "0"}});

// Of a schema and all schemas in it.
std::string defect_of(const SchemaView& schema) {
    for (const auto& [name, value] : schema.members()) {
        const std::string_view word = text_in(name);
        if (std::ranges::find(kKeywords, word) == kKeywords.end())
            return "unknown keyword '" + std::string(word) + "'";
        if (word == "$ref" && !schema.resolves())
            return "'" + std::string(text_in(value)) + "' is not there";
    }
    std::string defect;
    schema.for_each_inner([&](const SchemaView& inner) {
        if (defect.empty()) defect = defect_of(inner);
    });
    return defect;
}

}  // namespace

Schema::Schema(SchemaName name) : Schema(text_of(name)) {}

Schema::Schema(std::string_view text) {
    ErrorSlot errors("schema");
    document_.parse(text, errors);
}

std::string Schema::defect() const {
    if (!document_.root().IsObject()) return "no schema";
    return defect_of(SchemaView(document_.root(), document_.root()));
}

Findings Schema::check(const rapidjson::Value& document) const {
    SchemaCheck check(document_.root());
    check.run(document);
    return std::move(check).findings();
}

std::string Schema::clause_of(std::string_view pointer) const {
    const SchemaView root(document_.root(), document_.root());
    std::string clause(root.clause());
    (void)root.follow(pointer, [&](const SchemaView& place) {
        if (!place.clause().empty()) clause = place.clause();
    });
    return clause;
}

std::string Schema::plainest_value(std::string_view pointer) const {
    const SchemaView root(document_.root(), document_.root());
    const auto place = root.follow(pointer, [](const SchemaView&) {});
    if (!place) return {};
    if (const rapidjson::Value* words = place->keyword("enum"))
        return base::JsonWriter().value(text_in((*words)[0])).text();
    const std::string_view type = place->text("type");
    const auto* row = std::ranges::find(kPlainest, type, &Plainest::type);
    return row == kPlainest.end() ? std::string() : std::string(row->json);
}

Findings check_schema(const Schema& schema, std::string_view bytes) {
    ErrorSlot errors("");
    Document document;
    document.parse(bytes, errors);
    if (!errors.failed()) return schema.check(document.root());
    Finding finding;
    // A place that is no pointer is a line and a column.
    if (errors.place().starts_with('/')) {
        finding.pointer = errors.place();
        finding.text = errors.problem();
    } else {
        finding.text = errors.place() + (errors.place().empty() ? "" : ": ") + errors.problem();
    }
    finding.clause = schema.clause_of("");
    return {finding};
}

void append_pointer_token(std::string& pointer, std::string_view name) {
    pointer += '/';
    for (const char c : name) {
        if (c == '~')
            pointer += "~0";
        else if (c == '/')
            pointer += "~1";
        else
            pointer += c;
    }
}

}  // namespace nucleus::spec
