// When, where and how a process runs: scheduler, ioPriority, execCPUAffinity, memoryPolicy,
// personality.
#include <boost/test/unit_test.hpp>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy;
using namespace nucleus::policy::testing;

namespace {

ProcessPolicy process_with(const spec::Scheduler& scheduler) {
    spec::Spec spec = sample_spec();
    spec.process->scheduler = scheduler;
    return *translated(spec).policy().process;
}

std::string refusal(const spec::Scheduler& scheduler) {
    spec::Spec spec = sample_spec();
    spec.process->scheduler = scheduler;
    return translated(spec).refusal();
}

std::string refusal(const spec::IoPriority& priority) {
    spec::Spec spec = sample_spec();
    spec.process->io_priority = priority;
    return translated(spec).refusal();
}

Outcome with_affinity(std::string initial, std::string final) {
    spec::Spec spec = sample_spec();
    spec.process->exec_cpu_affinity = {std::move(initial), std::move(final)};
    return translated(spec);
}

NumberSet initial_of(std::string list) {
    return with_affinity(std::move(list), "").policy().process->exec_cpu_affinity->initial;
}

Outcome with_memory(const spec::MemoryPolicy& memory) {
    spec::Spec spec = sample_spec();
    spec.linux_->memory_policy = memory;
    return translated(spec);
}

Outcome with_personality(const spec::Personality& personality) {
    spec::Spec spec = sample_spec();
    spec.linux_->personality = personality;
    return translated(spec);
}

const std::string kScheduler = "config.json /process/scheduler/";
const std::string kMemory = "config.json /linux/memoryPolicy/";

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduler)

BOOST_AUTO_TEST_CASE(every_policy_is_the_kernels_number) {
    // linux/sched.h, written out.
    const struct {
        const char* name;
        std::uint32_t number;
    } rows[] = {{"SCHED_OTHER", 0}, {"SCHED_BATCH", 3}, {"SCHED_ISO", 4}, {"SCHED_IDLE", 5}};
    for (const auto& row : rows) {
        const SchedulerPolicy expected{row.name, row.number, 0, 0, 0, 0, 0, 0};
        BOOST_TEST((*process_with({.policy = row.name}).scheduler == expected), row.name);
    }
    for (const auto& [name, number] : {std::pair{"SCHED_FIFO", 1U}, std::pair{"SCHED_RR", 2U}}) {
        const SchedulerPolicy expected{name, number, 0, 0, 99, 0, 0, 0};
        BOOST_TEST((*process_with({.policy = name, .priority = 99}).scheduler == expected), name);
    }
}

BOOST_AUTO_TEST_CASE(every_flag_is_the_kernels_bit) {
    const char* const names[] = {"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",
                                 "SCHED_FLAG_DL_OVERRUN",    "SCHED_FLAG_KEEP_POLICY",
                                 "SCHED_FLAG_KEEP_PARAMS",   "SCHED_FLAG_UTIL_CLAMP_MIN",
                                 "SCHED_FLAG_UTIL_CLAMP_MAX"};
    spec::Scheduler all{.policy = "SCHED_DEADLINE", .runtime = 1024, .deadline = 1024};
    std::uint64_t bits = 0;
    for (const char* name : names) {
        all.flags.emplace_back(name);
        bits = bits << 1 | 1;
        BOOST_TEST(process_with(all).scheduler->flags == bits, name);
    }
}

BOOST_AUTO_TEST_CASE(a_deadline_carries_its_three_times_and_a_nice_value) {
    const spec::Scheduler written{.policy = "SCHED_DEADLINE",
                                  .nice = -20,
                                  .flags = {"SCHED_FLAG_RECLAIM"},
                                  .runtime = 10,
                                  .deadline = 20,
                                  .period = 30};
    spec::Scheduler longer = written;
    longer.runtime = 1'000'000;
    longer.deadline = 2'000'000;
    longer.period = 3'000'000;
    const SchedulerPolicy expected{"SCHED_DEADLINE", 6, 2, -20, 0, 1'000'000, 2'000'000, 3'000'000};
    BOOST_TEST((*process_with(longer).scheduler == expected));
    BOOST_TEST(refusal(written) ==
               kScheduler + "runtime: is less than 1024 ns, the least of SCHED_DEADLINE");
}

BOOST_AUTO_TEST_CASE(what_no_kernel_would_take_is_refused) {
    BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_BOGUS"}) ==
               kScheduler + "policy: unknown scheduling policy 'SCHED_BOGUS'");
    BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_OTHER", .nice = 20}) ==
               kScheduler + "nice: is not in -20..19");
    BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_OTHER", .nice = -21}) ==
               kScheduler + "nice: is not in -20..19");
    const std::string range = kScheduler + "priority: is not in 1..99, which SCHED_FIFO needs";
    BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_FIFO"}) == range);
    BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_FIFO", .priority = 100}) == range);
    BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_OTHER", .flags = {"SCHED_FLAG_BOGUS"}}) ==
               kScheduler + "flags/0: unknown scheduling flag 'SCHED_FLAG_BOGUS'");
    spec::Scheduler deadline{.policy = "SCHED_DEADLINE", .runtime = 2048, .deadline = 2047};
    BOOST_TEST(refusal(deadline) == kScheduler + "deadline: is less than the runtime");
    deadline.deadline = 4096;
    deadline.period = 4095;
    BOOST_TEST(refusal(deadline) == kScheduler + "period: is less than the deadline");
    deadline.period = std::uint64_t{1} << 63;
    BOOST_TEST(refusal(deadline) == kScheduler + "period: is larger than 2^63 - 1");
    deadline.deadline = std::uint64_t{1} << 63;
    BOOST_TEST(refusal(deadline) == kScheduler + "deadline: is larger than 2^63 - 1");
}

BOOST_AUTO_TEST_CASE(what_the_policy_would_pass_over_is_refused) {
    const std::string alone = "belongs to SCHED_DEADLINE alone";
    BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_OTHER", .priority = 1}) ==
               kScheduler + "priority: belongs to SCHED_FIFO and SCHED_RR alone");
    BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_BATCH", .runtime = 1}) ==
               kScheduler + "runtime: " + alone);
    BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_BATCH", .deadline = 1}) ==
               kScheduler + "deadline: " + alone);
    BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_BATCH", .period = 1}) ==
               kScheduler + "period: " + alone);
    for (const char* flag : {"SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"})
        BOOST_TEST(refusal(spec::Scheduler{.policy = "SCHED_IDLE", .flags = {flag}}) ==
                   kScheduler + "flags/0: '" + flag + "' " + alone);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(io_priority)

BOOST_AUTO_TEST_CASE(class_and_level_make_one_value) {
    spec::Spec spec = sample_spec();
    const auto value = [&](const char* name, int level) {
        spec.process->io_priority = spec::IoPriority{name, level};
        const auto outcome = translated(spec);
        BOOST_TEST(outcome.policy().process->io_priority->io_class == name);
        return outcome.policy().process->io_priority->value;
    };
    BOOST_TEST(value("IOPRIO_CLASS_RT", 0) == 1U << 13);
    BOOST_TEST(value("IOPRIO_CLASS_BE", 7) == (2U << 13 | 7));
    BOOST_TEST(value("IOPRIO_CLASS_IDLE", 4) == (3U << 13 | 4));
}

BOOST_AUTO_TEST_CASE(unknown_classes_and_levels_are_refused) {
    const std::string at = "config.json /process/ioPriority/";
    BOOST_TEST(refusal(spec::IoPriority{"IOPRIO_CLASS_NONE", 0}) ==
               at + "class: unknown I/O scheduling class 'IOPRIO_CLASS_NONE'");
    BOOST_TEST(refusal(spec::IoPriority{"IOPRIO_CLASS_BE", 8}) == at + "priority: is not in 0..7");
    BOOST_TEST(refusal(spec::IoPriority{"IOPRIO_CLASS_BE", -1}) == at + "priority: is not in 0..7");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(numbers)

BOOST_AUTO_TEST_CASE(a_list_becomes_bits) {
    const struct {
        const char* list;
        std::vector<std::uint64_t> mask;
        const char* text;
    } rows[] = {
        {"", {}, ""},
        {" ", {}, ""},
        {",", {}, ""},
        {"0", {1}, "0"},
        {"0-3,7", {0x8f}, "0-3,7"},
        {" 7 , 0 - 3,", {0x8f}, "0-3,7"},
        {"1,0,1-1", {3}, "0-1"},
        {"63,64", {std::uint64_t{1} << 63, 1}, "63-64"},
        {"128", {0, 0, 1}, "128"},
        {"8191", std::vector<std::uint64_t>(127), "8191"},
    };
    for (auto row : rows) {
        if (row.mask.size() == 127) row.mask.push_back(std::uint64_t{1} << 63);
        const NumberSet set = initial_of(row.list);
        BOOST_TEST(set.mask == row.mask, row.list);
        BOOST_TEST(set.text == row.text);
    }
}

BOOST_AUTO_TEST_CASE(initial_and_final_are_kept_apart) {
    const Outcome outcome = with_affinity("0", "1-2");
    BOOST_TEST(outcome.policy().process->exec_cpu_affinity->initial.text == "0");
    BOOST_TEST(outcome.policy().process->exec_cpu_affinity->final.text == "1-2");
}

BOOST_AUTO_TEST_CASE(what_is_no_list_is_refused) {
    const std::string at = "config.json /process/execCPUAffinity/";
    const std::string list = " is no number: expected a list such as '0-3,7'";
    BOOST_TEST(with_affinity("x", "").refusal() == at + "initial: 'x'" + list);
    BOOST_TEST(with_affinity("", "0-").refusal() == at + "final: ''" + list);
    BOOST_TEST(with_affinity("-1", "").refusal() == at + "initial: ''" + list);
    BOOST_TEST(with_affinity("0-1-2", "").refusal() == at + "initial: '1-2'" + list);
    BOOST_TEST(with_affinity("0 1", "").refusal() == at + "initial: '0 1'" + list);
    BOOST_TEST(with_affinity("0;1", "").refusal() == at + "initial: '0;1'" + list);
    BOOST_TEST(with_affinity("+1", "").refusal() == at + "initial: '+1'" + list);
    BOOST_TEST(with_affinity("3-1", "").refusal() ==
               at + "initial: the range '3-1' runs backwards");
    BOOST_TEST(with_affinity("8192", "").refusal() == at + "initial: '8192' is larger than 8191");
    BOOST_TEST(with_affinity("99999999999999999999", "").refusal() ==
               at + "initial: '99999999999999999999' is larger than 8191");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(memory_policy)

BOOST_AUTO_TEST_CASE(every_mode_and_flag_is_the_kernels_number) {
    const struct {
        const char* name;
        std::uint32_t number;
        const char* nodes;
    } rows[] = {
        {"MPOL_DEFAULT", 0, ""},         {"MPOL_PREFERRED", 1, ""},
        {"MPOL_PREFERRED", 1, "3"},      {"MPOL_BIND", 2, "0-1"},
        {"MPOL_INTERLEAVE", 3, "1,0"},   {"MPOL_LOCAL", 4, ""},
        {"MPOL_PREFERRED_MANY", 5, "0"}, {"MPOL_WEIGHTED_INTERLEAVE", 6, "0"},
    };
    for (const auto& row : rows) {
        const Outcome outcome = with_memory({row.name, row.nodes, {}});
        const MemoryPolicy& memory = *outcome.policy().process->memory_policy;
        BOOST_TEST(memory.name == row.name);
        BOOST_TEST(memory.mode == row.number, row.name);
    }
    const auto mode = [](const char* flag) {
        return with_memory({"MPOL_BIND", "0-1", {flag}}).policy().process->memory_policy->mode;
    };
    BOOST_TEST(mode("MPOL_F_NUMA_BALANCING") == (2U | 1U << 13));
    BOOST_TEST(mode("MPOL_F_RELATIVE_NODES") == (2U | 1U << 14));
    BOOST_TEST(mode("MPOL_F_STATIC_NODES") == (2U | 1U << 15));
    BOOST_TEST(with_memory({"MPOL_BIND", "0-1", {}}).policy().process->memory_policy->nodes.mask ==
                   std::vector<std::uint64_t>{3},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_has_no_meaning_is_refused) {
    const auto refused = [](spec::MemoryPolicy memory) { return with_memory(memory).refusal(); };
    BOOST_TEST(refused({"MPOL_BOGUS", "0", {}}) ==
               kMemory + "mode: unknown memory policy mode 'MPOL_BOGUS'");
    for (const char* mode :
         {"MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED_MANY"})
        BOOST_TEST(refused({mode, "", {}}) ==
                   kMemory + "nodes: " + mode + " needs at least one node");
    for (const char* mode : {"MPOL_DEFAULT", "MPOL_LOCAL"})
        BOOST_TEST(refused({mode, "0", {}}) == kMemory + "nodes: " + mode + " takes no nodes");
    BOOST_TEST(refused({"MPOL_BIND", "1024", {}}) == kMemory + "nodes: '1024' is larger than 1023");
    BOOST_TEST(refused({"MPOL_BIND", "0", {"MPOL_F_BOGUS"}}) ==
               kMemory + "flags/0: unknown memory policy flag 'MPOL_F_BOGUS'");
    BOOST_TEST(refused({"MPOL_BIND", "0", {"MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"}}) ==
               kMemory +
                   "flags/1: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
    BOOST_TEST(refused({"MPOL_PREFERRED", "", {"MPOL_F_STATIC_NODES"}}) ==
               kMemory + "flags/0: 'MPOL_F_STATIC_NODES' says how nodes are read: there are none");
    BOOST_TEST(refused({"MPOL_DEFAULT", "", {"MPOL_F_NUMA_BALANCING"}}) ==
               kMemory +
                   "flags/0: 'MPOL_F_NUMA_BALANCING' belongs to MPOL_BIND and "
                   "MPOL_PREFERRED_MANY alone");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(personality)

BOOST_AUTO_TEST_CASE(a_domain_and_flags_make_one_value) {
    const auto of = [](spec::Personality personality) {
        return *with_personality(personality).policy().process->personality;
    };
    BOOST_TEST((of({"LINUX", {}}) == Personality{"LINUX", 0}));
    BOOST_TEST((of({"LINUX32", {}}) == Personality{"LINUX32", 8}));
    const Personality both{"LINUX32|ADDR_NO_RANDOMIZE|WHOLE_SECONDS", 0x2040008};
    BOOST_TEST((of({"LINUX32", {"ADDR_NO_RANDOMIZE", "WHOLE_SECONDS"}}) == both));
    // personality(2): one bit each, in this order.
    std::uint32_t bit = 0x20000;
    for (const char* flag : {"UNAME26", "ADDR_NO_RANDOMIZE", "FDPIC_FUNCPTRS", "MMAP_PAGE_ZERO",
                             "ADDR_COMPAT_LAYOUT", "READ_IMPLIES_EXEC", "ADDR_LIMIT_32BIT",
                             "SHORT_INODE", "WHOLE_SECONDS", "STICKY_TIMEOUTS", "ADDR_LIMIT_3GB"}) {
        BOOST_TEST(of({"LINUX", {flag}}).value == bit, flag);
        bit <<= 1;
    }
}

BOOST_AUTO_TEST_CASE(other_names_are_refused) {
    const std::string at = "config.json /linux/personality/";
    BOOST_TEST(with_personality({"linux", {}}).refusal() ==
               at + "domain: unknown execution domain 'linux'");
    BOOST_TEST(with_personality({"", {}}).refusal() == at + "domain: unknown execution domain ''");
    BOOST_TEST(with_personality({"LINUX", {"ADDR_NO_RANDOMIZE", "BOGUS"}}).refusal() ==
               at + "flags/1: unknown personality flag 'BOGUS'");
}

BOOST_AUTO_TEST_CASE(an_executed_process_gets_the_containers_memory_policy_and_personality) {
    spec::Spec spec = sample_spec();
    spec.linux_->personality = spec::Personality{"LINUX32", {}};
    spec.linux_->memory_policy = spec::MemoryPolicy{"MPOL_LOCAL", "", {}};
    const Outcome outcome = translated(spec);
    Warnings warnings;
    const auto process = translate_process(*spec.process, outcome.policy(), warnings);
    BOOST_TEST_REQUIRE(process.has_value());
    BOOST_TEST((process->personality == outcome.policy().process->personality));
    BOOST_TEST((process->memory_policy == outcome.policy().process->memory_policy));
}

BOOST_AUTO_TEST_SUITE_END()
