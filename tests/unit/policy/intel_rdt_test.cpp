// linux.intelRdt: names of groups, lines of schemata.
#include <boost/test/unit_test.hpp>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy::testing;

namespace {

Outcome with(spec::IntelRdt settings) {
    spec::Spec spec = sample_spec();
    spec.linux_->intel_rdt = std::move(settings);
    return translated(spec);
}

using Lines = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(intel_rdt)

BOOST_AUTO_TEST_CASE(both_schemas_become_one_value) {
    const auto outcome =
        with({.clos_id = "g", .l3_cache_schema = "L3:0=f", .mem_bw_schema = "MB:0=20"});
    BOOST_TEST((outcome.policy().intel_rdt->schemas == Lines{"L3:0=f", "MB:0=20"}));
    BOOST_TEST(outcome.warnings.empty());
}

BOOST_AUTO_TEST_CASE(a_bandwidth_in_the_cache_schema_gives_way) {
    const auto outcome =
        with({.l3_cache_schema = "L3:0=f\nMB:0=70\nL3:1=3", .mem_bw_schema = "MB:0=20"});
    BOOST_TEST((outcome.policy().intel_rdt->schemas == Lines{"L3:0=f", "L3:1=3", "MB:0=20"}));
    BOOST_TEST(outcome.warnings.size() == 1U);
}

BOOST_AUTO_TEST_CASE(schemata_are_kept_apart_line_by_line) {
    const auto outcome = with({.clos_id = "/", .schemata = {"L2:0=f", "MB:0=20"}});
    BOOST_TEST(outcome.policy().intel_rdt->schemas.empty());
    BOOST_TEST((outcome.policy().intel_rdt->schemata == Lines{"L2:0=f", "MB:0=20"}));
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_line_and_no_group) {
    const std::string place = "config.json /linux/intelRdt";
    BOOST_TEST(with({.mem_bw_schema = "0=20"}).refusal() ==
               place + "/memBwSchema: must begin with 'MB:'");
    BOOST_TEST(with({.mem_bw_schema = "MB:0=20\nL3:0=f"}).refusal() ==
               place + "/memBwSchema: holds a newline");
    BOOST_TEST(with({.schemata = {"L3:0=f", "a\nb"}}).refusal() ==
               place + "/schemata/1: holds a newline");
    for (const char* name : {".", "..", "info", "mon_groups", "a/b", "/a", "a\nb"})
        BOOST_CHECK(with({.clos_id = name}).code() == Errc::invalid_config);
    BOOST_TEST(with({.clos_id = "/"}).refusal() == "accepted");
}

BOOST_AUTO_TEST_CASE(a_cache_schema_that_begins_otherwise_is_warned_of) {
    const auto outcome = with({.l3_cache_schema = "L3CODE:0=f"});
    BOOST_TEST((outcome.policy().intel_rdt->schemas == Lines{"L3CODE:0=f"}));
    BOOST_TEST(outcome.warnings.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
