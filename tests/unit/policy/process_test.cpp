// process: command, user, capabilities, rlimits; hooks and sysctl stand beside it.
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy;
using namespace nucleus::policy::testing;

namespace {

template <class Change>
Outcome with_process(Change change) {
    spec::Spec spec = sample_spec();
    change(*spec.process);
    return translated(spec);
}

std::string refusal_of(void (*change)(spec::Process&)) { return with_process(change).refusal(); }

constexpr std::uint64_t bit(unsigned capability) { return std::uint64_t{1} << capability; }

// linux/capability.h, written out: the index is the number.
const std::vector<std::string> kCapabilityNames{"CAP_CHOWN",
                                                "CAP_DAC_OVERRIDE",
                                                "CAP_DAC_READ_SEARCH",
                                                "CAP_FOWNER",
                                                "CAP_FSETID",
                                                "CAP_KILL",
                                                "CAP_SETGID",
                                                "CAP_SETUID",
                                                "CAP_SETPCAP",
                                                "CAP_LINUX_IMMUTABLE",
                                                "CAP_NET_BIND_SERVICE",
                                                "CAP_NET_BROADCAST",
                                                "CAP_NET_ADMIN",
                                                "CAP_NET_RAW",
                                                "CAP_IPC_LOCK",
                                                "CAP_IPC_OWNER",
                                                "CAP_SYS_MODULE",
                                                "CAP_SYS_RAWIO",
                                                "CAP_SYS_CHROOT",
                                                "CAP_SYS_PTRACE",
                                                "CAP_SYS_PACCT",
                                                "CAP_SYS_ADMIN",
                                                "CAP_SYS_BOOT",
                                                "CAP_SYS_NICE",
                                                "CAP_SYS_RESOURCE",
                                                "CAP_SYS_TIME",
                                                "CAP_SYS_TTY_CONFIG",
                                                "CAP_MKNOD",
                                                "CAP_LEASE",
                                                "CAP_AUDIT_WRITE",
                                                "CAP_AUDIT_CONTROL",
                                                "CAP_SETFCAP",
                                                "CAP_MAC_OVERRIDE",
                                                "CAP_MAC_ADMIN",
                                                "CAP_SYSLOG",
                                                "CAP_WAKE_ALARM",
                                                "CAP_BLOCK_SUSPEND",
                                                "CAP_AUDIT_READ",
                                                "CAP_PERFMON",
                                                "CAP_BPF",
                                                "CAP_CHECKPOINT_RESTORE"};

}  // namespace

BOOST_AUTO_TEST_SUITE(process)

BOOST_AUTO_TEST_CASE(carries_what_is_written) {
    const Outcome outcome = with_process([](spec::Process& process) {
        process.user = {1000, 1001, 022, {5, 6}};
        process.args = {"sh", "-c", ""};
        process.env = {"A=b", "no-equals-sign"};
        process.cwd = "/work";
        process.no_new_privileges = true;
        process.oom_score_adj = -1000;
    });
    const ProcessPolicy& process = *outcome.policy().process;
    BOOST_TEST(process.uid == 1000U);
    BOOST_TEST(process.gid == 1001U);
    BOOST_TEST(process.umask.value() == 022U);
    BOOST_TEST((process.additional_gids == std::vector<std::uint32_t>{5, 6}));
    BOOST_TEST((process.args == std::vector<std::string>{"sh", "-c", ""}));
    BOOST_TEST((process.env == std::vector<std::string>{"A=b", "no-equals-sign"}));
    BOOST_TEST(process.cwd == "/work");
    BOOST_TEST(process.no_new_privileges);
    BOOST_TEST(process.oom_score_adj.value() == -1000);
    BOOST_TEST(!process.capabilities.has_value());
}

BOOST_AUTO_TEST_CASE(console_size_counts_only_with_a_terminal) {
    const auto size_of = [](bool terminal) {
        const Outcome outcome = with_process([&](spec::Process& process) {
            process.terminal = terminal;
            process.console_size = spec::Box{24, 80};
        });
        return outcome.policy().process->console_size;
    };
    BOOST_TEST((size_of(true) == spec::Box{24, 80}));
    BOOST_TEST(!size_of(false).has_value());
}

BOOST_AUTO_TEST_CASE(a_console_is_no_larger_than_the_kernel_can_say) {
    const auto refusal = [](bool terminal, spec::Box size) {
        return with_process([&](spec::Process& process) {
                   process.terminal = terminal;
                   process.console_size = size;
               })
            .refusal();
    };
    const std::string at = "config.json /process/consoleSize/";
    BOOST_TEST(refusal(true, {65535, 65535}) == "accepted");
    BOOST_TEST(refusal(true, {65536, 80}) == at + "height: is larger than 65535");
    BOOST_TEST(refusal(true, {24, 65536}) == at + "width: is larger than 65535");
    BOOST_TEST(refusal(false, {65536, 65536}) == "accepted");
}

BOOST_AUTO_TEST_CASE(exec_refuses_ids_that_the_container_does_not_map) {
    const Outcome container = translated(sample_spec_with_user_namespace());
    spec::Process process = *sample_spec().process;
    process.user.gid = 1000;
    Warnings warnings;
    const auto refused = translate_process(process, container.policy(), warnings);
    BOOST_TEST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message() ==
               "process /user/gid: is not mapped in the container's user namespace");
}

BOOST_AUTO_TEST_CASE(refuses_a_process_without_meaning) {
    const std::string at = "config.json /process/";
    BOOST_TEST(refusal_of([](auto& process) { process.args.clear(); }) ==
               at + "args: must hold at least the program");
    BOOST_TEST(refusal_of([](auto& process) {
                   process.args = {"a", std::string("b\0c", 3)};
               }) == at + "args/1: must not hold a NUL character");
    BOOST_TEST(refusal_of([](auto& process) { process.env = {std::string("\0", 1)}; }) ==
               at + "env/0: must not hold a NUL character");
    BOOST_TEST(refusal_of([](auto& process) { process.cwd.clear(); }) == at + "cwd: is required");
    BOOST_TEST(refusal_of([](auto& process) { process.cwd = "tmp"; }) ==
               at + "cwd: must be an absolute path, is 'tmp'");
    BOOST_TEST(refusal_of([](auto& process) { process.user.uid = 4294967295U; }) ==
               at + "user/uid: 4294967295 is no id");
    BOOST_TEST(refusal_of([](auto& process) { process.user.gid = 4294967295U; }) ==
               at + "user/gid: 4294967295 is no id");
    BOOST_TEST(refusal_of([](auto& process) {
                   process.user.additional_gids = {1, 4294967295U};
               }) == at + "user/additionalGids/1: 4294967295 is no id");
    BOOST_TEST(refusal_of([](auto& process) { process.user.umask = 01000; }) ==
               at + "user/umask: is larger than 0777");
    BOOST_TEST(refusal_of([](auto& process) { process.oom_score_adj = 1001; }) ==
               at + "oomScoreAdj: is not in -1000..1000");
    BOOST_TEST(refusal_of([](auto& process) { process.oom_score_adj = -1001; }) ==
               at + "oomScoreAdj: is not in -1000..1000");
}

BOOST_AUTO_TEST_CASE(exec_translates_a_process_by_the_same_rules) {
    spec::Process process = *sample_spec().process;
    process.user.uid = 7;
    Warnings warnings;
    const auto translated_process = translate_process(process, ContainerPolicy{}, warnings);
    BOOST_TEST_REQUIRE(translated_process.has_value());
    BOOST_TEST(translated_process->uid == 7U);
    process.cwd = "tmp";
    const auto refused = translate_process(process, ContainerPolicy{}, warnings);
    BOOST_TEST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message() == "process /cwd: must be an absolute path, is 'tmp'");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(capabilities)

BOOST_AUTO_TEST_CASE(every_name_is_the_bit_of_its_number_in_every_set) {
    BOOST_TEST(kCapabilityNames.size() == 41U);
    for (unsigned number = 0; number < kCapabilityNames.size(); ++number) {
        const std::vector<std::string> set{kCapabilityNames[number]};
        const Outcome outcome = with_process([&](spec::Process& process) {
            process.capabilities = spec::Capabilities{set, set, set, set, set};
        });
        const CapabilityPolicy expected{bit(number), bit(number), bit(number), bit(number),
                                        bit(number)};
        BOOST_TEST((*outcome.policy().process->capabilities == expected), kCapabilityNames[number]);
        BOOST_TEST(outcome.warnings.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_number_has_the_name_that_config_json_has_for_it) {
    for (unsigned number = 0; number < kCapabilityNames.size(); ++number) {
        BOOST_TEST(capability_name(static_cast<int>(number)) == kCapabilityNames[number]);
    }
    BOOST_TEST(capability_name(63) == "capability 63");
}

BOOST_AUTO_TEST_CASE(sets_are_kept_apart) {
    const Outcome outcome = with_process([](spec::Process& process) {
        process.capabilities = spec::Capabilities{
            {"CAP_CHOWN", "CAP_KILL"}, {"CAP_SETUID"}, {"CAP_KILL"}, {"CAP_SETUID"}, {}};
    });
    const CapabilityPolicy expected{bit(0) | bit(5), bit(7), bit(5), bit(7), 0};
    BOOST_TEST((*outcome.policy().process->capabilities == expected));
}

BOOST_AUTO_TEST_CASE(present_but_empty_sets_mean_no_capability) {
    const Outcome outcome =
        with_process([](spec::Process& process) { process.capabilities = spec::Capabilities{}; });
    BOOST_TEST((*outcome.policy().process->capabilities == CapabilityPolicy{}));
}

BOOST_AUTO_TEST_CASE(unknown_names_warn_and_are_left_out) {
    const Outcome outcome = with_process([](spec::Process& process) {
        process.capabilities =
            spec::Capabilities{{"CAP_KILL", "CAP_BOGUS", "kill"}, {}, {}, {}, {}};
    });
    BOOST_TEST(outcome.policy().process->capabilities->bounding == bit(5));
    const std::vector<std::string> expected{
        "config.json /process/capabilities/bounding: unknown capability 'CAP_BOGUS' is left out",
        "config.json /process/capabilities/bounding: unknown capability 'kill' is left out"};
    BOOST_TEST(outcome.warnings == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_the_kernel_could_not_grant_warns_and_is_left_out) {
    const Outcome outcome = with_process([](spec::Process& process) {
        process.capabilities = spec::Capabilities{{"CAP_KILL"},
                                                  {"CAP_KILL", "CAP_CHOWN"},
                                                  {"CAP_KILL", "CAP_MKNOD"},
                                                  {"CAP_KILL", "CAP_SETUID"},
                                                  {"CAP_KILL", "CAP_SETUID"}};
    });
    const CapabilityPolicy expected{bit(5), bit(5), bit(5), bit(5) | bit(7), bit(5)};
    BOOST_TEST((*outcome.policy().process->capabilities == expected));
    const std::vector<std::string> warnings{
        "config.json /process/capabilities/effective: capability 'CAP_CHOWN' is left out: it is "
        "not "
        "permitted",
        "config.json /process/capabilities/inheritable: capability 'CAP_MKNOD' is left out: it is "
        "not in the bounding set",
        "config.json /process/capabilities/ambient: capability 'CAP_SETUID' is left out: it is not "
        "both permitted and inheritable"};
    BOOST_TEST(outcome.warnings == warnings, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rlimits)

BOOST_AUTO_TEST_CASE(every_name_is_its_resource) {
    // asm-generic/resource.h, written out.
    const struct {
        const char* name;
        std::uint32_t resource;
    } rows[] = {
        {"RLIMIT_CPU", 0},       {"RLIMIT_FSIZE", 1},  {"RLIMIT_DATA", 2},
        {"RLIMIT_STACK", 3},     {"RLIMIT_CORE", 4},   {"RLIMIT_RSS", 5},
        {"RLIMIT_NPROC", 6},     {"RLIMIT_NOFILE", 7}, {"RLIMIT_MEMLOCK", 8},
        {"RLIMIT_AS", 9},        {"RLIMIT_LOCKS", 10}, {"RLIMIT_SIGPENDING", 11},
        {"RLIMIT_MSGQUEUE", 12}, {"RLIMIT_NICE", 13},  {"RLIMIT_RTPRIO", 14},
        {"RLIMIT_RTTIME", 15},
    };
    BOOST_TEST(std::size(rows) == std::size_t{RLIM_NLIMITS});
    for (const auto& row : rows) {
        const Outcome outcome = with_process([&](spec::Process& process) {
            process.rlimits = {{row.name, 10, 20}};
        });
        const std::vector<policy::Rlimit> expected{{row.resource, row.name, 10, 20}};
        BOOST_TEST((outcome.policy().process->rlimits == expected), row.name);
    }
}

BOOST_AUTO_TEST_CASE(refuses_unknown_and_duplicate_limits_and_a_soft_one_above_the_hard_one) {
    const std::string at = "config.json /process/rlimits/";
    BOOST_TEST(refusal_of([](auto& process) {
                   process.rlimits = {{"RLIMIT_BOGUS", 1, 1}};
               }) == at + "0/type: unknown rlimit 'RLIMIT_BOGUS'");
    BOOST_TEST(refusal_of([](auto& process) {
                   process.rlimits = {{"NOFILE", 1, 1}};
               }) == at + "0/type: unknown rlimit 'NOFILE'");
    BOOST_TEST(refusal_of([](auto& process) {
                   process.rlimits = {{"RLIMIT_CPU", 1, 1}, {"RLIMIT_CPU", 1, 1}};
               }) == at + "1/type: rlimit 'RLIMIT_CPU' is listed twice");
    BOOST_TEST(refusal_of([](auto& process) {
                   process.rlimits = {{"RLIMIT_CPU", 2, 1}};
               }) == at + "0/soft: the soft limit is above the hard limit");
}

BOOST_AUTO_TEST_CASE(infinity_is_the_largest_number) {
    const Outcome outcome = with_process([](spec::Process& process) {
        process.rlimits = {{"RLIMIT_CORE", 18446744073709551615U, 18446744073709551615U}};
    });
    BOOST_TEST(outcome.policy().process->rlimits.at(0).hard == std::uint64_t{RLIM_INFINITY});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hooks)

BOOST_AUTO_TEST_CASE(hooks_keep_their_kind_and_order) {
    spec::Spec spec = sample_spec();
    const auto hook = [](const char* path) { return spec::Hook{path, {"name"}, {"A=b"}, 3}; };
    spec.hooks.prestart = {hook("/1"), hook("/2")};
    spec.hooks.create_runtime = {hook("/3")};
    spec.hooks.create_container = {hook("/4")};
    spec.hooks.start_container = {hook("/5")};
    spec.hooks.poststart = {hook("/6")};
    spec.hooks.poststop = {hook("/7")};
    const Outcome outcome = translated(spec);
    const HookSet& hooks = outcome.policy().hooks;
    BOOST_TEST((hooks.of(HookKind::prestart) == spec.hooks.prestart));
    BOOST_TEST((hooks.of(HookKind::create_runtime) == spec.hooks.create_runtime));
    BOOST_TEST((hooks.of(HookKind::create_container) == spec.hooks.create_container));
    BOOST_TEST((hooks.of(HookKind::start_container) == spec.hooks.start_container));
    BOOST_TEST((hooks.of(HookKind::poststart) == spec.hooks.poststart));
    BOOST_TEST((hooks.of(HookKind::poststop) == spec.hooks.poststop));
}

BOOST_AUTO_TEST_CASE(refuses_relative_paths_and_timeouts_that_are_no_time) {
    const auto refusal = [](spec::Hook hook) {
        spec::Spec spec = sample_spec();
        spec.hooks.poststart = {std::move(hook)};
        return translated(spec).refusal();
    };
    const std::string at = "config.json /hooks/poststart/0/";
    BOOST_TEST(refusal({"bin/hook", {}, {}, {}}) ==
               at + "path: must be an absolute path, is 'bin/hook'");
    BOOST_TEST(refusal({"/hook", {}, {}, 0}) == at + "timeout: must be greater than 0");
    BOOST_TEST(refusal({"/hook", {}, {}, -1}) == at + "timeout: must be greater than 0");
    BOOST_TEST(refusal({"/hook", {}, {}, 1}) == "accepted");
    BOOST_TEST(refusal({"/hook", {std::string("\0", 1)}, {}, {}}) ==
               at + "args/0: must not hold a NUL character");
}

BOOST_AUTO_TEST_SUITE_END()
