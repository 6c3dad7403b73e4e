// The config.json that `spec` writes: a shell in every kind of isolation that the default root file
// system can bear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace nucleus::cli {

// For a container in a user namespace in which an ordinary user's own ids are root.
struct RootlessIds {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

std::string default_config(std::optional<RootlessIds> rootless);

}  // namespace nucleus::cli
