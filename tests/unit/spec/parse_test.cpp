// Every property that the reader knows arrives where it belongs.
#define BOOST_TEST_MODULE spec
#include "spec/parse.hpp"

#include <boost/test/unit_test.hpp>

#include "documents.hpp"
#include "spec/resources_text.hpp"

using namespace nucleus::spec;
using nucleus::spec::test::kFullConfig;

namespace {

Spec full() {
    auto spec = parse(kFullConfig);
    if (!spec) BOOST_FAIL(spec.error().message());
    return std::move(*spec);
}

using Strings = std::vector<std::string>;

// For values without operator<<.
#define CHECK_SAME(a, b) BOOST_CHECK((a) == (b))

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_full_config)

BOOST_AUTO_TEST_CASE(reads_the_top_level) {
    const Spec spec = full();
    BOOST_TEST(spec.oci_version == "1.2.1+dev");
    CHECK_SAME(spec.root, (Root{"rootfs", true}));
    BOOST_TEST(spec.hostname == "host");
    BOOST_TEST(spec.domainname == "domain");
    CHECK_SAME(spec.annotations, (Annotations{{"com.example.key", "value"}, {"empty", ""}}));
}

BOOST_AUTO_TEST_CASE(reads_mounts_in_order) {
    const Spec spec = full();
    BOOST_TEST_REQUIRE(spec.mounts.size() == 2U);
    CHECK_SAME(spec.mounts[0], (Mount{"/proc", "proc", "proc", {}, {}, {}}));
    CHECK_SAME(spec.mounts[1], (Mount{"/data",
                                      "none",
                                      "/srv/data",
                                      {"rbind", "ro", "idmap"},
                                      {{1, 2, 3}},
                                      {{4, 5, 4294967295}}}));
}

BOOST_AUTO_TEST_CASE(reads_the_process) {
    const Spec spec = full();
    BOOST_TEST_REQUIRE(spec.process.has_value());
    const Process& process = *spec.process;
    BOOST_TEST(process.terminal);
    CHECK_SAME(process.console_size, (Box{25, 80}));
    CHECK_SAME(process.user, (User{1000, 1001, 18, {5, 6}}));
    CHECK_SAME(process.args, (Strings{"sh", "-c", "exit 3"}));
    CHECK_SAME(process.env, (Strings{"PATH=/bin", "EMPTY="}));
    BOOST_TEST(process.cwd == "/root");
    CHECK_SAME(process.capabilities, (Capabilities{{"CAP_CHOWN", "CAP_KILL"},
                                                   {"CAP_KILL"},
                                                   {"CAP_CHOWN"},
                                                   {"CAP_KILL", "CAP_CHOWN"},
                                                   {"CAP_NONSENSE"}}));
    CHECK_SAME(process.rlimits,
               (std::vector<Rlimit>{{"RLIMIT_NOFILE", 1024, 18446744073709551615U}}));
    BOOST_TEST(process.no_new_privileges);
    BOOST_TEST(process.apparmor_profile == "profile");
    BOOST_TEST(process.selinux_label == "a:b:c:d");
    CHECK_SAME(process.oom_score_adj, -17);
    CHECK_SAME(
        process.scheduler,
        (Scheduler{"SCHED_DEADLINE", -5, 7, {"SCHED_FLAG_RECLAIM"}, 10000000, 20000000, 30000000}));
    CHECK_SAME(process.io_priority, (IoPriority{"IOPRIO_CLASS_BE", 4}));
    CHECK_SAME(process.exec_cpu_affinity, (ExecCpuAffinity{"7", "0-3,7"}));
}

BOOST_AUTO_TEST_CASE(reads_the_six_kinds_of_hooks) {
    const Hooks hooks = full().hooks;
    CHECK_SAME(hooks.prestart, (std::vector<Hook>{{"/1", {"1", "a"}, {"K=V"}, 5}}));
    CHECK_SAME(hooks.create_runtime, (std::vector<Hook>{{"/2", {}, {}, {}}}));
    CHECK_SAME(hooks.create_container, (std::vector<Hook>{{"/3", {}, {}, {}}}));
    CHECK_SAME(hooks.start_container, (std::vector<Hook>{{"/4", {}, {}, {}}}));
    CHECK_SAME(hooks.poststart, (std::vector<Hook>{{"/5", {}, {}, {}}}));
    CHECK_SAME(hooks.poststop, (std::vector<Hook>{{"/6", {}, {}, {}}, {"/7", {}, {}, {}}}));
}

BOOST_AUTO_TEST_CASE(reads_the_linux_section) {
    const Spec spec = full();
    BOOST_TEST_REQUIRE(spec.linux_.has_value());
    const Linux& section = *spec.linux_;
    CHECK_SAME(section.namespaces,
               (std::vector<Namespace>{{"pid", ""}, {"network", "/run/netns/a"}}));
    CHECK_SAME(section.uid_mappings, (std::vector<IdMapping>{{0, 100000, 65536}}));
    CHECK_SAME(section.gid_mappings, (std::vector<IdMapping>{{0, 200000, 65536}}));
    CHECK_SAME(section.time_offsets,
               (std::map<std::string, TimeOffset>{{"monotonic", {-172800, 999999999}},
                                                  {"boottime", {1, 0}}}));
    CHECK_SAME(section.devices, (std::vector<Device>{{"c", "/dev/fuse", 10, 229, 438, 1, 2},
                                                     {"p", "/dev/fifo", 0, 0, {}, {}, {}}}));
    CHECK_SAME(section.net_devices,
               (std::map<std::string, NetDevice>{{"eth0", {"c0"}}, {"eth1", {""}}}));
    BOOST_TEST(section.cgroups_path == "/top/leaf");
    CHECK_SAME(section.intel_rdt,
               (IntelRdt{"group", "L3:0=7f0;1=1f", "MB:0=20;1=70", {"L2:0=f", "MB:0=20"}, true}));
    CHECK_SAME(section.memory_policy,
               (MemoryPolicy{"MPOL_INTERLEAVE", "2-3", {"MPOL_F_STATIC_NODES"}}));
    CHECK_SAME(section.sysctl, (std::map<std::string, std::string>{
                                   {"net.ipv4.ip_forward", "1"}, {"kernel.shm_rmid_forced", "0"}}));
    BOOST_TEST(section.rootfs_propagation == "slave");
    CHECK_SAME(section.masked_paths, (Strings{"/proc/kcore", "/proc/keys"}));
    CHECK_SAME(section.readonly_paths, (Strings{"/proc/bus"}));
    BOOST_TEST(section.mount_label == "e:f:g:h");
    CHECK_SAME(section.personality, (Personality{"LINUX32", {"NONE"}}));
}

BOOST_AUTO_TEST_CASE(reads_the_resources) {
    const Spec spec = full();
    BOOST_TEST_REQUIRE(spec.linux_.has_value());
    BOOST_TEST_REQUIRE(spec.linux_->resources.has_value());
    const Resources& resources = *spec.linux_->resources;
    CHECK_SAME(resources.devices,
               (std::vector<DeviceRule>{{false, "", {}, {}, "rwm"}, {true, "c", 10, 229, "rw"}}));
    CHECK_SAME(resources.memory, (Memory{536870912, 268435456, -1, -1, 1, 60, true, false, true}));
    CHECK_SAME(resources.cpu, (Cpu{1024, 1000, 500000, 1000000, 1000000, 950000, 1, "2-3", "0-7"}));
    CHECK_SAME(resources.pids_limit, 32771);
    CHECK_SAME(resources.block_io, (BlockIo{10,
                                            11,
                                            {{8, 0, 500, 300}, {8, 16, 500, {}}},
                                            {{8, 1, 600}},
                                            {{8, 2, 601}},
                                            {{8, 3, 602}},
                                            {{8, 4, 603}}}));
    CHECK_SAME(resources.hugepage_limits,
               (std::vector<HugepageLimit>{{"2MB", 9223372036854772000U}}));
    CHECK_SAME(resources.network, (NetworkClass{1048577, {{"eth0", 500}, {"eth1", 1000}}}));
    CHECK_SAME(resources.rdma,
               (std::map<std::string, Rdma>{{"mlx5_1", {3, 10000}}, {"rxe3", {{}, 1}}}));
    CHECK_SAME(resources.unified,
               (std::map<std::string, std::string>{{"memory.high", "1073741824"},
                                                   {"io.max", "259:0 rbps=2097152"}}));
}

BOOST_AUTO_TEST_CASE(reads_the_seccomp_profile) {
    const Spec spec = full();
    BOOST_TEST_REQUIRE(spec.linux_.has_value());
    BOOST_TEST_REQUIRE(spec.linux_->seccomp.has_value());
    const Seccomp& seccomp = *spec.linux_->seccomp;
    BOOST_TEST(seccomp.default_action == "SCMP_ACT_ERRNO");
    CHECK_SAME(seccomp.default_errno_ret, 38U);
    CHECK_SAME(seccomp.architectures, (Strings{"SCMP_ARCH_X86_64", "SCMP_ARCH_X32"}));
    CHECK_SAME(seccomp.flags, (Strings{"SECCOMP_FILTER_FLAG_LOG"}));
    BOOST_TEST(seccomp.listener_path == "/run/agent.sock");
    BOOST_TEST(seccomp.listener_metadata == "opaque");
    CHECK_SAME(seccomp.syscalls,
               (std::vector<SeccompRule>{{{"getcwd", "chmod"},
                                          "SCMP_ACT_ERRNO",
                                          1,
                                          {{1, 18446744073709551615U, 2, "SCMP_CMP_MASKED_EQ"}}},
                                         {{"read"}, "SCMP_ACT_ALLOW", {}, {}}}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parse_absence)

BOOST_AUTO_TEST_CASE(gives_absent_properties_their_defaults) {
    const auto spec = parse(test::config_with(""));
    BOOST_TEST_REQUIRE(spec.has_value());
    Spec expected;
    expected.oci_version = "1.3.0";
    expected.root = Root{"rootfs", false};
    CHECK_SAME(*spec, expected);
}

BOOST_AUTO_TEST_CASE(takes_null_for_an_absent_optional_property) {
    const auto spec =
        parse(test::config_with(R"(,"mounts":null,"process":null,"hostname":null,)"
                                R"("hooks":null,"annotations":null,"linux":null,"vm":null)"));
    BOOST_TEST_REQUIRE(spec.has_value());
    CHECK_SAME(*spec, *parse(test::config_with("")));
    const auto limits = parse(test::config_with_linux(
        R"("resources":{"memory":{"limit":null,"disableOOMKiller":null},"pids":null})"));
    BOOST_TEST_REQUIRE(limits.has_value());
    CHECK_SAME(limits->linux_->resources->memory, Memory{});
    BOOST_TEST(!limits->linux_->resources->pids_limit.has_value());
}

BOOST_AUTO_TEST_CASE(keeps_a_zero_apart_from_an_absent_number) {
    const auto spec =
        parse(test::config_with_linux(R"("resources":{"memory":{"limit":0},"pids":{"limit":0}})"));
    BOOST_TEST_REQUIRE(spec.has_value());
    CHECK_SAME(spec->linux_->resources->memory->limit, 0);
    CHECK_SAME(spec->linux_->resources->pids_limit, 0);
    BOOST_TEST(!spec->linux_->resources->memory->swap.has_value());
    BOOST_TEST(!spec->linux_->resources->cpu.has_value());
}

BOOST_AUTO_TEST_CASE(reads_a_process_without_user_as_root) {
    const auto spec = parse(test::config_with_process(""));
    BOOST_TEST_REQUIRE(spec.has_value());
    CHECK_SAME(spec->process->user, User{});
}

BOOST_AUTO_TEST_CASE(ignores_unknown_properties_and_other_platforms) {
    const auto spec =
        parse(test::config_with(R"(,"x":[{"y":1.5e3}],"windows":{"layerFolders":7},"solaris":1,)"
                                R"("vm":[],"zos":"","freebsd":{})"));
    BOOST_TEST_REQUIRE(spec.has_value());
    CHECK_SAME(*spec, *parse(test::config_with("")));
}

BOOST_AUTO_TEST_CASE(decodes_escapes_and_keeps_utf8) {
    const auto spec = parse(test::config_with(R"(,"hostname":"a\u00e9\ud83d\ude00é\n\"\/")"));
    BOOST_TEST_REQUIRE(spec.has_value());
    BOOST_TEST(spec->hostname == "a\xc3\xa9\xf0\x9f\x98\x80\xc3\xa9\n\"/");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(parse_parts)

BOOST_AUTO_TEST_CASE(reads_the_process_document_of_exec) {
    const auto process = parse_process(R"({"args":["id"],"cwd":"/","user":{"uid":1,"gid":2}})");
    BOOST_TEST_REQUIRE(process.has_value());
    CHECK_SAME(process->user, (User{1, 2, {}, {}}));
    BOOST_TEST(parse_process(R"({"cwd":"/","args":[3]})").error().message() ==
               "process.json /args/0: expected a string, found a number");
}

BOOST_AUTO_TEST_CASE(reads_resources_as_they_are_written_out) {
    const Resources resources = *full().linux_->resources;
    BOOST_TEST_REQUIRE(!resources.rdma.empty());
    nucleus::base::JsonWriter json;
    write(json, resources);
    const auto again = parse_resources(json.text());
    BOOST_TEST_REQUIRE(again.has_value());
    CHECK_SAME(*again, resources);
    nucleus::base::JsonWriter nothing;
    write(nothing, Resources{});
    BOOST_TEST(nothing.text() == "{}");
}

BOOST_AUTO_TEST_CASE(reads_the_resources_document_of_update) {
    const auto resources = parse_resources(R"({"memory":{"limit":-1}})");
    BOOST_TEST_REQUIRE(resources.has_value());
    CHECK_SAME(resources->memory->limit, -1);
    BOOST_TEST(parse_resources(R"({"memory":{"limit":"1"}})").error().message() ==
               "resources.json /memory/limit: expected an integer from -9223372036854775808 to "
               "9223372036854775807, found a string");
}

BOOST_AUTO_TEST_SUITE_END()
