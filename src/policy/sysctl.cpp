// linux.sysctl (config-linux.md#sysctl): only what the kernel keeps for each namespace, and only
// where that namespace is the container's own. Everything else would change the host.
#include <algorithm>
#include <array>
#include <utility>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

struct NamespacedSysctl {
    std::string_view name;  // ending with a dot: everything below
    NamespaceKind kind;
};

constexpr auto kNamespaced = std::to_array<NamespacedSysctl>({
    {"kernel.msgmax", NamespaceKind::ipc},
    {"kernel.msgmnb", NamespaceKind::ipc},
    {"kernel.msgmni", NamespaceKind::ipc},
    {"kernel.sem", NamespaceKind::ipc},
    {"kernel.shmall", NamespaceKind::ipc},
    {"kernel.shmmax", NamespaceKind::ipc},
    {"kernel.shmmni", NamespaceKind::ipc},
    {"kernel.shm_rmid_forced", NamespaceKind::ipc},
    {"fs.mqueue.", NamespaceKind::ipc},
    {"net.", NamespaceKind::net},
    {"kernel.domainname", NamespaceKind::uts},
    {"user.", NamespaceKind::user},
});

// sysctl(8): the first separator decides; in a name with slashes a dot is part of a component, and
// the other way round.
std::string with_dots(std::string name) {
    const std::size_t first = name.find_first_of("./");
    if (first == std::string::npos || name[first] == '.') return name;
    for (char& letter : name) {
        if (letter == '/') {
            letter = '.';
        } else if (letter == '.') {
            letter = '/';
        }
    }
    return name;
}

// No component that is empty, `.` or `..`: the name becomes a path below /proc/sys.
bool stays_below_proc_sys(std::string_view name) {
    while (true) {
        const std::size_t end = name.find('.');
        const std::string_view component = name.substr(0, end);
        if (component.empty() || component == "/" || component == "//") return false;
        if (end == std::string_view::npos) return true;
        name.remove_prefix(end + 1);
    }
}

const NamespacedSysctl* row_of(std::string_view name) {
    const auto* found = std::ranges::find_if(kNamespaced, [&](const NamespacedSysctl& row) {
        return row.name.ends_with('.') ? name.starts_with(row.name) : name == row.name;
    });
    return found == kNamespaced.end() ? nullptr : found;
}

Result<void> check_name(std::string_view name, const NamespaceConfig& namespaces,
                        const Location& where) {
    if (!stays_below_proc_sys(name)) return where.invalid("is no name of a kernel parameter");
    if (name == "kernel.hostname") {
        return where.invalid("conflicts with the property hostname: use that");
    }
    const NamespacedSysctl* row = row_of(name);
    if (row == nullptr)
        return where.invalid("is not kept by a namespace: it would change the host");
    if (namespaces.inherits(row->kind)) {
        return where.invalid("needs a namespace of type " + quoted(names_of(row->kind).spec_name) +
                             " of the container's own; it inherits the runtime's");
    }
    return {};
}

}  // namespace

Result<std::map<std::string, std::string>> translate_sysctl(
    const std::map<std::string, std::string>& sysctl, const NamespaceConfig& namespaces,
    const Location& where) {
    std::map<std::string, std::string> translated;
    for (const auto& [written, value] : sysctl) {
        const Location entry = where.at(written);
        NUCLEUS_CHECK(entry.without_nul(written));
        NUCLEUS_CHECK(entry.without_nul(value));
        std::string name = with_dots(written);
        NUCLEUS_CHECK(check_name(name, namespaces, entry));
        if (!translated.emplace(std::move(name), value).second) {
            return entry.invalid("is written twice, with dots and with slashes");
        }
    }
    return translated;
}

}  // namespace nucleus::policy
