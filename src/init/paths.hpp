// Paths below the container's root. The image is hostile: a path is resolved once, by the kernel,
// confined to the root (openat2(2), RESOLVE_IN_ROOT), and everything after acts on the descriptor.
#pragma once

#include "init/init.hpp"

namespace nucleus::init {

enum class Make { nothing, directory, file };

// An O_PATH descriptor of `path` below the root, symbolic links followed inside it, or -errno. What
// is missing is made, directories with mode 0755; the last component as `make` says.
// `made`, if given, tells whether anything was.
int open_in_root(Init& init, const char* path, Make make, bool* made = nullptr);

// Where a mount goes: on `name` in the directory `fd`, or on `fd` itself if the name is empty. What
// has a name was made by us just now, and is looked up without following a link.
struct Target {
    int fd;  // or -errno
    const char* name = "";
    bool made = false;  // it was missing
    bool has_name() const { return *name != 0; }
};

// What open_in_root opens, but a target that was made beside the last one stays unopened; its `fd`
// is then not the caller's to close.
Target target_in_root(Init& init, const char* path, Make make);

// The same where no component may be a symbolic link: -ELOOP if one is.
int open_plainly_in_root(Init& init, const char* path, Make make, bool* made = nullptr);

// Opened for reading, never waiting for a peer (a FIFO opens at once); the caller asks what it is.
int open_to_read_in_root(Init& init, const char* path);

// The descriptor of the directory that holds the last component of `path` (made if missing), and
// that component in `name`. It stays open for the next path in the same directory; whoever asks for
// it forgets it before any step that could mount over it.
int open_parent_in_root(Init& init, const char* path, const char*& name);
void forget_parent(Init& init);

}  // namespace nucleus::init
