// Labels of security modules, which a process can only give itself: by writing to its own
// /proc/self/attr. The writes go through the host's procfs, opened before anything of the bundle is
// in sight and proven to be a procfs: a label written to a file of the image's would be none
// (CVE-2019-16884), and one written through its mounts may end anywhere (CVE-2025-52881).
#include <errno.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/xattr.h>
#include <sys/statfs.h>

#include "init/bytes.hpp"
#include "init/init.hpp"
#include "init/kernel_types.hpp"
#include "init/paths.hpp"

namespace nucleus::init {

namespace {

constexpr const char* kAppArmor = "self/attr/apparmor/exec";
constexpr const char* kShared = "self/attr/exec";  // whichever module came first (Linux < 5.8)
constexpr const char* kKeys = "self/attr/keycreate";

// The process's own file below the host's procfs: `self` is the one symbolic link on the way, and
// nothing mounted over it counts.
int open_attribute(Init& init, const char* path) {
    open_how how{};
    how.flags = O_WRONLY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    return static_cast<int>(call(__NR_openat2, init.proc, path, &how, sizeof how));
}

int write_and_close(int file, const char* text, unsigned long size) {
    if (file < 0) return file;
    const long put = call(__NR_write, file, text, size);
    call(__NR_close, file);
    if (put < 0) return static_cast<int>(put);
    return put == static_cast<long>(size) ? 0 : -EIO;
}

int write_attribute(Init& init, const char* path, const char* text, unsigned long size) {
    init.detail = path;
    return write_and_close(open_attribute(init, path), text, size);
}

// No way to the host's procfs outlives the last label.
int close_proc(Init& init, int error) {
    call(__NR_close, init.proc);
    init.proc = -1;
    return error;
}

}  // namespace

int open_proc(Init& init, const wire::Step&) {
    const auto proc = static_cast<int>(
        call(__NR_openat, AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
    if (proc < 0) return proc;
    struct statfs facts {};
    const long error = call(__NR_fstatfs, proc, &facts);
    if (error >= 0 && facts.f_type == PROC_SUPER_MAGIC) {
        init.proc = proc;
        return 0;
    }
    call(__NR_close, proc);
    init.detail = "/proc is no procfs";
    return error < 0 ? static_cast<int>(error) : -EINVAL;
}

int set_key_label(Init& init, const wire::Step& step) {
    return write_attribute(init, kKeys, init.text(step.source), step.source.size);
}

int set_selinux_label(Init& init, const wire::Step& step) {
    return close_proc(init,
                      write_attribute(init, kShared, init.text(step.source), step.source.size));
}

// apparmor(7): `exec PROFILE` takes effect at the next execve.
int set_apparmor_profile(Init& init, const wire::Step& step) {
    static Builder<kPathMax> order;
    order.clear();
    order.add("exec ").add(init.text(step.source), step.source.size);
    if (order.full()) return close_proc(init, -ENAMETOOLONG);
    init.detail = kAppArmor;
    int file = open_attribute(init, kAppArmor);
    if (file == -ENOENT) {
        init.detail = kShared;
        file = open_attribute(init, kShared);
    }
    return close_proc(init, write_and_close(file, order.text(), order.size()));
}

// A file system whose one instance is mounted already takes no `context` option: its root gets the
// label by itself.
int label_mount(Init& init, const wire::Step& step) {
    const int target = open_in_root(init, init.text(step.target), Make::nothing);
    if (target < 0) return target;
    const auto directory =
        static_cast<int>(call(__NR_openat, target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
    call(__NR_close, target);
    if (directory < 0) return directory;
    const long error = call(__NR_fsetxattr, directory, "security.selinux", init.text(step.source),
                            step.source.size + 1UL, 0);
    call(__NR_close, directory);
    return static_cast<int>(error);
}

}  // namespace nucleus::init
