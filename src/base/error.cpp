#include <cerrno>
#include <cstring>

#include "nucleus/error.hpp"

namespace nucleus {

namespace {

// podman and dockerd take these three of strerror(3), wherever they stand in a message, for a
// program that is missing or is none, and tell their users "command not found" (contract B2, B4).
// Where a program is missing, launch/report_text.cpp says so in their words; everything else has
// these.
struct Words {
    int errnum;
    const char* text;
};
constexpr Words kOwnWords[] = {
    {ENOENT, "no such file"}, {ENOTDIR, "no directory"}, {EISDIR, "a directory"}};

// In lower case, as callers match other sentences, such as "permission denied" (contract B6): glibc
// writes them with a capital.
std::string describe(int errnum) {
    for (const Words& each : kOwnWords)
        if (each.errnum == errnum) return each.text;
    std::string text = strerror(errnum);
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' &&
        !(text.size() > 1 && text[1] >= 'A' && text[1] <= 'Z'))
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

}  // namespace

Error Error::from_errno(int errnum, std::string_view operation) {
    const bool refused = errnum == EACCES || errnum == EPERM;
    Error error(refused ? Errc::permission_denied : Errc::system,
                std::string(operation) + ": " + describe(errnum));
    error.errnum_ = errnum;
    return error;
}

Error Error::in(std::string_view clause) && {
    message_ = std::string(clause) + ": " + message_;
    return std::move(*this);
}

Error Error::also(const Error& rollback) && {
    message_ += " (and while undoing: " + rollback.message_ + ")";
    return std::move(*this);
}

Error Error::with_code(Errc code) && {
    code_ = code;
    return std::move(*this);
}

}  // namespace nucleus
