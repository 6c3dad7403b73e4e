#include "sample.hpp"

#include <stdexcept>
#include <utility>

namespace nucleus::policy::testing {

spec::Spec sample_spec() {
    spec::Spec spec;
    spec.oci_version = "1.3.0";
    spec.root = spec::Root{"rootfs", false};
    spec.process = spec::Process{};
    spec.process->args = {"sh"};
    spec.process->cwd = "/";
    spec.linux_ = spec::Linux{};
    for (const char* type : {"pid", "network", "ipc", "uts", "mount", "cgroup"}) {
        spec.linux_->namespaces.push_back({type, ""});
    }
    return spec;
}

spec::Spec sample_spec_with_user_namespace() {
    spec::Spec spec = sample_spec();
    spec.linux_->namespaces.push_back({"user", ""});
    spec.linux_->uid_mappings = {{0, 100000, 1000}};
    spec.linux_->gid_mappings = {{0, 100000, 1000}};
    return spec;
}

const ContainerPolicy& Outcome::policy() const {
    if (!result) throw std::runtime_error(result.error().message());
    return result.value();
}

std::string Outcome::refusal() const { return result ? "accepted" : result.error().message(); }

Errc Outcome::code() const {
    if (result) throw std::runtime_error("accepted");
    return result.error().code();
}

Outcome translated(const spec::Spec& spec, const TranslationInput& input) {
    Warnings warnings;
    auto result = translate(spec, input, warnings);
    return {std::move(result), std::move(warnings)};
}

}  // namespace nucleus::policy::testing
