#include "policy/review.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace nucleus;
using spec::Finding;

namespace {

using Lines = std::vector<std::string>;

// Pointers of the errors.
Lines errors(std::string_view config) {
    Lines pointers;
    for (const Finding& finding : policy::review(config, {.bundle = "/bundle"}))
        if (finding.severity == Finding::Severity::error) pointers.push_back(finding.pointer);
    return pointers;
}

// A bundle that is right but for what stands in `members`.
std::string with(const std::string& members) {
    return R"({"ociVersion":"1.0.0","root":{"path":"rootfs"},)" + members + "}";
}

void check(const std::string& members, const Lines& expected) {
    BOOST_TEST_CONTEXT(members) {
        BOOST_TEST(errors(with(members)) == expected, boost::test_tools::per_element());
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(review)

BOOST_AUTO_TEST_CASE(says_nothing_of_a_good_document) {
    const auto findings =
        policy::review(with(R"("process":{"cwd":"/","args":["sh"]})"), {.bundle = "/bundle"});
    BOOST_TEST(findings.empty());
}

BOOST_AUTO_TEST_CASE(finds_each_bad_element_of_a_list_and_keeps_its_number) {
    check(R"("hooks":{"poststop":[{"path":"a"},{"path":"/b"},{"path":"c"},{"path":"d"}]})",
          {"/hooks/poststop/0/path", "/hooks/poststop/2/path", "/hooks/poststop/3/path"});
}

BOOST_AUTO_TEST_CASE(finds_each_bad_property_of_one_object) {
    check(R"("process":{"cwd":"x","args":[],"user":{"uid":4294967295,"gid":0,"umask":512}})",
          {"/process/args", "/process/cwd", "/process/user/uid", "/process/user/umask"});
}

BOOST_AUTO_TEST_CASE(does_not_tell_twice_what_the_schema_finds) {
    check(R"("hostname":7,"process":{"args":["sh"]},"linux":{"namespaces":[{"type":"x"}]})",
          {"/hostname", "/process/cwd", "/linux/namespaces/0/type"});
}

// Without the mended word the mount is no bind any more: that is no finding.
BOOST_AUTO_TEST_CASE(does_not_tell_what_only_its_own_mending_brings_about) {
    check(R"("mounts":[{"destination":"/a","source":"/s","options":["bind","copy-symlink"]}],)"
          R"("linux":{"namespaces":[{"type":"mount"}]})",
          {"/mounts/0/options"});
    check(
        R"("linux":{"resources":{"blockIO":{"weightDevice":[{"major":1,"minor":1,"weight":3}]}}})",
        {"/linux/resources/blockIO/weightDevice/0/weight"});
    check(R"("process":{"cwd":"/","args":["sh"],"rlimits":[)"
          R"({"type":"RLIMIT_CORE","soft":3,"hard":null}]})",
          {"/process/rlimits/0/hard"});
    check(R"("linux":{"seccomp":{"defaultAction":"x","defaultErrnoRet":1}})",
          {"/linux/seccomp/defaultAction"});
}

// Nothing that has a meaning only together with the rest of `linux` goes with it.
BOOST_AUTO_TEST_CASE(mends_mappings_that_nobody_needs_without_touching_the_namespaces) {
    check(R"("mounts":[{"destination":"/a","type":"tmpfs"}],"linux":{)"
          R"("namespaces":[{"type":"mount"}],)"
          R"("uidMappings":[{"containerID":0,"hostID":1,"size":1}]})",
          {"/linux/uidMappings"});
}

BOOST_AUTO_TEST_CASE(puts_errors_before_warnings_before_notes) {
    const auto findings = policy::review(
        with(R"("future":1,"linux":{"resources":{"memory":{"kernel":1,"swappiness":101}}})"),
        {.bundle = "/bundle"});
    BOOST_TEST(std::ranges::is_sorted(findings, {}, &Finding::severity));
    BOOST_TEST(findings.size() == 4U);  // swappiness, kernel, no process, future
    BOOST_TEST(findings.front().clause == "config-linux.md#memory");
}

BOOST_AUTO_TEST_CASE(ends_with_a_document_in_which_nothing_is_right) {
    BOOST_TEST(!errors("[]").empty());
    BOOST_TEST(!errors("{}").empty());
    BOOST_TEST(
        !errors(R"({"ociVersion":{},"root":[],"mounts":{},"process":1,"linux":[]})").empty());
}

BOOST_AUTO_TEST_SUITE_END()
