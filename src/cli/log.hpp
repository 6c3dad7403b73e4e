// The log that `--log` names: one line an event, in the two forms that callers read (contract A4,
// B3).
//
// containerd takes the last line whose level is "error"; podman reads the whole file as one JSON
// value: a failing command writes exactly one line. Errors of writing to the log are dropped: the
// same error stands on stderr.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::cli {

enum class LogFormat : std::uint8_t { text, json };
enum class LogLevel : std::uint8_t { error, warning, debug };

std::optional<LogFormat> log_format_of(std::string_view word);
std::optional<LogLevel> log_level_of(std::string_view word);

// 2026-11-24T12:18:08Z: RFC 3339 in UTC, of seconds since 1970.
std::string rfc3339(std::int64_t seconds);

// With its newline.
std::string log_line(LogFormat format, LogLevel level, std::string_view message,
                     std::int64_t seconds);

class Log {
public:
    Log() = default;  // goes nowhere

    static Result<Log> open(sys::Kernel& kernel, const std::string& path, LogFormat format,
                            LogLevel level);
    void write(LogLevel level, std::string_view message);

private:
    sys::Kernel* kernel_ = nullptr;
    base::UniqueFd fd_;
    LogFormat format_ = LogFormat::text;
    LogLevel level_ = LogLevel::warning;
};

}  // namespace nucleus::cli
