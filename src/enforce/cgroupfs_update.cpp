// Limits of a cgroup changed as a whole: all of them, or none.
#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "enforce/cgroup_restore.hpp"
#include "enforce/cgroupfs.hpp"
#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

// Writes that change another file too: a cgroup that becomes idle loses its shares
// (sched_group_set_idle).
struct SideEffect {
    std::string_view file;
    std::string_view changes;
};
constexpr SideEffect kSideEffects[] = {{"cpu.idle", "cpu.shares"}, {"cpu.idle", "cpu.weight"}};

}  // namespace

Result<void> CgroupfsBackend::update(const spec::Resources& resources, base::Cleanup& undo) {
    if (record_.manager == "disabled")
        return Error(Errc::unsupported, "the container has no cgroup whose limits could change");
    NUCLEUS_TRY(auto writes, place(resources));
    NUCLEUS_CHECK(enable_controllers(writes));
    NUCLEUS_CHECK(check_memory_in_use(resources));
    NUCLEUS_TRY(Contents before, read_before(writes));
    const auto done = std::make_shared<std::vector<PlacedWrite>>();
    undo.push([this, done, before = std::move(before)] {
        return write_all(restoring(*done, before)).in("put the limits back");
    });
    return write_all(std::move(writes), done.get());
}

Result<CgroupfsBackend::Contents> CgroupfsBackend::read_before(
    const std::vector<PlacedWrite>& writes) {
    Contents before;
    const auto read = [&](const std::string& path) -> Result<void> {
        if (before.contains(path)) return {};
        auto text = sys::read_file(kernel_, AT_FDCWD, path);
        if (text) before.emplace(path, *std::move(text));
        // What is not there is the write's to judge.
        if (!text && text.error().errnum() != ENOENT) return std::move(text).error();
        return {};
    };
    for (const PlacedWrite& write : writes) {
        const std::string& pointer = write.limit.pointer;
        NUCLEUS_CHECK(read(write.directory + "/" + write.limit.file).in(pointer));
        if (!write.limit.other_file.empty())
            NUCLEUS_CHECK(read(write.directory + "/" + write.limit.other_file).in(pointer));
        for (const SideEffect& effect : kSideEffects)
            if (write.limit.file == effect.file)
                NUCLEUS_CHECK(
                    read(write.directory + "/" + std::string(effect.changes)).in(pointer));
    }
    return before;
}

std::vector<CgroupfsBackend::PlacedWrite> CgroupfsBackend::restoring(
    const std::vector<PlacedWrite>& done, const Contents& before) {
    std::vector<PlacedWrite> writes;
    const auto add = [&](const PlacedWrite& like, std::string_view file, std::string_view written) {
        const auto content = before.find(like.directory + "/" + std::string(file));
        if (content == before.end()) return;
        LimitWrite limit{like.limit.controller, std::string(file),
                         restoring_value(file, content->second, written), like.limit.pointer};
        writes.push_back({std::move(limit), like.directory, like.unified});
    };
    for (auto write = done.rbegin(); write != done.rend(); ++write) {
        const LimitWrite& limit = write->limit;
        add(*write, limit.file, limit.value);
        if (!limit.other_file.empty()) add(*write, limit.other_file, limit.other_value);
        for (const SideEffect& effect : kSideEffects) {
            const bool was_idle = limit.file == effect.file &&
                                  before.at(write->directory + "/" + limit.file).starts_with("1");
            if (limit.file == effect.file && !was_idle) add(*write, effect.changes, "");
        }
    }
    return writes;
}

}  // namespace nucleus::enforce
