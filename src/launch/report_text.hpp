// A failed step of the init's, in the words that callers match (contract B6).
#pragma once

#include "nucleus/error.hpp"
#include "plan/launch_plan.hpp"
#include "wire/message.hpp"

namespace nucleus::launch {

Error error_of(const wire::Report& report, const plan::LaunchPlan& plan);

// A failure after the wait for start, where the plan is no longer at hand: the report says itself
// which operation it was.
Error start_error_of(const wire::Report& report, const std::string& command);

}  // namespace nucleus::launch
