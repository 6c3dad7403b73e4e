#include "systemd/bus_message.hpp"

#include <cerrno>
#include <charconv>

namespace nucleus::systemd {

namespace {

template <class Number>
int append_number(sd_bus_message* message, char type, const std::string& text) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, number);
    if (fault != std::errc{} || stop != end) return -EINVAL;
    return sd_bus_message_append_basic(message, type, &number);
}

int append_basic(sd_bus_message* message, char type, const std::string& text) {
    switch (type) {
        case 'y':
            return append_number<std::uint8_t>(message, type, text);
        case 'n':
            return append_number<std::int16_t>(message, type, text);
        case 'q':
            return append_number<std::uint16_t>(message, type, text);
        case 'i':
            return append_number<std::int32_t>(message, type, text);
        case 'u':
            return append_number<std::uint32_t>(message, type, text);
        case 'x':
            return append_number<std::int64_t>(message, type, text);
        case 't':
            return append_number<std::uint64_t>(message, type, text);
        case 'd':
            return append_number<double>(message, type, text);
        case 'b': {
            const int truth = text == "true";
            return sd_bus_message_append_basic(message, type, &truth);
        }
        case 's':
        case 'o':
        case 'g':
            return sd_bus_message_append_basic(message, type, text.c_str());
        default:
            return -EINVAL;  // 'h': a descriptor's number here would say nothing there
    }
}

int append(sd_bus_message* message, const Value& value) {
    if (value.type.empty()) return -EINVAL;
    const char first = value.type.front();
    const bool bracketed = first == '(' || first == '{';
    if (first != 'a' && first != 'v' && !bracketed)
        return value.type.size() == 1 ? append_basic(message, first, value.text) : -EINVAL;
    if (first == 'v' && value.items.size() != 1) return -EINVAL;
    if (bracketed && value.type.size() < 3) return -EINVAL;
    const std::string content = first == 'v'   ? value.items.front().type
                                : first == 'a' ? value.type.substr(1)
                                               : value.type.substr(1, value.type.size() - 2);
    // 'r' and 'e': SD_BUS_TYPE_STRUCT and SD_BUS_TYPE_DICT_ENTRY.
    const char kind = first == '(' ? 'r' : first == '{' ? 'e' : first;
    int error = sd_bus_message_open_container(message, kind, content.c_str());
    for (const Value& item : value.items)
        if (error >= 0) error = append(message, item);
    return error < 0 ? error : sd_bus_message_close_container(message);
}

}  // namespace

int append_variant(sd_bus_message* message, const Value& value) {
    return append(message, Value{"v", "", {value}});
}

}  // namespace nucleus::systemd
