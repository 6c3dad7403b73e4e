#include "state/process.hpp"

#include <errno.h>
#include <fcntl.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "sys/files.hpp"

namespace nucleus::state {

namespace {

struct ProcessStat {
    char state = 0;
    std::uint64_t start_time = 0;
};

// Field 2 is the name in parentheses and may hold anything, spaces and parentheses too: fields
// count from the last ')'.
std::optional<ProcessStat> parse_stat(std::string_view text) {
    constexpr int kStateField = 3, kStartTimeField = 22;
    const std::size_t end_of_name = text.rfind(')');
    if (end_of_name == text.npos) return {};
    text.remove_prefix(end_of_name + 1);
    ProcessStat stat;
    for (int field = kStateField; field <= kStartTimeField; ++field) {
        if (text.size() < 2 || text[0] != ' ') return {};
        text.remove_prefix(1);
        const std::string_view value = text.substr(0, text.find(' '));
        if (field == kStateField && value.size() == 1) stat.state = value[0];
        if (field == kStartTimeField) {
            const auto [end, error] =
                std::from_chars(value.data(), value.data() + value.size(), stat.start_time);
            if (error != std::errc()) return {};
        }
        text.remove_prefix(value.size());
    }
    if (stat.state == 0) return {};
    return stat;
}

Result<ProcessStat> read_stat(sys::Kernel& kernel, std::int32_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    auto text = sys::read_file(kernel, AT_FDCWD, path);
    if (!text) {
        // ESRCH: it ended between open and read.
        const bool gone = text.error().errnum() == ENOENT || text.error().errnum() == ESRCH;
        if (gone)
            return Error(Errc::not_running, "process " + std::to_string(pid) + " does not exist");
        return std::move(text).error();
    }
    const auto stat = parse_stat(*text);
    if (!stat)
        return Error(Errc::system,
                     "read '" + path + "': not of the form that proc_pid_stat(5) has");
    return *stat;
}

}  // namespace

Result<ProcessId> identify(sys::Kernel& kernel, std::int32_t pid) {
    NUCLEUS_TRY(const auto stat, read_stat(kernel, pid));
    return ProcessId{pid, stat.start_time};
}

bool alive(sys::Kernel& kernel, const ProcessId& process) {
    const auto stat = read_stat(kernel, process.pid);
    if (!stat) return stat.error().code() != Errc::not_running;
    // X and x: being buried (TASK_DEAD).
    constexpr std::string_view kDead = "ZXx";
    return stat->start_time == process.start_time && kDead.find(stat->state) == kDead.npos;
}

}  // namespace nucleus::state
