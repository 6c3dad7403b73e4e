#include "enforce/cgroup_layout.hpp"

#include <fcntl.h>

#include <algorithm>
#include <charconv>

#include "sys/files.hpp"
#include "sys/mount_facts.hpp"

namespace nucleus::enforce {

namespace {

// Takes what stands before `separator` off the front of `text`; everything if there is none.
std::string_view take(std::string_view& text, char separator) {
    const std::size_t at = text.find(separator);
    const std::string_view word = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
    return word;
}

// proc(5): space, tab, newline and backslash stand as \ooo in mountinfo.
std::string unescaped(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    const auto octal = [](char c) { return c >= '0' && c <= '7'; };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
            octal(text[i + 3])) {
            plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                       (text[i + 3] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

struct MountLine {
    int id = 0, parent = 0;
    std::string_view root, mount_point;  // escaped, as written: comparable with each other
    std::string_view type, super_options;
};

int number(std::string_view text) {
    int value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::vector<MountLine> parse_mounts(std::string_view text) {
    std::vector<MountLine> mounts;
    while (!text.empty()) {
        std::string_view line = take(text, '\n');
        const std::size_t separator = line.find(" - ");
        if (separator == std::string_view::npos) continue;
        std::string_view tail = line.substr(separator + 3);
        MountLine mount;
        mount.id = number(take(line, ' '));
        mount.parent = number(take(line, ' '));
        take(line, ' ');  // major:minor
        mount.root = take(line, ' ');
        mount.mount_point = take(line, ' ');
        mount.type = take(tail, ' ');
        take(tail, ' ');  // source
        mount.super_options = tail;
        mounts.push_back(mount);
    }
    return mounts;
}

// `path` is `directory` or lies below it.
bool within(std::string_view path, std::string_view directory) {
    if (directory == "/") return true;
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
}

// Whether a path walk to the mount point arrives at this mount: nothing is stacked on it, and
// nothing covers a directory that the walk passes. A mount over an ancestor directory has the same
// parent as what it hides: had it been there first, it would be the parent.
bool visible(const MountLine& mount, const std::vector<MountLine>& mounts) {
    for (const MountLine& other : mounts)
        if (other.parent == mount.id && &other != &mount && other.mount_point == mount.mount_point)
            return false;
    const MountLine* step = &mount;
    for (std::size_t depth = 0; step && depth < mounts.size(); ++depth) {
        const MountLine* parent = nullptr;
        for (const MountLine& other : mounts) {
            if (other.id == step->parent && &other != step) parent = &other;
            if (other.parent == step->parent &&
                other.mount_point.size() < step->mount_point.size() &&
                within(step->mount_point, other.mount_point) && other.id != other.parent)
                return false;
        }
        step = parent;
    }
    return true;
}

bool has_option(std::string_view options, std::string_view wanted) {
    while (!options.empty())
        if (take(options, ',') == wanted) return true;
    return false;
}

// The runtime's own cgroup as seen below a mount that shows the hierarchy from `root` on. A cgroup
// outside of what is shown (a bind mount of another subtree, a cgroup namespace's "/../x") has no
// path there: the mount point stands in for it.
std::string own_path_below(std::string_view own, std::string_view root) {
    if (own.find("/..") != std::string_view::npos || !within(own, root)) return {};
    std::string_view rest = root == "/" ? own : own.substr(root.size());
    return rest == "/" ? std::string() : std::string(rest);
}

std::optional<CgroupHierarchy> find_hierarchy(std::string_view controllers, std::string_view own,
                                              const std::vector<MountLine>& mounts) {
    CgroupHierarchy hierarchy;
    for (std::string_view rest = controllers; !rest.empty();)
        hierarchy.controllers.emplace_back(take(rest, ','));
    const auto shows = [&](const MountLine& mount) {
        if (hierarchy.controllers.empty()) return mount.type == "cgroup2";
        return mount.type == "cgroup" &&
               std::ranges::all_of(hierarchy.controllers, [&](const std::string& controller) {
                   return has_option(mount.super_options, controller);
               });
    };
    const MountLine* best = nullptr;
    const auto worth = [&](const MountLine& mount) {
        return mount.root == "/" ? 2 : within(own, mount.root) ? 1 : 0;
    };
    for (const MountLine& mount : mounts)
        if (shows(mount) && (!best || worth(mount) > worth(*best)) && visible(mount, mounts))
            best = &mount;
    if (!best) return std::nullopt;
    hierarchy.mount_point = unescaped(best->mount_point);
    hierarchy.own_path = own_path_below(own, unescaped(best->root));
    return hierarchy;
}

// One line of /proc/self/cgroup: a hierarchy, and the cgroup in it.
struct Membership {
    std::string_view controllers;  // none: the unified hierarchy
    std::string_view path;
};

// Takes the next line off `text`. False at its end.
bool next(std::string_view& text, Membership& out) {
    while (!text.empty()) {
        // hierarchy-id:controllers:path; the path may hold colons.
        std::string_view line = take(text, '\n');
        if (std::ranges::count(line, ':') < 2) continue;
        const std::string_view id = take(line, ':');
        out.controllers = take(line, ':');
        out.path = line;
        if (!out.controllers.empty() || id == "0") return true;
        // A v1 hierarchy that lost its controllers.
    }
    return false;
}

void add(CgroupLayout& layout, CgroupHierarchy hierarchy) {
    if (hierarchy.controllers.empty())
        layout.unified = std::move(hierarchy);
    else
        layout.v1.push_back(std::move(hierarchy));
}

constexpr char kUsualPlace[] = "/sys/fs/cgroup";

// Where the whole of a hierarchy is mounted if the host has it where all have it: below
// /sys/fs/cgroup by the controllers' names (systemd's and the kernel documentation's layouts).
// Nothing: it is not there, or shows only a part.
std::optional<CgroupHierarchy> at_usual_place(sys::Kernel& kernel, std::string_view controllers,
                                              std::string_view own, bool hybrid) {
    CgroupHierarchy hierarchy;
    hierarchy.mount_point = kUsualPlace;
    if (!controllers.empty())
        hierarchy.mount_point +=
            "/" + std::string(controllers.substr(controllers.starts_with("name=") ? 5 : 0));
    else if (hybrid)
        hierarchy.mount_point += "/unified";
    const auto facts = sys::mount_at(kernel, hierarchy.mount_point.c_str());
    if (!facts || facts->root != "/" || facts->type != (controllers.empty() ? "cgroup2" : "cgroup"))
        return std::nullopt;
    while (!controllers.empty()) {
        hierarchy.controllers.emplace_back(take(controllers, ','));
        if (!has_option(facts->options, hierarchy.controllers.back())) return std::nullopt;
    }
    hierarchy.own_path = own_path_below(own, "/");
    return hierarchy;
}

}  // namespace

bool CgroupLayout::pure_v2() const {
    return unified && std::ranges::all_of(v1, [](const CgroupHierarchy& hierarchy) {
               return std::ranges::all_of(hierarchy.controllers, stands_beside_v2);
           });
}

bool stands_beside_v2(std::string_view controller) {
    return controller == "net_cls" || controller == "net_prio" || controller == "perf_event" ||
           controller.starts_with("name=");
}

Result<CgroupLayout> parse_cgroups(std::string_view mountinfo, std::string_view own_cgroups) {
    const std::vector<MountLine> mounts = parse_mounts(mountinfo);
    CgroupLayout layout;
    for (Membership own; next(own_cgroups, own);)
        if (auto hierarchy = find_hierarchy(own.controllers, own.path, mounts))
            add(layout, *std::move(hierarchy));
    return layout;
}

std::optional<CgroupLayout> usual_layout(sys::Kernel& kernel, std::string_view own_cgroups) {
    bool hybrid = false;
    Membership own;
    for (std::string_view rest = own_cgroups; next(rest, own);) hybrid |= !own.controllers.empty();
    CgroupLayout layout;
    while (next(own_cgroups, own)) {
        auto hierarchy = at_usual_place(kernel, own.controllers, own.path, hybrid);
        if (hierarchy)
            add(layout, *std::move(hierarchy));
        else if (!hybrid || !own.controllers.empty())
            return std::nullopt;
    }
    return layout;
}

Result<CgroupLayout> detect_cgroups(sys::Kernel& kernel) {
    NUCLEUS_TRY(const std::string own, sys::read_file(kernel, AT_FDCWD, "/proc/self/cgroup"));
    if (auto usual = usual_layout(kernel, own)) return std::move(*usual);
    constexpr std::size_t kLimit =
        64U << 20;  // hosts with many containers have tens of thousands of mounts
    NUCLEUS_TRY(const std::string mountinfo,
                sys::read_file(kernel, AT_FDCWD, "/proc/self/mountinfo", kLimit));
    return parse_cgroups(mountinfo, own);
}

std::vector<CgroupView> container_cgroup_views(const CgroupLayout& layout) {
    std::vector<CgroupView> views;
    if (layout.pure_v2()) return views;
    for (const CgroupHierarchy& hierarchy : layout.v1) {
        CgroupView view;
        view.controller = hierarchy.controllers.front();
        view.directory = hierarchy.mount_point.substr(hierarchy.mount_point.rfind('/') + 1);
        for (const std::string& controller : hierarchy.controllers) {
            const bool named = controller.starts_with("name=");
            if (!view.mount_options.empty()) view.mount_options += ',';
            view.mount_options += named ? "none," + controller : controller;
            if (!named && hierarchy.controllers.size() > 1 && controller != view.directory)
                view.symlinks.push_back(controller);
        }
        views.push_back(std::move(view));
    }
    return views;
}

}  // namespace nucleus::enforce
