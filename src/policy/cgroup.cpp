// linux.cgroupsPath and linux.resources (config-linux.md#control-groups): ranges are checked here,
// so that a backend can write what it is given; values are kept as written, since what they become
// depends on the hierarchy's version.
#include <linux/mount.h>

#include <algorithm>
#include <array>
#include <string>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

constexpr std::int64_t kUnlimited = -1;
constexpr std::uint16_t kMinimumWeight = 10;  // blkio.weight; 0 is what callers write for "not set"
constexpr std::uint16_t kMaximumWeight = 1000;
constexpr std::uint64_t kMaximumSwappiness = 100;
constexpr std::string_view kDigits = "0123456789";

Result<void> check_path(std::string_view path, const Location& where) {
    NUCLEUS_CHECK(where.without_nul(path));
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        if (path.substr(begin, end - begin) == "..") {
            return where.invalid("must not leave the hierarchy by '..', is " + quoted(path));
        }
        begin = end + 1;
    }
    return {};
}

Result<void> check_limit(const std::optional<std::int64_t>& limit, const Location& where) {
    if (limit && *limit < kUnlimited) return where.invalid("must be a limit, or -1 for unlimited");
    return {};
}

Result<void> check_memory(const spec::Memory& memory, const Location& where, Warnings& warnings) {
    NUCLEUS_CHECK(check_limit(memory.limit, where.at("limit")));
    NUCLEUS_CHECK(check_limit(memory.reservation, where.at("reservation")));
    NUCLEUS_CHECK(check_limit(memory.swap, where.at("swap")));
    if (memory.swappiness && *memory.swappiness > kMaximumSwappiness) {
        return where.at("swappiness").invalid("is not in 0..100");
    }
    // NOT RECOMMENDED by the specification; the kernel has taken no kernel limit since 5.16.
    constexpr std::string_view ignored = "is obsolete and ignored";
    if (memory.kernel) warnings.push_back(where.at("kernel").text(ignored));
    if (memory.kernel_tcp) warnings.push_back(where.at("kernelTCP").text(ignored));
    // Since Linux 5.11 every hierarchy accounts hierarchically: only the wish for less cannot be
    // met.
    if (memory.use_hierarchy && !*memory.use_hierarchy) {
        warnings.push_back(where.at("useHierarchy").text("false is obsolete and ignored"));
    }
    return {};
}

// config-linux.md#cpu: a burst "MUST be no larger than any positive `quota`".
Result<void> check_burst(const spec::Cpu& cpu, const Location& where) {
    const std::int64_t quota = cpu.quota.value_or(0);
    if (!cpu.burst || quota <= 0 || *cpu.burst <= static_cast<std::uint64_t>(quota)) return {};
    return where.at("burst").invalid("is larger than the quota");
}

// cpuset(7), "List format".
Result<void> check_cpu_list(std::string_view list, const Location& where) {
    if (list.find_first_not_of("0123456789,- \n") == std::string_view::npos) return {};
    return where.invalid("is no list of numbers: " + quoted(list));
}

Result<void> check_weight(const std::optional<std::uint16_t>& weight, const Location& where) {
    if (!weight || *weight == 0) return {};
    if (*weight >= kMinimumWeight && *weight <= kMaximumWeight) return {};
    return where.invalid("weight " + std::to_string(*weight) + " is not in 10..1000");
}

template <class Device>
Result<void> check_block_devices(const std::vector<Device>& devices, const Location& where) {
    constexpr std::int64_t kMaximumMajor = (1 << 12) - 1;
    constexpr std::int64_t kMaximumMinor = (1 << 20) - 1;
    for (std::size_t index = 0; index < devices.size(); ++index) {
        const Device& device = devices[index];
        if (device.major < 0 || device.major > kMaximumMajor) {
            return where.at(index).at("major").invalid("is no device number");
        }
        if (device.minor < 0 || device.minor > kMaximumMinor) {
            return where.at(index).at("minor").invalid("is no device number");
        }
    }
    return {};
}

Result<void> check_block_io(const spec::BlockIo& block_io, const Location& where) {
    NUCLEUS_CHECK(check_weight(block_io.weight, where.at("weight")));
    NUCLEUS_CHECK(check_weight(block_io.leaf_weight, where.at("leafWeight")));
    const Location weights = where.at("weightDevice");
    NUCLEUS_CHECK(check_block_devices(block_io.weight_device, weights));
    for (std::size_t index = 0; index < block_io.weight_device.size(); ++index) {
        const spec::WeightDevice& device = block_io.weight_device[index];
        if (!device.weight && !device.leaf_weight) {
            return weights.at(index).invalid("needs weight or leafWeight");
        }
        NUCLEUS_CHECK(check_weight(device.weight, weights.at(index).at("weight")));
        NUCLEUS_CHECK(check_weight(device.leaf_weight, weights.at(index).at("leafWeight")));
    }
    NUCLEUS_CHECK(
        check_block_devices(block_io.throttle_read_bps, where.at("throttleReadBpsDevice")));
    NUCLEUS_CHECK(
        check_block_devices(block_io.throttle_write_bps, where.at("throttleWriteBpsDevice")));
    NUCLEUS_CHECK(
        check_block_devices(block_io.throttle_read_iops, where.at("throttleReadIOPSDevice")));
    return check_block_devices(block_io.throttle_write_iops, where.at("throttleWriteIOPSDevice"));
}

// config-linux.md#huge-page-limits: `^[1-9][0-9]*[KMG]B$`. It becomes part of a file's name.
bool is_page_size(std::string_view text) {
    if (!text.ends_with('B') || text.size() < 3) return false;
    text.remove_suffix(1);
    if (std::string_view("KMG").find(text.back()) == std::string_view::npos) return false;
    text.remove_suffix(1);
    return text.front() != '0' && text.find_first_not_of(kDigits) == std::string_view::npos;
}

Result<void> check_hugepages(const std::vector<spec::HugepageLimit>& limits,
                             const Location& where) {
    for (std::size_t index = 0; index < limits.size(); ++index) {
        const std::string& size = limits[index].page_size;
        if (!is_page_size(size)) {
            return where.at(index).at("pageSize").invalid("is no page size: " + quoted(size));
        }
    }
    return {};
}

// Names that become a word of a line in a cgroup file.
Result<void> check_word(std::string_view name, std::string_view what, const Location& where) {
    NUCLEUS_CHECK(where.without_nul(name));
    if (!name.empty() && name.find_first_of(" \t\n") == std::string_view::npos) return {};
    return where.invalid("is no name of " + std::string(what) + ": " + quoted(name));
}

Result<void> check_network(const spec::NetworkClass& network, const Location& where) {
    const Location priorities = where.at("priorities");
    for (std::size_t index = 0; index < network.priorities.size(); ++index)
        NUCLEUS_CHECK(check_word(network.priorities[index].name, "an interface",
                                 priorities.at(index).at("name")));
    return {};
}

Result<void> check_rdma(const std::map<std::string, spec::Rdma>& limits, const Location& where) {
    for (const auto& [device, limit] : limits)
        NUCLEUS_CHECK(check_word(device, "an RDMA device", where.at(device)));
    return {};
}

// Files that move, stop or end processes hold no configuration: the runtime's own would be the
// ones.
bool acts_on_processes(std::string_view file) {
    constexpr std::array kFiles{"cgroup.procs", "cgroup.threads", "cgroup.freeze", "cgroup.kill"};
    return std::ranges::find(kFiles, file) != kFiles.end();
}

// config-linux.md#unified: a key is the name of a file in the container's cgroup, and nothing else.
Result<void> check_unified(const std::map<std::string, std::string>& unified,
                           const Location& where) {
    for (const auto& [name, value] : unified) {
        if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
            return where.at(name).invalid("is no name of a file of a cgroup");
        }
        if (acts_on_processes(name)) {
            return where.at(name).invalid("acts on processes, and is no setting of a cgroup");
        }
        NUCLEUS_CHECK(where.at(name).without_nul(name));
        NUCLEUS_CHECK(where.at(name).without_nul(value));
    }
    return {};
}

}  // namespace

Result<void> check_resources(const spec::Resources& resources, const Location& where,
                             Warnings& warnings) {
    if (resources.memory) {
        NUCLEUS_CHECK(check_memory(*resources.memory, where.at("memory"), warnings));
    }
    if (resources.cpu) {
        const Location cpu = where.at("cpu");
        NUCLEUS_CHECK(check_cpu_list(resources.cpu->cpus, cpu.at("cpus")));
        NUCLEUS_CHECK(check_cpu_list(resources.cpu->mems, cpu.at("mems")));
        NUCLEUS_CHECK(check_burst(*resources.cpu, cpu));
    }
    NUCLEUS_CHECK(check_limit(resources.pids_limit, where.at("pids").at("limit")));
    if (resources.block_io) {
        NUCLEUS_CHECK(check_block_io(*resources.block_io, where.at("blockIO")));
    }
    NUCLEUS_CHECK(check_hugepages(resources.hugepage_limits, where.at("hugepageLimits")));
    if (resources.network) NUCLEUS_CHECK(check_network(*resources.network, where.at("network")));
    NUCLEUS_CHECK(check_rdma(resources.rdma, where.at("rdma")));
    return check_unified(resources.unified, where.at("unified"));
}

Result<CgroupPolicy> translate_cgroup(const spec::Linux& section, const Location& where,
                                      Warnings& warnings) {
    CgroupPolicy policy;
    NUCLEUS_CHECK(check_path(section.cgroups_path, where.at("cgroupsPath")));
    policy.path = section.cgroups_path;
    if (!section.resources) return policy;

    NUCLEUS_CHECK(check_resources(*section.resources, where.at("resources"), warnings));
    policy.resources = *section.resources;
    policy.resources.devices.clear();  // they are DevicePolicy's
    return policy;
}

// config-linux.md#cgroup-ownership: "if and only if the cgroup filesystem is to be mounted
// read/write", and not "unless it will also create a new cgroup namespace". The ids of a user
// namespace that is joined are not ours to know, unless config.json says them too (then they are
// held against the namespace's own).
std::optional<std::uint32_t> cgroup_owner(const ContainerPolicy& policy) {
    if (!policy.process || !policy.namespaces.creates(NamespaceKind::cgroup)) return {};
    const auto writable = [](const MountPolicy& mount) {
        return mount.kind == MountPolicy::Kind::cgroup && mount.source == "cgroup" &&
               mount.destination == "/sys/fs/cgroup" &&
               ((mount.attributes_set | mount.recursive_set) & MOUNT_ATTR_RDONLY) == 0;
    };
    if (std::ranges::none_of(policy.rootfs.mounts, writable)) return {};
    if (policy.user_namespace) return policy.user_namespace->host_uid(policy.process->uid);
    if (policy.joined_user_namespace)
        return policy.joined_user_namespace->host_uid(policy.process->uid);
    if (policy.namespaces.joins(NamespaceKind::user)) return {};
    return policy.process->uid;
}

}  // namespace nucleus::policy
