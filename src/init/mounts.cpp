// Mounts below the container's root, by descriptors only (fsopen(2), open_tree(2), move_mount(2)):
// no path is walked twice.
#include <errno.h>
#include <sys/mount.h>

#include "init/bytes.hpp"
#include "init/copy_up.hpp"
#include "init/init.hpp"
#include "init/kernel_types.hpp"
#include "init/mount_by_flags.hpp"
#include "init/paths.hpp"

namespace nucleus::init {

namespace {

struct SuperblockFlag {
    unsigned long bit;
    const char* set;
    const char* clear;
};

constexpr SuperblockFlag kSuperblockFlags[] = {
    {MS_RDONLY, "ro", "rw"},
    {MS_SYNCHRONOUS, "sync", "async"},
    {MS_DIRSYNC, "dirsync", nullptr},
    {MS_MANDLOCK, "mand", "nomand"},
    {1UL << 25 /* MS_LAZYTIME */, "lazytime", "nolazytime"},
};

long configure(int fs, unsigned command, const char* key, const char* value) {
    return call(__NR_fsconfig, fs, command, key, value, 0);
}

// What the file system itself says of the failure, if it says anything: "e tmpfs: Unknown parameter
// 'x'".
void take_message(Init& init, int fs, const char* fallback) {
    static char text[200];
    const long size = call(__NR_read, fs, text, sizeof text - 1);
    init.detail = fallback;
    if (size <= 2) return;
    text[size] = 0;
    for (long i = 0; i < size; ++i)
        if (text[i] == '\n') text[i] = ' ';
    init.detail = text + 2;
}

long configure_option(int fs, const char* option) {
    const char* equals = find(option, '=');
    if (equals == nullptr) return configure(fs, FSCONFIG_SET_FLAG, option, nullptr);
    static Builder<256> key;
    key.clear();
    if (key.add(option, static_cast<unsigned long>(equals - option)).full()) return -EINVAL;
    return configure(fs, FSCONFIG_SET_STRING, key.text(), equals + 1);
}

// Superblock flags to set, and the options of `step`, into the context; its `value` has the flags
// to clear.
long configure_all(Init& init, int fs, const wire::Step& step, unsigned long flags) {
    for (const auto& flag : kSuperblockFlags) {
        const char* word = (flags & flag.bit) != 0        ? flag.set
                           : (step.value & flag.bit) != 0 ? flag.clear
                                                          : nullptr;
        if (word == nullptr) continue;
        if (long error = configure(fs, FSCONFIG_SET_FLAG, word, nullptr); error < 0) {
            take_message(init, fs, word);
            return error;
        }
    }
    const char* option = init.text(step.options);
    for (const char* end = option + step.options.size; option < end; option += length(option) + 1) {
        if (*option == 0) continue;
        if (long error = configure_option(fs, option); error < 0) {
            take_message(init, fs, option);
            return error;
        }
    }
    return 0;
}

bool has_option(Init& init, const wire::Step& step, const char* prefix) {
    const char* option = init.text(step.options);
    for (const char* end = option + step.options.size; option < end; option += length(option) + 1)
        if (starts_with(option, prefix)) return true;
    return false;
}

// The root directory of a detached mount gets the mode of another, before anyone sees it.
long take_mode(int mount, int from) {
    const FileFacts facts = facts_of(from);
    if (facts.error < 0) return facts.error;
    const long directory = call(__NR_openat, mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (directory < 0) return directory;
    const long error = call(__NR_fchmod, directory, facts.mode & 07777);
    call(__NR_close, directory);
    return error;
}

// A new instance of the file system, detached, or -errno.
int make_filesystem(Init& init, const wire::Step& step, unsigned long attributes,
                    unsigned long flags) {
    const auto fs = static_cast<int>(call(__NR_fsopen, init.text(step.type), FSOPEN_CLOEXEC));
    if (fs < 0) {
        init.detail = init.text(step.type);
        return fs;
    }
    long error = 0;
    if (step.source.size > 0) {
        error = configure(fs, FSCONFIG_SET_STRING, "source", init.text(step.source));
        if (error < 0) init.detail = init.text(step.source);
    }
    if (error >= 0) error = configure_all(init, fs, step, flags);
    if (error >= 0) {
        error = configure(fs, FSCONFIG_CMD_CREATE, nullptr, nullptr);
        if (error < 0) take_message(init, fs, "");
    }
    if (error >= 0) error = call(__NR_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
    call(__NR_close, fs);
    return static_cast<int>(error);
}

// Attributes for the whole tree first: the top mount's own words are the more specific. Propagation
// here is what a mount is born with (that of the config follows, set_mount_propagation).
int set_tree_attributes(int mount, const wire::Step& step) {
    const int error = set_attributes(mount, step.recursive_set, step.recursive_clear, AT_RECURSIVE);
    if (error < 0) return error;
    const unsigned long propagation = step.op == wire::Op::mount_bind ? step.flags : 0;
    return set_attributes(mount, step.attributes_set, step.attributes_clear, 0, propagation);
}

// The host sent the user namespace whose ids a new file system shows.
int map_ids(Init& init, int mount, const wire::Step& step) {
    if (step.slot < 0) return 0;
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<unsigned long>(init.slots()[step.slot]);
    const long error =
        call(__NR_mount_setattr, mount, "", AT_EMPTY_PATH, &attributes, sizeof attributes);
    if (error < 0) init.detail = "map its ids: has the file system idmapped mounts?";
    return static_cast<int>(error);
}

// A tmpfs that was filled first becomes read-only as a file system too, like any other.
long make_instance_readonly(int mount) {
    const auto fs =
        static_cast<int>(call(__NR_fspick, mount, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH));
    if (fs < 0) return fs;
    long error = configure(fs, FSCONFIG_SET_FLAG, "ro", nullptr);
    if (error >= 0) error = configure(fs, FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr);
    call(__NR_close, fs);
    return error;
}

int mount_with_flags(Init& init, const wire::Step& step, int target, bool takes_mode) {
    unsigned mode = 0;
    long error = 0;
    if (takes_mode) {
        const FileFacts facts = facts_of(target);
        error = facts.error;
        mode = facts.mode & 07777;
    }
    if (error >= 0) error = mount_by_flags(init, step, target, mode);
    call(__NR_close, target);
    return static_cast<int>(error);
}

void close_target(const Target& target) {
    if (!target.has_name()) call(__NR_close, target.fd);
}

int attach_and_close(int mount, const Target& target) {
    int error = target.fd;
    if (error >= 0) {
        error = attach(mount, target.fd, target.name);
        close_target(target);
    }
    call(__NR_close, mount);
    return error;
}

// The host's own instance, for a container that shares the namespace which it shows: the kernel
// refuses a new one to who does not own that namespace (user_namespaces(7)). Every mount below it
// comes along, so every one gets the attributes.
int bind_instance(const wire::Step& step, const char* type) {
    const int tree = clone_tree(AT_FDCWD, equal(type, "proc") ? "/proc" : "/sys", AT_RECURSIVE);
    if (tree < 0) return tree;
    constexpr unsigned long kHardening =
        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    const int error = set_attributes(tree, (step.attributes_set | step.recursive_set) & kHardening,
                                     0, AT_RECURSIVE);
    if (error >= 0) return tree;
    call(__NR_close, tree);
    return error;
}

}  // namespace

int mount_filesystem(Init& init, const wire::Step& step) {
    const char* type = init.text(step.type);
    const char* path = init.text(step.target);
    // A link in place of /proc or /sys would lead the masks and read-only paths astray
    // (CVE-2023-27561, CVE-2025-54867).
    const bool kernel_interface = equal(type, "proc") || equal(type, "sysfs");
    const bool by_flags = (step.flags & kFlagsWithoutWord) != 0;
    Target target{};
    if (kernel_interface)
        target.fd = open_plainly_in_root(init, path, Make::directory, &target.made);
    else if (by_flags)
        target.fd = open_in_root(init, path, Make::directory, &target.made);
    else
        target = target_in_root(init, path, Make::directory);
    const bool covers = !target.made;
    if (kernel_interface && target.fd == -ELOOP)
        init.detail = "must be mounted on ordinary directory";
    if (target.fd < 0) return target.fd;

    // A tmpfs without a mode of its own takes that of the directory that it covers, as callers
    // expect of --tmpfs. A read-only one cannot be changed any more: it gets its attributes last.
    const bool takes_mode = covers && equal(type, "tmpfs") && !has_option(init, step, "mode=");
    if (by_flags) return mount_with_flags(init, step, target.fd, takes_mode);
    const bool takes_content = covers && (step.mode & wire::kCopyUp) != 0;
    const bool filled = takes_mode || takes_content;
    const unsigned long last = filled ? MOUNT_ATTR_RDONLY : 0;
    const bool sealed = filled && (step.flags & MS_RDONLY) != 0;
    int mount = make_filesystem(init, step, step.attributes_set & ~last,
                                sealed ? step.flags & ~MS_RDONLY : step.flags);
    if (mount == -EPERM && (step.mode & wire::kBindIfRefused) != 0) {
        mount = bind_instance(step, type);
        if (mount >= 0) return attach_and_close(mount, target);
    }
    long error = mount;
    if (mount >= 0 && takes_mode) error = take_mode(mount, target.fd);
    if (error >= 0 && takes_content) error = copy_up(init, target.fd, mount);
    if (error >= 0 && sealed) error = make_instance_readonly(mount);
    if (error >= 0) error = set_attributes(mount, step.attributes_set & last, 0, 0);
    if (error >= 0)
        error = set_attributes(mount, step.recursive_set, step.recursive_clear, AT_RECURSIVE);
    if (error >= 0) error = map_ids(init, mount, step);
    if (error < 0) {
        close_target(target);
        return static_cast<int>(error);
    }
    return attach_and_close(mount, target);
}

int mount_bind(Init& init, const wire::Step& step) {
    const bool recursive = step.mode != 0;
    const int tree =
        step.slot >= 0 ? init.slots()[step.slot]
                       : clone_tree(AT_FDCWD, init.text(step.source), recursive ? AT_RECURSIVE : 0);
    if (tree < 0) {
        init.detail = init.text(step.source);
        return tree;
    }
    if (int error = set_tree_attributes(tree, step); error < 0) return error;
    const FileFacts facts = facts_of(tree);
    if (facts.error < 0) return static_cast<int>(facts.error);
    const Make make = facts.is(kDirectory) ? Make::directory : Make::file;
    return attach_and_close(tree, target_in_root(init, init.text(step.target), make));
}

int remount(Init& init, const wire::Step& step) {
    const int target = open_in_root(init, init.text(step.target), Make::nothing);
    if (target < 0) return target;
    int error = set_tree_attributes(target, step);
    if (error >= 0 && (step.flags != 0 || step.value != 0 || step.options.size > 0)) {
        const auto fs =
            static_cast<int>(call(__NR_fspick, target, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH));
        long done = fs;
        if (fs >= 0) {
            done = configure_all(init, fs, step, step.flags);
            if (done >= 0) done = configure(fs, FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr);
            call(__NR_close, fs);
        }
        error = static_cast<int>(done);
    }
    call(__NR_close, target);
    return error < 0 ? error : 0;
}

int set_mount_propagation(Init& init, const wire::Step& step) {
    const int target = open_in_root(init, init.text(step.target), Make::nothing);
    if (target < 0) return target;
    mount_attr attributes{};
    attributes.propagation = step.flags & (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE);
    const unsigned recursive = (step.flags & MS_REC) != 0 ? AT_RECURSIVE : 0;
    const long error = call(__NR_mount_setattr, target, "", AT_EMPTY_PATH | recursive, &attributes,
                            sizeof attributes);
    call(__NR_close, target);
    return static_cast<int>(error);
}

}  // namespace nucleus::init
