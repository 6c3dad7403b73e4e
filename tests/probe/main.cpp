// The static probe: run as the container process (or as a hook), it prints what it sees from
// inside as one JSON object, in a fixed order.
//
//   nucleus-probe [--output FILE] [--stdin] [--path P]... [--sysctl S]... [--wait] [SECTION...]
//
// Without a section, all of them. --output appends the line to a file instead of standard output;
// --stdin adds what standard input holds (a hook's state); --wait sleeps after the report until a
// signal ends it, or SIGTERM makes it exit with 0.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "probe.hpp"

namespace probe {
namespace {

struct Section {
    const char* name;
    void (*report)(Json& json, const Request& request);
};

// Descriptors, signals and session first: no section before them may open or change anything.
constexpr Section kSections[] = {
    {"descriptors", report_descriptors},
    {"signals", report_signals},
    {"session", report_session},
    {"process", report_process},
    {"namespaces", report_namespaces},
    {"ids", report_ids},
    {"capabilities", report_capabilities},
    {"security", report_security},
    {"rlimits", report_rlimits},
    {"scheduling", report_scheduling},
    {"system", report_system},
    {"clocks", report_clocks},
    {"keyring", report_keyring},
    {"network", report_network},
    {"mounts", report_mounts},
    {"root", report_root},
    {"paths", report_paths},
    {"sysctls", report_sysctls},
    {"devices", report_devices},
    {"device_rules", report_device_rules},
    {"cgroup", report_cgroup},
    {"processes", report_processes},
    {"huge_pages", report_huge_pages},
    {"syscalls", report_syscalls},
};

struct Options {
    Request request;
    std::string output;
    bool with_stdin = false;
    bool wait = false;
};

bool is_section(const std::string& name) {
    for (const Section& section : kSections) {
        if (name == section.name) return true;
    }
    return false;
}

bool parse(int count, char** values, Options& options) {
    for (int at = 0; at < count; ++at) options.request.arguments.emplace_back(values[at]);
    for (int at = 1; at < count; ++at) {
        const std::string word = values[at];
        const bool has_value = at + 1 < count;
        if (word == "--stdin") {
            options.with_stdin = true;
        } else if (word == "--wait") {
            options.wait = true;
        } else if (word == "--output" && has_value) {
            options.output = values[++at];
        } else if (word == "--path" && has_value) {
            options.request.paths.emplace_back(values[++at]);
        } else if (word == "--sysctl" && has_value) {
            options.request.sysctls.emplace_back(values[++at]);
        } else if (is_section(word)) {
            options.request.sections.push_back(word);
        } else {
            std::fprintf(stderr, "nucleus-probe: what is %s?\n", word.c_str());
            return false;
        }
    }
    return true;
}

bool wanted(const Request& request, const char* name) {
    for (const std::string& section : request.sections) {
        if (section == name) return true;
    }
    return request.sections.empty();
}

std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = read(fd, buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
}

bool write_all(int fd, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t count = write(fd, text.data() + done, text.size() - done);
        if (count < 0) return false;
        done += static_cast<std::size_t>(count);
    }
    return true;
}

void report(Json& json, const Options& options) {
    json.begin_object();
    for (const Section& section : kSections) {
        if (wanted(options.request, section.name)) {
            json.key(section.name);
            section.report(json, options.request);
        }
    }
    if (options.with_stdin) json.member("stdin", read_all(STDIN_FILENO));
    json.end_object();
}

}  // namespace
}  // namespace probe

int main(int count, char** values) {
    probe::Options options;
    if (!probe::parse(count, values, options)) return 2;
    probe::Json json;
    probe::report(json, options);
    int output = STDOUT_FILENO;
    if (!options.output.empty()) {
        output = open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    }
    if (output < 0 || !probe::write_all(output, json.text() + "\n")) {
        std::perror("nucleus-probe");
        return 1;
    }
    if (options.wait) {
        // Process 1 of a pid namespace is not ended by a signal without a handler, so SIGTERM gets
        // one.
        std::signal(SIGTERM, [](int) { _exit(0); });
        for (;;) pause();
    }
    return 0;
}
