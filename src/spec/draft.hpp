// A config.json that is corrected place by place: how `validate` finds what stands behind the first
// error. What it is asked for and what it answers are pointers into the document as it was written,
// even when elements before them are gone.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/spec.hpp"

namespace nucleus::spec {

class Document;

class Draft {
public:
    // Nothing if the text is no JSON document that could be read at all.
    static std::optional<Draft> of(std::string_view bytes);
    Draft(Draft&&) noexcept;
    Draft& operator=(Draft&&) noexcept;
    ~Draft();

    struct Problem {
        std::string pointer;  // as written
        std::string text;
    };
    // The typed reading, strict as for `create`.
    std::optional<Problem> read(Spec& spec) const;
    // Takes an error's message apart: `config.json /mounts/0: text`, its pointer into what is left.
    Problem locate(std::string_view message) const;

    bool holds(std::string_view pointer) const;
    // False if the place is not there.
    bool remove(std::string_view pointer);
    // Of an array of strings, the element that reads so.
    bool remove_word(std::string_view pointer, std::string_view word);
    // Sets or adds a member of an object that is there; `json` is a value.
    bool set(std::string_view pointer, std::string_view json);
    // A pointer into what is left, as it was written.
    std::string written(std::string_view pointer_into_what_is_left) const;

private:
    Draft();
    struct Place;
    Place find(std::string_view pointer) const;

    std::unique_ptr<Document> document_;
    // For each array that lost elements (by its pointer as written): where those that are left
    // stood.
    std::map<std::string, std::vector<std::size_t>> positions_;
};

}  // namespace nucleus::spec
