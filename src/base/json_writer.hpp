// Writes one JSON text into a string: no tree, no dependency, so that every layer may print.
// Strings are escaped as RFC 8259 demands; invalid UTF-8 becomes U+FFFD, since callers' parsers
// refuse it.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace nucleus::base {

class JsonWriter {
public:
    enum class Style { compact, indented };  // indented: two spaces a level
    explicit JsonWriter(Style style = Style::compact) : style_(style) {}

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
    JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
    template <std::integral Integer>
    JsonWriter& value(Integer number) {
        return raw(std::to_string(number));
    }
    JsonWriter& null() { return raw("null"); }
    // A text that is JSON already.
    JsonWriter& raw(std::string_view json);

    template <class Value>
    JsonWriter& member(std::string_view name, const Value& value_) {
        key(name);
        return value(value_);
    }

    const std::string& text() const& { return text_; }
    std::string text() && { return std::move(text_); }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void separate();
    void break_line();

    Style style_;
    std::string text_;
    unsigned depth_ = 0;
    bool first_ = true;  // nothing stands yet in the innermost container
    bool after_key_ = false;
};

}  // namespace nucleus::base
