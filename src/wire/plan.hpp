// The plan as the init program reads it: a Header, its steps, and one arena of bytes, all in one
// block that the host writes into the memfd behind the ELF image. Offsets count from the block's
// start; there are no pointers, and nothing is allocated to read it.
//
// Written by plan/encode.cpp, read by src/init. Both are built together: there is no version to
// negotiate, only a magic to catch accidents.
#pragma once

#include "wire/step.hpp"

namespace nucleus::wire {

inline constexpr std::uint64_t kPlanMagic = 0x6e75636c65757301;  // "nucleus" 1

// Bytes in the block, followed by a NUL that `size` does not count. Several strings: NUL-separated,
// within `size`.
struct Text {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
};

struct Step {
    Op op{};
    std::uint16_t reserved = 0;
    std::int32_t fd = -1;
    std::int32_t slot = -1;  // index of a descriptor that the host sends
    std::uint32_t mode = 0;
    std::uint32_t uid = 0, gid = 0;
    std::uint64_t flags = 0;  // the operation's: CLONE_NEW*, MS_*; mount_*: superblock flags
    std::uint64_t value = 0;
    std::uint64_t attributes_set = 0, attributes_clear = 0;  // MOUNT_ATTR_*, top mount
    std::uint64_t recursive_set = 0, recursive_clear = 0;    // MOUNT_ATTR_*, whole tree
    Text target, source, type, options;
    Text mask;  // 64-bit words, aligned, without a NUL: bit n is CPU or node n
};

struct ResourceLimit {
    std::uint32_t resource = 0;  // RLIMIT_*
    std::uint32_t reserved = 0;
    std::uint64_t soft = 0, hard = 0;
    bool operator==(const ResourceLimit&) const = default;
};

// Step::mode of join_namespace. A namespace may belong to the runtime's user namespace or to the
// one that is joined: what the first cannot enter is entered from the second.
inline constexpr std::uint32_t kJoinNow = 0;
inline constexpr std::uint32_t kJoinOrWait = 1;     // EPERM: later
inline constexpr std::uint32_t kJoinIfWaiting = 2;  // only if it had to wait

// Step::mode of unshare_user: an ordinary user's runtime may write the maps only of a process that
// is not hidden from it (proc(5)), until `become root`.
inline constexpr std::uint32_t kVisible = 1;

// Step::mode of use_host_root: the descriptor of the container's root comes along.
inline constexpr std::uint32_t kRootByDescriptor = 1;

// Step::mode of make_link.
inline constexpr std::uint32_t kLinkAlways = 0;    // what stands there already may stay
inline constexpr std::uint32_t kLinkReplaces = 1;  // whatever stands there goes
inline constexpr std::uint32_t kLinkIfHostHasSource =
    2;  // only where the host has a file of the source's path

// Bits of Step::mode of mount_filesystem.
inline constexpr std::uint32_t kCopyUp = 1;         // tmpcopyup
inline constexpr std::uint32_t kBindIfRefused = 2;  // proc, sysfs: what the host shows is the same

struct CapabilitySets {
    std::uint64_t effective = 0, permitted = 0, inheritable = 0, ambient = 0;
    bool operator==(const CapabilitySets&) const = default;
};

struct Header {
    std::uint64_t magic = kPlanMagic;
    std::uint32_t size = 0;  // of the block
    std::uint32_t step_count = 0;
    std::uint32_t steps = 0;      // offset of Step[step_count]
    std::uint32_t unawaited = 0;  // the init begins after so many of the host's steps
    std::uint32_t slots = 0;      // offset of int32[slot_count], written by the init
    std::uint32_t slot_count = 0;
    // Tables of 64-bit offsets, each ending with 0: the init turns them into pointers in place.
    // `env` has one spare entry for HOME.
    std::uint32_t argv = 0, argc = 0;
    std::uint32_t env = 0, envc = 0;
    std::uint32_t groups = 0, group_count = 0;    // uint32[]
    std::uint32_t rlimits = 0, rlimit_count = 0;  // ResourceLimit[]
    std::uint32_t tasks = 0,
                  task_count = 0;  // int32[]: descriptors of the v1 hierarchies' `tasks` files
    Text seccomp;                  // struct sock_filter[]
    std::uint64_t seccomp_flags = 0;
    CapabilitySets capabilities;
    std::int32_t gate = -1;            // listening socket, or -1: the channel itself says go
    std::uint32_t preserve_fds = 0;    // 3 .. 3 + preserve_fds - 1 stay open
    std::uint32_t uid = 0;             // of the process: whose HOME
    std::uint32_t needs_home = 0;      // no HOME in env
    std::uint32_t executes_again = 0;  // a step does: the memfd stays open until then
};

}  // namespace nucleus::wire
