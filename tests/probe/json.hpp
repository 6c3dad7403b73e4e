// The JSON writer of the probe: one value after the other, in the order they are given.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

namespace probe {

class Json {
public:
    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }

    // Names the value that follows.
    void key(std::string_view name);

    void string(std::string_view text);
    void boolean(bool value) { raw(value ? "true" : "false"); }
    void null() { raw("null"); }

    template <typename Integer>
    void number(Integer value) {
        static_assert(std::is_integral_v<Integer>);
        raw(std::to_string(value));
    }

    void member(std::string_view name, std::string_view text) {
        key(name);
        string(text);
    }
    // Without this overload a string literal would become the bool below.
    void member(std::string_view name, const char* text) { member(name, std::string_view(text)); }

    template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>>
    void member(std::string_view name, Integer value) {
        key(name);
        if constexpr (std::is_same_v<Integer, bool>) {
            boolean(value);
        } else {
            number(value);
        }
    }

    const std::string& text() const { return text_; }

private:
    void open(char bracket);
    void close(char bracket);
    void raw(std::string_view token);
    void separate();
    void quote(std::string_view text);

    std::string text_;
    bool need_comma_ = false;
};

}  // namespace probe
