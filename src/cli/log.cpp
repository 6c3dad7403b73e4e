#include "cli/log.hpp"

#include <fcntl.h>

#include <chrono>
#include <cstdio>

#include "base/json_writer.hpp"
#include "sys/files.hpp"

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

Result<Log> Log::open(sys::Kernel& kernel, const std::string& path, LogFormat format,
                      LogLevel level) {
    Log log;
    NUCLEUS_TRY(log.fd_, sys::open_at(kernel, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT, 0644));
    log.kernel_ = &kernel;
    log.format_ = format;
    log.level_ = level;
    return log;
}

void Log::write(LogLevel level, std::string_view message) {
    if (!fd_ || level > level_) return;
    timespec now{};
    (void)kernel_->clock_gettime(CLOCK_REALTIME, now);
    (void)sys::write_fd(*kernel_, fd_.get(), "log", log_line(format_, level, message, now.tv_sec));
}

}  // namespace nucleus::cli
