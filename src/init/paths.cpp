#include "init/paths.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>

#include "init/bytes.hpp"

namespace nucleus::init {

namespace {

constexpr int kMaxLinks = 40;  // as path_resolution(7)
using Path = Builder<kPathMax>;

int open_confined(int root, const char* path, unsigned long flags, unsigned long resolve = 0) {
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
    long fd;
    // EAGAIN: something was renamed during the walk and the kernel could not be sure (openat2(2)).
    do fd = call(__NR_openat2, root, *path == 0 ? "." : path, &how, sizeof how);
    while (fd == -EAGAIN || fd == -EINTR);
    return static_cast<int>(fd);
}

// Of `a/b/`: `b/`. Empty only for an empty path.
const char* last_component(const char* path) {
    const char* name = path;
    for (const char* c = path; *c != 0; ++c)
        if (*c == '/' && c[1] != 0 && c[1] != '/') name = c + 1;
    return name;
}

int make_one(int parent, const char* name, Make make) {
    if (make == Make::directory) return static_cast<int>(call(__NR_mkdirat, parent, name, 0755));
    const long fd =
        call(__NR_openat, parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return static_cast<int>(fd);
    return static_cast<int>(call(__NR_close, fd));
}

// `name` in `parent` is a link to what is not there: the path with the link's text in its place,
// for another walk.
int replace_link(int parent, const char* name, const Path& before, const char* rest, Path& out) {
    char target[kPathMax];
    const long size = call(__NR_readlinkat, parent, name, target, sizeof target);
    if (size < 0) return static_cast<int>(size);
    if (size == 0 || size >= static_cast<long>(sizeof target)) return -ENAMETOOLONG;
    static Path joined;
    joined.clear();
    if (target[0] != '/') joined.add(before.text()).add("/");
    joined.add(target, static_cast<unsigned long>(size));
    // No slash at the end of what is to be a file: it would then have to be a directory.
    if (*rest != 0) joined.add("/").add(rest);
    if (joined.full()) return -ENAMETOOLONG;
    out.clear();
    out.add(joined.text());
    return 0;
}

// Makes the first missing component of `path`. 1: made or replaced something, look again; 0:
// nothing to do; or -errno.
int make_first_missing(int root, Path& path, Make last) {
    static Path before;
    before.clear();
    int parent = open_confined(root, ".", O_PATH | O_DIRECTORY);
    const char* at = path.text();
    for (;;) {
        while (*at == '/') ++at;
        if (*at == 0) break;
        const char* end = find(at, '/');
        const unsigned long size =
            end != nullptr ? static_cast<unsigned long>(end - at) : length(at);
        const char* rest = at + size;
        const char* beyond = rest;
        while (*beyond == '/') ++beyond;
        static Path name;
        name.clear();
        if (name.add(at, size).full()) return call(__NR_close, parent), -ENAMETOOLONG;
        static Path through;
        through.clear();
        through.add(before.text()).add("/").add(name.text());
        const int next = open_confined(root, through.text(), O_PATH);
        if (next == -ENOENT) {
            int made = make_one(parent, name.text(), *beyond != 0 ? Make::directory : last);
            // A dangling link stands there: what it names is made in its place, as the kernel would
            // follow it.
            if (made == -EEXIST) made = replace_link(parent, name.text(), before, beyond, path);
            call(__NR_close, parent);
            return made < 0 ? made : 1;
        }
        call(__NR_close, parent);
        if (next < 0) return next;
        parent = next;
        before.clear();
        before.add(through.text());
        at = rest;
    }
    call(__NR_close, parent);
    return 0;
}

// The path of init.made_in as it was asked for.
Path& path_of_made_in() {
    static Path path;
    return path;
}

void forget_made_in(Init& init) {
    if (init.made_in >= 0) call(__NR_close, init.made_in);
    init.made_in = -1;
}

// -ENOENT: something has the name.
int make_in(int parent, const char* name, Make make) {
    const int made = make_one(parent, name, make);
    return made == -EEXIST ? -ENOENT : made;
}

// The common case: only the last component is missing. -ENOENT: more is missing, or a dangling link
// stands there. The directory stays open for the next target in it.
int make_last(Init& init, const char* path, const char* name, Make make) {
    Path& parent = path_of_made_in();
    parent.clear();
    if (*name == 0 || parent.add(path, static_cast<unsigned long>(name - path)).full())
        return -ENOENT;
    init.made_in = open_confined(init.root, parent.text(), O_PATH | O_DIRECTORY);
    if (init.made_in < 0) return init.made_in;
    const int made = make_in(init.made_in, name, make);
    if (made < 0) forget_made_in(init);
    return made;
}

// Beside the target that was made last: what is mounted on a directory that we have just made
// covers nothing that a walk to its neighbour passes. -ENOENT: it is not there, or something has
// the name.
int make_beside_last(Init& init, const char* path, const char* name, Make make) {
    const auto size = static_cast<unsigned long>(name - path);
    const Path& parent = path_of_made_in();
    if (init.made_in < 0 || *name == 0 || parent.size() != size ||
        !starts_with(path, parent.text()))
        return -ENOENT;
    return make_in(init.made_in, name, make);
}

// Round by round: each makes one component, or puts what a dangling link names in its place.
int make_and_open(Init& init, const char* path, Make make) {
    static Path current;
    current.clear();
    if (current.add(path).full()) return -ENAMETOOLONG;
    int components = 0;
    for (const char* c = path; *c != 0; ++c) components += *c == '/';
    for (int rounds = components + 1 + kMaxLinks; rounds > 0; --rounds) {
        const int first = make_first_missing(init.root, current, make);
        if (first < 0) return first;
        if (first == 0) return open_confined(init.root, current.text(), O_PATH);
    }
    return -ELOOP;
}

}  // namespace

Target target_in_root(Init& init, const char* path, Make make) {
    const char* name = last_component(path);
    int made = -ENOENT;
    if (make != Make::nothing) made = make_beside_last(init, path, name, make);
    if (made == -ENOENT) {
        forget_made_in(init);
        const int fd = open_confined(init.root, path, O_PATH);
        if (fd != -ENOENT || make == Make::nothing) return {fd};
        made = make_last(init, path, name, make);
    }
    if (made == -ENOENT) return {make_and_open(init, path, make), "", true};
    if (made < 0) return {made};
    return {init.made_in, name, true};
}

int open_in_root(Init& init, const char* path, Make make, bool* made) {
    const Target target = target_in_root(init, path, make);
    if (made != nullptr) *made = target.made;
    if (!target.has_name()) return target.fd;
    return static_cast<int>(
        call(__NR_openat, target.fd, target.name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0));
}

int open_plainly_in_root(Init& init, const char* path, Make make, bool* made) {
    if (made != nullptr) *made = false;
    forget_made_in(init);
    const int fd = open_confined(init.root, path, O_PATH, RESOLVE_NO_SYMLINKS);
    if (fd != -ENOENT || make == Make::nothing) return fd;
    const int first = open_in_root(init, path, make, made);
    if (first < 0) return first;
    // Looked at again: what was made may have been made behind a link.
    call(__NR_close, first);
    return open_confined(init.root, path, O_PATH, RESOLVE_NO_SYMLINKS);
}

int open_to_read_in_root(Init& init, const char* path) {
    return open_confined(init.root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

int open_parent_in_root(Init& init, const char* path, const char*& name) {
    static Path parent;
    name = last_component(path);
    const auto size = static_cast<unsigned long>(name - path);
    if (*name == '/' || *name == 0) return -EINVAL;
    if (init.parent >= 0 && parent.size() == size && starts_with(path, parent.text()))
        return init.parent;
    forget_parent(init);
    parent.clear();
    if (parent.add(path, size).full()) return -ENAMETOOLONG;
    init.parent = open_in_root(init, parent.text(), Make::directory);
    return init.parent;
}

void forget_parent(Init& init) {
    if (init.parent >= 0) call(__NR_close, init.parent);
    init.parent = -1;
}

}  // namespace nucleus::init
