#include "enforce/cgroup_tree.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "base/unique_fd.hpp"
#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

constexpr mode_t kMode = 0755;

bool is_gone(const Error& error) { return error.errnum() == ENOENT || error.errnum() == ENODEV; }

// A cgroup by a path that the kernel takes. A container may nest its own so deep that their
// absolute paths are longer than PATH_MAX: then they are named from an open directory on the way.
struct Place {
    std::shared_ptr<base::UniqueFd> from;  // null: the path is absolute
    std::string path;
    int dirfd() const { return from ? from->get() : AT_FDCWD; }
};

constexpr std::size_t kLongPath = 2048;  // PATH_MAX is 4096, and a name has at most 255

Result<std::vector<Place>> children_of(sys::Kernel& kernel, const Place& parent) {
    std::vector<Place> children;
    auto entries = sys::list_directory(kernel, parent.dirfd(), parent.path);
    if (!entries) {
        if (is_gone(entries.error())) return children;
        return std::move(entries).error();
    }
    Place prefix{parent.from, parent.path + "/"};
    for (const sys::DirectoryEntry& entry : *entries) {
        if (entry.type != DT_DIR) continue;
        if (prefix.path.size() > kLongPath) {
            NUCLEUS_TRY(auto fd,
                        sys::open_at(kernel, parent.dirfd(), parent.path, O_PATH | O_DIRECTORY));
            prefix = {std::make_shared<base::UniqueFd>(std::move(fd)), ""};
        }
        children.push_back({prefix.from, prefix.path + entry.name});
    }
    return children;
}

// Every cgroup below `directory`, children before their parents.
Result<std::vector<Place>> all_below(sys::Kernel& kernel, const std::string& directory) {
    std::vector<Place> parents_first{{nullptr, directory}};
    for (std::size_t i = 0; i < parents_first.size(); ++i) {
        NUCLEUS_TRY(const auto children, children_of(kernel, parents_first[i]));
        parents_first.insert(parents_first.end(), children.begin(), children.end());
    }
    return std::vector<Place>(parents_first.rbegin(), parents_first.rend() - 1);
}

Result<void> append_processes(sys::Kernel& kernel, const Place& place, std::vector<pid_t>& pids) {
    constexpr std::size_t kLimit = 64U << 20;
    auto text = sys::read_file(kernel, place.dirfd(), place.path + "/cgroup.procs", kLimit);
    if (!text) {
        // A threaded cgroup cannot be asked: its processes are listed by the domain above it, which
        // is walked too (cgroups(7), "Thread mode").
        if (is_gone(text.error()) || text.error().errnum() == EOPNOTSUPP) return {};
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

Result<std::vector<pid_t>> processes_below(sys::Kernel& kernel, const std::string& directory) {
    std::vector<pid_t> pids;
    NUCLEUS_CHECK(append_processes(kernel, {nullptr, directory}, pids));
    NUCLEUS_TRY(const auto below, all_below(kernel, directory));
    for (const Place& place : below) NUCLEUS_CHECK(append_processes(kernel, place, pids));
    return pids;
}

Result<void> attach_beside(sys::Kernel& kernel, const std::string& directory, pid_t member,
                           pid_t pid) {
    NUCLEUS_TRY(auto places, all_below(kernel, directory));
    places.push_back({nullptr, directory});
    for (const Place& place : places) {
        std::vector<pid_t> members;
        NUCLEUS_CHECK(append_processes(kernel, place, members));
        if (std::ranges::find(members, member) == members.end()) continue;
        return sys::write_existing(kernel, place.dirfd(), place.path + "/cgroup.procs",
                                   std::to_string(pid));
    }
    return Error::from_errno(
        ESRCH, "find process " + std::to_string(member) + " in cgroup '" + directory + "'");
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
        NUCLEUS_TRY(auto below, all_below(kernel, directory));
        if (itself) below.push_back({nullptr, directory});
        int failed = 0;
        for (const Place& place : below) {
            const int error = kernel.unlinkat(place.dirfd(), place.path.c_str(), AT_REMOVEDIR);
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
