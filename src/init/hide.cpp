// Paths that the container may not change, or not see (config-linux.md#readonly-paths,
// #masked-paths). A path that the image does not have needs no hiding.
#include <errno.h>
#include <sys/mount.h>

#include "init/init.hpp"
#include "init/kernel_types.hpp"
#include "init/paths.hpp"

namespace nucleus::init {

namespace {

bool absent(int error) { return error == -ENOENT || error == -ENOTDIR; }

// One empty read-only tmpfs for all masked directories: the first is attached itself, the others
// are copies of it.
int empty_directory(Init& init) {
    if (init.mask_directory >= 0) return clone_tree(init.mask_directory, "", AT_EMPTY_PATH);
    const auto fs = static_cast<int>(call(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC));
    if (fs < 0) return fs;
    long error = call(__NR_fsconfig, fs, FSCONFIG_SET_STRING, "source", "tmpfs", 0);
    if (error >= 0) error = call(__NR_fsconfig, fs, FSCONFIG_SET_FLAG, "ro", 0, 0);
    if (error >= 0) error = call(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
    if (error >= 0) error = call(__NR_fsmount, fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
    call(__NR_close, fs);
    if (error >= 0) init.mask_directory = static_cast<int>(error);
    return static_cast<int>(error);
}

}  // namespace

int make_readonly(Init& init, const wire::Step& step) {
    const char* path = init.text(step.target);
    const unsigned recursive = (step.flags & MS_REC) != 0 ? AT_RECURSIVE : 0;
    if (path[0] == '/' && path[1] == 0)
        return set_attributes(init.root, MOUNT_ATTR_RDONLY, 0, recursive);
    const int target = open_in_root(init, path, Make::nothing);
    if (target < 0) return absent(target) ? 0 : target;
    // The copy keeps the flags that the mount has; it gets one more.
    int tree = clone_tree(target, "", AT_EMPTY_PATH | AT_RECURSIVE);
    int error = tree;
    if (tree >= 0) {
        error = set_attributes(tree, MOUNT_ATTR_RDONLY, 0, recursive);
        if (error >= 0) error = attach(tree, target);
        call(__NR_close, tree);
    }
    call(__NR_close, target);
    return error;
}

int mask_path(Init& init, const wire::Step& step) {
    const int target = open_in_root(init, init.text(step.target), Make::nothing);
    if (target < 0) return absent(target) ? 0 : target;
    const FileFacts facts = facts_of(target);
    if (facts.error < 0) return static_cast<int>(facts.error);
    const bool directory = facts.is(kDirectory);
    if (!directory && init.null_device < 0) {
        init.detail = "the host has no /dev/null";
        return init.null_device;
    }
    const int tree =
        directory ? empty_directory(init) : clone_tree(init.null_device, "", AT_EMPTY_PATH);
    int error = tree;
    if (tree >= 0) error = attach(tree, target);
    if (tree >= 0 && tree != init.mask_directory) call(__NR_close, tree);
    call(__NR_close, target);
    return error;
}

}  // namespace nucleus::init
