// Hosts for the tests of the cgroup backend, on cgroup file systems in memory: one with v1
// hierarchies and a unified one beside them, one with cgroup v2 alone.
#pragma once

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

#include "enforce/cgroup.hpp"
#include "fake_cgroupfs.hpp"

namespace nucleus::enforce {

inline const FakeCgroupfs::Files kCore{{"cgroup.procs", ""}};

inline FakeCgroupfs::Files with_core(FakeCgroupfs::Files files) {
    files.insert(kCore.begin(), kCore.end());
    return files;
}

// A v1 host whose huge pages are on the unified hierarchy, as the machines of this project's tests
// have it.
struct Hybrid {
    FakeCgroupfs kernel;
    CgroupLayout layout;

    Hybrid() {
        kernel.mount("/cg/cpu,cpuacct", with_core({{"cpu.shares", "1024\n"},
                                                   {"cpu.cfs_period_us", "100000\n"},
                                                   {"cpu.cfs_quota_us", "-1\n"}}));
        kernel.mount("/cg/cpuset", with_core({{"cpuset.cpus", "\n"}, {"cpuset.mems", "\n"}}));
        kernel.contents["/cg/cpuset/cpuset.cpus"] = "0-3\n";
        kernel.contents["/cg/cpuset/cpuset.mems"] = "0\n";
        kernel.mount("/cg/memory", with_core({{"memory.limit_in_bytes", ""},
                                              {"memory.memsw.limit_in_bytes", ""},
                                              {"memory.usage_in_bytes", "4096\n"}}));
        kernel.mount("/cg/pids", with_core({{"pids.max", "max\n"}}));
        kernel.mount("/cg/devices", with_core({{"devices.allow", ""}, {"devices.deny", ""}}));
        kernel.mount("/cg/freezer", with_core({{"freezer.state", "THAWED\n"}}));
        kernel.mount("/cg/unified", with_core({{"cgroup.controllers", "\n"},
                                               {"cgroup.subtree_control", "\n"},
                                               {"cgroup.kill", ""},
                                               {"hugetlb.2MB.max", "max\n"}}));
        kernel.contents["/cg/unified/cgroup.controllers"] = "hugetlb\n";
        layout.v1 = {{"/cg/cpu,cpuacct", {"cpu", "cpuacct"}, ""},
                     {"/cg/cpuset", {"cpuset"}, ""},
                     {"/cg/memory", {"memory"}, "/own"},
                     {"/cg/pids", {"pids"}, ""},
                     {"/cg/devices", {"devices"}, ""},
                     {"/cg/freezer", {"freezer"}, ""}};
        layout.unified = CgroupHierarchy{"/cg/unified", {}, ""};
        kernel.make("/cg/memory/own");
        kernel.writes.clear();
    }

    state::CgroupRecord plan(const policy::CgroupPolicy& policy, CgroupRights rights = {}) {
        auto record = plan_cgroup(kernel, layout, policy, "c1", rights);
        BOOST_REQUIRE(record);
        return *record;
    }
    std::unique_ptr<CgroupBackend> open(const policy::CgroupPolicy& policy,
                                        CgroupRights rights = {}) {
        auto backend = open_cgroup(kernel, plan(policy, rights), rights);
        BOOST_REQUIRE(backend);
        return std::move(*backend);
    }
};

struct Pure {
    FakeCgroupfs kernel;
    CgroupLayout layout;

    explicit Pure(const std::string& own = "") {
        kernel.mount("/cg", with_core({{"cgroup.controllers", "\n"},
                                       {"cgroup.subtree_control", "\n"},
                                       {"cgroup.events", "populated 0\nfrozen 0\n"},
                                       {"cgroup.freeze", "0\n"},
                                       {"cpu.max", "max 100000\n"},
                                       {"memory.max", "max\n"},
                                       {"memory.swap.max", "max\n"},
                                       {"memory.high", "max\n"},
                                       {"io.weight", "default 100\n"},
                                       {"pids.max", "max\n"}}));
        kernel.contents["/cg/cgroup.controllers"] = "cpuset cpu io memory pids\n";
        layout.unified = CgroupHierarchy{"/cg", {}, own};
    }

    // What a write to subtree_control gives to the children, as the kernel does.
    void hand_down(const std::string& parent, const std::string& child) {
        kernel.on_write[parent + "/cgroup.subtree_control"] = [this,
                                                               child](const std::string& text) {
            std::string names = text;
            std::erase(names, '+');
            kernel.contents[child + "/cgroup.controllers"] = names + "\n";
            return 0;
        };
    }

    std::unique_ptr<CgroupBackend> open(const policy::CgroupPolicy& policy,
                                        CgroupRights rights = {}) {
        auto record = plan_cgroup(kernel, layout, policy, "c1", rights);
        BOOST_REQUIRE(record);
        auto backend = open_cgroup(kernel, *record, rights);
        BOOST_REQUIRE(backend);
        return std::move(*backend);
    }
};

inline policy::CgroupPolicy at(std::string path) {
    policy::CgroupPolicy policy;
    policy.path = std::move(path);
    return policy;
}

inline void check_ok(const Result<void>& result) {
    BOOST_TEST(result.has_value(), (result ? "" : result.error().message()));
}

inline void check_refused(const Result<void>& result, Errc code, const std::string& part) {
    BOOST_REQUIRE(!result);
    BOOST_TEST((result.error().code() == code), result.error().message());
    BOOST_TEST(result.error().message().find(part) != std::string::npos, result.error().message());
}

using Strings = std::vector<std::string>;
inline void check_writes(const FakeCgroupfs& kernel, const std::string& path,
                         const Strings& expected) {
    const Strings written = kernel.written_to(path);
    BOOST_TEST(written == expected, boost::test_tools::per_element());
}

inline Warnings warnings;

}  // namespace nucleus::enforce
