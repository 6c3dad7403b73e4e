#define BOOST_TEST_MODULE plan
// Plans as text, pinned in golden/*.txt. NUCLEUS_UPDATE_GOLDEN=1 writes the files anew: the
// difference is then what a reviewer reads.
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "sample.hpp"

using namespace nucleus::plan;
using namespace nucleus::plan::testing;

namespace {

template <class Values>
void add_list(std::ostream& out, const char* name, const Values& values) {
    for (const auto& value : values) out << name << " '" << value << "'\n";
}

// The steps, and the tables beside them that describe leaves out.
std::string whole_text(const LaunchPlan& plan) {
    std::ostringstream out;
    out << describe(plan);
    for (const Source& source : plan.sources)
        out << "source '" << source.path << "'" << (source.recursive ? " recursive" : "")
            << (source.rootfs ? " rootfs" : "") << "\n";
    add_list(out, "argument", plan.argv);
    add_list(out, "environment", plan.env);
    add_list(out, "group", plan.groups);
    for (const auto& limit : plan.rlimits)
        out << "rlimit " << limit.resource << " " << limit.soft << " " << limit.hard << "\n";
    out << std::hex << "effective " << plan.capabilities.effective << " permitted "
        << plan.capabilities.permitted << " inheritable " << plan.capabilities.inheritable
        << " ambient " << plan.capabilities.ambient << std::dec << "\n";
    out << "uid " << plan.uid << ", preserves " << plan.preserve_fds << " descriptors"
        << (plan.needs_home ? ", needs HOME" : "");
    if (plan.needs_seccomp) out << ", seccomp flags " << plan.seccomp_flags;
    out << "\n";
    return out.str();
}

std::filesystem::path golden_file(const std::string& name) {
    return std::filesystem::path(GOLDEN_DIRECTORY) / (name + ".txt");
}

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool updating() {
    const char* wanted = std::getenv("NUCLEUS_UPDATE_GOLDEN");
    return wanted != nullptr && std::string(wanted) == "1";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden)

BOOST_AUTO_TEST_CASE(each_plan_is_the_one_that_was_reviewed) {
    for (const NamedPlan& sample : sample_plans()) {
        const std::string text = whole_text(sample.plan);
        if (updating()) std::ofstream(golden_file(sample.name)) << text;
        BOOST_TEST_CONTEXT("plan " << sample.name)
        BOOST_TEST(content(golden_file(sample.name)) == text);
    }
}

BOOST_AUTO_TEST_CASE(each_golden_file_belongs_to_a_plan) {
    std::set<std::string> names;
    for (const NamedPlan& sample : sample_plans())
        BOOST_TEST(names.insert(sample.name).second, sample.name << " is there twice");
    for (const auto& entry : std::filesystem::directory_iterator(GOLDEN_DIRECTORY))
        BOOST_TEST(names.contains(entry.path().stem().string()), entry.path() << " is no sample's");
}

BOOST_AUTO_TEST_CASE(the_environment_is_not_shown) {
    auto policy = default_policy();
    policy.process->env.push_back("TOKEN=secret");
    const std::string text = describe(compile_create(policy, default_facts()));
    BOOST_TEST(text.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_same_policy_gives_an_equal_plan) {
    BOOST_CHECK(compile_create(rare_policy(), default_facts()) ==
                compile_create(rare_policy(), default_facts()));
    BOOST_CHECK(!(compile_create(rare_policy(), default_facts()) ==
                  compile_create(default_policy(), default_facts())));
}

BOOST_AUTO_TEST_SUITE_END()
