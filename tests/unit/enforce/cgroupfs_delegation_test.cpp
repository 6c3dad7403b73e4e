// Giving a cgroup away, on cgroup file systems in memory.
#include <boost/test/unit_test.hpp>

#include "cgroup_hosts.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

namespace {

constexpr const char* kNames = "/sys/kernel/cgroup/delegate";
using Owners = std::map<std::string, uid_t>;

struct Delegated : Pure {
    std::unique_ptr<CgroupBackend> backend;

    explicit Delegated(CgroupRights rights = {}) : backend(open(at("/x"), rights)) {
        check_ok(backend->create(at("/x"), warnings));
        kernel.contents["/cg/x/memory.oom.group"] = "0\n";
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cgroupfs_delegation)

BOOST_AUTO_TEST_CASE(gives_away_the_directory_and_the_files_that_the_kernel_names) {
    Delegated host;
    host.kernel.contents[kNames] = "cgroup.procs\nnot.there\nmemory.oom.group\n../memory.max\n";
    check_ok(host.backend->delegate(1000, warnings));
    BOOST_TEST(
        (host.kernel.owners ==
         Owners{{"/cg/x", 1000}, {"/cg/x/cgroup.procs", 1000}, {"/cg/x/memory.oom.group", 1000}}));
}

BOOST_AUTO_TEST_CASE(falls_back_to_the_three_files_of_the_specification) {
    Delegated host;
    host.kernel.contents["/cg/x/cgroup.threads"] = "";
    check_ok(host.backend->delegate(1000, warnings));
    BOOST_TEST((host.kernel.owners == Owners{{"/cg/x", 1000},
                                             {"/cg/x/cgroup.procs", 1000},
                                             {"/cg/x/cgroup.subtree_control", 1000},
                                             {"/cg/x/cgroup.threads", 1000}}));
}

BOOST_AUTO_TEST_CASE(gives_nothing_away_on_v1) {
    Hybrid host;
    const auto backend = host.open(at("/x"));
    check_ok(backend->create(at("/x"), warnings));
    check_ok(backend->delegate(1000, warnings));
    BOOST_TEST(host.kernel.owners.empty());
}

BOOST_AUTO_TEST_CASE(is_refused_with_the_cgroup_and_the_uid) {
    Delegated host;
    host.kernel.on_chown["/cg/x/cgroup.procs"] = -EPERM;
    check_refused(host.backend->delegate(1000, warnings), Errc::permission_denied,
                  "give cgroup '/cg/x' to uid 1000");
}

BOOST_AUTO_TEST_CASE(only_warns_a_rootless_runtime_that_may_not) {
    Delegated host({.rootless = true});
    Warnings told;
    host.kernel.on_chown["/cg/x"] = -EPERM;
    check_ok(host.backend->delegate(1000, told));
    BOOST_TEST(told.size() == 1U);
    host.kernel.on_chown["/cg/x"] = -EROFS;
    check_refused(host.backend->delegate(1000, told), Errc::system, "give cgroup '/cg/x'");
}

BOOST_AUTO_TEST_SUITE_END()
