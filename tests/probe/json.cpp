#include "json.hpp"

#include <cstdio>

namespace probe {

void Json::separate() {
    if (need_comma_) {
        text_ += ',';
    }
}

void Json::open(char bracket) {
    separate();
    text_ += bracket;
    need_comma_ = false;
}

void Json::close(char bracket) {
    text_ += bracket;
    need_comma_ = true;
}

void Json::raw(std::string_view token) {
    separate();
    text_ += token;
    need_comma_ = true;
}

void Json::key(std::string_view name) {
    separate();
    quote(name);
    text_ += ':';
    need_comma_ = false;
}

void Json::string(std::string_view text) {
    separate();
    quote(text);
    need_comma_ = true;
}

// Bytes beyond ASCII are written as the code points of the same number, so that any file name
// gives valid JSON.
void Json::quote(std::string_view text) {
    text_ += '"';
    for (const char character : text) {
        const auto byte = static_cast<unsigned char>(character);
        if (character == '"' || character == '\\') {
            text_ += '\\';
            text_ += character;
        } else if (byte < 0x20 || byte >= 0x7f) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
            text_ += escaped;
        } else {
            text_ += character;
        }
    }
    text_ += '"';
}

}  // namespace probe
