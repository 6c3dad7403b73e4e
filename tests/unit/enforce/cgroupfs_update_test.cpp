// Limits of a cgroup that is there: all of them, or none; on cgroup file systems in memory.
#include <boost/test/unit_test.hpp>

#include "cgroup_hosts.hpp"
#include "enforce/cgroup_restore.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

namespace {

// A v1 host with all that `everything()` changes.
struct Filled : Hybrid {
    Filled() {
        for (const char* device_file : {"read_bps", "write_iops"})
            files["/cg/blkio/x/blkio.throttle." + std::string(device_file) + "_device"] =
                "8:16 99\n";
        kernel.mount("/cg/blkio", with_core({{"blkio.throttle.read_bps_device", "8:16 99\n"},
                                             {"blkio.throttle.write_iops_device", "8:16 99\n"},
                                             {"blkio.weight", "500\n"},
                                             {"blkio.bfq.weight", "100\n"}}));
        kernel.mount(
            "/cg/memory",
            with_core({{"memory.limit_in_bytes", "9223372036854771712\n"},
                       {"memory.memsw.limit_in_bytes", "9223372036854771712\n"},
                       {"memory.soft_limit_in_bytes", "7\n"},
                       {"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"},
                       {"memory.usage_in_bytes", "4096\n"}}));
        kernel.make("/cg/memory/own");
        layout.v1.push_back({"/cg/blkio", {"blkio"}, ""});
    }
    std::map<std::string, std::string> files;
};

spec::Resources everything() {
    spec::Resources resources;
    resources.memory.emplace().limit = 8192;
    resources.memory->swap = 16384;
    resources.memory->reservation = 4096;
    resources.memory->disable_oom_killer = true;
    resources.cpu.emplace().shares = 512;
    resources.cpu->quota = 5000;
    resources.cpu->period = 50000;
    resources.cpu->cpus = "0";
    resources.pids_limit = 7;
    resources.block_io.emplace().weight = 300;
    resources.block_io->throttle_read_bps = {{8, 0, 10}, {8, 16, 20}};
    resources.block_io->throttle_write_iops = {{8, 16, 30}};
    return resources;
}

// What restoring does not bring back to the letter: a text that the kernel reads as no limit of
// that device.
std::string as_kernel_reads(std::string text) {
    if (!text.empty() && text.back() == '\n') text.pop_back();
    if (text == "0" || text.starts_with("oom_kill_disable 0")) return "no OOM";
    if (text.starts_with("8:0 ")) return "8:16 99";
    return text;
}

std::map<std::string, std::string> limits_of(const FakeCgroupfs& kernel) {
    std::map<std::string, std::string> limits;
    for (const auto& [path, content] : kernel.contents)
        if (path.find("/x/") != std::string::npos) limits[path] = as_kernel_reads(content);
    return limits;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cgroupfs_update)

BOOST_AUTO_TEST_CASE(every_write_that_is_refused_leaves_the_limits_as_they_were) {
    const std::size_t count = [] {
        Filled host;
        const auto backend = host.open(at("/x"));
        check_ok(backend->create(at("/x"), warnings));
        host.kernel.writes.clear();
        base::Cleanup undo;
        check_ok(backend->update(everything(), undo));
        undo.release();
        return host.kernel.writes.size();
    }();
    BOOST_TEST(count > 10U);
    for (std::size_t refused = 0; refused < count; ++refused) {
        BOOST_TEST_CONTEXT("write " << refused) {
            Filled host;
            const auto backend = host.open(at("/x"));
            check_ok(backend->create(at("/x"), warnings));
            const auto before = limits_of(host.kernel);
            host.kernel.writes.clear();
            for (const auto& [path, content] : host.kernel.contents)
                if (path.find("/x/") != std::string::npos)
                    host.kernel.on_write[path] = [&](const std::string&) {
                        return host.kernel.writes.size() == refused ? -EPERM : 0;
                    };
            base::Cleanup undo;
            const auto updated = backend->update(everything(), undo);
            // A weight has two files, and is set where one takes it.
            if (!updated) {
                BOOST_TEST(updated.error().message().starts_with("/linux/resources/"));
                host.kernel.on_write.clear();
                check_ok(undo.run());
                BOOST_TEST((limits_of(host.kernel) == before));
            }
            undo.release();
        }
    }
}

BOOST_AUTO_TEST_CASE(the_first_of_two_writes_to_one_file_is_what_comes_back) {
    Filled host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    base::Cleanup undo;
    check_ok(backend->update(everything(), undo));
    host.kernel.writes.clear();
    check_ok(undo.run());
    check_writes(host.kernel, "/cg/blkio/x/blkio.throttle.read_bps_device", {"8:16 99", "8:0 0"});
    check_writes(host.kernel, "/cg/memory/x/memory.oom_control", {"0"});
    check_writes(host.kernel, "/cg/cpu,cpuacct/x/cpu.cfs_quota_us", {"-1"});
    check_writes(host.kernel, "/cg/blkio/x/blkio.bfq.weight", {"100"});
    BOOST_TEST(host.kernel.writes.front().first.find("blkio") != std::string::npos,
               "the last is undone first");
}

BOOST_AUTO_TEST_CASE(limits_are_put_back_in_the_order_that_the_kernel_takes) {
    Hybrid host;
    auto policy = at("/x");
    policy.resources.memory.emplace().limit = 1000;
    policy.resources.memory->swap = 2000;
    const auto backend = host.open(policy);
    check_ok(backend->create(policy, warnings));
    check_ok(backend->apply(policy, {}, warnings));
    const std::string memory = "/cg/memory/x/memory.limit_in_bytes";
    const std::string sum = "/cg/memory/x/memory.memsw.limit_in_bytes";
    host.kernel.on_write[memory] = [&](const std::string& text) {
        return std::stol(text) > std::stol(host.kernel.contents[sum]) ? -EINVAL : 0;
    };
    host.kernel.on_write[sum] = [&](const std::string& text) {
        return std::stol(text) < std::stol(host.kernel.contents[memory]) ? -EINVAL : 0;
    };
    base::Cleanup undo;
    spec::Resources change;
    change.memory.emplace().limit = 5000;
    change.memory->swap = 6000;
    check_ok(backend->update(change, undo));
    check_ok(undo.run());
    BOOST_TEST(host.kernel.contents[memory] == "1000\n");
    BOOST_TEST(host.kernel.contents[sum] == "2000\n");
}

BOOST_AUTO_TEST_CASE(the_shares_that_idleness_takes_are_given_back_on_both_versions) {
    Pure host;
    host.kernel.mount("/cg", with_core({{"cgroup.controllers", "cpu\n"},
                                        {"cgroup.subtree_control", "\n"},
                                        {"cgroup.events", "populated 0\nfrozen 0\n"},
                                        {"cpu.idle", "0\n"},
                                        {"cpu.weight", "79\n"},
                                        {"pids.max", "max\n"}}));
    const auto backend = host.open(at("/x"));
    host.hand_down("/cg", "/cg/x");
    check_ok(backend->create(at("/x"), warnings));
    base::Cleanup undo;
    spec::Resources change;
    change.cpu.emplace().idle = 1;
    check_ok(backend->update(change, undo));
    host.kernel.contents["/cg/x/cpu.weight"] = "0\n";
    check_ok(undo.run());
    BOOST_TEST(host.kernel.contents["/cg/x/cpu.idle"] == "0\n");
    BOOST_TEST(host.kernel.contents["/cg/x/cpu.weight"] == "79\n");
}

BOOST_AUTO_TEST_CASE(nothing_is_read_or_written_for_what_has_no_place) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    host.kernel.writes.clear();
    spec::Resources change;
    change.pids_limit = 3;
    change.network.emplace().class_id = 1;
    base::Cleanup undo;
    check_refused(backend->update(change, undo), Errc::unsupported,
                  "/linux/resources/network/classID: no net_cls controller here");
    BOOST_TEST(host.kernel.writes.empty());
}

BOOST_AUTO_TEST_CASE(a_line_of_a_device_is_found_among_others_or_taken_away) {
    struct Row {
        const char *file, *before, *written, *restoring;
    };
    const Row rows[] = {
        {"pids.max", "max\n", "5", "max"},
        {"cpu.max", "max 100000\n", "max 50000", "max 100000"},
        {"cpuset.cpus", "\n", "0-1", "\n"},
        {"memory.oom_control", "oom_kill_disable 1\nunder_oom 0\n", "0", "1"},
        {"io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n8:16 rbps=2 wbps=3\n", "8:16 rbps=9",
         "8:16 rbps=2 wbps=3"},
        {"io.max", "", "8:0 rbps=9", "8:0 rbps=max wbps=max riops=max wiops=max"},
        {"io.weight", "default 100\n8:0 200\n", "300", "default 100"},
        {"io.weight", "default 100\n8:0 200\n", "8:0 300", "8:0 200"},
        {"io.bfq.weight", "100\n", "8:0 300", "8:0 default"},
        {"blkio.weight_device", "", "8:0 300", "8:0 0"},
        {"rdma.max", "mlx5_0 hca_handle=2 hca_object=max\n", "mlx5_0 hca_handle=7",
         "mlx5_0 hca_handle=2 hca_object=max"},
        {"rdma.max", "", "mlx5_0 hca_handle=7", "mlx5_0 hca_handle=max hca_object=max"},
        {"net_prio.ifpriomap", "lo 0\neth0 3\n", "eth0 5", "eth0 3"},
    };
    for (const Row& row : rows)
        BOOST_TEST(restoring_value(row.file, row.before, row.written) == row.restoring,
                   row.file << " " << row.written);
}

BOOST_AUTO_TEST_SUITE_END()
