#include "runtime/sub_cgroups.hpp"

#include <map>
#include <string_view>

namespace nucleus::runtime {

namespace {

Error refuse(std::string_view wish, std::string_view why) {
    return Error(Errc::invalid_argument, "--cgroup " + std::string(wish) + ": " + std::string(why));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

// "/a/b", or nothing for the container's own; never out of it.
Result<std::string> below(std::string_view wish, std::string_view path) {
    std::string clean;
    for (const std::string_view part : split(path, '/')) {
        if (part == "..") return refuse(wish, "leads out of the container's cgroup");
        if (!part.empty() && part != ".") (clean += '/') += part;
    }
    return clean;
}

class Choice {
public:
    explicit Choice(const state::CgroupRecord& own) : own_(own) {}

    Result<void> add(std::string_view wish, bool alone) {
        const std::size_t colon = wish.find(':');
        if (colon == std::string_view::npos) {
            if (!alone) return refuse(wish, "names no controller, beside another --cgroup");
            NUCLEUS_TRY(const std::string path, below(wish, wish));
            for (const auto& [controller, directory] : own_.paths) chosen_[directory] = path;
            return {};
        }
        if (wish.find(':', colon + 1) != std::string_view::npos)
            return refuse(wish, "more than one colon");
        NUCLEUS_TRY(const std::string path, below(wish, wish.substr(colon + 1)));
        for (const std::string_view controller : split(wish.substr(0, colon), ','))
            NUCLEUS_CHECK(add_one(wish, std::string(controller), path));
        return {};
    }

    state::CgroupRecord result() const {
        state::CgroupRecord record = own_;
        record.made.clear();
        record.unit.clear();  // systemd moves a process to the unit's own cgroup only
        for (auto& [controller, directory] : record.paths)
            if (const auto found = chosen_.find(directory); found != chosen_.end())
                directory += found->second;
        return record;
    }

private:
    Result<void> add_one(std::string_view wish, const std::string& controller,
                         const std::string& path) {
        // On cgroup v2 every controller is where all are.
        const bool v2 = own_.paths.size() == 1 && own_.paths.contains("");
        const auto found = own_.paths.find(controller);
        if (v2 && !controller.empty())
            return refuse(wish, "cgroup v2 has one hierarchy for all controllers: name none");
        if (found == own_.paths.end())
            return refuse(wish, "the container has no cgroup of controller '" + controller + "'");
        const auto [entry, added] = chosen_.emplace(found->second, path);
        if (!added && (seen_.contains(controller) || entry->second != path))
            return refuse(wish, "the hierarchy of '" + controller + "' has a path already");
        seen_.emplace(controller, path);
        return {};
    }

    const state::CgroupRecord& own_;
    std::map<std::string, std::string> chosen_;  // the container's directory → below it
    std::map<std::string, std::string> seen_;
};

}  // namespace

Result<state::CgroupRecord> sub_cgroups(const state::CgroupRecord& own,
                                        const std::vector<std::string>& wishes) {
    Choice choice(own);
    for (const std::string& wish : wishes) NUCLEUS_CHECK(choice.add(wish, wishes.size() == 1));
    return choice.result();
}

}  // namespace nucleus::runtime
