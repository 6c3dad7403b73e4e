#include "enforce/cgroup_tree.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <charconv>

#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

constexpr mode_t kMode = 0755;

bool is_gone(const Error& error) { return error.errnum() == ENOENT || error.errnum() == ENODEV; }

Result<std::vector<std::string>> children_of(sys::Kernel& kernel, const std::string& directory) {
    std::vector<std::string> children;
    auto entries = sys::list_directory(kernel, AT_FDCWD, directory);
    if (!entries) {
        if (is_gone(entries.error())) return children;
        return std::move(entries).error();
    }
    for (const sys::DirectoryEntry& entry : *entries)
        if (entry.type == DT_DIR) children.push_back(directory + "/" + entry.name);
    return children;
}

// Appends every cgroup below `directory`, children before their parents.
Result<void> collect_below(sys::Kernel& kernel, const std::string& directory,
                           std::vector<std::string>& found) {
    std::vector<std::string> parents_first{directory};
    for (std::size_t i = 0; i < parents_first.size(); ++i) {
        NUCLEUS_TRY(const auto children, children_of(kernel, parents_first[i]));
        parents_first.insert(parents_first.end(), children.begin(), children.end());
    }
    found.insert(found.end(), parents_first.rbegin(), parents_first.rend() - 1);
    return {};
}

// "remove '…': device or resource busy (processes 12, 13)".
Error still_there(sys::Kernel& kernel, const std::string& directory, int error) {
    std::string what = "remove cgroup '" + directory + "'";
    if (const auto pids = processes_below(kernel, directory); pids && !pids->empty()) {
        what += " (still in it: process";
        for (const pid_t pid : *pids) what += " " + std::to_string(pid);
        what += ")";
    }
    return Error::from_errno(error, what);
}

}  // namespace

bool Patience::wait() {
    if (left_us_ <= 0) return false;
    const long sleep_us = std::min(next_us_, left_us_);
    kernel_.nanosleep({sleep_us / 1'000'000, sleep_us % 1'000'000 * 1000});
    left_us_ -= sleep_us;
    next_us_ = std::min(next_us_ * 2, 20'000L);
    return true;
}

Result<std::vector<pid_t>> processes_in(sys::Kernel& kernel, const std::string& directory) {
    std::vector<pid_t> pids;
    constexpr std::size_t kLimit = 64U << 20;
    auto text = sys::read_file(kernel, AT_FDCWD, directory + "/cgroup.procs", kLimit);
    if (!text) {
        if (is_gone(text.error())) return pids;
        return std::move(text).error();
    }
    for (const char *at = text->data(), *end = at + text->size(); at < end;) {
        pid_t pid = 0;
        at = std::from_chars(at, end, pid).ptr;
        // 0: a process of another pid namespace, which nobody here can name.
        if (pid > 0) pids.push_back(pid);
        at = std::find(at, end, '\n');
        if (at < end) ++at;
    }
    return pids;
}

Result<std::vector<pid_t>> processes_below(sys::Kernel& kernel, const std::string& directory) {
    NUCLEUS_TRY(std::vector<pid_t> pids, processes_in(kernel, directory));
    std::vector<std::string> below;
    NUCLEUS_CHECK(collect_below(kernel, directory, below));
    for (const std::string& child : below) {
        NUCLEUS_TRY(const auto more, processes_in(kernel, child));
        pids.insert(pids.end(), more.begin(), more.end());
    }
    return pids;
}

Result<void> make_directories(sys::Kernel& kernel, const std::string& directory) {
    int error = kernel.mkdirat(AT_FDCWD, directory.c_str(), kMode);
    if (error == -ENOENT && directory.rfind('/') != 0 &&
        directory.rfind('/') != std::string::npos) {
        NUCLEUS_CHECK(make_directories(kernel, directory.substr(0, directory.rfind('/'))));
        error = kernel.mkdirat(AT_FDCWD, directory.c_str(), kMode);
    }
    if (error < 0 && error != -EEXIST)
        return Error::from_errno(-error, "make cgroup '" + directory + "'");
    return {};
}

Result<void> remove_tree(sys::Kernel& kernel, const std::string& directory, bool itself,
                         Patience& patience) {
    // Nearly always the cgroup is empty and has none below it: one call.
    if (itself) {
        const int error = kernel.unlinkat(AT_FDCWD, directory.c_str(), AT_REMOVEDIR);
        if (error == 0 || error == -ENOENT) return {};
        if (error != -EBUSY && error != -ENOTEMPTY) return still_there(kernel, directory, -error);
    }
    for (;;) {
        std::vector<std::string> below;
        NUCLEUS_CHECK(collect_below(kernel, directory, below));
        if (itself) below.push_back(directory);
        int failed = 0;
        for (const std::string& each : below) {
            const int error = kernel.unlinkat(AT_FDCWD, each.c_str(), AT_REMOVEDIR);
            if (error < 0 && error != -ENOENT) failed = -error;
        }
        if (failed == 0) return {};
        if ((failed != EBUSY && failed != ENOTEMPTY) || !patience.wait())
            return still_there(kernel, directory, failed);
    }
}

Result<std::string> read_value(sys::Kernel& kernel, const std::string& path) {
    NUCLEUS_TRY(std::string text, sys::read_file(kernel, AT_FDCWD, path));
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

}  // namespace nucleus::enforce
