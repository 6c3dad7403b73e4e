#define BOOST_TEST_MODULE launch
// The life of a container's namespaces: which moves there are, and who does the work.
#include "launch/namespace_manager.hpp"

#include <boost/test/unit_test.hpp>

#include <errno.h>

using namespace nucleus;
using namespace nucleus::launch;

namespace {

class Recorder final : public NamespaceOperations {
public:
    Result<void> unshare(const NamespaceConfig& config) override {
        unshared_with = config;
        return note("unshare");
    }
    Result<void> enter() override { return note("enter"); }
    Result<void> clean() override { return note("clean"); }
    Result<void> set_hostname(const std::string& name) override {
        return note("set_hostname " + name);
    }

    std::vector<std::string> done;
    NamespaceConfig unshared_with;
    std::string failing;  // this operation gives EPERM

private:
    Result<void> note(const std::string& what) {
        done.push_back(what);
        if (what == failing) return Error::from_errno(EPERM, what);
        return {};
    }
};

constexpr NamespaceState::Value kStates[] = {NamespaceState::uninitialized,
                                             NamespaceState::unshared, NamespaceState::entered,
                                             NamespaceState::cleaned};

bool is_allowed(NamespaceState::Value from, NamespaceState::Value to) {
    using S = NamespaceState;
    return from == to || (from == S::uninitialized && to == S::unshared) ||
           (from == S::unshared && (to == S::entered || to == S::cleaned)) ||
           (from == S::entered && to == S::cleaned);
}

struct Fixture {
    Recorder recorder;
    NamespaceManager manager{NamespaceConfig::all(), recorder};

    void check_done(const std::vector<std::string>& expected) const {
        BOOST_TEST(recorder.done == expected, boost::test_tools::per_element());
    }
};

// What brings a manager to `state`; none leads back to the beginning.
Result<void> move(NamespaceManager& manager, NamespaceState::Value state) {
    switch (state) {
        case NamespaceState::uninitialized:
            break;
        case NamespaceState::unshared:
            return manager.unshare_namespaces();
        case NamespaceState::entered:
            return manager.enter();
        case NamespaceState::cleaned:
            return manager.clean();
    }
    return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(namespace_state)

BOOST_AUTO_TEST_CASE(knows_its_moves_and_no_others) {
    for (const auto from : kStates)
        for (const auto to : kStates)
            BOOST_TEST(NamespaceState(from).can_transition_to(to) == is_allowed(from, to),
                       NamespaceState(from).name() << " to " << NamespaceState(to).name());
}

BOOST_AUTO_TEST_CASE(ends_where_it_is_cleaned) {
    for (const auto state : kStates)
        BOOST_TEST(NamespaceState(state).is_terminal() == (state == NamespaceState::cleaned));
}

BOOST_AUTO_TEST_CASE(has_the_names_that_errors_use) {
    BOOST_TEST(NamespaceState(NamespaceState::uninitialized).name() == "uninitialized");
    BOOST_TEST(NamespaceState(NamespaceState::unshared).name() == "unshared");
    BOOST_TEST(NamespaceState(NamespaceState::entered).name() == "entered");
    BOOST_TEST(NamespaceState(NamespaceState::cleaned).name() == "cleaned");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(namespace_manager, Fixture)

BOOST_AUTO_TEST_CASE(begins_with_nothing_made) {
    BOOST_CHECK(manager.state() == NamespaceState::uninitialized);
    BOOST_TEST(!manager.is_unshared());
    BOOST_TEST(!manager.user_mapping().has_value());
    check_done({});
}

BOOST_AUTO_TEST_CASE(goes_through_its_whole_life) {
    BOOST_TEST(manager.unshare_namespaces().has_value());
    BOOST_TEST(manager.is_unshared());
    BOOST_TEST(manager.enter().has_value());
    BOOST_TEST(manager.is_unshared());
    BOOST_CHECK(manager.state() == NamespaceState::entered);
    BOOST_TEST(manager.clean().has_value());
    BOOST_TEST(!manager.is_unshared());
    BOOST_CHECK(manager.state() == NamespaceState::cleaned);
    check_done({"unshare", "enter", "clean"});
}

BOOST_AUTO_TEST_CASE(can_be_cleaned_without_having_been_entered) {
    BOOST_TEST(manager.unshare_namespaces().has_value());
    BOOST_TEST(manager.clean().has_value());
    check_done({"unshare", "clean"});
}

BOOST_AUTO_TEST_CASE(every_move_that_there_is_not_is_an_error_that_names_both_states) {
    for (const auto from : kStates) {
        for (const auto to : kStates) {
            if (to == NamespaceState::uninitialized) continue;
            Recorder own;
            NamespaceManager rebuilt(NamespaceConfig::all(), own, from);
            const auto moved = move(rebuilt, to);
            BOOST_TEST(moved.has_value() == is_allowed(from, to));
            if (moved) continue;
            BOOST_CHECK(moved.error().code() == Errc::wrong_state);
            const std::string& message = moved.error().message();
            BOOST_TEST(message.find("'" + std::string(NamespaceState(from).name()) + "'") !=
                       std::string::npos);
            BOOST_TEST(message.find("'" + std::string(NamespaceState(to).name()) + "'") !=
                       std::string::npos);
            BOOST_TEST(own.done.empty());
            BOOST_CHECK(rebuilt.state() == from);
        }
    }
}

BOOST_AUTO_TEST_CASE(staying_put_does_nothing_and_succeeds) {
    for (const auto state :
         {NamespaceState::unshared, NamespaceState::entered, NamespaceState::cleaned}) {
        Recorder own;
        NamespaceManager rebuilt(NamespaceConfig::all(), own, state);
        BOOST_TEST(move(rebuilt, state).has_value());
        BOOST_TEST(own.done.empty());
    }
}

BOOST_AUTO_TEST_CASE(unsharing_twice_unshares_once) {
    BOOST_TEST(manager.unshare_namespaces().has_value());
    BOOST_TEST(manager.unshare_namespaces().has_value());
    check_done({"unshare"});
}

BOOST_AUTO_TEST_CASE(a_move_that_fails_leaves_the_state_and_the_reason) {
    recorder.failing = "unshare";
    const auto moved = manager.unshare_namespaces();
    BOOST_TEST_REQUIRE(!moved.has_value());
    BOOST_TEST(moved.error().errnum() == EPERM);
    BOOST_CHECK(manager.state() == NamespaceState::uninitialized);
    recorder.failing.clear();
    BOOST_TEST(manager.unshare_namespaces().has_value());
    recorder.failing = "enter";
    BOOST_TEST(!manager.enter().has_value());
    BOOST_CHECK(manager.state() == NamespaceState::unshared);
    recorder.failing = "clean";
    BOOST_TEST(!manager.clean().has_value());
    BOOST_CHECK(manager.state() == NamespaceState::unshared);
}

BOOST_AUTO_TEST_CASE(is_rebuilt_from_a_saved_state) {
    NamespaceManager rebuilt(NamespaceConfig::all(), recorder, NamespaceState::unshared);
    BOOST_TEST(rebuilt.is_unshared());
    BOOST_TEST(rebuilt.enter().has_value());
    check_done({"enter"});
}

BOOST_AUTO_TEST_CASE(gives_the_config_that_it_was_made_with) {
    BOOST_CHECK(manager.config() == NamespaceConfig::all());
    BOOST_TEST(manager.unshare_namespaces().has_value());
    BOOST_CHECK(recorder.unshared_with == NamespaceConfig::all());
}

BOOST_AUTO_TEST_CASE(id_maps_switch_the_user_namespace_on) {
    const auto mapping = UserNamespaceConfig::root_remapped();
    BOOST_TEST(&manager.with_user_mapping(mapping) == &manager);
    BOOST_TEST(manager.config().creates(NamespaceKind::user));
    BOOST_CHECK(manager.config() == NamespaceConfig::all().with_created(NamespaceKind::user));
    BOOST_TEST_REQUIRE(manager.user_mapping().has_value());
    BOOST_CHECK(*manager.user_mapping() == mapping);
    BOOST_TEST(manager.unshare_namespaces().has_value());
    BOOST_TEST(recorder.unshared_with.creates(NamespaceKind::user));
}

BOOST_AUTO_TEST_CASE(sets_the_hostname_of_a_uts_namespace_of_its_own) {
    BOOST_TEST(manager.set_hostname("box").has_value());
    NamespaceManager joined(NamespaceConfig().with_joined(NamespaceKind::uts, "/run/uts"),
                            recorder);
    BOOST_TEST(joined.set_hostname("pod").has_value());
    check_done({"set_hostname box", "set_hostname pod"});
}

BOOST_AUTO_TEST_CASE(leaves_the_hostname_of_the_host_alone) {
    NamespaceManager inheriting(NamespaceConfig(), recorder);
    BOOST_TEST(inheriting.set_hostname("box").has_value());
    check_done({});
}

BOOST_AUTO_TEST_SUITE_END()
