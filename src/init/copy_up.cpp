#include "init/copy_up.hpp"

#include <errno.h>

#include "init/bytes.hpp"
#include "init/kernel_types.hpp"

namespace nucleus::init {

namespace {

constexpr int kMaxDepth = 64;

// linux_dirent64, as getdents64(2) has it.
struct Entry {
    unsigned long inode;
    long offset;
    unsigned short size;
    unsigned char type;
    char name[1];
};

struct Ownership {
    long error = 0;
    unsigned mode = 0, uid = 0, gid = 0;
};

Ownership ownership_of(int directory, const char* name) {
    struct statx out {};
    Ownership owner;
    owner.error = call(__NR_statx, directory, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH,
                       STATX_MODE | STATX_TYPE | STATX_UID | STATX_GID, &out);
    owner.mode = out.stx_mode;
    owner.uid = out.stx_uid;
    owner.gid = out.stx_gid;
    return owner;
}

long close_both(long error, long a, long b) {
    if (a >= 0) call(__NR_close, a);
    if (b >= 0) call(__NR_close, b);
    return error;
}

// Owner before mode: a change of owner takes set-id bits away.
long give(long fd, const Ownership& owner) {
    if (long error = call(__NR_fchown, fd, owner.uid, owner.gid); error < 0) return error;
    return call(__NR_fchmod, fd, owner.mode & 07777);
}

long copy_file(int from, int to, const char* name, const Ownership& owner) {
    const long source =
        call(__NR_openat, from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (source < 0) return source;
    const long copy =
        call(__NR_openat, to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    long moved = copy;
    if (copy >= 0) {
        do moved = call(__NR_sendfile, copy, source, 0, 1L << 30);
        while (moved > 0 || moved == -EINTR);
        if (moved >= 0) moved = give(copy, owner);
    }
    return close_both(moved, source, copy);
}

long copy_link(int from, int to, const char* name, const Ownership& owner) {
    char target[kPathMax];
    const long size = call(__NR_readlinkat, from, name, target, sizeof target - 1);
    if (size < 0) return size;
    target[size] = 0;
    if (long error = call(__NR_symlinkat, target, to, name); error < 0) return error;
    return call(__NR_fchownat, to, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW);
}

long copy_directory(Init& init, int from, int to, int depth);

long copy_entry(Init& init, int from, int to, const char* name, int depth) {
    const Ownership owner = ownership_of(from, name);
    if (owner.error < 0) return owner.error;
    switch (owner.mode & 0170000) {
        case kRegular:
            return copy_file(from, to, name, owner);
        case kLink:
            return copy_link(from, to, name, owner);
        case 0010000:
            if (long error = call(__NR_mknodat, to, name, owner.mode, 0); error < 0) return error;
            return call(__NR_fchownat, to, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW);
        case kDirectory:
            break;
        default:
            return 0;  // devices and sockets are no content
    }
    if (long error = call(__NR_mkdirat, to, name, 0700); error < 0) return error;
    constexpr unsigned kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const long source = call(__NR_openat, from, name, kFlags, 0);
    if (source < 0) return source;
    const long copy = call(__NR_openat, to, name, kFlags, 0);
    long error = copy;
    if (copy >= 0)
        error = copy_directory(init, static_cast<int>(source), static_cast<int>(copy), depth + 1);
    if (error >= 0) error = give(copy, owner);
    return close_both(error, source, copy);
}

long copy_directory(Init& init, int from, int to, int depth) {
    if (depth > kMaxDepth) {
        init.detail = "tmpcopyup: directories are nested too deeply";
        return -ELOOP;
    }
    alignas(Entry) char buffer[4096];
    for (;;) {
        const long got = call(__NR_getdents64, from, buffer, sizeof buffer);
        if (got <= 0) return got;
        for (long at = 0; at < got;) {
            const auto* entry = reinterpret_cast<const Entry*>(buffer + at);
            at += entry->size;
            if (equal(entry->name, ".") || equal(entry->name, "..")) continue;
            if (long error = copy_entry(init, from, to, entry->name, depth); error < 0)
                return error;
        }
    }
}

}  // namespace

int copy_up(Init& init, int from, int to) {
    constexpr unsigned kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const long source = call(__NR_openat, from, ".", kFlags, 0);
    if (source < 0) return static_cast<int>(source);
    const long copy = call(__NR_openat, to, ".", kFlags, 0);
    long error = copy;
    if (copy >= 0)
        error = copy_directory(init, static_cast<int>(source), static_cast<int>(copy), 0);
    return static_cast<int>(close_both(error, source, copy));
}

}  // namespace nucleus::init
