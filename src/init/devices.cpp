// Nodes, links and directories in the container's file system.
#include <errno.h>

#include "init/bytes.hpp"
#include "init/init.hpp"
#include "init/kernel_types.hpp"
#include "init/paths.hpp"

namespace nucleus::init {

namespace {

// Something stands there already: it will do if it is that very device, and nothing else will (an
// image that plants a file or a link).
int accept_existing(Init& init, int parent, const char* name, const wire::Step& step) {
    const auto fd =
        static_cast<int>(call(__NR_openat, parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0));
    if (fd < 0) return fd;
    const FileFacts facts = facts_of(fd);
    call(__NR_close, fd);
    const auto major = static_cast<unsigned>(step.value >> 32);
    const auto minor = static_cast<unsigned>(step.value);
    const bool fifo = (step.mode & 0170000) == 0010000;
    if (facts.error == 0 && facts.is(step.mode & 0170000) &&
        (fifo || (facts.major == major && facts.minor == minor)))
        return 0;
    init.detail = "exists and is something else";
    return -EEXIST;
}

bool makes_entry(wire::Op op) { return op == wire::Op::make_device || op == wire::Op::make_link; }

// Nodes and links come in a row, in one directory: it is opened once. Another kind of step could
// mount over it.
int end_entry(Init& init, const wire::Step& step, long error) {
    const wire::Step* const end = init.steps + init.header->step_count;
    const bool another =
        error >= 0 && &step >= init.steps && &step + 1 < end && makes_entry((&step + 1)->op);
    if (!another) forget_parent(init);
    return static_cast<int>(error);
}

// dev_t as mknod(2) takes it.
unsigned long encode_device(unsigned long value) {
    const unsigned long major = value >> 32, minor = value & 0xffffffff;
    return (minor & 0xff) | (major << 8) | ((minor & ~0xffUL) << 12);
}

}  // namespace

int make_device(Init& init, const wire::Step& step) {
    const char* name = nullptr;
    const int parent = open_parent_in_root(init, init.text(step.target), name);
    if (parent < 0) return parent;
    long error = call(__NR_mknodat, parent, name, step.mode, encode_device(step.value));
    if (error == -EEXIST)
        error = accept_existing(init, parent, name, step);
    else if (error >= 0 && (step.uid != 0 || step.gid != 0))
        error = call(__NR_fchownat, parent, name, step.uid, step.gid, AT_SYMLINK_NOFOLLOW);
    return end_entry(init, step, error);
}

int bind_device(Init& init, const wire::Step& step) {
    const int tree =
        step.slot >= 0 ? init.slots()[step.slot] : clone_tree(AT_FDCWD, init.text(step.source), 0);
    if (tree < 0) {
        init.detail = init.text(step.source);
        return tree;
    }
    const int target = open_plainly_in_root(init, init.text(step.target), Make::file);
    int error = target;
    if (target >= 0) {
        error = attach(tree, target);
        call(__NR_close, target);
    }
    call(__NR_close, tree);
    return error;
}

int make_link(Init& init, const wire::Step& step) {
    if (step.mode == wire::kLinkIfHostHasSource &&
        call(__NR_faccessat, AT_FDCWD, init.text(step.source), 0 /* F_OK */) < 0)
        return end_entry(init, step, 0);
    const char* name = nullptr;
    const int parent = open_parent_in_root(init, init.text(step.target), name);
    if (parent < 0) return parent;
    const char* wanted = init.text(step.source);
    long error = call(__NR_symlinkat, wanted, parent, name);
    if (error == -EEXIST) {
        char present[256];
        const long size = call(__NR_readlinkat, parent, name, present, sizeof present - 1);
        if (size > 0) present[size] = 0;
        // Otherwise what stands there is the image's own choice of a convenience link.
        error = 0;
        if (step.mode == wire::kLinkReplaces && (size <= 0 || !equal(present, wanted))) {
            // /dev/ptmx must lead to the container's own instance, whatever the image has there.
            error = call(__NR_unlinkat, parent, name, 0);
            if (error >= 0) error = call(__NR_symlinkat, wanted, parent, name);
        }
    }
    return end_entry(init, step, error);
}

int make_directory(Init& init, const wire::Step& step) {
    const int fd = open_in_root(init, init.text(step.target), Make::directory);
    if (fd < 0) return fd;
    return static_cast<int>(call(__NR_close, fd));
}

}  // namespace nucleus::init
