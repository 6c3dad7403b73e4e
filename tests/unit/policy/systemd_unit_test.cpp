// The name and place of the unit, and what annotations say of it.
#include <boost/test/unit_test.hpp>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy;

namespace {

Result<UnitPolicy> unit_of(const std::string& path, spec::Annotations annotations = {},
                           UnitManager manager = UnitManager::system, std::string_view id = "c1") {
    ContainerPolicy policy;
    policy.cgroup.path = path;
    policy.annotations = std::move(annotations);
    return translate_unit(policy, id, manager);
}

std::string place(const Result<UnitPolicy>& unit) {
    return unit ? unit->slice + " " + unit->name : unit.error().message();
}

// `NAME TYPE TEXT`
std::string property(const std::string& name, const std::string& text) {
    const auto unit = unit_of("", {{"org.systemd.property." + name, text}});
    if (!unit) return unit.error().message();
    const UnitProperty& only = unit->properties.at(0);
    return only.name + " " + only.value.type + " " + only.value.text;
}

const std::string kAt = "config.json /annotations/org.systemd.property.";

}  // namespace

BOOST_AUTO_TEST_SUITE(systemd_unit)

BOOST_AUTO_TEST_CASE(a_path_of_three_parts_names_slice_and_scope) {
    BOOST_TEST(place(unit_of("machine.slice:libpod:1234")) == "machine.slice libpod-1234.scope");
    BOOST_TEST(place(unit_of("a-b.slice::c")) == "a-b.slice c.scope");
}

BOOST_AUTO_TEST_CASE(what_the_path_leaves_out_has_a_default) {
    BOOST_TEST(place(unit_of("")) == "system.slice nucleus-c1.scope");
    BOOST_TEST(place(unit_of("", {}, UnitManager::user)) == "user.slice nucleus-c1.scope");
    BOOST_TEST(place(unit_of(":docker:x")) == "system.slice docker-x.scope");
    BOOST_TEST(place(unit_of("", {}, UnitManager::system, "a+b")) ==
               "system.slice nucleus-a\\x2bb.scope");
}

BOOST_AUTO_TEST_CASE(a_path_of_cgroupfs_is_refused) {
    BOOST_TEST(place(unit_of("/a/b")) ==
               "config.json /linux/cgroupsPath: expected cgroupsPath to be of format "
               "\"slice:prefix:name\" for systemd cgroups, got '/a/b' instead");
    for (const char* path : {"a.slice:b", "a.slice:b:c:d"})
        BOOST_TEST(place(unit_of(path)).starts_with("config.json /linux/cgroupsPath: expected"),
                   path);
}

BOOST_AUTO_TEST_CASE(names_that_systemd_would_not_take_are_refused) {
    for (const char* path :
         {"a:b:c", ".slice:b:c", "-a.slice:b:c", "a-.slice:b:c", "a--b.slice:b:c", "a/b.slice:b:c",
          "../x.slice:b:c", "a.slice:b:", "a.slice:b/c:d", "a.slice:b:c d", "a.slice:b:c.slice"})
        BOOST_TEST(place(unit_of(path)).starts_with("config.json /linux/cgroupsPath: "), path);
    BOOST_TEST(place(unit_of("a.slice:b:" + std::string(250, 'x')))
                   .starts_with("config.json /linux/cgroupsPath: makes no name of a unit"));
}

BOOST_AUTO_TEST_CASE(the_dashes_of_a_slice_are_the_way_to_it) {
    BOOST_TEST(slice_path("a.slice") == "/a.slice");
    BOOST_TEST(slice_path("a-b-c.slice") == "/a.slice/a-b.slice/a-b-c.slice");
    BOOST_TEST(slice_path("-.slice") == "");
}

BOOST_AUTO_TEST_CASE(an_annotation_is_a_property_with_a_typed_value) {
    BOOST_TEST(property("TimeoutStopUSec", "uint64 123456789") == "TimeoutStopUSec t 123456789");
    BOOST_TEST(property("KillSignal", "9") == "KillSignal i 9");
    BOOST_TEST(property("CollectMode", "'inactive'") == "CollectMode s inactive");
}

BOOST_AUTO_TEST_CASE(seconds_become_microseconds) {
    BOOST_TEST(property("TimeoutStopSec", "uint64 3") == "TimeoutStopUSec t 3000000");
    BOOST_TEST(property("TimeoutStopSec", "5") == "TimeoutStopUSec t 5000000");
    BOOST_TEST(property("TimeoutStopSec", "0.25") == "TimeoutStopUSec t 250000");
    BOOST_TEST(property("CPUQuotaPerSecUSec", "uint64 7") == "CPUQuotaPerSecUSec t 7");
    for (const char* wrong : {"-1", "'5'", "uint64 18446744073709551615", "-0.5", "[1]"})
        BOOST_TEST(property("TimeoutStopSec", wrong) ==
                       kAt +
                           "TimeoutStopSec: is no value for systemd: must be a number of "
                           "seconds, none below zero",
                   wrong);
}

BOOST_AUTO_TEST_CASE(a_later_key_for_the_same_property_takes_its_place) {
    const auto unit = unit_of("", {{"org.systemd.property.TimeoutStopSec", "1"},
                                   {"org.systemd.property.TimeoutStopUSec", "uint64 2"},
                                   {"org.example", "not a property"}});
    BOOST_REQUIRE(unit);
    BOOST_REQUIRE(unit->properties.size() == 1);
    BOOST_TEST(unit->properties[0].value.text == "2");
}

BOOST_AUTO_TEST_CASE(an_annotation_that_is_none_is_refused_by_its_key) {
    BOOST_TEST(property("KillSignal", "nine") ==
               kAt + "KillSignal: is no value for systemd: unknown word 'nine'");
    BOOST_TEST(property("", "1") == kAt + ": names no property of a unit");
    BOOST_TEST(property("Kill Signal", "1") == kAt + "Kill Signal: names no property of a unit");
    for (const char* own : {"PIDs", "Slice"})
        BOOST_TEST(property(own, "1") ==
                       kAt + own + ": is not an annotation's to say: cgroupsPath places the unit",
                   own);
}

BOOST_AUTO_TEST_SUITE_END()
