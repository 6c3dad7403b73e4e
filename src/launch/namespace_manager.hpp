// NamespaceManager: where a container's namespaces are in their life, and the only way to move them
// on. create unshares, start enters, delete cleans; each command rebuilds the manager from the
// saved state. The work itself is done by a NamespaceOperations (the launch).
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nucleus/namespace_config.hpp"

namespace nucleus::launch {

// A life cycle whose steps are checked.
template <class State>
concept StateTransition = requires(const State& state, State next) {
    { state.can_transition_to(next) } -> std::same_as<bool>;
    { state.is_terminal() } -> std::same_as<bool>;
};

class NamespaceState {
public:
    enum Value : std::uint8_t {
        uninitialized,  // nothing was made
        unshared,       // the namespaces exist, held by the container process
        entered,        // the program runs in them
        cleaned,        // gone
    };
    constexpr NamespaceState(Value value) : value_(value) {}
    constexpr operator Value() const { return value_; }

    // uninitialized → unshared → entered → cleaned, unshared → cleaned, and staying put.
    constexpr bool can_transition_to(NamespaceState next) const {
        if (next.value_ == value_) return true;
        switch (value_) {
            case uninitialized:
                return next.value_ == unshared;
            case unshared:
                return next.value_ == entered || next.value_ == cleaned;
            case entered:
                return next.value_ == cleaned;
            case cleaned:
                return false;
        }
        return false;
    }
    constexpr bool is_terminal() const { return value_ == cleaned; }
    std::string_view name() const;

private:
    Value value_;
};
static_assert(StateTransition<NamespaceState>);

// What really happens on each move.
class NamespaceOperations {
public:
    virtual ~NamespaceOperations() = default;
    virtual Result<void> unshare(const NamespaceConfig& config) = 0;
    virtual Result<void> enter() = 0;
    virtual Result<void> clean() = 0;
    virtual Result<void> set_hostname(const std::string& name) = 0;
};

class NamespaceManager {
public:
    // `operations` outlives the manager.
    NamespaceManager(NamespaceConfig config, NamespaceOperations& operations,
                     NamespaceState state = NamespaceState::uninitialized)
        : config_(std::move(config)), operations_(&operations), state_(state) {}

    // The id maps of the user namespace that unshare_namespaces makes. They switch the user
    // namespace on.
    NamespaceManager& with_user_mapping(UserNamespaceConfig mapping);

    // A second call is a no-op that succeeds.
    Result<void> unshare_namespaces();
    Result<void> enter();
    Result<void> clean();
    // A no-op without a UTS namespace of one's own.
    Result<void> set_hostname(const std::string& name);

    bool is_unshared() const {
        return state_ == NamespaceState::unshared || state_ == NamespaceState::entered;
    }
    NamespaceState state() const { return state_; }
    const NamespaceConfig& config() const { return config_; }
    const std::optional<UserNamespaceConfig>& user_mapping() const { return mapping_; }

private:
    // An error that names both states, unless the life cycle has this step.
    Result<void> check(NamespaceState next) const;

    NamespaceConfig config_;
    NamespaceOperations* operations_;
    NamespaceState state_;
    std::optional<UserNamespaceConfig> mapping_;
};

}  // namespace nucleus::launch
