// The block that the init reads says what the plan says.
#include <boost/test/unit_test.hpp>

#include "../plan_block.hpp"
#include "sample.hpp"

using namespace nucleus;
using namespace nucleus::plan;
using namespace nucleus::plan::testing;
using nucleus::testing::PlanBlock;
using nucleus::testing::read_plan_block;

namespace {

std::string encoded(const LaunchPlan& plan, const std::vector<std::uint8_t>& seccomp = {},
                    int gate = -1, const std::vector<int>& tasks = {}) {
    auto block = encode(plan, seccomp, gate, tasks);
    if (!block) BOOST_FAIL(block.error().message());
    return std::move(*block);
}

void check_same(const PlanBlock& block, const LaunchPlan& plan) {
    BOOST_CHECK(block.steps == plan.steps);
    BOOST_TEST(block.slots == std::vector<std::int32_t>(plan.sources.size(), -1),
               boost::test_tools::per_element());
    BOOST_TEST(block.argv == plan.argv, boost::test_tools::per_element());
    BOOST_TEST(block.env == plan.env, boost::test_tools::per_element());
    BOOST_TEST(block.groups == plan.groups, boost::test_tools::per_element());
    BOOST_CHECK(block.rlimits == plan.rlimits);
    BOOST_CHECK(block.header.capabilities == plan.capabilities);
    BOOST_TEST(block.header.seccomp_flags == plan.seccomp_flags);
    BOOST_TEST(block.header.uid == plan.uid);
    BOOST_TEST(block.header.preserve_fds == plan.preserve_fds);
    BOOST_TEST(block.header.needs_home == (plan.needs_home ? 1U : 0U));
}

// Every field different from its default and from its neighbours.
Step full_step(wire::Op op, std::uint32_t salt) {
    Step step;
    step.op = op;
    step.target = "/target/" + std::to_string(salt);
    step.source = "source " + std::to_string(salt);
    step.type = "type" + std::to_string(salt);
    step.options = {"a", "b=" + std::to_string(salt), "longer=option"};
    step.flags = 1 + (std::uint64_t{salt} << 32);
    step.value = 2 + (std::uint64_t{salt} << 40);
    step.mode = 3 + salt;
    step.uid = 4 + salt;
    step.gid = 5 + salt;
    step.attributes_set = 6 + (std::uint64_t{salt} << 33);
    step.attributes_clear = 7 + salt;
    step.recursive_set = 8 + salt;
    step.recursive_clear = 9 + salt;
    if (salt % 3 != 0) step.mask = {12 + salt, ~std::uint64_t{0}};
    step.slot = static_cast<std::int32_t>(10 + salt);
    step.fd = static_cast<std::int32_t>(11 + salt);
    return step;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(encoding)

BOOST_AUTO_TEST_CASE(says_what_each_sample_plan_says) {
    for (const NamedPlan& sample : sample_plans()) BOOST_TEST_CONTEXT("plan " << sample.name)
    check_same(read_plan_block(encoded(sample.plan)), sample.plan);
}

BOOST_AUTO_TEST_CASE(keeps_every_field_of_every_operation) {
    LaunchPlan plan;
    for (const auto& operation : wire::kOperations)
        plan.steps.push_back(
            full_step(operation.op, static_cast<std::uint32_t>(plan.steps.size()) * 100));
    plan.sources.resize(3);
    plan.argv = {"program", "", "an argument with spaces", "three"};
    plan.env = {"A=1", "B="};
    plan.groups = {0, 4294967295, 7};
    plan.rlimits = {{7, 0, 1, ~std::uint64_t{0}}, {3, 0, 5, 6}};
    plan.capabilities = {1, 2, 3, std::uint64_t{1} << 40};
    plan.uid = 4294967295;
    plan.preserve_fds = 3;
    plan.needs_home = true;
    plan.seccomp_flags = 0x22;
    const PlanBlock block = read_plan_block(encoded(plan, {}, 9, {12, 13, 1 << 20}));
    check_same(block, plan);
    BOOST_TEST(block.tasks == (std::vector<std::int32_t>{12, 13, 1 << 20}),
               boost::test_tools::per_element());
    BOOST_TEST(block.header.gate == 9);
}

BOOST_AUTO_TEST_CASE(carries_the_seccomp_program_aligned) {
    LaunchPlan plan = compile_create(default_policy(), default_facts());
    for (const std::size_t size : {0U, 8U, 4096U}) {
        std::vector<std::uint8_t> program(size);
        for (std::size_t i = 0; i < size; ++i) program[i] = static_cast<std::uint8_t>(i * 7);
        plan.env.push_back("X" + std::to_string(size) + "=1");  // moves what comes after
        const PlanBlock block = read_plan_block(encoded(plan, program));
        BOOST_TEST(block.seccomp == program, boost::test_tools::per_element());
        check_same(block, plan);
    }
}

BOOST_AUTO_TEST_CASE(takes_empty_lists) {
    const LaunchPlan nothing;
    const PlanBlock block = read_plan_block(encoded(nothing));
    check_same(block, nothing);
    BOOST_TEST(block.header.step_count == 0U);
    BOOST_TEST(block.header.gate == -1);
    BOOST_TEST(block.tasks.empty());

    LaunchPlan empty_words;
    empty_words.steps.push_back({.op = wire::Op::execute});
    empty_words.argv = {""};
    check_same(read_plan_block(encoded(empty_words)), empty_words);
}

BOOST_AUTO_TEST_CASE(refuses_what_no_offset_could_reach) {
    LaunchPlan plan;
    plan.argv.assign(70, std::string(16U << 20, 'a'));
    const auto block = encode(plan, {}, -1, {});
    BOOST_TEST_REQUIRE(!block.has_value());
    BOOST_CHECK(block.error().code() == Errc::invalid_config);
    BOOST_TEST(block.error().message().find("1 GiB") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
