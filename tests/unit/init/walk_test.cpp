#define BOOST_TEST_MODULE init
// The walk through whole plans: what the init tells, and that no failure of any call gets it any
// further.
#include <boost/test/unit_test.hpp>

#include <errno.h>

#include <algorithm>

#include "../plan/sample.hpp"
#include "recorder.hpp"

using namespace nucleus;
using namespace nucleus::init::testing;
using nucleus::plan::testing::NamedPlan;
using nucleus::plan::testing::sample_plans;
using wire::Op;
using wire::Report;

namespace {

// Failures that the code passes over on purpose, by operation and the beginning of the call.
struct Ignorable {
    Op op;  // count_: any
    const char* call;
    const char* reason;
};

constexpr Ignorable kIgnorable[] = {
    {Op::count_, "close ", "the descriptor is gone in any case (close(2))"},
    {Op::count_, "umask ", "cannot fail (umask(2))"},
    {Op::make_link, "faccessat <cwd> '/proc/kcore'", "the host may have no such file"},
    {Op::own_stdio, "statx ", "what cannot be asked is not given away"},
    {Op::set_capabilities, "capget", "none permitted known: none is given"},
    {Op::find_command, "openat2 <root> '/etc/passwd'", "HOME is / then"},
    {Op::find_command, "openat2 <-1> '/etc/passwd'", "HOME is / then"},
    {Op::find_command, "openat2 </bundle/rootfs> '/etc/passwd'", "HOME is / then"},
    {Op::find_command, "openat2 <source 0> '/etc/passwd'", "HOME is / then"},
    {Op::find_command, "openat2 </> '/etc/passwd'", "HOME is / then"},
    {Op::find_command, "statx </etc/passwd>", "HOME is / then"},
    {Op::find_command, "read </etc/passwd>", "HOME is / then"},
    {Op::attach_rootfs, "openat <cwd> '/dev/null'", "needed by a mask of a file only"},
    {Op::end_with_runtime, "recvfrom ", "only the channel's end says that the runtime is gone"},
    {Op::find_command, "openat <cwd> '/usr/sbin/sh'", "the next directory of PATH"},
    {Op::find_command, "statx </usr/sbin/sh>", "the next directory of PATH"},
    {Op::wait_for_start, "read <signals>", "no signal has come"},
    {Op::wait_for_start, "rt_sigprocmask ", "the set and its size are constants"},
};

bool is_ignorable(Op op, const std::string& call) {
    return std::ranges::any_of(kIgnorable, [&](const Ignorable& each) {
        return (each.op == Op::count_ || each.op == op) && call.starts_with(each.call);
    });
}

// Commands are looked for along PATH: the first failure is not the last word.
bool tries_another(Op op) { return op == Op::find_command; }

struct Baseline {
    std::vector<Call> calls;
    std::vector<std::size_t> steps;  // of each call
};

int gate_of(const NamedPlan& sample) {
    const bool joins = std::ranges::any_of(
        sample.plan.steps, [](const plan::Step& step) { return step.source == "container"; });
    return joins ? -1 : Recorder::kGate;
}

Baseline baseline_of(const NamedPlan& sample) {
    Recorder recorder;
    Baseline baseline;
    const Ended ended = recorder.run(sample.plan, gate_of(sample));
    BOOST_TEST_REQUIRE(ended.executed);
    baseline.calls = recorder.calls();
    Recorder stepping;
    baseline.steps = stepping.steps_of_calls(sample.plan, gate_of(sample));
    BOOST_TEST(stepping.texts() == recorder.texts(), boost::test_tools::per_element());
    return baseline;
}

const Report* failure_in(const std::vector<Report>& reports) {
    for (const Report& report : reports)
        if (report.kind == Report::Kind::failed) return &report;
    return nullptr;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(walk)

BOOST_AUTO_TEST_CASE(every_operation_of_the_inits_side_in_a_plan_has_a_function) {
    for (const NamedPlan& sample : sample_plans()) {
        for (const plan::Step& step : sample.plan.steps) {
            const bool mine = wire::operation(step.op).side == wire::Side::init;
            BOOST_TEST((init::function_of(step.op) != nullptr) == mine,
                       wire::operation(step.op).name);
        }
    }
}

BOOST_AUTO_TEST_CASE(leads_every_plan_to_its_program) {
    for (const NamedPlan& sample : sample_plans()) {
        Recorder recorder;
        const Ended ended = recorder.run(sample.plan, gate_of(sample));
        BOOST_TEST_CONTEXT("plan " << sample.name) {
            BOOST_TEST(ended.executed);
            BOOST_TEST(recorder.calls().back().text.starts_with("execve "));
            BOOST_TEST(failure_in(recorder.reports()) == nullptr);
        }
    }
}

BOOST_AUTO_TEST_CASE(reports_the_last_of_each_run_of_the_hosts_steps) {
    for (const NamedPlan& sample : sample_plans()) {
        std::vector<std::size_t> expected;
        const auto& steps = sample.plan.steps;
        for (std::size_t i = sample.plan.unawaited; i + 1 < steps.size(); ++i)
            if (wire::operation(steps[i].op).side == wire::Side::host &&
                wire::operation(steps[i + 1].op).side == wire::Side::init)
                expected.push_back(i);
        Recorder recorder;
        recorder.run(sample.plan, gate_of(sample));
        std::vector<std::size_t> reached;
        for (const Report& report : recorder.reports())
            if (report.kind == Report::Kind::reached)
                reached.push_back(static_cast<std::size_t>(report.step));
        BOOST_TEST_CONTEXT("plan " << sample.name)
        BOOST_TEST(reached == expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(runs_past_the_hosts_steps_at_the_head_only_where_it_is_not_moved) {
    for (const NamedPlan& sample : sample_plans()) {
        const auto& steps = sample.plan.steps;
        for (std::size_t i = 0; i < sample.plan.unawaited; ++i) {
            BOOST_CHECK(wire::operation(steps[i].op).side == wire::Side::host);
            BOOST_CHECK(steps[i].op != Op::attach_cgroup);
        }
        const bool spawned = sample.plan.spawned_with.has_value();
        BOOST_TEST((sample.plan.unawaited == 0 || spawned), sample.name);
    }
}

BOOST_AUTO_TEST_CASE(opens_nothing_that_the_program_would_inherit) {
    // O_CLOEXEC and its namesakes have one value; the flags stand in the text.
    for (const NamedPlan& sample : sample_plans()) {
        Recorder recorder;
        recorder.run(sample.plan, gate_of(sample));
        for (const Call& call : recorder.calls()) {
            unsigned long flags = 0x80000;
            if (call.text.starts_with("openat2 ") || call.text.starts_with("openat "))
                flags = std::stoul(call.text.substr(call.text.rfind("' ") + 2), nullptr, 16);
            if (call.text.starts_with("open_tree "))
                flags = std::stoul(call.text.substr(call.text.rfind(' ') + 1), nullptr, 16);
            BOOST_TEST((flags & 0x80000) != 0U, call.text);
        }
    }
}

BOOST_AUTO_TEST_CASE(ends_without_a_word_when_the_host_is_gone) {
    for (const NamedPlan& sample : sample_plans()) {
        Recorder recorder;
        recorder.host_is_gone = true;
        const Ended ended = recorder.run(sample.plan, gate_of(sample));
        BOOST_TEST(!ended.executed);
        BOOST_TEST(ended.status == 1);
        if (sample.plan.unawaited == 0) BOOST_TEST(!recorder.has("pivot_root"));
        BOOST_TEST(!recorder.has("execve"));
    }
}

BOOST_AUTO_TEST_CASE(stage_one_tells_the_pid_and_leaves) {
    for (const NamedPlan& sample : sample_plans()) {
        if (sample.plan.spawned_with) continue;  // it has no stage one
        Recorder recorder;
        recorder.is_parent = true;
        const Ended ended = recorder.run(sample.plan, gate_of(sample));
        BOOST_TEST(!ended.executed);
        BOOST_TEST(ended.status == 0);
        BOOST_TEST_REQUIRE(!recorder.reports().empty());
        BOOST_CHECK(recorder.reports().back().kind == Report::Kind::cloned);
        BOOST_TEST(recorder.reports().back().pid == 4321);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fault_sweep_of_the_init)

void sweep(const NamedPlan& sample, int errnum) {
    const Baseline baseline = baseline_of(sample);
    for (std::size_t i = 0; i < baseline.calls.size(); ++i) {
        const std::size_t step = baseline.steps[i];
        const Op op = sample.plan.steps[step].op;
        const std::string& text = baseline.calls[i].text;
        Recorder recorder;
        recorder.fail_call(i + 1, -errnum);
        const Ended ended = recorder.run(sample.plan, gate_of(sample));
        BOOST_TEST_CONTEXT(sample.name << ", step " << step << " " << wire::operation(op).name
                                       << ", " << text) {
            if (is_ignorable(op, text)) continue;
            if (text.starts_with("execve ")) BOOST_TEST(recorder.calls().size() == i + 2);
            BOOST_TEST(!ended.executed);
            BOOST_TEST(ended.status == 1);
            // The channel itself failed before the wait for start: the host sees its end.
            const bool is_wait = op == Op::wait_for_start;
            if (!is_wait && (text.starts_with("sendmsg ") || text.starts_with("recvmsg ")))
                continue;
            // Created, and nobody is here whom it could tell: the next start is refused.
            if (is_wait && recorder.init().channel < 0 && gate_of(sample) >= 0) continue;
            const Report* failure = failure_in(recorder.reports());
            BOOST_TEST_REQUIRE(failure != nullptr);
            BOOST_TEST(failure->step == static_cast<int>(step));
            BOOST_TEST(failure->op == static_cast<std::uint32_t>(op));
            if (!tries_another(op)) BOOST_TEST(failure->errnum == errnum);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_failure_of_any_call_is_reported_and_ends_the_walk) {
    for (const NamedPlan& sample : sample_plans())
        for (const int errnum : {EIO, ENOMEM}) sweep(sample, errnum);
}

BOOST_AUTO_TEST_CASE(an_interrupted_call_is_made_again) {
    for (const NamedPlan& sample : sample_plans()) {
        const Baseline baseline = baseline_of(sample);
        for (std::size_t i = 0; i < baseline.calls.size(); ++i) {
            const std::string& text = baseline.calls[i].text;
            const bool resumed = std::ranges::any_of(
                std::initializer_list<const char*>{"sendmsg ", "recvmsg ", "openat2 <root",
                                                   "openat2 </bundle", "ppoll", "accept4 "},
                [&](const char* name) { return text.starts_with(name); });
            if (!resumed) continue;
            Recorder recorder;
            recorder.fail_call(i + 1, -EINTR);
            BOOST_TEST_CONTEXT(sample.name << ", " << text)
            BOOST_TEST(recorder.run(sample.plan, gate_of(sample)).executed);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
