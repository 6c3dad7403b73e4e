// resctrl groups, on a fake tree: no machine of ours has the file system.
#include <boost/test/unit_test.hpp>

#include "enforce/resctrl.hpp"
#include "fake_cgroupfs.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

namespace {

const std::string kRoot = "/sys/fs/resctrl";
const std::string kMountInfo =
    "20 1 0:5 / /proc rw - proc proc rw\n"
    "40 20 0:30 / /sys/fs/resctrl rw,relatime shared:9 - resctrl resctrl rw\n";

struct Fixture {
    FakeCgroupfs kernel;

    Fixture() {
        kernel.child = "mon_groups";
        kernel.mount(kRoot,
                     {{"schemata", "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n"}, {"tasks", ""}});
        kernel.directories.insert(kRoot + "/mon_groups");
        kernel.contents["/proc/self/mountinfo"] = kMountInfo;
    }

    state::ResctrlRecord planned(const policy::IntelRdtPolicy& policy) {
        auto record = plan_resctrl(kernel, policy, "c1");
        if (!record) throw std::runtime_error(record.error().message());
        return *record;
    }
    std::string refusal(const policy::IntelRdtPolicy& policy) {
        const auto record = plan_resctrl(kernel, policy, "c1");
        return record ? "accepted" : record.error().message();
    }
    // The whole life of a container's group; what was written, in order.
    std::vector<std::string> live(const policy::IntelRdtPolicy& policy) {
        Resctrl group(kernel, planned(policy));
        const auto made = group.create(policy);
        BOOST_TEST_REQUIRE(made.has_value(), (made ? "" : made.error().message()));
        BOOST_TEST(group.attach(77).has_value());
        std::vector<std::string> written;
        for (const auto& [path, text] : kernel.writes) {
            written.push_back(path.substr(kRoot.size() + 1) + " " + text);
            if (path.ends_with("/tasks")) kernel.contents[path] = "";  // the process ends
        }
        BOOST_TEST(group.destroy().has_value());
        return written;
    }
};

using Lines = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(resctrl, Fixture)

BOOST_AUTO_TEST_CASE(a_group_of_the_containers_id_is_made_and_removed) {
    const auto before = kernel.directories;
    BOOST_TEST(live({}) == (Lines{"c1/tasks 77"}), boost::test_tools::per_element());
    BOOST_TEST((kernel.directories == before));
}

BOOST_AUTO_TEST_CASE(both_schemas_are_written_as_one_value_and_schemata_after_it) {
    const policy::IntelRdtPolicy policy{
        .clos_id = "gold", .schemas = {"L3:0=f", "MB:0=20"}, .schemata = {"L3:1=3", "MB:1=50"}};
    BOOST_TEST(live(policy) == (Lines{"gold/schemata L3:0=f\nMB:0=20\n",
                                      "gold/schemata L3:1=3\nMB:1=50\n", "gold/tasks 77"}),
               boost::test_tools::per_element());
    BOOST_TEST(!kernel.directories.contains(kRoot + "/gold"));
}

BOOST_AUTO_TEST_CASE(other_schemata_are_written_and_taken_back) {
    Resctrl group(kernel, planned({}));
    BOOST_TEST(group.create({}).has_value());
    const std::string file = kRoot + "/c1/schemata", before = kernel.contents[file];
    base::Cleanup undo;
    BOOST_TEST(group.update({.schemas = {"L3:0=3"}}, undo).has_value());
    BOOST_TEST(kernel.contents[file] == "L3:0=3\n\n");
    BOOST_TEST(undo.run().has_value());
    BOOST_TEST(kernel.contents[file] == before + "\n");
}

BOOST_AUTO_TEST_CASE(a_group_that_was_made_is_dissolved_with_the_processes_in_it) {
    Resctrl group(kernel, planned({}));
    BOOST_TEST(group.create({}).has_value());
    BOOST_TEST(group.attach(77).has_value());
    BOOST_TEST(group.dissolve().has_value());
    BOOST_TEST(!kernel.directories.contains(kRoot + "/c1"));
}

BOOST_AUTO_TEST_CASE(the_root_group_is_a_slash) {
    BOOST_TEST(planned({.clos_id = "/"}).group == kRoot);
    BOOST_TEST(live({.clos_id = "/"}) == (Lines{"tasks 77"}), boost::test_tools::per_element());
    BOOST_TEST(kernel.directories.contains(kRoot));
}

BOOST_AUTO_TEST_CASE(a_group_that_is_there_is_joined_and_left) {
    kernel.make(kRoot + "/gold");
    BOOST_TEST(live({.clos_id = "gold"}) == (Lines{"gold/tasks 77"}),
               boost::test_tools::per_element());
    BOOST_TEST(kernel.directories.contains(kRoot + "/gold"));
}

BOOST_AUTO_TEST_CASE(a_group_that_is_there_must_have_the_schemas) {
    kernel.make(kRoot + "/gold");
    // As the kernel prints them: blanks before, no zeros in front.
    const policy::IntelRdtPolicy equal{.clos_id = "gold", .schemas = {"L3:0=007FF", "MB:1=100"}};
    BOOST_TEST(Resctrl(kernel, planned(equal)).create(equal).has_value());
    const policy::IntelRdtPolicy other{.clos_id = "gold", .schemas = {"L3:0=7ff;1=f"}};
    const auto made = Resctrl(kernel, planned(other)).create(other);
    BOOST_TEST_REQUIRE(!made.has_value());
    BOOST_TEST(made.error().message() ==
               "config.json /linux/intelRdt: the group '/sys/fs/resctrl/gold' exists with other "
               "schemata: L3:1 is not there, not f");
}

BOOST_AUTO_TEST_CASE(a_group_without_schemas_must_be_there) {
    BOOST_TEST(refusal({.clos_id = "gold"})
                   .starts_with("config.json /linux/intelRdt/closID: the group "
                                "'/sys/fs/resctrl/gold' does not exist"));
    BOOST_TEST(refusal({.clos_id = "gold", .schemas = {"L3:0=f"}}) == "accepted");
}

BOOST_AUTO_TEST_CASE(a_group_of_the_containers_id_that_is_there_is_refused) {
    kernel.make(kRoot + "/c1");
    BOOST_TEST(refusal({}).find("exists already") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_mounted_resctrl_it_is_refused_in_words) {
    kernel.contents["/proc/self/mountinfo"] = "20 1 0:5 / /sys/fs/resctrl rw - tmpfs resctrl rw\n";
    BOOST_TEST(refusal({}).find("needs a mounted resctrl file system") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_monitoring_group_of_the_containers_id_is_made_and_removed) {
    kernel.make(kRoot + "/gold");
    BOOST_TEST(live({.clos_id = "gold", .monitoring = true}) ==
                   (Lines{"gold/tasks 77", "gold/mon_groups/c1/tasks 77"}),
               boost::test_tools::per_element());
    BOOST_TEST(!kernel.directories.contains(kRoot + "/gold/mon_groups/c1"));
    BOOST_TEST(kernel.directories.contains(kRoot + "/gold"));
    BOOST_TEST(live({.monitoring = true}).size() > 2U);
    BOOST_TEST(!kernel.directories.contains(kRoot + "/c1"));
}

BOOST_AUTO_TEST_CASE(a_monitoring_group_that_cannot_be_made_is_an_error_and_leaves_nothing) {
    const auto before = kernel.directories;
    kernel.on_mkdir[kRoot + "/c1/mon_groups/c1"] = -ENOSPC;
    Resctrl group(kernel, planned({.monitoring = true}));
    const auto made = group.create({.monitoring = true});
    BOOST_TEST_REQUIRE(!made.has_value());
    BOOST_TEST(made.error().message().find("/c1/mon_groups/c1") != std::string::npos);
    BOOST_TEST(group.destroy().has_value());
    BOOST_TEST((kernel.directories == before));
}

BOOST_AUTO_TEST_CASE(a_shared_group_that_another_made_meanwhile_is_not_removed) {
    const policy::IntelRdtPolicy policy{.clos_id = "gold", .schemas = {"MB:0=100"}};
    Resctrl group(kernel, planned(policy));
    kernel.make(kRoot + "/gold");
    BOOST_TEST(group.create(policy).has_value());
    BOOST_TEST(group.destroy().has_value());
    BOOST_TEST(kernel.directories.contains(kRoot + "/gold"));
}

BOOST_AUTO_TEST_CASE(a_group_in_which_others_stand_is_not_removed) {
    const policy::IntelRdtPolicy policy{.clos_id = "gold", .schemas = {"MB:0=100"}};
    Resctrl group(kernel, planned(policy));
    BOOST_TEST(group.create(policy).has_value());
    kernel.contents[kRoot + "/gold/tasks"] = "99\n";
    BOOST_TEST(group.destroy().has_value());
    BOOST_TEST(kernel.directories.contains(kRoot + "/gold"));
}

BOOST_AUTO_TEST_CASE(what_the_kernel_says_of_a_schemata_is_an_error) {
    kernel.on_write[kRoot + "/c1/schemata"] = [](const std::string&) { return -EINVAL; };
    Resctrl group(kernel, planned({.schemata = {"L3:9=f"}}));
    BOOST_TEST(!group.create({.schemata = {"L3:9=f"}}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
