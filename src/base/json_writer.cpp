#include "base/json_writer.hpp"

namespace nucleus::base {

namespace {

// The length of the valid UTF-8 sequence at `text[at]`, or 0 (RFC 3629: no overlong forms, no
// surrogates, at most U+10FFFF).
std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const unsigned lead = byte(at);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(at + i) & 0xc0) != 0x80) return 0;
    const unsigned second = byte(at + 1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
        return 0;
    return length;
}

// How much of the beginning of `text` is ASCII that JSON does not escape.
std::size_t plain_length(std::string_view text) {
    std::size_t length = 0;
    for (const char letter : text) {
        const auto c = static_cast<unsigned char>(letter);
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
        ++length;
    }
    return length;
}

void append_control(std::string& out, unsigned char c) {
    constexpr char kHex[] = "0123456789abcdef";
    switch (c) {
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            out += "\\u00";
            out += kHex[c >> 4];
            out += kHex[c & 15];
    }
}

}  // namespace

void JsonWriter::break_line() {
    if (style_ == Style::compact) return;
    text_ += '\n';
    text_.append(2 * depth_, ' ');
}

void JsonWriter::separate() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (depth_ == 0) return;
    if (!first_) text_ += ',';
    break_line();
    first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
    separate();
    text_ += bracket;
    ++depth_;
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    --depth_;
    if (!first_) break_line();
    first_ = false;
    text_ += bracket;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    value(name);
    text_ += style_ == Style::compact ? ":" : ": ";
    after_key_ = true;
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    separate();
    text_ += '"';
    for (std::size_t i = 0; i < text.size();) {
        // Nearly all of nearly every string goes as it is.
        const std::size_t plain = plain_length(text.substr(i));
        text_.append(text, i, plain);
        i += plain;
        if (i == text.size()) break;
        const auto c = static_cast<unsigned char>(text[i]);
        const std::size_t length = utf8_length(text, i);
        if (length == 0) {
            text_ += "\xef\xbf\xbd";
        } else if (c == '"' || c == '\\') {
            text_ += '\\';
            text_ += static_cast<char>(c);
        } else if (c < 0x20) {
            append_control(text_, c);
        } else {
            text_ += text.substr(i, length);
        }
        i += length == 0 ? 1 : length;
    }
    text_ += '"';
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
}

}  // namespace nucleus::base
