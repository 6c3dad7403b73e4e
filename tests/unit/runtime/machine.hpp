// A host with a bundle, in memory: what the tests of the commands start from.
#pragma once

#include <string>
#include <vector>

#include "../fake_kernel.hpp"
#include "runtime/session.hpp"

namespace nucleus::runtime::testing {

enum class Bundle {
    everything,      // all namespaces but a joined net, limits, seccomp, hooks of all kinds
    user_namespace,  // maps, host sources, rlimits set from outside
    terminal,        // a console socket
    ordinary,        // an ordinary user's: maps by newuidmap, no rights but in its user namespace
    joined,          // user, cgroup, time and mount namespaces by path: nothing to mount
    notify,          // a profile that notifies every system call, hooks of all kinds
};
enum class Hierarchies { v1, v2 };

struct Machine {
    explicit Machine(Bundle bundle, Hierarchies hierarchies = Hierarchies::v1);

    // A new command: nothing is remembered from the one before.
    Session session() { return Session(kernel, settings); }
    CreateRequest create_request() const;
    // The container, made without a fault.
    void create();
    void start();

    // Everything that a container can leave behind, one line each; empty where there was none.
    std::vector<std::string> left_overs();

    nucleus::testing::FakeKernel kernel;
    Settings settings;
    Bundle bundle;
};

}  // namespace nucleus::runtime::testing
