// Kernel parameters of the container's namespaces (config-linux.md#sysctl), written through a
// procfs that no one else can reach (CVE-2025-52881: a path under the container's /proc may lead
// anywhere).
#include <errno.h>
#include <linux/openat2.h>

#include "init/init.hpp"
#include "init/kernel_types.hpp"

namespace nucleus::init {

namespace {

int open_proc_sys(Init& init) {
    if (init.proc_sys >= 0) return init.proc_sys;
    const auto fs = static_cast<int>(call(__NR_fsopen, "proc", FSOPEN_CLOEXEC));
    if (fs < 0) return fs;
    long result = call(__NR_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0);
    if (result >= 0) result = call(__NR_fsmount, fs, FSMOUNT_CLOEXEC, 0);
    call(__NR_close, fs);
    if (result < 0) return static_cast<int>(result);
    const long mount = result;
    result = call(__NR_openat, mount, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
    call(__NR_close, mount);
    if (result >= 0) init.proc_sys = static_cast<int>(result);
    return static_cast<int>(result);
}

}  // namespace

int set_sysctl(Init& init, const wire::Step& step) {
    const int directory = open_proc_sys(init);
    if (directory < 0) return directory;
    open_how how{};
    how.flags = O_WRONLY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
    const long file = call(__NR_openat2, directory, init.text(step.target), &how, sizeof how);
    if (file < 0) return static_cast<int>(file);
    const long put = call(__NR_write, file, init.text(step.source), step.source.size);
    call(__NR_close, file);
    if (put < 0) return static_cast<int>(put);
    return put == static_cast<long>(step.source.size) ? 0 : -EIO;
}

}  // namespace nucleus::init
