// What the two sides tell each other, over SOCK_SEQPACKET: one fixed-size message each way,
// descriptors beside it (SCM_RIGHTS).
#pragma once

#include <cstdint>

namespace nucleus::wire {

// init → host
struct Report {
    enum class Kind : std::uint32_t {
        reached,     // every step before `step` is done, and `step` is the host's
        failed,      // `step` failed with `errnum`; `detail` names what within it
        cloned,      // stage 1: the container process has `pid`, as the host sees it
        descriptor,  // stage 2: the console's master comes along; a `reached` follows
    };
    Kind kind{};
    std::int32_t step = 0;
    std::int32_t errnum = 0;
    std::int32_t pid = 0;
    std::uint32_t op = 0;  // of `step`, in a `failed`
    char detail[240]{};    // NUL-terminated; empty: the step says it all
};

// host → init
struct Order {
    enum class Kind : std::uint32_t {
        proceed,      // go on after the host's steps
        descriptors,  // fill slots first_slot ...; more follows
        go,           // start the program
    };
    Kind kind{};
    std::uint32_t first_slot = 0;
    std::uint32_t slot_count = 0;
    std::uint32_t flags = 0;  // kGroupsDenied
};

// The user namespace denies setgroups(2) (user_namespaces(7)): there are no groups to set.
inline constexpr std::uint32_t kGroupsDenied = 1;

// Below SCM_MAX_FD (253).
inline constexpr std::uint32_t kMaxDescriptorsPerOrder = 128;

}  // namespace nucleus::wire
