// exec --cgroup: what it means on each layout, and what it refuses.
#include "runtime/sub_cgroups.hpp"

#include <boost/test/unit_test.hpp>

using namespace nucleus;
using namespace nucleus::runtime;

namespace {

using Paths = std::map<std::string, std::string>;

const state::CgroupRecord kV1{"cgroupfs",
                              {{"cpu", "/cg/cpu,cpuacct/c"},
                               {"cpuacct", "/cg/cpu,cpuacct/c"},
                               {"pids", "/cg/pids/c"},
                               {"", "/cg/unified/c"}},
                              {"/cg/pids/c"}};
const state::CgroupRecord kV2{"cgroupfs", {{"", "/cg/c"}}, {}};

void check(const state::CgroupRecord& own, const std::vector<std::string>& wishes,
           const Paths& wanted) {
    const auto record = sub_cgroups(own, wishes);
    BOOST_TEST_REQUIRE(record.has_value(), (record ? "" : record.error().message()));
    BOOST_TEST((record->paths == wanted));
    BOOST_TEST(record->made.empty());
}

void refused(const state::CgroupRecord& own, const std::vector<std::string>& wishes,
             const std::string& message) {
    const auto record = sub_cgroups(own, wishes);
    BOOST_TEST_REQUIRE(!record.has_value());
    BOOST_TEST(record.error().message() == message);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cgroups_of_exec)

BOOST_AUTO_TEST_CASE(a_path_alone_is_meant_in_every_hierarchy) {
    for (const char* const path : {"a/b", "/a/b", "//a/./b/"}) {
        check(kV2, {path}, {{"", "/cg/c/a/b"}});
        check(kV1, {path},
              {{"cpu", "/cg/cpu,cpuacct/c/a/b"},
               {"cpuacct", "/cg/cpu,cpuacct/c/a/b"},
               {"pids", "/cg/pids/c/a/b"},
               {"", "/cg/unified/c/a/b"}});
    }
    check(kV2, {"/"}, {{"", "/cg/c"}});
    check(kV2, {"a..b"}, {{"", "/cg/c/a..b"}});
    check(kV2, {":a"}, {{"", "/cg/c/a"}});
}

BOOST_AUTO_TEST_CASE(a_path_with_controllers_is_meant_in_theirs) {
    check(kV1, {"pids:x"},
          {{"cpu", "/cg/cpu,cpuacct/c"},
           {"cpuacct", "/cg/cpu,cpuacct/c"},
           {"pids", "/cg/pids/c/x"},
           {"", "/cg/unified/c"}});
    const Paths together{{"cpu", "/cg/cpu,cpuacct/c/x"},
                         {"cpuacct", "/cg/cpu,cpuacct/c/x"},
                         {"pids", "/cg/pids/c/y"},
                         {"", "/cg/unified/c"}};
    check(kV1, {"cpu,cpuacct:x", "pids:y"}, together);
    check(kV1, {"cpu:x", "pids:/y"}, together);
    check(kV1, {"cpu:x", "cpuacct:x", "pids:y"}, together);
}

BOOST_AUTO_TEST_CASE(a_path_never_leads_out) {
    for (const std::string path : {"..", "/..", "a/../../b", "a/..", "../c"})
        refused(kV2, {path}, "--cgroup " + path + ": leads out of the container's cgroup");
    refused(kV1, {"pids:../x"}, "--cgroup pids:../x: leads out of the container's cgroup");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused) {
    refused(kV1, {"a", "b"}, "--cgroup a: names no controller, beside another --cgroup");
    refused(kV1, {"pids:a:b"}, "--cgroup pids:a:b: more than one colon");
    refused(kV1, {"pids:a", "pids:a"},
            "--cgroup pids:a: the hierarchy of 'pids' has a path already");
    refused(kV1, {"cpu:a", "cpuacct:b"},
            "--cgroup cpuacct:b: the hierarchy of 'cpuacct' has a path already");
    refused(kV1, {"nosuch:a"},
            "--cgroup nosuch:a: the container has no cgroup of controller 'nosuch'");
    refused(kV2, {"pids:a"},
            "--cgroup pids:a: cgroup v2 has one hierarchy for all controllers: name none");
}

BOOST_AUTO_TEST_SUITE_END()
