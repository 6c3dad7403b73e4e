// Small wrappers that several steps share: file facts by descriptor, and the mount calls that take
// one.
#pragma once

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/stat.h>

#include "init/syscall.hpp"

namespace nucleus::init {

struct FileFacts {
    long error = 0;
    unsigned mode = 0;  // type and permissions
    unsigned uid = 0;
    unsigned major = 0, minor = 0;  // of a device node
    bool is(unsigned type) const { return (mode & 0170000) == type; }
    bool is_null_device() const { return is(0020000) && major == 1 && minor == 3; }
};

inline constexpr unsigned kDirectory = 0040000, kCharacter = 0020000, kRegular = 0100000,
                          kLink = 0120000;

inline FileFacts facts_of(int fd) {
    struct statx out {};
    FileFacts facts;
    facts.error =
        call(__NR_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MODE | STATX_UID, &out);
    facts.mode = out.stx_mode;
    facts.uid = out.stx_uid;
    facts.major = out.stx_rdev_major;
    facts.minor = out.stx_rdev_minor;
    return facts;
}

// A detached copy of what `fd` or `path` names.
inline int clone_tree(int fd, const char* path, unsigned flags) {
    return static_cast<int>(
        call(__NR_open_tree, fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags));
}

// On `target` itself, or on `name` in it, which is no link.
inline int attach(int tree, int target, const char* name = "") {
    const unsigned at = *name == 0 ? MOVE_MOUNT_T_EMPTY_PATH : 0;
    return static_cast<int>(
        call(__NR_move_mount, tree, "", target, name, MOVE_MOUNT_F_EMPTY_PATH | at));
}

inline int set_attributes(int mount, unsigned long set, unsigned long clear, unsigned flags,
                          unsigned long propagation = 0) {
    if (set == 0 && clear == 0 && propagation == 0) return 0;
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    attributes.propagation = propagation;
    return static_cast<int>(
        call(__NR_mount_setattr, mount, "", AT_EMPTY_PATH | flags, &attributes, sizeof attributes));
}

}  // namespace nucleus::init
