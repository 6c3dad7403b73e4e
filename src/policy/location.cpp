#include "policy/location.hpp"

#include <algorithm>
#include <span>

namespace nucleus::policy {

Location Location::with(Part part) const {
    Location inner(document_);
    std::copy_n(parts_.begin(), depth_, inner.parts_.begin());
    inner.depth_ = std::min(depth_ + 1, kDeepest);
    inner.parts_[inner.depth_ - 1] = part;
    return inner;
}

std::string Location::pointer() const {
    std::string text;
    for (const Part& part : std::span(parts_).first(depth_)) {
        text += '/';
        if (part.key.data() == nullptr) text += std::to_string(part.index);
        for (const char letter : part.key) {
            if (letter == '~')
                text += "~0";
            else if (letter == '/')
                text += "~1";
            else
                text += letter;
        }
    }
    return text;
}

std::string Location::text(std::string_view what) const {
    std::string text(document_);
    text += ' ';
    text += depth_ == 0 ? "/" : pointer();
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
