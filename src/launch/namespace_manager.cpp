#include "launch/namespace_manager.hpp"

namespace nucleus::launch {

std::string_view NamespaceState::name() const {
    constexpr std::string_view kNames[] = {"uninitialized", "unshared", "entered", "cleaned"};
    return kNames[value_];
}

NamespaceManager& NamespaceManager::with_user_mapping(UserNamespaceConfig mapping) {
    config_ = config_.with_created(NamespaceKind::user);
    mapping_ = std::move(mapping);
    return *this;
}

Result<void> NamespaceManager::check(NamespaceState next) const {
    if (state_.can_transition_to(next)) return {};
    return Error(Errc::wrong_state, "namespaces cannot go from '" + std::string(state_.name()) +
                                        "' to '" + std::string(next.name()) + "'");
}

Result<void> NamespaceManager::unshare_namespaces() {
    NUCLEUS_CHECK(check(NamespaceState::unshared));
    if (state_ == NamespaceState::unshared) return {};
    NUCLEUS_CHECK(operations_->unshare(config_));
    state_ = NamespaceState::unshared;
    return {};
}

Result<void> NamespaceManager::enter() {
    NUCLEUS_CHECK(check(NamespaceState::entered));
    if (state_ == NamespaceState::entered) return {};
    NUCLEUS_CHECK(operations_->enter());
    state_ = NamespaceState::entered;
    return {};
}

Result<void> NamespaceManager::clean() {
    NUCLEUS_CHECK(check(NamespaceState::cleaned));
    if (state_ == NamespaceState::cleaned) return {};
    NUCLEUS_CHECK(operations_->clean());
    state_ = NamespaceState::cleaned;
    return {};
}

Result<void> NamespaceManager::set_hostname(const std::string& name) {
    if (!config_.separate(NamespaceKind::uts)) return {};
    return operations_->set_hostname(name);
}

}  // namespace nucleus::launch
