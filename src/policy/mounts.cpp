// root and mounts (config.md#root, #mounts), masked and read-only paths and the root's propagation
// (config-linux.md).
#include <linux/mount.h>

#include <algorithm>
#include <array>
#include <utility>

#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

struct PropagationWord {
    std::string_view name;
    std::uint64_t flag;
};

// config-linux.md#rootfs-mount-propagation; the r-forms are callers' habit and mean the same: the
// whole tree is meant.
constexpr auto kRootfsPropagations = std::to_array<PropagationWord>({
    {"shared", MS_SHARED | MS_REC},
    {"slave", MS_SLAVE | MS_REC},
    {"private", MS_PRIVATE | MS_REC},
    {"unbindable", MS_UNBINDABLE | MS_REC},
    {"rshared", MS_SHARED | MS_REC},
    {"rslave", MS_SLAVE | MS_REC},
    {"rprivate", MS_PRIVATE | MS_REC},
    {"runbindable", MS_UNBINDABLE | MS_REC},
});

Result<std::uint64_t> translate_propagation(std::string_view word, const Location& where) {
    if (word.empty()) return std::uint64_t{0};
    const auto* row = std::ranges::find(kRootfsPropagations, word, &PropagationWord::name);
    if (row == kRootfsPropagations.end())
        return where.invalid("unknown propagation " + quoted(word));
    return row->flag;
}

std::string in_bundle(std::string_view bundle, std::string_view path) {
    if (path.starts_with('/')) return std::string(path);
    std::string joined(bundle);
    joined += '/';
    joined += path;
    return joined;
}

// What would change the mounts of the runtime, or of whom the namespace is joined from, where the
// container has no mount namespace of its own making.
Result<void> refuse_in_foreign_mount_namespace(const spec::Spec& spec, const spec::Linux& section,
                                               const NamespaceConfig& namespaces,
                                               const Location& document) {
    const std::string_view why =
        namespaces.joins(NamespaceKind::mnt)
            ? "needs a mount namespace of the container's own; it joins another's"
            : "needs a mount namespace of the container's own; it inherits the runtime's";
    if (!spec.mounts.empty()) return document.at("mounts").invalid(why);
    if (spec.root->readonly) return document.at("root").at("readonly").invalid(why);
    const Location where = document.at("linux");
    if (!section.masked_paths.empty()) return where.at("maskedPaths").invalid(why);
    if (!section.readonly_paths.empty()) return where.at("readonlyPaths").invalid(why);
    if (!section.mount_label.empty()) return where.at("mountLabel").invalid(why);
    if (!section.rootfs_propagation.empty()) return where.at("rootfsPropagation").invalid(why);
    if (!section.devices.empty()) return where.at("devices").invalid(why);
    return {};
}

Result<void> check_absolute_paths(const std::vector<std::string>& paths, const Location& where) {
    for (std::size_t index = 0; index < paths.size(); ++index) {
        NUCLEUS_CHECK(where.at(index).absolute_path(paths[index]));
    }
    return {};
}

MountPolicy::Kind kind_of(std::string_view type, bool bind, bool remount) {
    if (remount) return MountPolicy::Kind::remount;
    if (bind || type == "bind") return MountPolicy::Kind::bind;
    if (type == "cgroup" || type == "cgroup2") return MountPolicy::Kind::cgroup;
    return MountPolicy::Kind::filesystem;
}

// mount(2) puts MS_RDONLY on the mount and on the file system's instance alike, unless MS_BIND is
// given.
void spread_readonly(MountPolicy& mount) {
    if ((mount.attributes_set & MOUNT_ATTR_RDONLY) != 0) mount.superblock_flags |= MS_RDONLY;
    if ((mount.attributes_clear & MOUNT_ATTR_RDONLY) != 0)
        mount.superblock_flags_clear |= MS_RDONLY;
}

// A bind shares the file system's instance with the host and cannot change it. mount(2) ignores
// such options, and callers rely on that; so they are named in a warning and not handed on.
void drop_instance_options(MountPolicy& mount, std::string_view kind, const Location& where,
                           Warnings& warnings) {
    const bool flags =
        ((mount.superblock_flags | mount.superblock_flags_clear) & ~std::uint64_t{MS_SILENT}) != 0;
    if (flags || !mount.filesystem_options.empty()) {
        std::string names;
        for (const std::string& option : mount.filesystem_options) names += ' ' + quoted(option);
        if (names.empty()) names = " of the file system's instance";
        warnings.push_back(
            where.at("options").text("a " + std::string(kind) + " mount ignores options" + names));
    }
    mount.superblock_flags = mount.superblock_flags_clear = 0;
    mount.filesystem_options.clear();
}

// What only an existing superblock's own mount(2) could change, and no descriptor can.
Result<void> check_remount_options(const MountPolicy& mount, const Location& options) {
    const std::uint64_t named = mount.superblock_flags | mount.superblock_flags_clear;
    if ((named & MS_I_VERSION) != 0)
        return options.unsupported("iversion or noiversion in a remount");
    if ((mount.superblock_flags_clear & MS_DIRSYNC) != 0)
        return options.invalid("nodirsync in a remount: the kernel cannot take dirsync back");
    return {};
}

Result<void> check_new_filesystem(const MountPolicy& mount, const Location& where) {
    if (mount.type.empty())
        return where.at("type").invalid("is required where the options have no bind");
    // Both are flags of mount(2) alone, which makes and attaches in one: nothing can be done to the
    // file system between.
    constexpr std::uint64_t kOfMountTwo = MS_SILENT | MS_I_VERSION;
    if ((mount.superblock_flags & kOfMountTwo) != 0 && (mount.copy_up || mount.id_map))
        return where.at("options").unsupported(
            "silent or iversion together with tmpcopyup or idmap");
    return {};
}

// A mount on the root itself would never be seen: the container's root is what lies below it.
bool names_the_root(std::string_view destination) {
    std::size_t depth = 0;
    while (!destination.empty()) {
        const std::size_t end = std::min(destination.find('/'), destination.size());
        const std::string_view part = destination.substr(0, end);
        destination.remove_prefix(std::min(end + 1, destination.size()));
        if (part.empty() || part == ".") continue;
        if (part != "..")
            ++depth;
        else if (depth > 0)
            --depth;
    }
    return depth == 0;
}

Result<void> settle_kind(MountPolicy& mount, const MountWords& words, std::string_view bundle,
                         const Location& where, Warnings& warnings) {
    mount.kind = kind_of(mount.type, words.bind, words.remount);
    switch (mount.kind) {
        case MountPolicy::Kind::filesystem:
            NUCLEUS_CHECK(check_new_filesystem(mount, where));
            spread_readonly(mount);
            break;
        case MountPolicy::Kind::bind:
            if (mount.source.empty()) {
                return where.at("source").invalid("is required for a bind mount");
            }
            mount.source = in_bundle(bundle, mount.source);
            drop_instance_options(mount, "bind", where, warnings);
            break;
        case MountPolicy::Kind::cgroup:
            // The hierarchies are the host's instances too.
            drop_instance_options(mount, "cgroup", where, warnings);
            break;
        case MountPolicy::Kind::remount:
            // mount(8), "remount,bind": only the mount's own attributes.
            if (words.bind) {
                drop_instance_options(mount, "bind", where, warnings);
            } else {
                NUCLEUS_CHECK(check_remount_options(mount, where.at("options")));
                spread_readonly(mount);
            }
            break;
    }
    return {};
}

}  // namespace

Result<MountPolicy> translate_mount(const spec::Mount& mount, const MountSurroundings& around,
                                    const Location& where, Warnings& warnings) {
    if (mount.destination.empty()) return where.at("destination").invalid("is required");
    NUCLEUS_CHECK(where.at("destination").without_nul(mount.destination));
    NUCLEUS_CHECK(where.at("type").without_nul(mount.type));
    NUCLEUS_CHECK(where.at("source").without_nul(mount.source));
    const Location options = where.at("options");
    NUCLEUS_CHECK(options.each_without_nul(mount.options));

    MountPolicy policy;
    policy.pointer = where.pointer();
    // config.md#mounts: a relative destination is taken from the root.
    policy.destination = in_bundle("", mount.destination);
    policy.type = mount.type;
    policy.source = mount.source;
    MountWords words;
    for (const std::string& option : mount.options) {
        if (option.empty()) continue;
        NUCLEUS_CHECK(apply_mount_option(option, policy, words, options));
    }
    if (!words.remount && names_the_root(policy.destination))
        return where.at("destination").invalid("is the root itself, which root.path names");
    NUCLEUS_CHECK(settle_kind(policy, words, around.bundle, where, warnings));
    if (policy.copy_up && (policy.kind != MountPolicy::Kind::filesystem || policy.type != "tmpfs"))
        return options.invalid("tmpcopyup is for a new file system of type tmpfs");
    NUCLEUS_CHECK(settle_id_map(mount, words.id_map, around, where, policy));
    return policy;
}

Result<RootfsPolicy> translate_rootfs(const spec::Spec& spec, const NamespaceConfig& namespaces,
                                      const std::optional<UserNamespaceConfig>& user_namespace,
                                      const TranslationInput& input, Warnings& warnings) {
    const Location document("config.json");
    const Location linux_location = document.at("linux");
    static const spec::Linux absent;
    const spec::Linux& section = spec.linux_ ? *spec.linux_ : absent;
    if (!spec.root) return document.at("root").invalid("is required");
    const Location root_path = document.at("root").at("path");
    if (spec.root->path.empty()) return root_path.invalid("is required");
    NUCLEUS_CHECK(root_path.without_nul(spec.root->path));
    if (!namespaces.creates(NamespaceKind::mnt)) {
        NUCLEUS_CHECK(refuse_in_foreign_mount_namespace(spec, section, namespaces, document));
    }

    RootfsPolicy policy;
    policy.path = in_bundle(input.bundle, spec.root->path);
    policy.readonly = spec.root->readonly;
    NUCLEUS_TRY(policy.propagation, translate_propagation(section.rootfs_propagation,
                                                          linux_location.at("rootfsPropagation")));
    const Location mounts = document.at("mounts");
    policy.mounts.reserve(spec.mounts.size());
    const MountSurroundings around{.bundle = input.bundle,
                                   .own_user_namespace = namespaces.separate(NamespaceKind::user),
                                   .ids = user_namespace ? &*user_namespace : nullptr,
                                   .host_root = input.host_root};
    for (std::size_t index = 0; index < spec.mounts.size(); ++index) {
        NUCLEUS_TRY(MountPolicy mount,
                    translate_mount(spec.mounts[index], around, mounts.at(index), warnings));
        policy.mounts.push_back(std::move(mount));
    }
    NUCLEUS_CHECK(check_absolute_paths(section.masked_paths, linux_location.at("maskedPaths")));
    NUCLEUS_CHECK(check_absolute_paths(section.readonly_paths, linux_location.at("readonlyPaths")));
    policy.masked_paths = section.masked_paths;
    policy.readonly_paths = section.readonly_paths;
    NUCLEUS_CHECK(linux_location.at("mountLabel").without_nul(section.mount_label));
    policy.mount_label = section.mount_label;
    return policy;
}

}  // namespace nucleus::policy
