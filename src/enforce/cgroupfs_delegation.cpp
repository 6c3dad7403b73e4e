// The owner of a cgroup that the container may manage (config-linux.md#cgroup-ownership).
#include <errno.h>
#include <fcntl.h>

#include "enforce/cgroupfs.hpp"
#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

constexpr const char* kNames = "/sys/kernel/cgroup/delegate";
// "If the `/sys/kernel/cgroup/delegate` file does not exist, the runtime MUST fall back to using
// the following list of files".
constexpr std::string_view kFallback = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
constexpr gid_t kSameGroup = static_cast<gid_t>(-1);

}  // namespace

Result<void> CgroupfsBackend::delegate(std::uint32_t owner, Warnings& warnings) {
    // "Cgroup delegation is not secure in cgroups v1."
    if (record_.manager == "disabled" || !pure_v2()) return {};
    const std::string& leaf = *directory_of("");
    NUCLEUS_TRY(const auto directory,
                sys::open_at(kernel_, AT_FDCWD, leaf, O_RDONLY | O_DIRECTORY));
    auto names = sys::read_file(kernel_, AT_FDCWD, kNames);
    if (!names && names.error().errnum() != ENOENT) return std::move(names).error();
    const std::string text = names ? *names : std::string(kFallback);
    int error = kernel_.fchownat(directory.get(), "", owner, kSameGroup, AT_EMPTY_PATH);
    for (std::string_view rest = text; error >= 0 && !rest.empty();) {
        const std::string name(rest.substr(0, rest.find('\n')));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
        if (name.empty() || name.find('/') != std::string::npos) continue;
        error =
            kernel_.fchownat(directory.get(), name.c_str(), owner, kSameGroup, AT_SYMLINK_NOFOLLOW);
        if (error == -ENOENT) error = 0;  // not every cgroup has every file
    }
    if (error >= 0) return {};
    const Error refusal =
        Error::from_errno(-error, "give cgroup '" + leaf + "' to uid " + std::to_string(owner));
    if (!rights_.rootless || error != -EPERM) return refusal;
    warnings.push_back(refusal.message());
    return {};
}

}  // namespace nucleus::enforce
