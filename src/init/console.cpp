// The terminal, and who owns stdio.
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <asm/termios.h>
#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "init/channel.hpp"
#include "init/init.hpp"
#include "init/kernel_types.hpp"
#include "init/paths.hpp"

namespace nucleus::init {

namespace {

// A new terminal of the container's devpts, proven to be one: a path such as /dev/pts/0 is never
// walked (CVE-2025-52565).
int open_master(Init& init, const char* devpts) {
    constexpr unsigned kFlags = O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW;
    if (*devpts == 0)
        return static_cast<int>(call(__NR_openat, AT_FDCWD, "/dev/pts/ptmx", kFlags, 0));
    const int directory = open_in_root(init, devpts, Make::nothing);
    if (directory < 0) return directory;
    struct statfs facts {};
    long result = call(__NR_fstatfs, directory, &facts);
    if (result >= 0) result = facts.f_type == DEVPTS_SUPER_MAGIC ? 0 : -ENODEV;
    if (result >= 0) result = call(__NR_openat, directory, "ptmx", kFlags, 0);
    call(__NR_close, directory);
    return static_cast<int>(result);
}

// /dev/console is the terminal itself, from its descriptor, on an ordinary file.
int attach_console(Init& init, int terminal) {
    const int tree = clone_tree(terminal, "", AT_EMPTY_PATH);
    if (tree < 0) return tree;
    const int target = open_plainly_in_root(init, "/dev/console", Make::file);
    int error = target;
    if (target >= 0) {
        error = attach(tree, target);
        call(__NR_close, target);
    }
    call(__NR_close, tree);
    return error;
}

int become_stdio(int terminal) {
    for (int fd = 0; fd < 3; ++fd)
        if (long error = call(__NR_dup3, terminal, fd, 0); error < 0)
            return static_cast<int>(error);
    call(__NR_close, terminal);
    return static_cast<int>(call(__NR_ioctl, 0, TIOCSCTTY, 0));
}

// The caller's null device would let the container's root change the machine's node through its
// descriptor: it gets the container's own.
long replace_null_device(int fd) {
    const long own =
        call(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW, 0);
    if (own < 0) return 0;  // there is none
    long error = 0;
    if (facts_of(static_cast<int>(own)).is_null_device()) error = call(__NR_dup3, own, fd, 0);
    call(__NR_close, own);
    return error;
}

}  // namespace

int open_console(Init& init, const wire::Step& step) {
    const int master = open_master(init, init.text(step.target));
    if (master < 0) return master;
    int unlocked = 0;
    long terminal = call(__NR_ioctl, master, TIOCSPTLCK, &unlocked);
    if (terminal >= 0)
        terminal = call(__NR_ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0) return static_cast<int>(terminal);
    int error = 0;
    if (step.value != 0) {
        winsize size{};
        size.ws_row = static_cast<unsigned short>(step.value >> 16);
        size.ws_col = static_cast<unsigned short>(step.value);
        error = static_cast<int>(call(__NR_ioctl, terminal, TIOCSWINSZ, &size));
    }
    constexpr unsigned kWithConsoleNode = 1;
    if (error >= 0 && step.mode == kWithConsoleNode)
        error = attach_console(init, static_cast<int>(terminal));
    if (error >= 0) error = become_stdio(static_cast<int>(terminal));
    if (error >= 0 && !report_descriptor(init, master)) error = -EPIPE;
    call(__NR_close, master);
    return error;
}

// A program that is not root must be able to reopen /dev/stdout, which is a file of whoever called
// us.
int own_stdio(Init&, const wire::Step& step) {
    for (int fd = 0; fd < 3; ++fd) {
        const FileFacts facts = facts_of(fd);
        if (facts.error < 0) continue;
        long error = 0;
        if (facts.is_null_device())
            error = replace_null_device(fd);
        else if (facts.uid != step.uid)
            error = call(__NR_fchown, fd, step.uid, -1);
        // An unmapped owner, a read-only or foreign file system: the program may still use the
        // descriptor that it has.
        if (error < 0 && error != -EINVAL && error != -EPERM && error != -EROFS &&
            error != -ENOSYS && error != -EACCES)
            return static_cast<int>(error);
    }
    return 0;
}

}  // namespace nucleus::init
