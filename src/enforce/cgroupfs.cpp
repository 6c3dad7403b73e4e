// Life of a cgroup: made, joined, removed. Limits are in cgroupfs_limits.cpp, freezing and signals
// in cgroupfs_processes.cpp.
#include "enforce/cgroupfs.hpp"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>

#include "enforce/cgroup_tree.hpp"
#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

// A killed process leaves its cgroup a little later than kill(2) returns.
constexpr long kRemovalMs = 5000;

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::set<std::string> words_of(std::string_view text) {
    std::set<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end > 0) words.emplace(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

std::set<std::string> without(const std::set<std::string>& all,
                              const std::set<std::string>& taken) {
    std::set<std::string> rest;
    std::ranges::set_difference(all, taken, std::inserter(rest, rest.end()));
    return rest;
}

}  // namespace

CgroupfsBackend::CgroupfsBackend(sys::Kernel& kernel, const state::CgroupRecord& record,
                                 CgroupRights rights)
    : kernel_(kernel), rights_(rights), record_(record) {
    for (const auto& [controller, directory] : record_.paths)
        if (std::ranges::find(leaves_, directory) == leaves_.end()) leaves_.push_back(directory);
}

bool CgroupfsBackend::is_made(const std::string& directory) const {
    return std::ranges::find(record_.made, directory) != record_.made.end();
}

const std::string* CgroupfsBackend::directory_of(const std::string& controller) const {
    const auto found = record_.paths.find(controller);
    return found == record_.paths.end() ? nullptr : &found->second;
}

bool CgroupfsBackend::pure_v2() const {
    return record_.paths.contains("") && std::ranges::all_of(record_.paths, [](const auto& path) {
               return path.first.empty() || stands_beside_v2(path.first);
           });
}

Result<void> CgroupfsBackend::create(const policy::CgroupPolicy& policy, Warnings&) {
    if (record_.manager == "disabled") return {};
    NUCLEUS_TRY(const auto writes, place(policy.resources));
    NUCLEUS_CHECK(make_all());
    if (const std::string* cpuset = directory_of("cpuset")) NUCLEUS_CHECK(fill_cpuset(*cpuset));
    return enable_controllers(writes);
}

Result<void> CgroupfsBackend::make_all() {
    for (const std::string& leaf : leaves_)
        if (!is_made(leaf)) NUCLEUS_CHECK(refuse_if_used(leaf));
    for (const std::string& directory : record_.made) {
        const int error = kernel_.mkdirat(AT_FDCWD, directory.c_str(), 0755);
        if (error == 0) continue;
        // Another container's delete took the parent since the plan was made.
        if (error == -ENOENT) {
            NUCLEUS_CHECK(make_directories(kernel_, directory));
        } else if (error != -EEXIST) {
            return Error::from_errno(-error, "make cgroup '" + directory + "'");
        } else if (std::ranges::find(leaves_, directory) != leaves_.end()) {
            NUCLEUS_CHECK(refuse_if_used(directory));
        }
    }
    return {};
}

Result<void> CgroupfsBackend::refuse_if_used(const std::string& leaf) {
    NUCLEUS_TRY(const auto pids, processes_below(kernel_, leaf));
    if (!pids.empty())
        return Error(Errc::wrong_state, "container's cgroup is not empty: " +
                                            std::to_string(pids.size()) + " process(es) found");
    const std::string* freezer = directory_of("freezer");
    if ((freezer && *freezer == leaf) ||
        (!freezer && directory_of("") && *directory_of("") == leaf)) {
        NUCLEUS_TRY(const bool stands_still, frozen());
        if (stands_still) return Error(Errc::wrong_state, "container's cgroup unexpectedly frozen");
    }
    return {};
}

Result<CgroupfsBackend::Cpuset> CgroupfsBackend::fill_cpuset(const std::string& directory) {
    Cpuset own;
    if (!is_made(directory)) {
        NUCLEUS_TRY(own.cpus, read_value(kernel_, directory + "/cpuset.cpus"));
        NUCLEUS_TRY(own.mems, read_value(kernel_, directory + "/cpuset.mems"));
        if (!own.cpus.empty() && !own.mems.empty()) return own;
    }
    NUCLEUS_TRY(const Cpuset parent, fill_cpuset(parent_of(directory)));
    const auto inherit = [&](std::string& value, const std::string& from,
                             const char* file) -> Result<void> {
        if (!value.empty()) return {};
        value = from;
        return sys::write_existing(kernel_, AT_FDCWD, directory + file, value);
    };
    NUCLEUS_CHECK(inherit(own.cpus, parent.cpus, "/cpuset.cpus"));
    NUCLEUS_CHECK(inherit(own.mems, parent.mems, "/cpuset.mems"));
    return own;
}

Result<void> CgroupfsBackend::enable_controllers(const std::vector<PlacedWrite>& writes) {
    const std::string* leaf = directory_of("");
    if (!leaf) return {};
    std::set<std::string> wanted;
    for (const PlacedWrite& write : writes)
        if (write.unified && write.limit.controller != "cgroup")
            wanted.insert(write.limit.controller);
    const std::set<std::string> needed = wanted;
    // What statistics and later updates are asked of, as the peers do.
    if (pure_v2()) wanted.insert({"cpu", "cpuset", "io", "memory", "pids"});
    if (wanted.empty()) return {};
    const std::set<std::string> missing = enable(*leaf, wanted);
    for (const PlacedWrite& write : writes)
        if (write.unified && missing.contains(write.limit.controller))
            return Error(Errc::unsupported, write.limit.pointer + ": no " + write.limit.controller +
                                                " controller here: '" + *leaf +
                                                "' is not given it");
    controllers_enabled_ = true;
    return {};
}

// Answers what `directory` could not get. A directory above the root cgroup has no such file, and
// gives nothing.
std::set<std::string> CgroupfsBackend::enable(const std::string& directory,
                                              const std::set<std::string>& wanted) {
    const auto text = read_value(kernel_, directory + "/cgroup.controllers");
    if (!text) return wanted;
    std::set<std::string> missing = without(wanted, words_of(*text));
    if (missing.empty()) return missing;
    const std::string parent = parent_of(directory);
    const std::set<std::string> grantable = without(missing, enable(parent, missing));
    if (grantable.empty()) return missing;
    const std::string file = parent + "/cgroup.subtree_control";
    std::string all;
    for (const std::string& controller : grantable) all += (all.empty() ? "+" : " +") + controller;
    if (sys::write_existing(kernel_, AT_FDCWD, file, all)) return without(missing, grantable);
    // One that the kernel refuses (a parent with processes, a realtime task) refuses the whole
    // line.
    std::set<std::string> refused = without(missing, grantable);
    for (const std::string& controller : grantable)
        if (!sys::write_existing(kernel_, AT_FDCWD, file, "+" + controller))
            refused.insert(controller);
    return refused;
}

Result<void> CgroupfsBackend::attach(pid_t pid) {
    const std::string text = std::to_string(pid);
    for (const std::string& leaf : leaves_)
        NUCLEUS_CHECK(sys::write_existing(kernel_, AT_FDCWD, leaf + "/cgroup.procs", text));
    return {};
}

Result<void> CgroupfsBackend::attach_beside(pid_t pid, pid_t member) {
    const std::string text = std::to_string(pid);
    const std::string* unified = directory_of("");
    for (const std::string& leaf : leaves_) {
        auto moved = sys::write_existing(kernel_, AT_FDCWD, leaf + "/cgroup.procs", text);
        const bool takes_none =
            !moved && unified && leaf == *unified &&
            (moved.error().errnum() == EBUSY || moved.error().errnum() == EOPNOTSUPP);
        if (takes_none) moved = enforce::attach_beside(kernel_, leaf, member, pid);
        NUCLEUS_CHECK(std::move(moved));
    }
    return {};
}

Result<CgroupEntry> CgroupfsBackend::open_entry() {
    CgroupEntry entry;
    const std::string* unified = directory_of("");
    for (const std::string& leaf : leaves_) {
        if (unified && leaf == *unified) {
            NUCLEUS_TRY(entry.unified,
                        sys::open_at(kernel_, AT_FDCWD, leaf, O_RDONLY | O_DIRECTORY));
            continue;
        }
        NUCLEUS_TRY(auto tasks, sys::open_at(kernel_, AT_FDCWD, leaf + "/tasks", O_WRONLY));
        entry.tasks.push_back(std::move(tasks));
    }
    return entry;
}

// The kernel removes no cgroup that holds a process or another cgroup (cgroups(7)).
Result<bool> CgroupfsBackend::destroy_if_empty() {
    const std::string* first = leader();
    if (!first || !is_made(*first)) return false;
    const int error = kernel_.unlinkat(AT_FDCWD, first->c_str(), AT_REMOVEDIR);
    if (error == -EBUSY || error == -ENOTEMPTY) return false;
    if (error < 0 && error != -ENOENT)
        return Error::from_errno(-error, "remove cgroup '" + *first + "'");
    NUCLEUS_CHECK(destroy());
    return true;
}

Result<void> CgroupfsBackend::destroy() {
    Patience patience(kernel_, kRemovalMs);
    Result<void> outcome;
    for (const std::string& leaf : leaves_) {
        auto removed = remove_tree(kernel_, leaf, is_made(leaf), patience);
        if (removed) continue;
        outcome =
            outcome ? std::move(removed).error() : std::move(outcome).error().also(removed.error());
    }
    // Parents that other containers use by now stay.
    for (auto directory = record_.made.rbegin(); directory != record_.made.rend(); ++directory) {
        if (std::ranges::find(leaves_, *directory) != leaves_.end()) continue;
        const int error = kernel_.unlinkat(AT_FDCWD, directory->c_str(), AT_REMOVEDIR);
        if (error < 0 && error != -ENOENT && error != -EBUSY && error != -ENOTEMPTY && outcome)
            outcome = Error::from_errno(-error, "remove cgroup '" + *directory + "'");
    }
    return outcome;
}

}  // namespace nucleus::enforce
