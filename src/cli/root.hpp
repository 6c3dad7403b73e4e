// Where container state lives when nobody says, and what a path on the command line means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nucleus/error.hpp"
#include "sys/kernel.hpp"

namespace nucleus::cli {

struct RootFacts {
    std::uint32_t euid = 0;
    std::string_view xdg_runtime_dir;      // empty: unset, as podman passes it to root's runtime
    std::optional<std::string_view> user;  // $USER
    bool in_user_namespace = false;
};

// $XDG_RUNTIME_DIR/nucleus for an ordinary user and for the root of a user namespace that a user
// made for himself (USER is unset or not root there), else /run/nucleus. `create` runs in a full
// environment and `start` in a bare one: both must find the same place, so that nothing else may
// decide.
std::string default_root(const RootFacts& facts);

// Of the text of /proc/self/uid_map: only the initial user namespace maps every id to itself
// (user_namespaces(7)).
bool maps_every_id(std::string_view uid_map);
// This process is in another than the initial user namespace. Without /proc nobody can tell: then
// it is not.
bool in_user_namespace(sys::Kernel& kernel);

// `path` below `directory` unless absolute, without empty and `.` components; `..` stays, since
// only the kernel knows where it leads.
std::string join_path(std::string_view directory, std::string_view path);
// Whether an absolute path is "/" once `..` is taken literally.
bool is_root_directory(std::string_view path);

// join_path with the working directory. An empty path stays empty.
Result<std::string> absolute_path(std::string_view path);

}  // namespace nucleus::cli
