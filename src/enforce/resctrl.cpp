#include "enforce/resctrl.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

using Lines = std::vector<std::string>;

// proc_pid_mountinfo(5): the mount point is the fifth field, the type the first behind " - ".
std::optional<std::string> mount_point_in(std::string_view mountinfo) {
    while (!mountinfo.empty()) {
        const std::size_t end = mountinfo.find('\n');
        std::string_view line = mountinfo.substr(0, end);
        mountinfo = end == std::string_view::npos ? "" : mountinfo.substr(end + 1);
        const std::size_t dash = line.find(" - ");
        if (dash == std::string_view::npos || !line.substr(dash + 3).starts_with("resctrl "))
            continue;
        for (int field = 0; field < 4; ++field) line.remove_prefix(line.find(' ') + 1);
        return std::string(line.substr(0, line.find(' ')));
    }
    return std::nullopt;
}

Result<bool> exists(sys::Kernel& kernel, const std::string& path) {
    const int error = kernel.faccessat(AT_FDCWD, path.c_str(), F_OK, 0);
    if (error == -ENOENT) return false;
    if (error < 0) return Error::from_errno(-error, "look at '" + path + "'");
    return true;
}

// Hexadecimal masks and decimal percentages alike: without blanks, leading zeros and capitals.
std::string normal(std::string_view value) {
    std::string out;
    for (char letter : value) {
        if (letter == ' ' || letter == '\t') continue;
        out += letter >= 'A' && letter <= 'F' ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    const std::size_t first = out.find_first_not_of('0');
    return first == std::string::npos ? "0" : out.substr(first);
}

// "L3:0=7f0;1=1f" → {"L3:0" → "7f0", "L3:1" → "1f"}.
void add_domains(std::string_view line, std::map<std::string, std::string>& domains) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string resource(line.substr(0, colon));
    std::erase(resource, ' ');
    std::string_view rest = line.substr(colon + 1);
    while (!rest.empty()) {
        const std::string_view one = rest.substr(0, rest.find(';'));
        rest = one.size() == rest.size() ? "" : rest.substr(one.size() + 1);
        const std::size_t equals = one.find('=');
        if (equals == std::string_view::npos) continue;
        domains[resource + ":" + normal(one.substr(0, equals))] = normal(one.substr(equals + 1));
    }
}

std::map<std::string, std::string> domains_of(std::string_view text) {
    std::map<std::string, std::string> domains;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text = line.size() == text.size() ? "" : text.substr(line.size() + 1);
        add_domains(line, domains);
    }
    return domains;
}

std::string joined(const Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

}  // namespace

Result<state::ResctrlRecord> plan_resctrl(sys::Kernel& kernel, const policy::IntelRdtPolicy& policy,
                                          const std::string& id) {
    NUCLEUS_TRY(const std::string mountinfo,
                sys::read_file(kernel, AT_FDCWD, "/proc/self/mountinfo", 16U << 20));
    const auto mount = mount_point_in(mountinfo);
    if (!mount)
        return Error(
            Errc::unsupported,
            "config.json /linux/intelRdt: needs a mounted resctrl file system, and none is "
            "mounted (or this kernel or processor has no resource director)");
    state::ResctrlRecord record;
    const bool root = policy.clos_id == "/";
    record.group = root ? *mount : *mount + "/" + (policy.clos_id.empty() ? id : policy.clos_id);
    NUCLEUS_TRY(const bool there, exists(kernel, record.group));
    if (policy.clos_id.empty() && there)
        return Error(Errc::invalid_config,
                     "config.json /linux/intelRdt: the group '" + record.group +
                         "' of the container's id exists already: name it by closID to share it");
    if (!policy.clos_id.empty() && policy.schemas.empty() && !there)
        return Error(Errc::invalid_config, "config.json /linux/intelRdt/closID: the group '" +
                                               record.group +
                                               "' does not exist, and no l3CacheSchema or "
                                               "memBwSchema says how to make it");
    if (!there) record.made.push_back(record.group);
    if (!policy.monitoring) return record;
    record.monitoring = record.group + "/mon_groups/" + id;
    if (there) {
        NUCLEUS_TRY(const bool monitored, exists(kernel, record.monitoring));
        if (monitored)
            return Error(Errc::invalid_config,
                         "config.json /linux/intelRdt/enableMonitoring: the monitoring group '" +
                             record.monitoring + "' exists already");
    }
    record.made.push_back(record.monitoring);
    return record;
}

Result<void> Resctrl::create(const policy::IntelRdtPolicy& policy) {
    // Only what was really made here is ours to remove.
    const Lines planned = std::move(record_.made);
    record_.made.clear();
    bool made_group = false;
    for (const std::string& directory : planned) {
        const int error = kernel_.mkdirat(AT_FDCWD, directory.c_str(), 0755);
        // A shared group that another container has made meanwhile.
        const bool shared = directory == record_.group && !policy.clos_id.empty();
        if (error == -EEXIST && shared) continue;
        if (error < 0) return Error::from_errno(-error, "make resctrl group '" + directory + "'");
        record_.made.push_back(directory);
        made_group |= directory == record_.group;
    }
    if (!made_group && !policy.schemas.empty()) NUCLEUS_CHECK(compare(policy.schemas));
    if (!policy.schemas.empty()) NUCLEUS_CHECK(write_schemata(policy.schemas));
    return policy.schemata.empty() ? Result<void>() : write_schemata(policy.schemata);
}

// What is asked for must be so; what is not named may be as it is.
Result<void> Resctrl::compare(const Lines& wanted) {
    NUCLEUS_TRY(const std::string text,
                sys::read_file(kernel_, AT_FDCWD, record_.group + "/schemata"));
    const auto present = domains_of(text);
    for (const auto& [domain, value] : domains_of(joined(wanted))) {
        const auto found = present.find(domain);
        if (found != present.end() && found->second == value) continue;
        return Error(Errc::invalid_config,
                     "config.json /linux/intelRdt: the group '" + record_.group +
                         "' exists with other schemata: " + domain + " is " +
                         (found == present.end() ? "not there" : found->second) + ", not " + value);
    }
    return {};
}

Result<void> Resctrl::write_schemata(const Lines& lines) {
    return sys::write_existing(kernel_, AT_FDCWD, record_.group + "/schemata", joined(lines))
        .in("config.json /linux/intelRdt");
}

Result<void> Resctrl::attach(pid_t pid) {
    const std::string text = std::to_string(pid);
    NUCLEUS_CHECK(sys::write_existing(kernel_, AT_FDCWD, record_.group + "/tasks", text));
    if (record_.monitoring.empty()) return {};
    return sys::write_existing(kernel_, AT_FDCWD, record_.monitoring + "/tasks", text);
}

Result<void> Resctrl::update(const policy::IntelRdtPolicy& policy, base::Cleanup& undo) {
    NUCLEUS_TRY(std::string before, sys::read_file(kernel_, AT_FDCWD, record_.group + "/schemata"));
    undo.push([this, before = std::move(before)] {
        return sys::write_existing(kernel_, AT_FDCWD, record_.group + "/schemata", before);
    });
    return write_schemata(policy.schemas);
}

Result<void> Resctrl::dissolve() {
    for (auto directory = record_.made.rbegin(); directory != record_.made.rend(); ++directory) {
        const int error = kernel_.unlinkat(AT_FDCWD, directory->c_str(), AT_REMOVEDIR);
        if (error < 0 && error != -ENOENT)
            return Error::from_errno(-error, "remove resctrl group '" + *directory + "'");
    }
    return {};
}

Result<void> Resctrl::destroy() {
    for (auto directory = record_.made.rbegin(); directory != record_.made.rend(); ++directory) {
        const auto tasks = sys::read_file(kernel_, AT_FDCWD, *directory + "/tasks");
        if (!tasks && tasks.error().errnum() == ENOENT) continue;
        if (!tasks) return tasks.error();
        if (!tasks->empty()) continue;
        const int error = kernel_.unlinkat(AT_FDCWD, directory->c_str(), AT_REMOVEDIR);
        if (error < 0 && error != -ENOENT)
            return Error::from_errno(-error, "remove resctrl group '" + *directory + "'");
    }
    return {};
}

}  // namespace nucleus::enforce
