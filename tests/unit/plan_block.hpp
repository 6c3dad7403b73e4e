// The block that plan::encode writes, read back by the description in wire/plan.hpp alone: the
// tests' own reader, which believes no offset. Throws std::runtime_error where the block breaks the
// description.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/launch_plan.hpp"

namespace nucleus::testing {

struct PlanBlock {
    wire::Header header;
    std::vector<plan::Step> steps;
    std::vector<std::int32_t> slots;
    std::vector<std::string> argv, env;
    std::vector<std::uint32_t> groups;
    std::vector<std::int32_t> tasks;
    std::vector<wire::ResourceLimit> rlimits;
    std::vector<std::uint8_t> seccomp;
};

PlanBlock read_plan_block(std::string_view bytes);

}  // namespace nucleus::testing
