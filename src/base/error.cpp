#include <cerrno>
#include <cstring>

#include "nucleus/error.hpp"

namespace nucleus {

namespace {

// Callers read these words: containerd, dockerd, podman and cri-o match lower-case sentences such
// as "no such file or directory" and "permission denied" (contract B6), and glibc writes them with
// a capital.
std::string describe(int errnum) {
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
