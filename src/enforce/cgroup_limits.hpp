// Limits of config.json as writes to cgroup files. Pure: which file of which controller gets which
// text, in an order that the kernel accepts on a new cgroup. Zero means "not set" where the peers
// read it so (shares, quota, periods, memory sizes, weights): their callers send zeros for absent
// values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/spec.hpp"

namespace nucleus::enforce {

struct LimitWrite {
    enum class Missing : std::uint8_t { fails, is_fine };

    std::string controller;  // the key under which the controller's cgroup is found
    std::string file;
    std::string value;
    std::string pointer;  // JSON pointer of the property, for errors
    // Weights have a file for each of two I/O controllers, and a device heeds one of them
    // (io.bfq.weight, io.weight): both are written, and it is enough that one takes it.
    std::string other_file{};
    std::string other_value{};
    Missing missing = Missing::fails;  // what it means that no such file exists
    bool keeps_first_word =
        false;  // the first word of `value` is for a new cgroup: an existing one keeps its own
    bool operator==(const LimitWrite&) const = default;
};

// Each controller's limits as its v1 files and as its v2 files have them. Properties that the
// version has no means for are refused with Errc::unsupported. The translation has warned of those
// that no kernel heeds (memory.kernel, kernelTCP, useHierarchy).
struct ControllerLimits {
    std::string_view controller;     // v1 name
    std::string_view v2_controller;  // its name in cgroup.controllers; empty: there is none
    Result<std::vector<LimitWrite>> (*v1)(const spec::Resources&);
    Result<std::vector<LimitWrite>> (*v2)(const spec::Resources&);
};
// All controllers, in the order in which they are written.
const std::vector<ControllerLimits>& controller_limits();

// resources.unified: file → value, one write a line, in the order of the file names.
Result<std::vector<LimitWrite>> unified_limits(const spec::Resources& resources);

// The ranges map onto each other: 2..262144 (cpu.shares) and 10..1000 (blkio.weight) onto 1..10000.
// Shares: the curve through (2, 1), (1024, 100), (262144, 10000), so that the default of one is the
// default of the other; runc since 1.3.2 and crun since 1.23 draw the same one.
std::uint64_t cpu_weight_from_shares(std::uint64_t shares);
std::uint64_t io_weight_from_blkio(std::uint64_t weight);
// memory.swap.max has swap alone; config.json, like v1, has the sum of memory and swap. Empty:
// nothing to write.
Result<std::string> swap_max_from_memory_and_swap(std::int64_t limit, std::int64_t memory_and_swap);

Error swap_below_memory();

// The rows of controller_limits().
Result<std::vector<LimitWrite>> cpuset_v1(const spec::Resources& resources);
Result<std::vector<LimitWrite>> cpu_v1(const spec::Resources& resources);
Result<std::vector<LimitWrite>> memory_v1(const spec::Resources& resources);
Result<std::vector<LimitWrite>> pids_any(const spec::Resources& resources);
Result<std::vector<LimitWrite>> blkio_v1(const spec::Resources& resources);
Result<std::vector<LimitWrite>> hugetlb_v1(const spec::Resources& resources);
Result<std::vector<LimitWrite>> net_cls_v1(const spec::Resources& resources);
Result<std::vector<LimitWrite>> net_prio_v1(const spec::Resources& resources);
Result<std::vector<LimitWrite>> rdma_any(const spec::Resources& resources);
Result<std::vector<LimitWrite>> cpuset_v2(const spec::Resources& resources);
Result<std::vector<LimitWrite>> cpu_v2(const spec::Resources& resources);
Result<std::vector<LimitWrite>> memory_v2(const spec::Resources& resources);
Result<std::vector<LimitWrite>> io_v2(const spec::Resources& resources);
Result<std::vector<LimitWrite>> hugetlb_v2(const spec::Resources& resources);

}  // namespace nucleus::enforce
