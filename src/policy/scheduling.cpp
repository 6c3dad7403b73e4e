// When and where a process runs: process.scheduler, ioPriority and execCPUAffinity
// (config.md#linux-process). What the kernel would silently pass over is refused.
#include <linux/sched.h>

#include <algorithm>
#include <array>
#include <limits>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

struct SchedulerName {
    std::string_view name;
    std::uint32_t policy;
};

// sched(7); SCHED_ISO is a number that Linux keeps free for one.
constexpr auto kPolicies = std::to_array<SchedulerName>({
    {"SCHED_OTHER", SCHED_NORMAL},
    {"SCHED_FIFO", SCHED_FIFO},
    {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH},
    {"SCHED_ISO", 4},
    {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_DEADLINE", SCHED_DEADLINE},
});

struct SchedulerFlag {
    std::string_view name;
    std::uint64_t flag;
};

constexpr auto kFlags = std::to_array<SchedulerFlag>({
    {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
    {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
    {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
    {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
});

constexpr std::int32_t kMinimumNice = -20, kMaximumNice = 19;        // setpriority(2)
constexpr std::int32_t kMinimumPriority = 1, kMaximumPriority = 99;  // sched(7)
constexpr std::uint64_t kMinimumRuntime = 1024;  // ns, sched(7): below is below its resolution
constexpr std::uint64_t kLongest = std::numeric_limits<std::int64_t>::max();  // sched(7)
// As many as the largest kernel has (NR_CPUS).
constexpr unsigned kLargestCpu = 8191;

Result<std::uint64_t> translate_flags(const spec::Scheduler& scheduler, const Location& where) {
    constexpr std::uint64_t kOfDeadline = SCHED_FLAG_RECLAIM | SCHED_FLAG_DL_OVERRUN;
    std::uint64_t flags = 0;
    for (std::size_t index = 0; index < scheduler.flags.size(); ++index) {
        const std::string& name = scheduler.flags[index];
        const auto* row = std::ranges::find(kFlags, name, &SchedulerFlag::name);
        if (row == kFlags.end()) {
            return where.at(index).invalid("unknown scheduling flag " + quoted(name));
        }
        if ((row->flag & kOfDeadline) != 0 && scheduler.policy != "SCHED_DEADLINE") {
            return where.at(index).invalid(quoted(name) + " belongs to SCHED_DEADLINE alone");
        }
        flags |= row->flag;
    }
    return flags;
}

Result<void> check_priority(const SchedulerPolicy& wanted, const spec::Scheduler& scheduler,
                            const Location& where) {
    const std::int32_t priority = scheduler.priority.value_or(0);
    const bool real_time = wanted.policy == SCHED_FIFO || wanted.policy == SCHED_RR;
    if (!real_time && priority != 0) {
        return where.invalid("belongs to SCHED_FIFO and SCHED_RR alone");
    }
    if (real_time && (priority < kMinimumPriority || priority > kMaximumPriority)) {
        return where.invalid("is not in 1..99, which " + wanted.name + " needs");
    }
    return {};
}

// sched(7), SCHED_DEADLINE: runtime <= deadline <= period, and a period of 0 is the deadline.
Result<void> check_deadline(const SchedulerPolicy& wanted, const Location& where) {
    if (wanted.policy != SCHED_DEADLINE) {
        constexpr std::string_view why = "belongs to SCHED_DEADLINE alone";
        if (wanted.runtime != 0) return where.at("runtime").invalid(why);
        if (wanted.deadline != 0) return where.at("deadline").invalid(why);
        if (wanted.period != 0) return where.at("period").invalid(why);
        return {};
    }
    if (wanted.runtime < kMinimumRuntime) {
        return where.at("runtime").invalid("is less than 1024 ns, the least of SCHED_DEADLINE");
    }
    if (wanted.deadline > kLongest) return where.at("deadline").invalid("is larger than 2^63 - 1");
    if (wanted.period > kLongest) return where.at("period").invalid("is larger than 2^63 - 1");
    if (wanted.deadline < wanted.runtime) {
        return where.at("deadline").invalid("is less than the runtime");
    }
    if (wanted.period != 0 && wanted.period < wanted.deadline) {
        return where.at("period").invalid("is less than the deadline");
    }
    return {};
}

}  // namespace

Result<SchedulerPolicy> translate_scheduler(const spec::Scheduler& scheduler,
                                            const Location& where) {
    const auto* row = std::ranges::find(kPolicies, scheduler.policy, &SchedulerName::name);
    if (row == kPolicies.end()) {
        return where.at("policy").invalid("unknown scheduling policy " + quoted(scheduler.policy));
    }
    SchedulerPolicy wanted;
    wanted.name = scheduler.policy;
    wanted.policy = row->policy;
    wanted.nice = scheduler.nice.value_or(0);
    if (wanted.nice < kMinimumNice || wanted.nice > kMaximumNice) {
        return where.at("nice").invalid("is not in -20..19");
    }
    NUCLEUS_CHECK(check_priority(wanted, scheduler, where.at("priority")));
    wanted.priority = static_cast<std::uint32_t>(scheduler.priority.value_or(0));
    NUCLEUS_TRY(wanted.flags, translate_flags(scheduler, where.at("flags")));
    wanted.runtime = scheduler.runtime.value_or(0);
    wanted.deadline = scheduler.deadline.value_or(0);
    wanted.period = scheduler.period.value_or(0);
    NUCLEUS_CHECK(check_deadline(wanted, where));
    return wanted;
}

Result<IoPriority> translate_io_priority(const spec::IoPriority& priority, const Location& where) {
    struct ClassName {
        std::string_view name;
        std::uint32_t number;
    };
    // ioprio_set(2); linux/ioprio.h is no C++.
    constexpr unsigned kClassShift = 13;
    static constexpr auto kClasses = std::to_array<ClassName>({
        {"IOPRIO_CLASS_RT", 1},
        {"IOPRIO_CLASS_BE", 2},
        {"IOPRIO_CLASS_IDLE", 3},
    });
    const auto* row = std::ranges::find(kClasses, priority.io_class, &ClassName::name);
    if (row == kClasses.end()) {
        return where.at("class").invalid("unknown I/O scheduling class " +
                                         quoted(priority.io_class));
    }
    if (priority.priority < 0 || priority.priority > 7) {
        return where.at("priority").invalid("is not in 0..7");
    }
    return IoPriority{priority.io_class,
                      row->number << kClassShift | static_cast<std::uint32_t>(priority.priority)};
}

Result<ExecCpuAffinity> translate_affinity(const spec::ExecCpuAffinity& affinity,
                                           const Location& where) {
    ExecCpuAffinity translated;
    NUCLEUS_TRY(translated.initial,
                translate_numbers(affinity.initial, kLargestCpu, where.at("initial")));
    NUCLEUS_TRY(translated.final,
                translate_numbers(affinity.final, kLargestCpu, where.at("final")));
    return translated;
}

}  // namespace nucleus::policy
