// linux.seccomp: words to values.
#include <linux/seccomp.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy;
using namespace nucleus::policy::testing;
using Kind = SeccompAction::Kind;
using Op = policy::SeccompArg::Op;

namespace {

template <class Change>
Outcome with_seccomp(Change change) {
    spec::Spec spec = sample_spec();
    spec.linux_->seccomp = spec::Seccomp{};
    spec.linux_->seccomp->default_action = "SCMP_ACT_ALLOW";
    change(*spec.linux_->seccomp);
    return translated(spec);
}

std::string refusal_of(void (*change)(spec::Seccomp&)) { return with_seccomp(change).refusal(); }

const std::string kAt = "config.json /linux/seccomp/";

}  // namespace

BOOST_AUTO_TEST_SUITE(seccomp)

BOOST_AUTO_TEST_CASE(every_action_has_its_kind_and_errno_defaults_to_eperm) {
    const struct {
        const char* name;
        SeccompAction action;
    } rows[] = {
        {"SCMP_ACT_KILL", {Kind::kill_thread, 0}},
        {"SCMP_ACT_KILL_THREAD", {Kind::kill_thread, 0}},
        {"SCMP_ACT_KILL_PROCESS", {Kind::kill_process, 0}},
        {"SCMP_ACT_TRAP", {Kind::trap, 0}},
        {"SCMP_ACT_ERRNO", {Kind::error, EPERM}},
        {"SCMP_ACT_TRACE", {Kind::trace, EPERM}},
        {"SCMP_ACT_LOG", {Kind::log, 0}},
        {"SCMP_ACT_ALLOW", {Kind::allow, 0}},
    };
    for (const auto& row : rows) {
        const Outcome outcome = with_seccomp([&](spec::Seccomp& seccomp) {
            seccomp.default_action = row.name;
            seccomp.syscalls = {{{"read"}, row.name, {}, {}}};
        });
        BOOST_TEST((outcome.policy().seccomp->default_action == row.action), row.name);
        BOOST_TEST((outcome.policy().seccomp->rules.at(0).action == row.action), row.name);
    }
}

BOOST_AUTO_TEST_CASE(errno_is_taken_where_the_action_has_one) {
    const Outcome outcome = with_seccomp([](spec::Seccomp& seccomp) {
        seccomp.default_action = "SCMP_ACT_ERRNO";
        seccomp.default_errno_ret = ENOSYS;
        seccomp.syscalls = {{{"read"}, "SCMP_ACT_TRACE", 65535, {}}};
    });
    BOOST_TEST(outcome.policy().seccomp->default_action.value == ENOSYS);
    BOOST_TEST(outcome.policy().seccomp->rules.at(0).action.value == 65535);
}

BOOST_AUTO_TEST_CASE(rules_keep_names_arguments_and_order) {
    const Outcome outcome = with_seccomp([](spec::Seccomp& seccomp) {
        seccomp.syscalls = {{{"read", "write"}, "SCMP_ACT_LOG", {}, {}},
                            {{"personality"},
                             "SCMP_ACT_ERRNO",
                             {},
                             {{0, 8, 0, "SCMP_CMP_EQ"}, {1, 5, 6, "SCMP_CMP_MASKED_EQ"}}}};
    });
    const auto& rules = outcome.policy().seccomp->rules;
    BOOST_TEST(rules.size() == 2U);
    BOOST_TEST((rules[0].syscalls == std::vector<std::string>{"read", "write"}));
    const std::vector<policy::SeccompArg> expected{{0, Op::eq, 8, 0}, {1, Op::masked_eq, 5, 6}};
    BOOST_TEST((rules[1].args == expected));
}

BOOST_AUTO_TEST_CASE(every_operator_has_its_value) {
    const struct {
        const char* name;
        Op op;
    } rows[] = {{"SCMP_CMP_NE", Op::ne},
                {"SCMP_CMP_LT", Op::lt},
                {"SCMP_CMP_LE", Op::le},
                {"SCMP_CMP_EQ", Op::eq},
                {"SCMP_CMP_GE", Op::ge},
                {"SCMP_CMP_GT", Op::gt},
                {"SCMP_CMP_MASKED_EQ", Op::masked_eq}};
    for (const auto& row : rows) {
        const Outcome outcome = with_seccomp([&](spec::Seccomp& seccomp) {
            seccomp.syscalls = {{{"read"}, "SCMP_ACT_ERRNO", {}, {{5, 1, 2, row.name}}}};
        });
        BOOST_TEST((outcome.policy().seccomp->rules.at(0).args.at(0).op == row.op), row.name);
    }
}

BOOST_AUTO_TEST_CASE(every_architecture_of_the_specification_is_known) {
    const std::vector<std::string> names{
        "SCMP_ARCH_X86",      "SCMP_ARCH_X86_64",      "SCMP_ARCH_X32",
        "SCMP_ARCH_ARM",      "SCMP_ARCH_AARCH64",     "SCMP_ARCH_MIPS",
        "SCMP_ARCH_MIPS64",   "SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL",
        "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
        "SCMP_ARCH_PPC64",    "SCMP_ARCH_PPC64LE",     "SCMP_ARCH_S390",
        "SCMP_ARCH_S390X",    "SCMP_ARCH_PARISC",      "SCMP_ARCH_PARISC64",
        "SCMP_ARCH_RISCV64",  "SCMP_ARCH_LOONGARCH64"};
    const Outcome outcome =
        with_seccomp([&](spec::Seccomp& seccomp) { seccomp.architectures = names; });
    BOOST_TEST((outcome.policy().seccomp->architectures == names));
}

BOOST_AUTO_TEST_CASE(flags_become_bits) {
    const Outcome outcome = with_seccomp([](spec::Seccomp& seccomp) {
        seccomp.flags = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
                         "SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
    });
    BOOST_TEST(outcome.policy().seccomp->filter_flags == 7U);
    BOOST_TEST(outcome.warnings.empty());
}

BOOST_AUTO_TEST_CASE(a_flag_for_listeners_only_warns_and_is_left_out) {
    const Outcome outcome = with_seccomp([](spec::Seccomp& seccomp) {
        seccomp.flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
    });
    BOOST_TEST(outcome.policy().seccomp->filter_flags == std::uint64_t{SECCOMP_FILTER_FLAG_LOG});
    BOOST_TEST_REQUIRE(outcome.warnings.size() == 1U);
    BOOST_TEST(outcome.warnings[0].starts_with(kAt + "flags/1: "));
}

BOOST_AUTO_TEST_CASE(notify_takes_a_listener_of_an_absolute_path_or_below_the_bundle) {
    const auto notifying = [](std::string path) {
        return with_seccomp([&](spec::Seccomp& seccomp) {
            seccomp.syscalls = {{{"mknod"}, "SCMP_ACT_NOTIFY", {}, {}}};
            seccomp.flags = {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
            seccomp.listener_path = path;
            seccomp.listener_metadata = "m";
        });
    };
    const Outcome absolute = notifying("/run/listener");
    BOOST_TEST(absolute.policy().seccomp->notifies());
    BOOST_TEST(absolute.policy().seccomp->listener_path == "/run/listener");
    BOOST_TEST(absolute.policy().seccomp->listener_metadata == "m");
    BOOST_TEST(absolute.policy().seccomp->filter_flags ==
               std::uint64_t{SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV});
    BOOST_TEST(absolute.warnings.empty());
    BOOST_TEST(notifying("agent.sock").policy().seccomp->listener_path.ends_with("/agent.sock"));
    BOOST_TEST(notifying("agent.sock").policy().seccomp->listener_path.front() == '/');
}

BOOST_AUTO_TEST_CASE(a_listener_is_ignored_without_notify_and_required_with_it) {
    const Outcome listener = with_seccomp([](spec::Seccomp& seccomp) {
        seccomp.listener_path = "/run/listener";
        seccomp.listener_metadata = "m";
    });
    BOOST_TEST(!listener.policy().seccomp->notifies());
    BOOST_TEST(listener.policy().seccomp->listener_path.empty());
    const std::string required =
        kAt + "listenerPath: required with the action SCMP_ACT_NOTIFY: nobody would answer";
    BOOST_TEST(refusal_of([](auto& seccomp) {
                   seccomp.syscalls = {{{"mknod"}, "SCMP_ACT_NOTIFY", {}, {}}};
               }) == required);
    BOOST_TEST(refusal_of([](auto& seccomp) { seccomp.default_action = "SCMP_ACT_NOTIFY"; }) ==
               required);
    BOOST_TEST(refusal_of([](auto& seccomp) {
                   seccomp.syscalls = {{{"mknod"}, "SCMP_ACT_NOTIFY", 1, {}}};
               }) == kAt + "syscalls/0/errnoRet: action 'SCMP_ACT_NOTIFY' takes no errno");
}

BOOST_AUTO_TEST_CASE(refuses_words_that_it_does_not_know) {
    BOOST_TEST(refusal_of([](auto& seccomp) { seccomp.default_action = "SCMP_ACT_BOGUS"; }) ==
               kAt + "defaultAction: unknown seccomp action 'SCMP_ACT_BOGUS'");
    BOOST_TEST(refusal_of([](auto& seccomp) { seccomp.default_action = ""; }) ==
               kAt + "defaultAction: unknown seccomp action ''");
    BOOST_TEST(refusal_of([](auto& seccomp) { seccomp.architectures = {"SCMP_ARCH_VAX"}; }) ==
               kAt + "architectures/0: unknown architecture 'SCMP_ARCH_VAX'");
    BOOST_TEST(refusal_of([](auto& seccomp) { seccomp.flags = {"SECCOMP_FILTER_FLAG_X"}; }) ==
               kAt + "flags/0: unknown seccomp flag 'SECCOMP_FILTER_FLAG_X'");
    BOOST_TEST(
        refusal_of([](auto& seccomp) {
            seccomp.syscalls = {{{"read"}, "SCMP_ACT_ALLOW", {}, {}}, {{"read"}, "allow", {}, {}}};
        }) == kAt + "syscalls/1/action: unknown seccomp action 'allow'");
    BOOST_TEST(refusal_of([](auto& seccomp) {
                   seccomp.syscalls = {{{"read"}, "SCMP_ACT_LOG", {}, {{0, 1, 0, "=="}}}};
               }) == kAt + "syscalls/0/args/0/op: unknown seccomp operator '=='");
}

BOOST_AUTO_TEST_CASE(refuses_rules_without_meaning) {
    BOOST_TEST(refusal_of([](auto& seccomp) {
                   seccomp.syscalls = {{{}, "SCMP_ACT_ALLOW", {}, {}}};
               }) == kAt + "syscalls/0/names: must name at least one system call");
    BOOST_TEST(refusal_of([](auto& seccomp) {
                   seccomp.syscalls = {{{"read"}, "SCMP_ACT_LOG", {}, {{6, 1, 0, "SCMP_CMP_EQ"}}}};
               }) == kAt + "syscalls/0/args/0/index: a system call has the arguments 0..5, not 6");
    BOOST_TEST(refusal_of([](auto& seccomp) { seccomp.listener_metadata = "m"; }) ==
               kAt + "listenerMetadata: must not be set without listenerPath");
}

BOOST_AUTO_TEST_CASE(refuses_an_errno_that_the_action_cannot_return) {
    BOOST_TEST(refusal_of([](auto& seccomp) { seccomp.default_errno_ret = 1; }) ==
               kAt + "defaultErrnoRet: action 'SCMP_ACT_ALLOW' takes no errno");
    BOOST_TEST(refusal_of([](auto& seccomp) {
                   seccomp.syscalls = {{{"read"}, "SCMP_ACT_KILL", 1, {}}};
               }) == kAt + "syscalls/0/errnoRet: action 'SCMP_ACT_KILL' takes no errno");
    BOOST_TEST(refusal_of([](auto& seccomp) {
                   seccomp.syscalls = {{{"read"}, "SCMP_ACT_ERRNO", 4096, {}}};
               }) == kAt + "syscalls/0/errnoRet: 4096 is too large");
    BOOST_TEST(refusal_of([](auto& seccomp) {
                   seccomp.syscalls = {{{"read"}, "SCMP_ACT_TRACE", 65536, {}}};
               }) == kAt + "syscalls/0/errnoRet: 65536 is too large");
}

BOOST_AUTO_TEST_SUITE_END()
