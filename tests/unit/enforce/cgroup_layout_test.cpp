// Recorded texts of /proc/self/mountinfo and /proc/self/cgroup, and what is seen in them.
#include "enforce/cgroup_layout.hpp"

#include <fcntl.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <map>

#include "sys/files.hpp"
#include "sys/linux_kernel.hpp"
#include "sys/mount_facts.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

namespace {

constexpr const char* kHybridMounts =
    "23 27 0:22 / /sys rw,relatime - sysfs sysfs rw\n"
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n"
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
constexpr const char* kHybridOwn =
    "9:name=systemd:/\n4:memory:/api/c8:d0\n3:cpuset:/\n2:cpuacct:/\n1:cpu:/\n0::/\n";

CgroupLayout parsed(std::string_view mounts, std::string_view own) {
    auto layout = parse_cgroups(mounts, own);
    BOOST_REQUIRE(layout);
    return *layout;
}

const CgroupHierarchy* find(const CgroupLayout& layout, const std::string& controller) {
    for (const CgroupHierarchy& hierarchy : layout.v1)
        for (const std::string& each : hierarchy.controllers)
            if (each == controller) return &hierarchy;
    return nullptr;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cgroup_layout)

BOOST_AUTO_TEST_CASE(sees_every_hierarchy_of_a_hybrid_host) {
    const CgroupLayout layout = parsed(kHybridMounts, kHybridOwn);
    BOOST_TEST(layout.v1.size() == 5U);
    BOOST_REQUIRE(find(layout, "memory"));
    BOOST_TEST(find(layout, "memory")->mount_point == "/sys/fs/cgroup/memory");
    BOOST_TEST(find(layout, "memory")->own_path == "/api/c8:d0");
    BOOST_TEST(find(layout, "cpu")->own_path == "");
    BOOST_TEST(find(layout, "name=systemd")->mount_point == "/sys/fs/cgroup/systemd");
    BOOST_REQUIRE(layout.unified.has_value());
    BOOST_TEST(layout.unified->mount_point == "/sys/fs/cgroup/unified");
    BOOST_TEST(!layout.pure_v2());
}

BOOST_AUTO_TEST_CASE(keeps_co_mounted_controllers_together) {
    const CgroupLayout layout = parsed(
        "25 20 0:22 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755\n"
        "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:12 master:3 - cgroup cgroup "
        "rw,cpu,cpuacct\n"
        "31 25 0:27 / /sys/fs/cgroup/cpuset rw shared:13 - cgroup cgroup "
        "rw,cpuset,clone_children\n",
        "4:cpuset:/\n3:cpu,cpuacct:/user.slice\n");
    BOOST_REQUIRE(layout.v1.size() == 2U);
    BOOST_TEST(!layout.unified.has_value());
    BOOST_TEST(find(layout, "cpuacct") == find(layout, "cpu"));
    BOOST_TEST(find(layout, "cpu")->own_path == "/user.slice");

    const auto views = container_cgroup_views(layout);
    BOOST_REQUIRE(views.size() == 2U);
    BOOST_TEST(views[1].directory == "cpu,cpuacct");
    BOOST_TEST(views[1].mount_options == "cpu,cpuacct");
    BOOST_TEST(views[1].controller == "cpu");
    BOOST_TEST(views[1].symlinks == (std::vector<std::string>{"cpu", "cpuacct"}),
               boost::test_tools::per_element());
    BOOST_TEST(views[0].symlinks.empty());
}

BOOST_AUTO_TEST_CASE(sees_a_pure_v2_host) {
    const CgroupLayout layout =
        parsed("29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
               "0::/user.slice/session-1.scope\n");
    BOOST_TEST(layout.pure_v2());
    BOOST_TEST(layout.unified->own_path == "/user.slice/session-1.scope");
    BOOST_TEST(container_cgroup_views(layout).empty());
}

BOOST_AUTO_TEST_CASE(counts_a_named_hierarchy_as_no_obstacle_to_pure_v2) {
    const CgroupLayout layout = parsed(
        "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        "30 23 0:27 / /run/named rw - cgroup cgroup rw,name=systemd\n",
        "1:name=systemd:/\n0::/\n");
    BOOST_TEST(layout.v1.size() == 1U);
    BOOST_TEST(layout.pure_v2());
}

BOOST_AUTO_TEST_CASE(counts_controllers_that_only_v1_has_as_no_obstacle_to_pure_v2) {
    constexpr const char* kV2 = "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    const CgroupLayout layout =
        parsed(std::string(kV2) + "30 23 0:27 / /run/net rw - cgroup none rw,net_cls,net_prio\n",
               "1:net_cls,net_prio:/\n0::/\n");
    BOOST_TEST(layout.v1.size() == 1U);
    BOOST_TEST(layout.pure_v2());
    BOOST_TEST(container_cgroup_views(layout).empty());
    BOOST_TEST(!parsed(std::string(kV2) + "30 23 0:27 / /run/rdma rw - cgroup none rw,rdma\n",
                       "1:rdma:/\n0::/\n")
                    .pure_v2());
}

BOOST_AUTO_TEST_CASE(takes_own_paths_below_a_mount_root_that_is_not_the_hierarchys) {
    // docker without a cgroup namespace: the container's subtree is what is mounted.
    const CgroupLayout layout = parsed(
        "50 49 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
        "51 49 0:31 /docker/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n"
        "52 49 0:32 /docker/abcd /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
        "3:memory:/docker/abc\n2:pids:/docker/abc/sub\n1:cpu:/docker/abc\n");
    BOOST_TEST(find(layout, "memory")->own_path == "");
    BOOST_TEST(find(layout, "pids")->own_path == "/sub");
    BOOST_TEST(find(layout, "cpu")->own_path == "");  // not below what is mounted
}

BOOST_AUTO_TEST_CASE(takes_the_mount_point_for_a_cgroup_outside_of_the_cgroup_namespace) {
    const CgroupLayout layout =
        parsed("50 49 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "0::/../other\n");
    BOOST_TEST(layout.unified->own_path == "");
}

BOOST_AUTO_TEST_CASE(prefers_the_mount_that_shows_most_of_a_hierarchy) {
    const CgroupLayout layout = parsed(
        "60 27 0:30 /kubepods/x /var/lib/x/memory rw - cgroup cgroup rw,memory\n"
        "61 27 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "62 27 0:30 / /mnt/again rw - cgroup cgroup rw,memory\n",
        "3:memory:/\n");
    BOOST_REQUIRE(layout.v1.size() == 1U);
    BOOST_TEST(layout.v1[0].mount_point == "/sys/fs/cgroup/memory");
}

BOOST_AUTO_TEST_CASE(does_not_see_what_another_mount_hides) {
    // The v2 view: the unified hierarchy bound over the directory that holds all of them.
    const CgroupLayout layout =
        parsed(std::string(kHybridMounts) +
                   "70 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n",
               kHybridOwn);
    BOOST_TEST(layout.v1.empty());
    BOOST_REQUIRE(layout.unified.has_value());
    BOOST_TEST(layout.unified->mount_point == "/sys/fs/cgroup");
    BOOST_TEST(layout.pure_v2());
}

BOOST_AUTO_TEST_CASE(does_not_see_a_mount_that_another_is_stacked_on) {
    const CgroupLayout layout = parsed(
        std::string(kHybridMounts) + "71 41 0:90 / /sys/fs/cgroup/unified rw - tmpfs none rw\n",
        kHybridOwn);
    BOOST_TEST(!layout.unified.has_value());
}

BOOST_AUTO_TEST_CASE(reads_octal_escapes_in_mount_points) {
    const CgroupLayout layout =
        parsed("50 49 0:30 / /mnt/a\\040b\\134c rw - cgroup2 cgroup rw\n", "0::/\n");
    BOOST_TEST(layout.unified->mount_point == "/mnt/a b\\c");
}

BOOST_AUTO_TEST_CASE(finds_nothing_where_nothing_is_mounted) {
    const CgroupLayout layout = parsed("27 1 254:0 / / rw - ext4 /dev/vda rw\n", kHybridOwn);
    BOOST_TEST(layout.v1.empty());
    BOOST_TEST(!layout.unified.has_value());
    BOOST_TEST(!layout.pure_v2());
}

BOOST_AUTO_TEST_CASE(shows_a_named_hierarchy_with_the_option_none) {
    const auto views = container_cgroup_views(parsed(kHybridMounts, kHybridOwn));
    BOOST_REQUIRE(views.size() == 5U);
    BOOST_TEST(views[0].directory == "systemd");
    BOOST_TEST(views[0].mount_options == "none,name=systemd");
    BOOST_TEST(views[0].controller == "name=systemd");
}

// A kernel that describes single mounts, and has these at these places.
class Described final : public sys::LinuxKernel {
public:
    struct Mount {
        std::string type, root, options;
    };
    std::map<std::string, Mount> mounts;

    int statx(int, const char* path, int, unsigned mask, struct statx& out) noexcept override {
        const auto found = mounts.find(path);
        if (found == mounts.end()) return -ENOENT;
        out.stx_mask = mask;
        out.stx_attributes = STATX_ATTR_MOUNT_ROOT;
        out.stx_mnt_id = static_cast<std::uint64_t>(std::distance(mounts.begin(), found));
        return 0;
    }
    // struct statmount: its size, the texts' offsets, the mask; the texts from byte 512 on.
    int statmount(std::uint64_t mount, std::uint64_t mask, void* buffer,
                  std::size_t size) noexcept override {
        const Mount& facts = std::next(mounts.begin(), static_cast<long>(mount))->second;
        const std::string texts =
            facts.options + '\0' + facts.type + '\0' + facts.root + std::string(1, '\0');
        if (512 + texts.size() > size) return -EOVERFLOW;
        auto* bytes = static_cast<char*>(buffer);
        const auto put = [&](std::size_t at, auto value) {
            std::memcpy(bytes + at, &value, sizeof value);
        };
        const auto type = static_cast<std::uint32_t>(facts.options.size() + 1);
        put(0, static_cast<std::uint32_t>(512 + texts.size()));
        put(4, std::uint32_t{0});
        put(8, mask);
        put(36, type);
        put(104, static_cast<std::uint32_t>(type + facts.type.size() + 1));
        std::memcpy(bytes + 512, texts.data(), texts.size());
        return 0;
    }
};

BOOST_AUTO_TEST_CASE(the_usual_layout_of_a_hybrid_host_needs_no_mountinfo) {
    Described kernel;
    for (const std::string name : {"cpu", "cpuacct", "cpuset", "memory"})
        kernel.mounts["/sys/fs/cgroup/" + name] = {"cgroup", "/", name};
    kernel.mounts["/sys/fs/cgroup/systemd"] = {"cgroup", "/", "xattr,name=systemd"};
    kernel.mounts["/sys/fs/cgroup/unified"] = {"cgroup2", "/", "nsdelegate"};
    const auto layout = usual_layout(kernel, kHybridOwn);
    BOOST_TEST_REQUIRE(layout.has_value());
    BOOST_CHECK(*layout == parsed(kHybridMounts, kHybridOwn));
    // Without the unified hierarchy at its place there is none.
    kernel.mounts.erase("/sys/fs/cgroup/unified");
    const auto without = usual_layout(kernel, kHybridOwn);
    BOOST_TEST_REQUIRE(without.has_value());
    BOOST_TEST(!without->unified.has_value());
    BOOST_CHECK(without->v1 == layout->v1);
}

BOOST_AUTO_TEST_CASE(the_usual_layout_of_a_v2_host_needs_no_mountinfo) {
    Described kernel;
    kernel.mounts["/sys/fs/cgroup"] = {"cgroup2", "/", ""};
    const auto layout = usual_layout(kernel, "0::/user.slice/a\n");
    BOOST_TEST_REQUIRE(layout.has_value());
    BOOST_TEST(layout->pure_v2());
    BOOST_TEST(layout->unified->mount_point == "/sys/fs/cgroup");
    BOOST_TEST(layout->unified->own_path == "/user.slice/a");
}

BOOST_AUTO_TEST_CASE(another_layout_is_read_from_mountinfo) {
    Described kernel;
    const Described::Mount whole{"cgroup", "/", "cpu"};
    const auto usual = [&](const Described::Mount& mount) {
        kernel.mounts["/sys/fs/cgroup/cpu"] = mount;
        return usual_layout(kernel, "1:cpu:/a\n").has_value();
    };
    BOOST_TEST(usual(whole));
    BOOST_TEST(!usual({"cgroup", "/a", "cpu"}));    // a part of the hierarchy
    BOOST_TEST(!usual({"cgroup", "/", "memory"}));  // another one
    BOOST_TEST(!usual({"tmpfs", "/", "cpu"}));
    kernel.mounts.clear();
    BOOST_TEST(!usual_layout(kernel, "1:cpu:/a\n").has_value());
    BOOST_TEST(!usual_layout(kernel, "0::/\n").has_value());
}

BOOST_AUTO_TEST_CASE(both_ways_see_the_same_of_this_machine) {
    sys::LinuxKernel kernel;
    const auto mounts = sys::read_file(kernel, AT_FDCWD, "/proc/self/mountinfo", 64U << 20);
    const auto own = sys::read_file(kernel, AT_FDCWD, "/proc/self/cgroup");
    BOOST_TEST_REQUIRE(mounts.has_value());
    BOOST_TEST_REQUIRE(own.has_value());
    const auto usual = usual_layout(kernel, *own);
    if (!usual) {
        BOOST_TEST(!sys::mount_at(kernel, "/sys/fs/cgroup/memory").has_value());
        return;
    }
    const CgroupLayout read = parsed(*mounts, *own);
    BOOST_CHECK(usual->v1 == read.v1);
    if (usual->unified) BOOST_CHECK(usual->unified == read.unified);
}

BOOST_AUTO_TEST_SUITE_END()
