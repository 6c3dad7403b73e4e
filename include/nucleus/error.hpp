// Errors and results: every operation of nucleus that can fail returns a Result.
//
// An Error is a code (one for each thing a caller does differently) and a sentence that is built
// from the inside out: each layer adds one clause `operation 'object'` in front. It is printed
// once, by cli.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nucleus {

enum class Errc {
    invalid_argument,   // a command line that cannot be meant
    invalid_config,     // config.json (or settings) that breaks a clause; the message has the JSON
                        // pointer
    unsupported,        // a request that is valid and that nucleus or this kernel cannot carry out
    does_not_exist,     // no container of this id
    already_exists,     // the id is taken
    wrong_state,        // the container's status forbids the operation
    not_running,        // a signal or an exec for a container whose process is gone
    command_not_found,  // process.args[0] is nowhere: callers map to 127
    command_not_executable,  // process.args[0] is no program: callers map to 126
    permission_denied,       // the kernel refused for lack of rights
    system,                  // any other refusal of the kernel
};

// Things that went less than well and that the specification allows to go on with. They reach the
// log on success, and are folded into the one error on failure.
using Warnings = std::vector<std::string>;

class [[nodiscard]] Error {
public:
    Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}

    // `errnum` as errno(3) has it; becomes `operation: strerror`. EACCES and EPERM give
    // permission_denied.
    static Error from_errno(int errnum, std::string_view operation);

    Errc code() const { return code_; }
    int errnum() const { return errnum_; }  // 0 if no system call is behind it
    const std::string& message() const { return message_; }

    // Adds a clause in front: `clause: message`.
    Error in(std::string_view clause) &&;
    // Adds what went wrong while undoing: it never replaces the cause.
    Error also(const Error& rollback) &&;
    Error with_code(Errc code) &&;

private:
    Errc code_;
    int errnum_ = 0;
    std::string message_;
};

// std::expected's member names; std::expected itself is C++23.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : value_(std::move(value)) {}
    Result(Error error) : error_(std::move(error)) {}

    bool has_value() const { return value_.has_value(); }
    explicit operator bool() const { return has_value(); }
    T& value() & { return *value_; }
    const T& value() const& { return *value_; }
    T&& value() && { return std::move(*value_); }
    T& operator*() & { return *value_; }
    const T& operator*() const& { return *value_; }
    T&& operator*() && { return std::move(*value_); }
    T* operator->() { return &*value_; }
    const T* operator->() const { return &*value_; }
    Error& error() & { return *error_; }
    const Error& error() const& { return *error_; }
    Error&& error() && { return std::move(*error_); }
    Result in(std::string_view clause) && {
        if (has_value()) return std::move(*this);
        return std::move(*error_).in(clause);
    }

private:
    std::optional<T> value_;
    std::optional<Error> error_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    bool has_value() const { return !error_.has_value(); }
    explicit operator bool() const { return has_value(); }
    Error& error() & { return *error_; }
    const Error& error() const& { return *error_; }
    Error&& error() && { return std::move(*error_); }
    Result in(std::string_view clause) && {
        if (has_value()) return {};
        return std::move(*error_).in(clause);
    }

private:
    std::optional<Error> error_;
};

}  // namespace nucleus

#define NUCLEUS_CONCAT_(a, b) a##b
#define NUCLEUS_CONCAT(a, b) NUCLEUS_CONCAT_(a, b)

// NUCLEUS_TRY(auto fd, open_it(path)): declares fd, or returns the error from the enclosing
// function.
#define NUCLEUS_TRY(declaration, expression)                         \
    auto NUCLEUS_CONCAT(result_, __LINE__) = (expression);           \
    if (!NUCLEUS_CONCAT(result_, __LINE__))                          \
        return std::move(NUCLEUS_CONCAT(result_, __LINE__)).error(); \
    declaration = *std::move(NUCLEUS_CONCAT(result_, __LINE__))

// NUCLEUS_CHECK(do_it()): goes on if it succeeded, else returns its error.
#define NUCLEUS_CHECK(expression) \
    if (auto nucleus_check = (expression); !nucleus_check) return std::move(nucleus_check).error()
