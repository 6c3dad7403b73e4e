#include "launch/user_namespace_mapper.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>

#include <sstream>

#include "sys/files.hpp"

namespace nucleus::launch {

std::string UserNamespaceMapper::map_text(const std::vector<IdMapping>& mappings) {
    std::string text;
    for (const IdMapping& mapping : mappings)
        text += std::to_string(mapping.container_id) + " " + std::to_string(mapping.host_id) + " " +
                std::to_string(mapping.size) + "\n";
    return text;
}

namespace {

std::string file_of(pid_t pid, const char* name) {
    return "/proc/" + std::to_string(pid) + "/" + name;
}

std::vector<IdMapping> parse_map(const std::string& text) {
    std::vector<IdMapping> mappings;
    std::istringstream words(text);
    for (IdMapping one; words >> one.container_id >> one.host_id >> one.size;)
        mappings.push_back(one);
    return mappings;
}

}  // namespace

Result<bool> UserNamespaceMapper::denies_groups(sys::Kernel& kernel, pid_t pid) {
    NUCLEUS_TRY(const std::string word,
                sys::read_file(kernel, AT_FDCWD, file_of(pid, "setgroups")));
    return word.starts_with("deny");
}

Result<policy::JoinedUserNamespace> UserNamespaceMapper::read(sys::Kernel& kernel, pid_t pid) {
    NUCLEUS_TRY(const std::string uids, sys::read_file(kernel, AT_FDCWD, file_of(pid, "uid_map")));
    NUCLEUS_TRY(const std::string gids, sys::read_file(kernel, AT_FDCWD, file_of(pid, "gid_map")));
    NUCLEUS_TRY(const bool denied, denies_groups(kernel, pid));
    NUCLEUS_TRY(auto maps, UserNamespaceConfig::custom(parse_map(uids), parse_map(gids),
                                                       UserNamespaceConfig::HostRoot::allowed));
    return policy::JoinedUserNamespace{std::move(maps), denied};
}

Result<void> UserNamespaceMapper::write_maps(pid_t pid) const {
    NUCLEUS_TRY(auto directory, sys::open_at(*kernel_, AT_FDCWD, "/proc/" + std::to_string(pid),
                                             O_PATH | O_DIRECTORY));
    std::uint64_t capabilities = 0;
    if (int error = kernel_->permitted_capabilities(capabilities); error < 0)
        return Error::from_errno(-error, "read own capabilities");
    if ((capabilities >> CAP_SETGID & 1) == 0)
        NUCLEUS_CHECK(sys::write_existing(*kernel_, directory.get(), "setgroups", "deny"));
    NUCLEUS_CHECK(sys::write_existing(*kernel_, directory.get(), "uid_map",
                                      map_text(config_.uid_mappings())));
    NUCLEUS_CHECK(sys::write_existing(*kernel_, directory.get(), "gid_map",
                                      map_text(config_.gid_mappings())));
    return {};
}

}  // namespace nucleus::launch
