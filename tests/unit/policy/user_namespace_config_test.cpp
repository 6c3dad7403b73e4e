#include <boost/test/unit_test.hpp>

#include "nucleus/namespace_config.hpp"

using nucleus::Errc;
using nucleus::IdMapping;
using nucleus::UserNamespaceConfig;
using HostRoot = UserNamespaceConfig::HostRoot;

namespace {

const std::vector<IdMapping> kGood{{0, 1000, 10}};

std::string refusal_of(std::vector<IdMapping> uids, HostRoot host_root = HostRoot::allowed) {
    auto config = UserNamespaceConfig::custom(std::move(uids), kGood, host_root);
    if (config) return "accepted";
    BOOST_TEST((config.error().code() == Errc::invalid_config));
    return config.error().message();
}

bool accepts(std::vector<IdMapping> uids, HostRoot host_root = HostRoot::allowed) {
    return UserNamespaceConfig::custom(std::move(uids), kGood, host_root).has_value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(user_namespace_config)

BOOST_AUTO_TEST_CASE(rootless_maps_container_root_to_the_given_ids_and_nothing_else) {
    const auto config = UserNamespaceConfig::rootless(1000, 1001);
    BOOST_TEST((config.uid_mappings() == std::vector<IdMapping>{{0, 1000, 1}}));
    BOOST_TEST((config.gid_mappings() == std::vector<IdMapping>{{0, 1001, 1}}));
    BOOST_TEST(config.maps_uid(0));
    BOOST_TEST(!config.maps_uid(1));
    BOOST_TEST(!config.maps_gid(1001));
}

BOOST_AUTO_TEST_CASE(root_remapped_maps_65536_ids_from_100000) {
    const auto config = UserNamespaceConfig::root_remapped();
    BOOST_TEST((config.uid_mappings() == std::vector<IdMapping>{{0, 100000, 65536}}));
    BOOST_TEST((config.gid_mappings() == config.uid_mappings()));
    BOOST_TEST(config.host_uid(0).value() == 100000U);
    BOOST_TEST(config.host_gid(65535).value() == 165535U);
    BOOST_TEST(!config.host_uid(65536).has_value());
}

BOOST_AUTO_TEST_CASE(custom_keeps_mappings_in_their_order) {
    const std::vector<IdMapping> uids{{1000, 5000, 10}, {0, 100000, 1000}};
    const auto config = UserNamespaceConfig::custom(uids, kGood, HostRoot::refused);
    BOOST_TEST_REQUIRE(config.has_value());
    BOOST_TEST((config->uid_mappings() == uids));
    BOOST_TEST((config->gid_mappings() == kGood));
    BOOST_TEST(config->host_uid(1009).value() == 5009U);
    BOOST_TEST(config->host_uid(999).value() == 100999U);
    BOOST_TEST(!config->host_uid(1010).has_value());
}

BOOST_AUTO_TEST_CASE(custom_refuses_an_empty_map_of_either_kind) {
    BOOST_TEST(refusal_of({}) == "no uid mapping");
    const auto config = UserNamespaceConfig::custom(kGood, {}, HostRoot::allowed);
    BOOST_TEST_REQUIRE(!config.has_value());
    BOOST_TEST(config.error().message() == "no gid mapping");
}

BOOST_AUTO_TEST_CASE(custom_refuses_a_mapping_of_size_zero) {
    BOOST_TEST(refusal_of({{0, 1000, 1}, {5, 5000, 0}}) ==
               "uid mapping 1 maps nothing: its size must be at least 1");
    BOOST_TEST(accepts({{0, 1000, 1}}));
}

BOOST_AUTO_TEST_CASE(custom_refuses_an_overflow_of_32_bits_on_either_side) {
    BOOST_TEST(refusal_of({{4294967290U, 1000, 6}}) ==
               "uid mapping 0 overflows 32 bits on the container's side");
    BOOST_TEST(refusal_of({{0, 4294967290U, 6}}) ==
               "uid mapping 0 overflows 32 bits on the host's side");
    BOOST_TEST(refusal_of({{1, 1, 4294967295U}}) ==
               "uid mapping 0 overflows 32 bits on the container's side");
    // 4294967295 is no id, so the last that can be mapped is 4294967294.
    BOOST_TEST(accepts({{4294967290U, 4294967290U, 5}}));
    BOOST_TEST(accepts({{0, 0, 4294967295U}}));
}

BOOST_AUTO_TEST_CASE(custom_takes_more_than_65536_ids_in_one_mapping) {
    BOOST_TEST(accepts({{0, 100000, 1000000}}));
}

BOOST_AUTO_TEST_CASE(custom_refuses_overlaps_in_the_container) {
    const std::string refusal = "uid mapping 1 overlaps mapping 0 on the container's side";
    BOOST_TEST(refusal_of({{0, 1000, 10}, {9, 5000, 10}}) == refusal);
    BOOST_TEST(refusal_of({{9, 1000, 10}, {0, 5000, 10}}) == refusal);
    BOOST_TEST(refusal_of({{0, 1000, 100}, {50, 5000, 1}}) == refusal);
    BOOST_TEST(accepts({{0, 1000, 10}, {10, 5000, 10}}));
}

BOOST_AUTO_TEST_CASE(custom_refuses_overlaps_on_the_host) {
    const std::string refusal = "uid mapping 1 overlaps mapping 0 on the host's side";
    BOOST_TEST(refusal_of({{0, 1000, 10}, {100, 1009, 10}}) == refusal);
    BOOST_TEST(refusal_of({{0, 1009, 10}, {100, 1000, 10}}) == refusal);
    BOOST_TEST(accepts({{0, 1000, 10}, {100, 1010, 10}}));
}

BOOST_AUTO_TEST_CASE(custom_checks_gid_mappings_by_the_same_rules) {
    const auto config =
        UserNamespaceConfig::custom(kGood, {{0, 1000, 10}, {5, 5000, 10}}, HostRoot::allowed);
    BOOST_TEST_REQUIRE(!config.has_value());
    BOOST_TEST(config.error().message() ==
               "gid mapping 1 overlaps mapping 0 on the container's side");
}

BOOST_AUTO_TEST_CASE(custom_lets_only_root_map_host_id_zero) {
    BOOST_TEST(refusal_of({{0, 0, 1}}, HostRoot::refused) ==
               "uid mapping 0 maps host id 0: only root may");
    BOOST_TEST(accepts({{0, 0, 1}}, HostRoot::allowed));
    BOOST_TEST(accepts({{0, 1, 1}}, HostRoot::refused));
}

BOOST_AUTO_TEST_CASE(custom_refuses_more_mappings_than_the_kernel_takes) {
    std::vector<IdMapping> mappings;
    for (std::uint32_t id = 0; id < 340; ++id) mappings.push_back({id, id + 1000, 1});
    BOOST_TEST(accepts(mappings));
    mappings.push_back({340, 1340, 1});
    BOOST_TEST(refusal_of(mappings) == "uid mapping 340 is one too many: the kernel takes 340");
}

BOOST_AUTO_TEST_CASE(equal_maps_compare_equal) {
    BOOST_TEST((UserNamespaceConfig::rootless(1, 2) == UserNamespaceConfig::rootless(1, 2)));
    BOOST_TEST((UserNamespaceConfig::rootless(1, 2) != UserNamespaceConfig::rootless(2, 1)));
}

BOOST_AUTO_TEST_SUITE_END()
