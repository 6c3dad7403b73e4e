#include "init/mount_by_flags.hpp"

#include <errno.h>
#include <linux/mount.h>

#include "init/bytes.hpp"

namespace nucleus::init {

namespace {

struct Pair {
    unsigned long attribute, flag;
};

// MOUNT_ATTR_* and the MS_* of the same meaning (mount(2), mount_setattr(2)).
constexpr Pair kPairs[] = {
    {MOUNT_ATTR_RDONLY, 1},        {MOUNT_ATTR_NOSUID, 2},
    {MOUNT_ATTR_NODEV, 4},         {MOUNT_ATTR_NOEXEC, 8},
    {MOUNT_ATTR_NOSYMFOLLOW, 256}, {MOUNT_ATTR_NOATIME, 1024},
    {MOUNT_ATTR_NODIRATIME, 2048}, {MOUNT_ATTR_STRICTATIME, 1UL << 24},
};

unsigned long flags_of(const wire::Step& step) {
    // A new file system is one mount: its tree's attributes are its own, which say more.
    const unsigned long attributes =
        (step.recursive_set & ~step.attributes_clear) | step.attributes_set;
    unsigned long flags = step.flags;
    for (const Pair& pair : kPairs)
        if ((attributes & pair.attribute) != 0) flags |= pair.flag;
    return flags;
}

using Data = Builder<4096>;  // a page: mount(2)

void add_mode(Data& data, unsigned mode) {
    char digits[] = {'0', '0', '0', '0', 0};
    for (int i = 3; i >= 0; --i, mode >>= 3) digits[i] = static_cast<char>('0' + (mode & 7));
    data.add("mode=").add(digits);
}

}  // namespace

int mount_by_flags(Init& init, const wire::Step& step, int target, unsigned mode) {
    static Data data;
    data.clear();
    const char* option = init.text(step.options);
    for (const char* end = option + step.options.size; option < end; option += length(option) + 1) {
        if (*option == 0) continue;
        if (data.size() > 0) data.add(",");
        data.add(option);
    }
    if (mode != 0) add_mode(data.size() > 0 ? data.add(",") : data, mode);
    if (data.full()) {
        init.detail = "the options are longer than a page";
        return -ENAMETOOLONG;
    }
    // mount(2) takes a path only: the directory that is held is the one that `.` names.
    long error = call(__NR_fchdir, target);
    if (error >= 0)
        error = call(__NR_mount, init.text(step.source), ".", init.text(step.type), flags_of(step),
                     data.text());
    if (error < 0) init.detail = init.text(step.type);
    const long back = call(__NR_chdir, "/");
    return static_cast<int>(error < 0 ? error : back);
}

}  // namespace nucleus::init
