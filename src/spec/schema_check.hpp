// The evaluation of a schema: a view of one (sub)schema, and the walk over a document.
#pragma once

#include <rapidjson/document.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "spec/finding.hpp"

namespace nucleus::spec {

std::string_view text_in(const rapidjson::Value& string);
std::string unescape_pointer_token(std::string_view token);

// A schema as it stands in its document, `$ref` followed. Both are alive longer.
class SchemaView {
public:
    SchemaView(const rapidjson::Value& schema, const rapidjson::Value& root);

    // The keyword's value: where the schema is a $ref, what it refers to is asked too.
    const rapidjson::Value* keyword(std::string_view name) const;
    std::string_view text(std::string_view name) const;  // empty if absent
    std::string_view clause() const { return text("clause"); }
    bool resolves() const { return target_ != nullptr; }

    // The schema of a member or an element; nothing: none says anything of it.
    std::optional<SchemaView> inner(std::string_view token) const;
    // Along a pointer; each step is shown to `visit`. Nothing where no schema says anything.
    std::optional<SchemaView> follow(std::string_view pointer,
                                     const std::function<void(const SchemaView&)>& visit) const;
    SchemaView at(const rapidjson::Value& schema) const { return {schema, *root_}; }

    auto members() const { return schema_->GetObject(); }
    void for_each_inner(const std::function<void(const SchemaView&)>& visit) const;

private:
    const rapidjson::Value* schema_;
    const rapidjson::Value* root_;
    const rapidjson::Value* target_;  // of $ref; the schema itself without one; null: dangling
};

class SchemaCheck {
public:
    explicit SchemaCheck(const rapidjson::Value& schema) : schema_(schema, schema) {}

    void run(const rapidjson::Value& document) { check(schema_, document, ""); }
    Findings findings() && { return std::move(findings_); }

private:
    // `clause` is the nearest one around.
    void check(const SchemaView& schema, const rapidjson::Value& value, std::string_view clause);
    void check_object(const SchemaView& schema, const rapidjson::Value& value,
                      std::string_view clause);
    void check_member(const SchemaView& schema, std::string_view name,
                      const rapidjson::Value& value, std::string_view clause);
    void check_array(const SchemaView& schema, const rapidjson::Value& value,
                     std::string_view clause);
    void check_number(const SchemaView& schema, const rapidjson::Value& value,
                      std::string_view clause);
    void check_string(const SchemaView& schema, const rapidjson::Value& value,
                      std::string_view clause);
    void within(std::string_view token, const std::function<void()>& walk);
    void find(Finding::Severity severity, std::string text, std::string_view clause);

    SchemaView schema_;
    std::string pointer_;
    Findings findings_;
};

}  // namespace nucleus::spec
