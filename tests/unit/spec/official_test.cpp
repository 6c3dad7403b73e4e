// The specification's own test documents (opencontainers/runtime-spec, schema/test/config). Their
// directory is given in NUCLEUS_OCI_SPEC_DIR by the build; where it is absent the tests are skipped
// by name.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "spec/parse.hpp"

namespace fs = std::filesystem;
namespace tt = boost::test_tools;
using namespace nucleus::spec;

namespace {

fs::path documents(const char* verdict) {
    const char* root = std::getenv("NUCLEUS_OCI_SPEC_DIR");
    return fs::path(root == nullptr ? "" : root) / "schema" / "test" / "config" / verdict;
}

tt::assertion_result documents_are_here(boost::unit_test::test_unit_id) {
    const char* must_run = std::getenv("NUCLEUS_MUST_RUN");
    tt::assertion_result here(fs::is_directory(documents("good")) ||
                              (must_run != nullptr && std::string_view(must_run) == "1"));
    here.message() << "the official documents are not in NUCLEUS_OCI_SPEC_DIR";
    return here;
}

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<fs::path> files(const char* verdict) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(documents(verdict)))
        paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    BOOST_TEST_REQUIRE(!paths.empty());
    return paths;
}

// Two good documents are of version 0.5.0-dev, which comes before any release: their shape is good,
// their version is none of ours. They are judged as 1.0.0.
std::string as_release(std::string text) {
    constexpr std::string_view kOld = "\"0.5.0-dev\"";
    if (const auto at = text.find(kOld); at != text.npos) {
        const auto refused = parse(text);
        BOOST_TEST(!refused.has_value());
        BOOST_TEST(
            refused.error().message() ==
            "config.json /ociVersion: version 0.5.0-dev is not supported: nucleus implements 1.x");
        text.replace(at, kOld.size(), "\"1.0.0\"");
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(official_documents, *boost::unit_test::precondition(documents_are_here))

BOOST_AUTO_TEST_CASE(accepts_every_good_document) {
    for (const fs::path& path : files("good")) {
        BOOST_TEST_CONTEXT(path.filename()) {
            const auto spec = parse(as_release(contents(path)));
            BOOST_TEST(spec.has_value(), (spec ? "" : spec.error().message()));
        }
    }
}

BOOST_AUTO_TEST_CASE(refuses_every_bad_document_that_concerns_linux) {
    // What is wrong with these stands in a section of another platform, which Linux ignores.
    const std::set<std::string> elsewhere{"freebsd-vnet-disable.json"};
    for (const fs::path& path : files("bad")) {
        BOOST_TEST_CONTEXT(path.filename()) {
            BOOST_TEST(parse(contents(path)).has_value() == elsewhere.contains(path.filename()));
        }
    }
}

BOOST_AUTO_TEST_CASE(reads_the_specifications_example) {
    const auto spec = parse(as_release(contents(documents("good") / "spec-example.json")));
    BOOST_TEST_REQUIRE(spec.has_value());
    BOOST_TEST(spec->mounts.size() == 7U);
    BOOST_TEST(spec->hooks.prestart.size() == 2U);
    BOOST_TEST(spec->process->capabilities->ambient.at(0) == "CAP_NET_BIND_SERVICE");
    BOOST_TEST(spec->linux_->namespaces.size() == 8U);
    BOOST_TEST(spec->linux_->resources->hugepage_limits.at(0).limit == 9223372036854772000U);
    BOOST_TEST(spec->linux_->time_offsets.at("boottime").secs == 604800);
}

BOOST_AUTO_TEST_SUITE_END()
