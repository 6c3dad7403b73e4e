// A failed step of the init's in words. Callers read some of them (podman's and dockerd's exit
// statuses 126 and 127 come from there), so those are pinned letter by letter.
#include "launch/report_text.hpp"

#include <boost/test/unit_test.hpp>

#include <errno.h>

#include <cstring>

using namespace nucleus;
using namespace nucleus::launch;
using wire::Op;
using wire::Report;

namespace {

Report failed(int step, int errnum, const char* detail = "") {
    Report report;
    report.kind = Report::Kind::failed;
    report.step = step;
    report.errnum = errnum;
    std::strncpy(report.detail, detail, sizeof report.detail - 1);
    return report;
}

plan::LaunchPlan plan_of(plan::Step step) {
    plan::LaunchPlan plan;
    plan.steps.push_back(std::move(step));
    return plan;
}

struct Sentence {
    const char* command;
    int errnum;
    Errc code;
    const char* text;
};

constexpr Sentence kSentences[] = {
    {"sh", ENOENT, Errc::command_not_found, "exec: \"sh\": executable file not found in $PATH"},
    {"/bin/sh", ENOENT, Errc::command_not_found, "exec: \"/bin/sh\": no such file or directory"},
    {"./sh", ENOENT, Errc::command_not_found, "exec: \"./sh\": no such file or directory"},
    {"/a/b", ENOTDIR, Errc::command_not_found, "exec: \"/a/b\": not a directory"},
    {"/etc", EISDIR, Errc::command_not_executable,
     "exec: \"/etc\": is a directory: permission denied"},
    {"/etc/passwd", EACCES, Errc::command_not_executable,
     "exec: \"/etc/passwd\": permission denied"},
    {"/mnt/x", EPERM, Errc::command_not_executable, "exec: \"/mnt/x\": permission denied"},
    {"/bin/x", ENOEXEC, Errc::command_not_executable, "exec: \"/bin/x\": exec format error"},
    {"/bin/x", E2BIG, Errc::command_not_executable, "exec: \"/bin/x\": argument list too long"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(report_text)

BOOST_AUTO_TEST_CASE(says_of_a_command_what_callers_look_for) {
    for (const Sentence& sentence : kSentences) {
        for (const Op op : {Op::find_command, Op::execute}) {
            const Error error = error_of(failed(0, sentence.errnum),
                                         plan_of({.op = op, .source = sentence.command}));
            BOOST_TEST(error.message() == sentence.text);
            BOOST_CHECK(error.code() == sentence.code);
        }
    }
}

BOOST_AUTO_TEST_CASE(says_the_same_at_start_where_only_the_report_is_at_hand) {
    for (const Sentence& sentence : kSentences) {
        Report report = failed(99, sentence.errnum);
        report.op = static_cast<std::uint32_t>(Op::execute);
        const Error error = start_error_of(report, sentence.command);
        BOOST_TEST(error.message() == sentence.text);
        BOOST_CHECK(error.code() == sentence.code);
    }
    Report report = failed(99, EINVAL);
    report.op = static_cast<std::uint32_t>(Op::load_seccomp);
    BOOST_TEST(start_error_of(report, "sh").message() == "load seccomp: invalid argument");
    report.op = 9999;
    BOOST_TEST(start_error_of(report, "sh").message() == "the init reported an unknown operation");
}

BOOST_AUTO_TEST_CASE(names_the_step_and_its_object) {
    const auto text = [](plan::Step step, int errnum, const char* detail = "") {
        return error_of(failed(0, errnum, detail), plan_of(std::move(step))).message();
    };
    BOOST_TEST(text({.op = Op::mount_filesystem, .target = "/proc", .source = "proc"}, EPERM) ==
               "mount '/proc': operation not permitted");
    BOOST_TEST(text({.op = Op::set_hostname, .source = "box"}, EINVAL) ==
               "set hostname 'box': invalid argument");
    BOOST_TEST(text({.op = Op::unshare_cgroup}, ENOSPC) ==
               "unshare cgroup namespace: no space left on device");
}

BOOST_AUTO_TEST_CASE(adds_what_within_the_step_failed) {
    const auto text = [](plan::Step step, const char* detail) {
        return error_of(failed(0, EINVAL, detail), plan_of(std::move(step))).message();
    };
    BOOST_TEST(text({.op = Op::mount_filesystem, .target = "/dev"}, "tmpfs: Unknown parameter") ==
               "mount '/dev': tmpfs: Unknown parameter: invalid argument");
    // Not the same word twice.
    BOOST_TEST(text({.op = Op::bind_device, .target = "/dev/null"}, "/dev/null") ==
               "bind device '/dev/null': invalid argument");
}

BOOST_AUTO_TEST_CASE(names_the_property_and_what_the_kernel_has_not_got) {
    const auto refusal = [](plan::Step step, int errnum) {
        const Error error = error_of(failed(0, errnum), plan_of(std::move(step)));
        return std::pair(error.message(), error.code());
    };
    const plan::Step memory{.op = Op::set_memory_policy, .source = "MPOL_BIND 5"};
    BOOST_CHECK(refusal(memory, ENOSYS) ==
                std::pair(std::string("set memory policy 'MPOL_BIND 5': linux.memoryPolicy: this "
                                      "kernel has no memory policies (CONFIG_NUMA): function not "
                                      "implemented"),
                          Errc::unsupported));
    BOOST_CHECK(refusal(memory, EINVAL).second == Errc::unsupported);
    BOOST_CHECK(refusal(memory, ENOMEM).second == Errc::system);
    const plan::Step personality{.op = Op::set_personality, .source = "LINUX32"};
    BOOST_CHECK(refusal(personality, EINVAL) ==
                std::pair(std::string("set personality 'LINUX32': linux.personality: this kernel "
                                      "has no such execution domain: invalid argument"),
                          Errc::unsupported));
    for (const auto& [op, name] : {std::pair(Op::set_initial_affinity, "initial"),
                                   std::pair(Op::set_final_affinity, "final")}) {
        const auto [text, code] = refusal({.op = op, .source = "64"}, EINVAL);
        BOOST_TEST(text.find(std::string("'64': process.execCPUAffinity.") + name) !=
                   std::string::npos);
        BOOST_CHECK(code == Errc::invalid_config);
    }
}

BOOST_AUTO_TEST_CASE(keeps_the_errno_for_those_who_decide_by_it) {
    const Error error = error_of(failed(0, ENOSPC), plan_of({.op = Op::unshare_cgroup}));
    BOOST_TEST(error.errnum() == ENOSPC);
    BOOST_CHECK(error.code() == Errc::system);
    BOOST_CHECK(error_of(failed(0, EPERM), plan_of({.op = Op::new_session})).code() ==
                Errc::permission_denied);
}

BOOST_AUTO_TEST_CASE(believes_no_step_that_is_not_in_the_plan) {
    for (const int step : {-1, 1, 1000})
        BOOST_TEST(error_of(failed(step, EPERM), plan_of({.op = Op::execute})).message() ==
                   "the init reported a step that is not in the plan");
}

BOOST_AUTO_TEST_SUITE_END()
