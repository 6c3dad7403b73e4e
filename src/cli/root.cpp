#include "cli/root.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <vector>

#include "sys/files.hpp"

namespace nucleus::cli {

namespace {

constexpr std::string_view kSystemRoot = "/run/nucleus";

std::vector<std::string_view> components(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (!part.empty() && part != ".") parts.push_back(part);
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return parts;
}

// The next number of `text`, which loses it.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    const std::size_t start = text.find_first_not_of(" \n");
    if (start == std::string_view::npos) return std::nullopt;
    text.remove_prefix(start);
    std::uint64_t number = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1))
        number = number * 10 + static_cast<std::uint64_t>(text.front() - '0');
    return number;
}

}  // namespace

std::string default_root(const RootFacts& facts) {
    // The XDG base directory specification has relative paths ignored; they would also differ
    // between two commands.
    if (!facts.xdg_runtime_dir.starts_with('/')) return std::string(kSystemRoot);
    const bool own_namespace = facts.in_user_namespace && facts.user != "root";
    if (facts.euid == 0 && !own_namespace) return std::string(kSystemRoot);
    return join_path(facts.xdg_runtime_dir, "nucleus");
}

bool maps_every_id(std::string_view uid_map) {
    const auto inside = take_number(uid_map);
    const auto outside = take_number(uid_map);
    const auto size = take_number(uid_map);
    return inside == 0U && outside == 0U && size == 4294967295U;
}

bool in_user_namespace(sys::Kernel& kernel) {
    const auto uid_map = sys::read_file(kernel, AT_FDCWD, "/proc/self/uid_map");
    return uid_map && !maps_every_id(*uid_map);
}

std::string join_path(std::string_view directory, std::string_view path) {
    std::string joined;
    const auto append = [&](std::string_view part) { (joined += '/') += part; };
    if (!path.starts_with('/'))
        for (const std::string_view part : components(directory)) append(part);
    for (const std::string_view part : components(path)) append(part);
    return joined.empty() ? "/" : joined;
}

bool is_root_directory(std::string_view path) {
    std::size_t depth = 0;
    for (const std::string_view part : components(path)) {
        if (part != "..")
            ++depth;
        else if (depth > 0)
            --depth;
    }
    return depth == 0;
}

Result<std::string> absolute_path(std::string_view path) {
    if (path.empty()) return std::string();
    if (path.starts_with('/')) return join_path("/", path);
    char directory[PATH_MAX];
    if (getcwd(directory, sizeof directory) == nullptr)
        return Error::from_errno(errno, "find the working directory");
    return join_path(directory, path);
}

}  // namespace nucleus::cli
