#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "policy/features.hpp"
#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::policy;

namespace {

bool has(const Words& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(features)

BOOST_AUTO_TEST_CASE(lists_what_the_translation_carries_out) {
    const Features features = built_in_features();
    BOOST_TEST(has(features.hooks, "createRuntime"));
    for (const char* const option : {"ro", "rro", "rbind", "tmpcopyup", "nosymfollow"}) {
        BOOST_TEST(has(features.mount_options, option), option);
    }
    BOOST_TEST(has(features.namespaces, "network"));
    BOOST_TEST(has(features.seccomp_actions, "SCMP_ACT_KILL_PROCESS"));
}

// crun's, and refused: to list it would be to promise it.
BOOST_AUTO_TEST_CASE(leaves_out_what_the_translation_refuses) {
    BOOST_TEST(!has(built_in_features().mount_options, "copy-symlink"));
    BOOST_TEST(!has(built_in_features().mount_options, "size"));  // a file system's own
}

BOOST_AUTO_TEST_CASE(knows_the_kernels_bit_of_every_seccomp_flag) {
    for (const std::string_view flag : built_in_features().seccomp_flags) {
        BOOST_TEST(seccomp_flag_bits(flag) != 0U, flag);
    }
    BOOST_TEST(seccomp_flag_bits("SECCOMP_FILTER_FLAG_BOGUS") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
