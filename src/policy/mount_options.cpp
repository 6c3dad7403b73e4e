// The table of mount options (config.md#linux-mount-options): one row says all that an option does.
#include <linux/mount.h>

#include <algorithm>
#include <array>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

enum class Effect : std::uint8_t {
    nothing,
    set,  // mount attributes of the top mount
    clear,
    atime,      // chooses the access time mode: MOUNT_ATTR__ATIME is one field, not a set of bits
    not_atime,  // takes that choice back: the kernel's default, relatime
    set_tree,   // the same four for the whole tree
    clear_tree,
    atime_tree,
    not_atime_tree,
    set_superblock,  // MS_* of the file system's instance
    clear_superblock,
    propagation,
    copy_up,
    bind,
    rbind,
    remount,
    id_map,
    id_map_tree,
    refuse,  // known, and not carried out by this version
};

struct MountOption {
    std::string_view name;
    Effect effect;
    std::uint64_t bits = 0;
};

constexpr std::uint64_t kRecursive = MS_REC;

constexpr auto kOptions = std::to_array<MountOption>({
    {"defaults", Effect::nothing},
    {"ro", Effect::set, MOUNT_ATTR_RDONLY},
    {"rw", Effect::clear, MOUNT_ATTR_RDONLY},
    {"nosuid", Effect::set, MOUNT_ATTR_NOSUID},
    {"suid", Effect::clear, MOUNT_ATTR_NOSUID},
    {"nodev", Effect::set, MOUNT_ATTR_NODEV},
    {"dev", Effect::clear, MOUNT_ATTR_NODEV},
    {"noexec", Effect::set, MOUNT_ATTR_NOEXEC},
    {"exec", Effect::clear, MOUNT_ATTR_NOEXEC},
    {"nosymfollow", Effect::set, MOUNT_ATTR_NOSYMFOLLOW},
    {"symfollow", Effect::clear, MOUNT_ATTR_NOSYMFOLLOW},
    {"nodiratime", Effect::set, MOUNT_ATTR_NODIRATIME},
    {"diratime", Effect::clear, MOUNT_ATTR_NODIRATIME},
    {"noatime", Effect::atime, MOUNT_ATTR_NOATIME},
    {"atime", Effect::not_atime, MOUNT_ATTR_NOATIME},
    {"relatime", Effect::atime, MOUNT_ATTR_RELATIME},
    {"norelatime", Effect::not_atime, MOUNT_ATTR_RELATIME},
    {"strictatime", Effect::atime, MOUNT_ATTR_STRICTATIME},
    {"nostrictatime", Effect::not_atime, MOUNT_ATTR_STRICTATIME},

    {"rro", Effect::set_tree, MOUNT_ATTR_RDONLY},
    {"rrw", Effect::clear_tree, MOUNT_ATTR_RDONLY},
    {"rnosuid", Effect::set_tree, MOUNT_ATTR_NOSUID},
    {"rsuid", Effect::clear_tree, MOUNT_ATTR_NOSUID},
    {"rnodev", Effect::set_tree, MOUNT_ATTR_NODEV},
    {"rdev", Effect::clear_tree, MOUNT_ATTR_NODEV},
    {"rnoexec", Effect::set_tree, MOUNT_ATTR_NOEXEC},
    {"rexec", Effect::clear_tree, MOUNT_ATTR_NOEXEC},
    {"rnosymfollow", Effect::set_tree, MOUNT_ATTR_NOSYMFOLLOW},
    {"rsymfollow", Effect::clear_tree, MOUNT_ATTR_NOSYMFOLLOW},
    {"rnodiratime", Effect::set_tree, MOUNT_ATTR_NODIRATIME},
    {"rdiratime", Effect::clear_tree, MOUNT_ATTR_NODIRATIME},
    {"rnoatime", Effect::atime_tree, MOUNT_ATTR_NOATIME},
    {"ratime", Effect::not_atime_tree, MOUNT_ATTR_NOATIME},
    {"rrelatime", Effect::atime_tree, MOUNT_ATTR_RELATIME},
    {"rnorelatime", Effect::not_atime_tree, MOUNT_ATTR_RELATIME},
    {"rstrictatime", Effect::atime_tree, MOUNT_ATTR_STRICTATIME},
    {"rnostrictatime", Effect::not_atime_tree, MOUNT_ATTR_STRICTATIME},

    {"sync", Effect::set_superblock, MS_SYNCHRONOUS},
    {"async", Effect::clear_superblock, MS_SYNCHRONOUS},
    {"dirsync", Effect::set_superblock, MS_DIRSYNC},
    {"nodirsync", Effect::clear_superblock, MS_DIRSYNC},
    {"mand", Effect::set_superblock, MS_MANDLOCK},
    {"nomand", Effect::clear_superblock, MS_MANDLOCK},
    {"iversion", Effect::set_superblock, MS_I_VERSION},
    {"noiversion", Effect::clear_superblock, MS_I_VERSION},
    {"lazytime", Effect::set_superblock, MS_LAZYTIME},
    {"nolazytime", Effect::clear_superblock, MS_LAZYTIME},
    {"silent", Effect::set_superblock, MS_SILENT},
    {"loud", Effect::clear_superblock, MS_SILENT},

    {"private", Effect::propagation, MS_PRIVATE},
    {"shared", Effect::propagation, MS_SHARED},
    {"slave", Effect::propagation, MS_SLAVE},
    {"unbindable", Effect::propagation, MS_UNBINDABLE},
    {"rprivate", Effect::propagation, MS_PRIVATE | kRecursive},
    {"rshared", Effect::propagation, MS_SHARED | kRecursive},
    {"rslave", Effect::propagation, MS_SLAVE | kRecursive},
    {"runbindable", Effect::propagation, MS_UNBINDABLE | kRecursive},

    {"bind", Effect::bind},
    {"rbind", Effect::rbind},
    {"remount", Effect::remount},

    {"idmap", Effect::id_map},
    {"ridmap", Effect::id_map_tree},
    {"tmpcopyup", Effect::copy_up},
    // crun's extensions change what is mounted: to pass them on would mount something else.
    {"copy-symlink", Effect::refuse},
    {"src-nofollow", Effect::refuse},
    {"dest-nofollow", Effect::refuse},
});

void set_bits(std::uint64_t bits, std::uint64_t& set, std::uint64_t& clear) {
    set |= bits;
    clear &= ~bits;
}

void choose_atime(std::uint64_t mode, std::uint64_t& set, std::uint64_t& clear) {
    set = (set & ~std::uint64_t{MOUNT_ATTR__ATIME}) | mode;
    clear |= MOUNT_ATTR__ATIME;  // mount_setattr(2): the field must be cleared to be set
}

// `noatime,norelatime` stays noatime; `noatime,atime` and a lone `atime` are the default.
void unchoose_atime(std::uint64_t mode, std::uint64_t& set, std::uint64_t& clear) {
    const bool chosen = (clear & MOUNT_ATTR__ATIME) != 0;
    if (chosen && (set & MOUNT_ATTR__ATIME) != mode) return;
    choose_atime(MOUNT_ATTR_RELATIME, set, clear);
}

}  // namespace

std::vector<std::string_view> mount_options() {
    std::vector<std::string_view> names;
    for (const MountOption& option : kOptions)
        if (option.effect != Effect::refuse) names.push_back(option.name);
    std::ranges::sort(names);
    return names;
}

Result<void> apply_mount_option(std::string_view option, MountPolicy& mount, MountWords& words,
                                const Location& where) {
    // `idmap=uids=...` is crun's form of a mapping, which podman hands on.
    std::string_view name = option;
    if (option.starts_with("idmap=") || option.starts_with("ridmap=")) {
        name = option.substr(0, option.find('='));
        words.id_map = option.substr(name.size() + 1);
        if (words.id_map.empty()) return where.invalid(quoted(option) + " names no mapping");
    }
    const auto* row = std::ranges::find(kOptions, name, &MountOption::name);
    if (row == kOptions.end()) {
        mount.filesystem_options.emplace_back(option);
        return {};
    }
    const std::uint64_t bits = row->bits;
    switch (row->effect) {
        case Effect::nothing:
            break;
        case Effect::set:
            set_bits(bits, mount.attributes_set, mount.attributes_clear);
            break;
        case Effect::clear:
            set_bits(bits, mount.attributes_clear, mount.attributes_set);
            break;
        case Effect::atime:
            choose_atime(bits, mount.attributes_set, mount.attributes_clear);
            break;
        case Effect::not_atime:
            unchoose_atime(bits, mount.attributes_set, mount.attributes_clear);
            break;
        case Effect::set_tree:
            set_bits(bits, mount.recursive_set, mount.recursive_clear);
            break;
        case Effect::clear_tree:
            set_bits(bits, mount.recursive_clear, mount.recursive_set);
            break;
        case Effect::atime_tree:
            choose_atime(bits, mount.recursive_set, mount.recursive_clear);
            break;
        case Effect::not_atime_tree:
            unchoose_atime(bits, mount.recursive_set, mount.recursive_clear);
            break;
        case Effect::set_superblock:
            set_bits(bits, mount.superblock_flags, mount.superblock_flags_clear);
            break;
        case Effect::clear_superblock:
            set_bits(bits, mount.superblock_flags_clear, mount.superblock_flags);
            break;
        case Effect::propagation:
            mount.propagation.push_back(bits);
            break;
        case Effect::copy_up:
            mount.copy_up = true;
            break;
        case Effect::bind:
            words.bind = true;
            break;
        case Effect::rbind:
            words.bind = mount.recursive = true;
            break;
        case Effect::remount:
            words.remount = true;
            break;
        case Effect::id_map:
            mount.id_map = MountIdMap{.recursive = false, .mappings = {}};
            break;
        case Effect::id_map_tree:
            mount.id_map = MountIdMap{.recursive = true, .mappings = {}};
            break;
        case Effect::refuse:
            return where.unsupported("mount option " + quoted(name));
    }
    return {};
}

}  // namespace nucleus::policy
