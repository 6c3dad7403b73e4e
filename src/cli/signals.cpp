#include "cli/signals.hpp"

#include <csignal>

#include "cli/options.hpp"

namespace nucleus::cli {

namespace {

struct SignalName {
    std::string_view name;
    int number;
};

// signal(7). The numbers are the architecture's own.
constexpr SignalName kSignals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},     {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},   {"IOT", SIGIOT},   {"BUS", SIGBUS},
    {"FPE", SIGFPE},       {"KILL", SIGKILL},   {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},     {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
    {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},   {"CLD", SIGCHLD},  {"CONT", SIGCONT},
    {"STOP", SIGSTOP},     {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},
    {"URG", SIGURG},       {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"POLL", SIGPOLL},
    {"PWR", SIGPWR},       {"SYS", SIGSYS},
};

// The kernel's: glibc's SIGRTMIN is a function that leaves out two for its threads, and 34 is what
// `kill -l` shows.
constexpr int kRealTimeMin = 34;
constexpr int kRealTimeMax = 64;

std::string upper_case(std::string_view text) {
    std::string upper(text);
    for (char& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return upper;
}

// "RTMIN", "RTMIN+3", "RTMAX-1".
std::optional<int> real_time(std::string_view name) {
    const bool from_min = name.starts_with("RTMIN");
    if (!from_min && !name.starts_with("RTMAX")) return std::nullopt;
    const std::string_view rest = name.substr(5);
    const int base = from_min ? kRealTimeMin : kRealTimeMax;
    if (rest.empty()) return base;
    const auto offset = parse_number(rest.substr(1));
    if (rest.front() != (from_min ? '+' : '-') || !offset ||
        *offset > static_cast<std::uint32_t>(kRealTimeMax - kRealTimeMin))
        return std::nullopt;
    return from_min ? base + static_cast<int>(*offset) : base - static_cast<int>(*offset);
}

}  // namespace

Result<int> parse_signal(std::string_view text) {
    if (const auto number = parse_number(text); number && *number <= kRealTimeMax)
        return static_cast<int>(*number);
    const std::string upper = upper_case(text);
    std::string_view name = upper;
    if (name.starts_with("SIG")) name.remove_prefix(3);
    for (const SignalName& signal : kSignals)
        if (signal.name == name) return signal.number;
    if (const auto number = real_time(name)) return *number;
    return Error(Errc::invalid_argument, "unknown signal \"" + std::string(text) + "\"");
}

}  // namespace nucleus::cli
