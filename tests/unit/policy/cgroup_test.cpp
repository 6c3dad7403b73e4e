// linux.cgroupsPath and linux.resources.
#include <boost/test/unit_test.hpp>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy::testing;

namespace {

template <class Change>
Outcome with_resources(Change change) {
    spec::Spec spec = sample_spec();
    spec.linux_->resources = spec::Resources{};
    change(*spec.linux_->resources);
    return translated(spec);
}

const std::string kAt = "config.json /linux/resources/";

}  // namespace

BOOST_AUTO_TEST_SUITE(cgroup)

BOOST_AUTO_TEST_CASE(limits_are_kept_as_written_without_the_device_rules) {
    spec::Resources written;
    written.memory = spec::Memory{};
    written.memory->limit = 1 << 20;
    written.memory->swap = -1;
    written.cpu = spec::Cpu{};
    written.cpu->shares = 512;
    written.cpu->cpus = "0-1,3";
    written.pids_limit = 0;
    written.block_io = spec::BlockIo{};
    written.block_io->weight = 10;
    written.block_io->throttle_read_bps = {{8, 0, 600}};
    written.hugepage_limits = {{"2MB", 9}};
    written.unified = {{"memory.high", "1M"}};
    const Outcome outcome = with_resources([&](spec::Resources& resources) {
        resources = written;
        resources.devices = {{false, "a", {}, {}, "rwm"}};
    });
    BOOST_TEST((outcome.policy().cgroup.resources == written));
    BOOST_TEST(outcome.warnings.empty());
}

BOOST_AUTO_TEST_CASE(the_path_may_be_absolute_relative_or_systemds_but_not_leave_the_hierarchy) {
    const auto outcome_of = [](std::string path) {
        spec::Spec spec = sample_spec();
        spec.linux_->cgroups_path = std::move(path);
        return translated(spec);
    };
    for (const char* path : {"", "/a", "a/b", "/a/..b/c..", "user.slice:crio:id", "a//b/"}) {
        BOOST_TEST(outcome_of(path).policy().cgroup.path == path);
    }
    for (const std::string path : {"..", "/..", "/a/../b", "a/..", "../a"}) {
        BOOST_TEST(outcome_of(path).refusal() ==
                   "config.json /linux/cgroupsPath: must not leave the hierarchy by '..', is '" +
                       path + "'");
    }
}

BOOST_AUTO_TEST_CASE(obsolete_memory_limits_warn) {
    const Outcome outcome = with_resources([](spec::Resources& resources) {
        resources.memory = spec::Memory{};
        resources.memory->kernel = 1;
        resources.memory->kernel_tcp = 1;
        resources.memory->use_hierarchy = false;
    });
    BOOST_TEST(outcome.refusal() == "accepted");
    const std::vector<std::string> expected{
        kAt + "memory/kernel: is obsolete and ignored",
        kAt + "memory/kernelTCP: is obsolete and ignored",
        kAt + "memory/useHierarchy: false is obsolete and ignored"};
    BOOST_TEST(outcome.warnings == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refuses_numbers_out_of_range) {
    const auto memory = [](auto member, auto value) {
        return with_resources([&](spec::Resources& resources) {
                   resources.memory = spec::Memory{};
                   (*resources.memory).*member = value;
               })
            .refusal();
    };
    const std::string limit = ": must be a limit, or -1 for unlimited";
    BOOST_TEST(memory(&spec::Memory::limit, -2) == kAt + "memory/limit" + limit);
    BOOST_TEST(memory(&spec::Memory::reservation, -2) == kAt + "memory/reservation" + limit);
    BOOST_TEST(memory(&spec::Memory::swap, -2) == kAt + "memory/swap" + limit);
    BOOST_TEST(memory(&spec::Memory::limit, -1) == "accepted");
    BOOST_TEST(memory(&spec::Memory::swappiness, 101U) ==
               kAt + "memory/swappiness: is not in 0..100");
    BOOST_TEST(memory(&spec::Memory::swappiness, 100U) == "accepted");
    BOOST_TEST(with_resources([](auto& resources) { resources.pids_limit = -2; }).refusal() ==
               kAt + "pids/limit" + limit);
    BOOST_TEST(with_resources([](auto& resources) {
                   resources.cpu = spec::Cpu{};
                   resources.cpu->cpus = "0-1;2";
               }).refusal() == kAt + "cpu/cpus: is no list of numbers: '0-1;2'");
    BOOST_TEST(with_resources([](auto& resources) {
                   resources.cpu = spec::Cpu{};
                   resources.cpu->mems = "all";
               }).refusal() == kAt + "cpu/mems: is no list of numbers: 'all'");
}

BOOST_AUTO_TEST_CASE(refuses_block_io_without_meaning) {
    const auto refusal = [](void (*change)(spec::BlockIo&)) {
        return with_resources([&](spec::Resources& resources) {
                   resources.block_io = spec::BlockIo{};
                   change(*resources.block_io);
               })
            .refusal();
    };
    BOOST_TEST(refusal([](auto& io) { io.weight = 9; }) ==
               kAt + "blockIO/weight: weight 9 is not in 10..1000");
    BOOST_TEST(refusal([](auto& io) { io.leaf_weight = 1001; }) ==
               kAt + "blockIO/leafWeight: weight 1001 is not in 10..1000");
    BOOST_TEST(refusal([](auto& io) { io.weight = 0; }) == "accepted");
    BOOST_TEST(refusal([](auto& io) {
                   io.weight_device = {{8, 0, {}, {}}};
               }) == kAt + "blockIO/weightDevice/0: needs weight or leafWeight");
    BOOST_TEST(refusal([](auto& io) {
                   io.weight_device = {{8, 0, 5, {}}};
               }) == kAt + "blockIO/weightDevice/0/weight: weight 5 is not in 10..1000");
    BOOST_TEST(refusal([](auto& io) {
                   io.weight_device = {{-1, 0, 50, {}}};
               }) == kAt + "blockIO/weightDevice/0/major: is no device number");
    BOOST_TEST(refusal([](auto& io) {
                   io.throttle_read_bps = {{4096, 0, 1}};
               }) == kAt + "blockIO/throttleReadBpsDevice/0/major: is no device number");
    BOOST_TEST(refusal([](auto& io) {
                   io.throttle_write_bps = {{8, -1, 1}};
               }) == kAt + "blockIO/throttleWriteBpsDevice/0/minor: is no device number");
    BOOST_TEST(refusal([](auto& io) {
                   io.throttle_read_iops = {{8, 1048576, 1}};
               }) == kAt + "blockIO/throttleReadIOPSDevice/0/minor: is no device number");
    BOOST_TEST(refusal([](auto& io) {
                   io.throttle_write_iops = {{8, 0, 1}, {-1, 0, 1}};
               }) == kAt + "blockIO/throttleWriteIOPSDevice/1/major: is no device number");
}

BOOST_AUTO_TEST_CASE(page_sizes_become_file_names_and_are_checked) {
    const auto refusal = [](std::string size) {
        return with_resources([&](spec::Resources& resources) {
                   resources.hugepage_limits = {{size, 1}};
               })
            .refusal();
    };
    for (const char* size : {"2MB", "1GB", "64KB", "16384KB"})
        BOOST_TEST(refusal(size) == "accepted");
    for (const std::string size : {"", "MB", "2M", "2mb", "02MB", "2 MB", "2TB", "../2MB", "2B"}) {
        BOOST_TEST(refusal(size) ==
                   kAt + "hugepageLimits/0/pageSize: is no page size: '" + size + "'");
    }
}

BOOST_AUTO_TEST_CASE(unified_keys_are_names_of_files_in_the_cgroup) {
    const auto refusal = [](std::string name) {
        return with_resources([&](spec::Resources& resources) {
                   resources.unified = {{name, "1"}};
               })
            .refusal();
    };
    BOOST_TEST(refusal("io.max") == "accepted");
    for (const char* name : {"", ".", ".."}) {
        BOOST_TEST(refusal(name) == kAt + "unified/" + name + ": is no name of a file of a cgroup");
    }
    BOOST_TEST(refusal("../cgroup.procs") ==
               kAt + "unified/..~1cgroup.procs: is no name of a file of a cgroup");
}

BOOST_AUTO_TEST_CASE(refuses_unified_files_that_act_on_processes) {
    for (const std::string name :
         {"cgroup.procs", "cgroup.threads", "cgroup.freeze", "cgroup.kill"}) {
        BOOST_TEST(with_resources([&](auto& resources) {
                       resources.unified = {{name, "1"}};
                   }).refusal() ==
                   kAt + "unified/" + name + ": acts on processes, and is no setting of a cgroup");
    }
}

BOOST_AUTO_TEST_CASE(refuses_a_burst_beyond_the_quota) {
    const auto refusal = [](std::optional<std::int64_t> quota, std::uint64_t burst) {
        return with_resources([&](spec::Resources& resources) {
                   resources.cpu = spec::Cpu{};
                   resources.cpu->quota = quota;
                   resources.cpu->burst = burst;
               })
            .refusal();
    };
    BOOST_TEST(refusal(1000, 1001) == kAt + "cpu/burst: is larger than the quota");
    BOOST_TEST(refusal(1000, 1000) == "accepted");
    BOOST_TEST(refusal(-1, 1001) == "accepted");
    BOOST_TEST(refusal({}, 1001) == "accepted");
}

BOOST_AUTO_TEST_CASE(names_that_become_words_of_a_file_are_checked) {
    for (const std::string name : {"", "a b", "a\n1:0"}) {
        BOOST_TEST(with_resources([&](auto& resources) {
                       resources.rdma[name].hca_handles = 1;
                   }).refusal() ==
                   kAt + "rdma/" + name + ": is no name of an RDMA device: '" + name + "'");
        BOOST_TEST(with_resources([&](auto& resources) {
                       resources.network.emplace().priorities = {{name, 1}};
                   }).refusal() ==
                   kAt + "network/priorities/0/name: is no name of an interface: '" + name + "'");
    }
}

BOOST_AUTO_TEST_CASE(gives_a_writable_cgroup_to_the_processs_user) {
    const auto owner = [](spec::Spec spec, spec::Mount mount) {
        spec.mounts.push_back(mount);
        spec.process->user.uid = 7;
        return translated(spec).policy().cgroup.owner;
    };
    const spec::Mount writable{"/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid"}, {}, {}};
    BOOST_TEST((owner(sample_spec(), writable) == 7U));
    BOOST_TEST((owner(sample_spec_with_user_namespace(), writable) == 100007U));
    spec::Mount changed = writable;
    changed.options = {"ro"};
    BOOST_TEST(!owner(sample_spec(), changed));
    changed = writable;
    changed.destination = "/cgroup";
    BOOST_TEST(!owner(sample_spec(), changed));
    changed = writable;
    changed.source = "cgroup2";
    BOOST_TEST(!owner(sample_spec(), changed));
    spec::Spec without = sample_spec();
    std::erase_if(without.linux_->namespaces, [](const auto& n) { return n.type == "cgroup"; });
    BOOST_TEST(!owner(without, writable));
    BOOST_TEST(!translated(sample_spec()).policy().cgroup.owner);
}

BOOST_AUTO_TEST_CASE(an_empty_network_class_asks_for_nothing) {
    const Outcome outcome = with_resources(
        [](spec::Resources& resources) { resources.network = spec::NetworkClass{}; });
    BOOST_TEST(outcome.refusal() == "accepted");
}

BOOST_AUTO_TEST_SUITE_END()
