// The container's root: taken from the host's tree, and made the only one.
#include <errno.h>
#include <linux/sched.h>
#include <sys/mount.h>

#include "init/bytes.hpp"
#include "init/init.hpp"
#include "init/kernel_types.hpp"

namespace nucleus::init {

namespace {

long change_propagation(const char* path, unsigned long flags) {
    return call(__NR_mount, 0, path, 0, flags, 0);
}

// pivot_root(2) refuses a root whose parent mount is shared, and a shared parent would carry the
// container's mounts to the host. The parent is the first mount point on the way up.
int make_parent_private(const char* path) {
    static Builder<kPathMax> parent;
    parent.clear();
    if (parent.add(path).full()) return -ENAMETOOLONG;
    char* text = parent.data();
    for (unsigned long size = parent.size();;) {
        const long error = change_propagation(size == 0 ? "/" : text, MS_PRIVATE);
        if (error != -EINVAL) return static_cast<int>(error);
        if (size == 0) return -EINVAL;
        while (size > 0 && text[size - 1] != '/') --size;
        while (size > 0 && text[size - 1] == '/') --size;
        text[size] = 0;
    }
}

}  // namespace

int set_propagation(Init& init, const wire::Step& step) {
    if (long error = change_propagation("/", step.flags); error < 0) return static_cast<int>(error);
    if ((step.flags & MS_SHARED) == 0) return 0;
    return make_parent_private(init.text(step.target));
}

int attach_rootfs(Init& init, const wire::Step& step) {
    if (step.slot >= 0) {
        // The host has attached it already: mapped root might not reach the path.
        init.root = init.slots()[step.slot];
    } else {
        const char* path = init.text(step.source);
        const int tree = clone_tree(AT_FDCWD, path, AT_RECURSIVE);
        if (tree < 0) return tree;
        const long error = call(__NR_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
        if (error < 0) return static_cast<int>(error);
        init.root = tree;
    }
    const FileFacts root = facts_of(init.root);
    if (root.error < 0) return static_cast<int>(root.error);
    if (!root.is(kDirectory)) return -ENOTDIR;
    // For masked files: the host's own node, opened while no path of the image can stand in its
    // place (CVE-2025-31133).
    init.null_device = static_cast<int>(
        call(__NR_openat, AT_FDCWD, "/dev/null", O_PATH | O_CLOEXEC | O_NOFOLLOW, 0));
    if (init.null_device < 0) return 0;
    const FileFacts null_device = facts_of(init.null_device);
    if (null_device.error < 0) return static_cast<int>(null_device.error);
    if (!null_device.is_null_device()) {
        init.detail = "/dev/null of the host is not the null device";
        return -EINVAL;
    }
    return 0;
}

int use_host_root(Init& init, const wire::Step& step) {
    if (step.mode == wire::kRootByDescriptor) {
        init.root = step.fd;
        return 0;
    }
    init.root = static_cast<int>(
        call(__NR_openat, AT_FDCWD, init.text(step.source), O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
    return init.root < 0 ? init.root : 0;
}

int pivot_root(Init& init, const wire::Step&) {
    const long old_root = call(__NR_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (old_root < 0) return static_cast<int>(old_root);
    if (long error = call(__NR_fchdir, init.root); error < 0) return static_cast<int>(error);
    // The old root lands on top of the new one (pivot_root(2), "pivot_root(".", ".")") and is taken
    // off through its descriptor.
    if (long error = call(__NR_pivot_root, ".", "."); error < 0) return static_cast<int>(error);
    if (long error = call(__NR_fchdir, old_root); error < 0) return static_cast<int>(error);
    // Slave first: taking mounts off must not be carried to the host.
    if (long error = change_propagation(".", MS_SLAVE | MS_REC); error < 0)
        return static_cast<int>(error);
    if (long error = call(__NR_umount2, ".", MNT_DETACH); error < 0) return static_cast<int>(error);
    call(__NR_close, old_root);
    return static_cast<int>(call(__NR_chdir, "/"));
}

int move_root(Init& init, const wire::Step& step) {
    const long error = call(__NR_move_mount, init.root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
    if (error < 0) return static_cast<int>(error);
    return change_root(init, step);
}

int change_root(Init& init, const wire::Step&) {
    if (long error = call(__NR_fchdir, init.root); error < 0) return static_cast<int>(error);
    if (long error = call(__NR_chroot, "."); error < 0) return static_cast<int>(error);
    return static_cast<int>(call(__NR_chdir, "/"));
}

int set_root_propagation(Init&, const wire::Step& step) {
    return static_cast<int>(change_propagation("/", step.flags));
}

}  // namespace nucleus::init
