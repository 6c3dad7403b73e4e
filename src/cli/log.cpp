#include "cli/log.hpp"

#include <fcntl.h>
#include <syslog.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/json_writer.hpp"
#include "sys/files.hpp"
#include "sys/unix_socket.hpp"

namespace nucleus::cli {

namespace {

struct LevelWord {
    LogLevel level;
    std::string_view word;
};
constexpr LevelWord kLevels[] = {
    {LogLevel::error, "error"}, {LogLevel::warning, "warning"}, {LogLevel::debug, "debug"}};

std::string_view word_of(LogLevel level) {
    for (const LevelWord& each : kLevels)
        if (each.level == level) return each.word;
    return "";
}

}  // namespace

std::optional<LogFormat> log_format_of(std::string_view word) {
    if (word == "text") return LogFormat::text;
    if (word == "json") return LogFormat::json;
    return std::nullopt;
}

std::optional<LogLevel> log_level_of(std::string_view word) {
    for (const LevelWord& each : kLevels)
        if (each.word == word) return each.level;
    return std::nullopt;
}

// Not by gmtime(3), which opens the time zone's files first.
std::string rfc3339(std::int64_t seconds) {
    using namespace std::chrono;
    const sys_seconds time{std::chrono::seconds(seconds)};
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    char text[40];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text;
}

std::string log_line(LogFormat format, LogLevel level, std::string_view message,
                     std::int64_t seconds) {
    base::JsonWriter json;
    if (format == LogFormat::json) {
        json.begin_object().member("level", word_of(level)).member("msg", message);
        json.member("time", rfc3339(seconds)).end_object();
        return std::move(json).text() + "\n";
    }
    json.value(message);  // logrus quotes as JSON does, in all that people read
    return "time=\"" + rfc3339(seconds) + "\" level=" + std::string(word_of(level)) +
           " msg=" + json.text() + "\n";
}

LogTarget log_target_of(std::string_view text) {
    using Kind = LogTarget::Kind;
    constexpr std::pair<std::string_view, Kind> kForms[] = {
        {"file:", Kind::file}, {"journald:", Kind::journald}, {"syslog:", Kind::syslog}};
    for (const auto& [prefix, kind] : kForms) {
        if (!text.starts_with(prefix)) continue;
        text.remove_prefix(prefix.size());
        return {kind, std::string(text.empty() && kind != Kind::file ? "nucleus" : text)};
    }
    return {Kind::file, std::string(text)};
}

namespace {

int priority_of(LogLevel level) {
    switch (level) {
        case LogLevel::error:
            return LOG_ERR;
        case LogLevel::warning:
            return LOG_WARNING;
        case LogLevel::debug:
            return LOG_DEBUG;
    }
    return LOG_ERR;
}

// A value with a newline has its length in front, in 64 bits, least first.
void append_field(std::string& entry, std::string_view name, std::string_view value) {
    entry += name;
    if (value.find('\n') == std::string_view::npos) {
        entry += '=';
    } else {
        entry += '\n';
        for (std::uint64_t size = value.size(), byte = 0; byte < 8; ++byte, size >>= 8)
            entry += static_cast<char>(size & 0xff);
    }
    (entry += value) += '\n';
}

Result<base::UniqueFd> connect_to_daemon(sys::Kernel& kernel, const char* path) {
    const int fd = kernel.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return Error::from_errno(-fd, "make a socket");
    base::UniqueFd socket(fd);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    const int error =
        kernel.connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (error < 0) return Error::from_errno(-error, "connect to '" + std::string(path) + "'");
    return socket;
}

}  // namespace

std::string journal_entry(std::string_view identifier, LogLevel level, std::string_view message) {
    std::string entry;
    append_field(entry, "SYSLOG_IDENTIFIER", identifier);
    append_field(entry, "PRIORITY", std::to_string(priority_of(level)));
    append_field(entry, "MESSAGE", message);
    return entry;
}

std::string syslog_line(std::string_view identifier, pid_t pid, LogLevel level,
                        std::string_view message) {
    return "<" + std::to_string(LOG_USER | priority_of(level)) + ">" + std::string(identifier) +
           "[" + std::to_string(pid) + "]: " + std::string(message);
}

Result<Log> Log::open(sys::Kernel& kernel, const LogTarget& target, LogFormat format,
                      LogLevel level) {
    Log log;
    switch (target.kind) {
        case LogTarget::Kind::file: {
            NUCLEUS_TRY(log.fd_, sys::open_at(kernel, AT_FDCWD, target.name,
                                              O_WRONLY | O_APPEND | O_CREAT, 0644));
            break;
        }
        case LogTarget::Kind::journald: {
            NUCLEUS_TRY(log.fd_, connect_to_daemon(kernel, "/run/systemd/journal/socket"));
            break;
        }
        case LogTarget::Kind::syslog: {
            NUCLEUS_TRY(log.fd_, connect_to_daemon(kernel, "/dev/log"));
            break;
        }
    }
    log.kernel_ = &kernel;
    log.target_ = target;
    log.format_ = format;
    log.level_ = level;
    return log;
}

void Log::write(LogLevel level, std::string_view message) {
    if (!fd_ || level > level_) return;
    if (target_.kind != LogTarget::Kind::file) {
        const std::string datagram =
            target_.kind == LogTarget::Kind::journald
                ? journal_entry(target_.name, level, message)
                : syslog_line(target_.name, kernel_->getpid(), level, message);
        (void)sys::send_with_descriptors(*kernel_, fd_.get(), datagram, {});
        return;
    }
    timespec now{};
    (void)kernel_->clock_gettime(CLOCK_REALTIME, now);
    (void)sys::write_fd(*kernel_, fd_.get(), "log", log_line(format_, level, message, now.tv_sec));
}

}  // namespace nucleus::cli
