#include "enforce/cgroup_restore.hpp"

#include <algorithm>
#include <array>

namespace nucleus::enforce {

namespace {

// Files of lines `KEY VALUE...`, and what takes a key's line away
// (Documentation/admin-guide/cgroup-v2.rst; cgroup-v1/blkio-controller.rst, cgroup-v1/rdma.rst).
struct KeyedFile {
    std::string_view file;
    std::string_view none;
};
constexpr std::array kKeyedFiles{
    KeyedFile{"blkio.throttle.read_bps_device", "0"},
    KeyedFile{"blkio.throttle.write_bps_device", "0"},
    KeyedFile{"blkio.throttle.read_iops_device", "0"},
    KeyedFile{"blkio.throttle.write_iops_device", "0"},
    KeyedFile{"blkio.weight_device", "0"},
    KeyedFile{"blkio.leaf_weight_device", "0"},
    KeyedFile{"blkio.bfq.weight_device", "0"},
    KeyedFile{"io.max", "rbps=max wbps=max riops=max wiops=max"},
    KeyedFile{"io.latency", "target=0"},
    KeyedFile{"io.weight", "default"},
    KeyedFile{"io.bfq.weight", "default"},
    KeyedFile{"rdma.max", "hca_handle=max hca_object=max"},
    KeyedFile{"misc.max", "max"},
    KeyedFile{"net_prio.ifpriomap", "0"},
};

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

// `oom_kill_disable 0`, and more that is only to be read (cgroup-v1/memory.rst, "OOM Control").
std::string oom_control(std::string_view before) {
    const std::string_view line = first_line(before);
    return std::string(line.substr(std::min(line.rfind(' '), line.size() - 1) + 1));
}

}  // namespace

std::string restoring_value(std::string_view file, std::string_view before,
                            std::string_view written) {
    if (file == "memory.oom_control" && !before.empty()) return oom_control(before);
    const auto keyed = std::ranges::find(kKeyedFiles, file, &KeyedFile::file);
    const std::string_view key = first_word(written);
    // A weight without a device is the cgroup's own, on the first line.
    const bool has_key = keyed != kKeyedFiles.end() && key.size() < written.size();
    if (!has_key) {
        const std::string_view line = first_line(before);
        return line.empty() ? "\n" : std::string(line);  // no write of nothing reaches the kernel
    }
    while (!before.empty()) {
        const std::string_view line = first_line(before);
        if (first_word(line) == key) return std::string(line);
        before.remove_prefix(std::min(line.size() + 1, before.size()));
    }
    return std::string(key) + " " + std::string(keyed->none);
}

}  // namespace nucleus::enforce
