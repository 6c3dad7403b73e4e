// The log that `--log` names: a file with one line an event, in the two forms that callers read
// (contract A4, B3), the systemd journal, or syslog.
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

// Where it goes, from what stands behind --log: `file:PATH`, `journald:IDENTIFIER`,
// `syslog:IDENTIFIER`, or a path without any of these (crun's forms). An identifier that is left
// out is the program's name.
struct LogTarget {
    enum class Kind : std::uint8_t { file, journald, syslog };
    Kind kind = Kind::file;
    std::string name;  // the path, or the identifier
    bool operator==(const LogTarget&) const = default;
};
LogTarget log_target_of(std::string_view text);

// One datagram to the journal's socket (systemd.journal-fields(7); the native protocol).
std::string journal_entry(std::string_view identifier, LogLevel level, std::string_view message);
// One to syslogd's, with facility user, as openlog(3) and syslog(3) would write it but for the
// time, which the daemon knows.
std::string syslog_line(std::string_view identifier, pid_t pid, LogLevel level,
                        std::string_view message);

class Log {
public:
    Log() = default;  // goes nowhere

    static Result<Log> open(sys::Kernel& kernel, const LogTarget& target, LogFormat format,
                            LogLevel level);
    void write(LogLevel level, std::string_view message);

private:
    sys::Kernel* kernel_ = nullptr;
    LogTarget target_;
    base::UniqueFd fd_;
    LogFormat format_ = LogFormat::text;
    LogLevel level_ = LogLevel::warning;
};

}  // namespace nucleus::cli
