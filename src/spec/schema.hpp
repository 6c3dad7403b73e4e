// The project's JSON Schemas (oci-schema/), embedded and read by `validate` alone, and the
// evaluation of the part of draft 4 that they use. RapidJSON's own validator stops at the first
// finding and takes an unresolved $ref for `anything goes`.
#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>

#include "spec/document.hpp"
#include "spec/finding.hpp"

namespace nucleus::spec {

enum class SchemaName { config, features, state, settings };

class Schema {
public:
    explicit Schema(SchemaName name);
    // For tests of the evaluation; `text` is a schema of the same few keywords.
    explicit Schema(std::string_view text);

    // All that is wrong with the document, in the document's order, and what of it is ignored.
    Findings check(const rapidjson::Value& document) const;
    // The clause that a place of the document belongs to, whether it is there or not.
    std::string clause_of(std::string_view pointer) const;

    // JSON of the plainest value that the schema lets stand there: 0, "", the first of the known
    // words; empty where it says nothing.
    std::string plainest_value(std::string_view pointer) const;

    // A keyword that the evaluation does not know, or a $ref that leads nowhere; empty: the schema
    // means what it says.
    std::string defect() const;

private:
    Document document_;
};

// Parses and checks: a syntax error is the one finding.
Findings check_schema(const Schema& schema, std::string_view bytes);

// The token of a JSON pointer for a name, `/` before it (RFC 6901).
void append_pointer_token(std::string& pointer, std::string_view name);

}  // namespace nucleus::spec
