#include "sys/mount_facts.hpp"

#include <fcntl.h>

#include <cstddef>
#include <cstring>
#include <string_view>

namespace nucleus::sys {

namespace {

// linux/mount.h of Linux 6.11; older headers have none of it.
struct StatMount {
    std::uint32_t size, mount_options;
    std::uint64_t mask;
    std::uint32_t device_major, device_minor;
    std::uint64_t magic;
    std::uint32_t superblock_flags, type;
    std::uint64_t id, parent_id;
    std::uint32_t old_id, old_parent_id;
    std::uint64_t attributes, propagation, peer_group, master, propagate_from;
    std::uint32_t root, point;
    std::uint64_t spare[50];
    char text[512];
};
static_assert(offsetof(StatMount, root) == 104 && offsetof(StatMount, text) == 512);

constexpr unsigned kUniqueId = 0x4000;                                // STATX_MNT_ID_UNIQUE
constexpr std::uint64_t kRoot = 0x08, kType = 0x20, kOptions = 0x80;  // STATMOUNT_*

std::optional<std::string_view> text_at(const StatMount& answer, std::size_t filled,
                                        std::uint32_t offset) {
    const std::size_t begin = offsetof(StatMount, text) + offset;
    if (begin >= filled) return std::nullopt;
    const std::string_view rest(answer.text + offset, filled - begin);
    return rest.substr(0, rest.find('\0'));
}

}  // namespace

std::optional<MountFacts> mount_at(Kernel& kernel, const char* path) {
    struct statx place {};
    if (kernel.statx(AT_FDCWD, path, 0, kUniqueId, place) < 0) return std::nullopt;
    if ((place.stx_mask & kUniqueId) == 0 || (place.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0)
        return std::nullopt;
    StatMount answer;
    constexpr std::uint64_t kWanted = kRoot | kType | kOptions;
    if (kernel.statmount(place.stx_mnt_id, kWanted, &answer, sizeof answer) < 0 ||
        (answer.mask & (kRoot | kType)) != (kRoot | kType))
        return std::nullopt;
    const std::size_t filled = answer.size;
    if (filled > sizeof answer) return std::nullopt;
    const auto type = text_at(answer, filled, answer.type);
    const auto root = text_at(answer, filled, answer.root);
    // A file system without options of its own leaves them out.
    const auto options = (answer.mask & kOptions) != 0
                             ? text_at(answer, filled, answer.mount_options)
                             : std::string_view();
    if (!type || !root || !options) return std::nullopt;
    return MountFacts{std::string(*type), std::string(*root), std::string(*options)};
}

}  // namespace nucleus::sys
