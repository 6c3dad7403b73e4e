// A JSON text as a tree whose strings lie in a private copy of the text (in-situ parsing: no string
// is copied twice). Everything that the syntax decides is refused here, for known and unknown
// properties alike: broken UTF-8, NUL characters, duplicate names, excessive size and depth. A
// Document is used in place and lives as long as the Nodes that point into it.
#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>

#include "spec/reader.hpp"

namespace nucleus::spec {

class Document {
public:
    Document() = default;
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;

    // What is wrong is left in `errors`: a syntax error names line and column, a broken rule the
    // JSON pointer.
    void parse(std::string_view bytes, ErrorSlot& errors);
    const rapidjson::Value& root() const { return tree_; }
    rapidjson::Document::AllocatorType& allocator() { return allocator_; }

private:
    std::string text_;
    // A usual config.json (8 KiB, some 300 values) fits: its tree costs no call to malloc.
    alignas(16) char arena_[16 << 10];
    rapidjson::Document::AllocatorType allocator_{arena_, sizeof arena_};
    rapidjson::Document tree_{&allocator_};
};

// Bytes → T, for every T that has a `read(const Node&, T&)`. `name` is what errors call the
// document.
template <class T>
Result<T> read_document(std::string_view name, std::string_view bytes) {
    ErrorSlot errors(name);
    Document document;
    document.parse(bytes, errors);
    T value;
    if (!errors.failed()) read(Node(document.root(), errors), value);
    if (errors.failed()) return errors.take();
    return value;
}

}  // namespace nucleus::spec
