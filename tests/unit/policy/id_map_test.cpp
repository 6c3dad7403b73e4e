// Idmapped mounts: where the mapping comes from, and what is refused.
#include <boost/test/unit_test.hpp>

#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy;
using namespace nucleus::policy::testing;

namespace {

using Maps = std::vector<IdMapping>;

spec::Mount bind(std::vector<std::string> options, Maps uids = {}, Maps gids = {}) {
    options.insert(options.begin(), "bind");
    return {"/t", "bind", "/src", std::move(options), std::move(uids), std::move(gids)};
}

Outcome outcome_of(const spec::Mount& mount, spec::Spec spec = sample_spec()) {
    spec.mounts = {mount};
    return translated(spec);
}

std::optional<MountIdMap> map_of(const spec::Mount& mount, const spec::Spec& spec = sample_spec()) {
    const Outcome outcome = outcome_of(mount, spec);
    return outcome.policy().rootfs.mounts.at(0).id_map;
}

std::string refusal_of(const spec::Mount& mount, const spec::Spec& spec = sample_spec()) {
    return outcome_of(mount, spec).refusal();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(id_map)

BOOST_AUTO_TEST_CASE(a_mount_without_a_word_of_it_shows_the_file_systems_ids) {
    BOOST_TEST(!map_of(bind({})).has_value());
    BOOST_TEST(!map_of(bind({}), sample_spec_with_user_namespace()).has_value());
}

BOOST_AUTO_TEST_CASE(mappings_of_the_mount_are_used_and_the_option_says_how_deep) {
    for (const char* option : {"idmap", "ridmap", ""}) {
        for (const spec::Spec& spec : {sample_spec(), sample_spec_with_user_namespace()}) {
            const auto map = map_of(bind({option}, {{0, 1000, 5}}, {{1, 2000, 6}}), spec);
            BOOST_TEST_REQUIRE(map.has_value());
            BOOST_TEST_REQUIRE(map->mappings.has_value());
            BOOST_CHECK((map->mappings->uid_mappings() == Maps{{0, 1000, 5}}));
            BOOST_CHECK((map->mappings->gid_mappings() == Maps{{1, 2000, 6}}));
            BOOST_TEST(map->recursive == (std::string(option) == "ridmap"));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_option_alone_means_the_containers_user_namespace) {
    const auto map = map_of(bind({"ridmap"}), sample_spec_with_user_namespace());
    BOOST_TEST_REQUIRE(map.has_value());
    BOOST_TEST(!map->mappings.has_value());
    BOOST_TEST(map->recursive);
}

BOOST_AUTO_TEST_CASE(the_last_of_the_two_options_wins) {
    const auto map = map_of(bind({"ridmap", "idmap"}), sample_spec_with_user_namespace());
    BOOST_TEST_REQUIRE(map.has_value());
    BOOST_TEST(!map->recursive);
}

BOOST_AUTO_TEST_CASE(the_option_alone_without_a_user_namespace_is_an_error) {
    for (const char* option : {"idmap", "ridmap"}) {
        const Outcome outcome = outcome_of(bind({option}));
        BOOST_TEST(outcome.refusal() ==
                   "config.json /mounts/0/options: an idmapped mount needs uidMappings and "
                   "gidMappings, or a user namespace of the container's own to take them from");
        BOOST_CHECK((outcome.code() == Errc::invalid_config));
    }
}

BOOST_AUTO_TEST_CASE(one_kind_of_mapping_without_the_other_is_an_error) {
    BOOST_TEST(refusal_of(bind({"idmap"}, {{0, 1, 1}}, {})) ==
               "config.json /mounts/0/uidMappings: must be given together with gidMappings");
    BOOST_TEST(refusal_of(bind({}, {}, {{0, 1, 1}})) ==
               "config.json /mounts/0/gidMappings: must be given together with uidMappings");
}

BOOST_AUTO_TEST_CASE(mappings_that_the_kernel_would_not_take_are_refused_by_name) {
    BOOST_TEST(refusal_of(bind({"idmap"}, {{0, 1, 0}}, {{0, 1, 1}})) ==
               "config.json /mounts/0/uidMappings: uid mapping 0 maps nothing: its size must be at "
               "least 1");
    BOOST_TEST(refusal_of(bind({"idmap"}, {{0, 1, 1}}, {{0, 1, 5}, {3, 9, 1}})) ==
               "config.json /mounts/0/gidMappings: gid mapping 1 overlaps mapping 0 on the "
               "container's side");
}

BOOST_AUTO_TEST_CASE(kinds_of_mounts_that_cannot_be_mapped_are_refused) {
    const Maps one{{0, 1000, 1}};
    BOOST_TEST(refusal_of({"/c", "cgroup", "", {"idmap"}, one, one}) ==
               "config.json /mounts/0: a cgroup mount cannot be idmapped: the kernel has no "
               "support");
    BOOST_TEST(refusal_of({"/c", "", "", {"remount", "idmap"}, one, one}) ==
               "config.json /mounts/0: a remount cannot change whose ids a mount shows");
    BOOST_TEST(map_of({"/c", "tmpfs", "", {"idmap"}, one, one}).has_value());
    const auto inside = sample_spec_with_user_namespace();
    BOOST_TEST(refusal_of({"/c", "tmpfs", "", {"idmap"}, {}, {}}, inside)
                   .starts_with("config.json /mounts/0/options: an idmapped mount of a new file "
                                "system in a user namespace"));
}

BOOST_AUTO_TEST_CASE(an_options_own_mapping_is_read) {
    const auto map = map_of(bind({"ridmap=uids=0-1000-10#20-3000-1;gids=5-6-7"}));
    BOOST_TEST_REQUIRE(map.has_value());
    BOOST_TEST_REQUIRE(map->mappings.has_value());
    BOOST_CHECK((map->mappings->uid_mappings() == Maps{{0, 1000, 10}, {20, 3000, 1}}));
    BOOST_CHECK((map->mappings->gid_mappings() == Maps{{5, 6, 7}}));
    BOOST_TEST(map->recursive);
}

BOOST_AUTO_TEST_CASE(an_options_own_mapping_can_be_relative_to_the_container) {
    const auto spec = sample_spec_with_user_namespace();  // 0..999 → 100000
    const auto map = map_of(bind({"idmap=uids=@0-30-10;gids=0-40-10"}), spec);
    BOOST_TEST_REQUIRE(map.has_value());
    BOOST_CHECK((map->mappings->uid_mappings() == Maps{{0, 100030, 10}}));
    BOOST_CHECK((map->mappings->gid_mappings() == Maps{{0, 40, 10}}));
    BOOST_TEST(refusal_of(bind({"idmap=uids=@0-995-10;gids=0-0-1"}), spec)
                   .ends_with("'@0-995-10' lies in no one mapping of the container's user "
                              "namespace"));
    BOOST_TEST(refusal_of(bind({"idmap=uids=@0-4294967295-4294967295;gids=0-0-1"}), spec)
                   .ends_with("lies in no one mapping of the container's user namespace"));
    BOOST_TEST(refusal_of(bind({"idmap=uids=@0-1-1;gids=0-0-1"}))
                   .ends_with("needs mappings of a user namespace that the container creates"));
}

BOOST_AUTO_TEST_CASE(an_options_own_mapping_that_cannot_be_read_is_refused) {
    const struct {
        const char* option;
        const char* why;
    } rows[] = {
        {"idmap=", "'idmap=' names no mapping"},
        {"ridmap=", "'ridmap=' names no mapping"},
        {"idmap=uids=0-1;gids=0-1-1", "idmap: '0-1' is no range like '0-1000-10'"},
        {"idmap=uids=0-1-1-1;gids=0-1-1", "idmap: '0-1-1-1' is no range like '0-1000-10'"},
        {"idmap=uids=0-x-1;gids=0-1-1", "idmap: '0-x-1' is no range like '0-1000-10'"},
        {"idmap=uids=0-1-4294967296;gids=0-1-1",
         "idmap: '0-1-4294967296' is no range like '0-1000-10'"},
        {"idmap=uids=0-1-1", "no gid mapping"},
        {"idmap=gids=0-1-1", "no uid mapping"},
        {"idmap=uids", "no uid mapping"},
        {"idmap=users=0-1-1", "idmap: 'users' is neither uids nor gids"},
        {"idmap=uids=0-1-0;gids=0-1-1", "uid mapping 0 maps nothing: its size must be at least 1"},
    };
    for (const auto& row : rows)
        BOOST_TEST(refusal_of(bind({row.option})) ==
                   std::string("config.json /mounts/0/options: ") + row.why);
    BOOST_TEST(refusal_of(bind({"idmap=uids=0-1-1;gids=0-1-1"}, {{0, 1, 1}}, {{0, 1, 1}})) ==
               "config.json /mounts/0/options: idmap: uidMappings and gidMappings name another "
               "mapping");
}

BOOST_AUTO_TEST_CASE(host_root_is_mapped_by_root_alone) {
    spec::Spec spec = sample_spec();
    spec.mounts = {bind({"idmap"}, {{5, 0, 1}}, {{5, 0, 1}})};
    BOOST_TEST(translated(spec).refusal() == "accepted");
    BOOST_TEST(translated(spec, {"/bundle", false}).refusal() ==
               "config.json /mounts/0/uidMappings: uid mapping 0 maps host id 0: only root may");
}

BOOST_AUTO_TEST_SUITE_END()
