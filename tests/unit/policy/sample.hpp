// What the tests of translate start from: a small valid Spec, and one call that returns the policy
// or the refusal.
#pragma once

#include <string>

#include "nucleus/policy.hpp"

namespace nucleus::policy::testing {

// All six usual namespaces created, a root, a process; nothing else.
spec::Spec sample_spec();
// The same, its user namespace created and 0..999 mapped to 100000.
spec::Spec sample_spec_with_user_namespace();

struct Outcome {
    Result<ContainerPolicy> result;
    Warnings warnings;

    const ContainerPolicy& policy() const;  // throws the refusal's text where there is none
    std::string refusal() const;            // the message, or "accepted"
    Errc code() const;                      // of the refusal
};

Outcome translated(const spec::Spec& spec, const TranslationInput& input = {"/bundle", true});

}  // namespace nucleus::policy::testing
