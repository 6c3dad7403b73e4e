#include "policy/location.hpp"

namespace nucleus::policy {

Location Location::at(std::string_view key) const {
    Location inner(document_);
    inner.pointer_.reserve(pointer_.size() + 1 + key.size());
    inner.pointer_ += pointer_;
    inner.pointer_ += '/';
    if (key.find_first_of("~/") == std::string_view::npos) {
        inner.pointer_ += key;
        return inner;
    }
    for (const char letter : key) {
        if (letter == '~') {
            inner.pointer_ += "~0";
        } else if (letter == '/') {
            inner.pointer_ += "~1";
        } else {
            inner.pointer_ += letter;
        }
    }
    return inner;
}

Location Location::at(std::size_t index) const {
    Location inner = *this;
    inner.pointer_ += '/';
    inner.pointer_ += std::to_string(index);
    return inner;
}

std::string Location::text(std::string_view what) const {
    std::string text(document_);
    text += ' ';
    text += pointer_.empty() ? "/" : pointer_;
    text += ": ";
    text += what;
    return text;
}

Error Location::unsupported(std::string_view what) const {
    return {Errc::unsupported, text(std::string(what) + " is not supported by this version")};
}

Result<void> Location::without_nul(std::string_view value) const {
    if (value.find('\0') != std::string_view::npos) return invalid("must not hold a NUL character");
    return {};
}

Result<void> Location::each_without_nul(const std::vector<std::string>& values) const {
    for (std::size_t index = 0; index < values.size(); ++index) {
        if (values[index].find('\0') != std::string::npos) {
            return at(index).without_nul(values[index]);
        }
    }
    return {};
}

Result<void> Location::absolute_path(std::string_view value) const {
    if (!value.starts_with('/')) return invalid("must be an absolute path, is " + quoted(value));
    return without_nul(value);
}

std::string quoted(std::string_view name) {
    std::string text = "'";
    text += name;
    text += '\'';
    return text;
}

}  // namespace nucleus::policy
