#include "launch/user_namespace_mapper.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>

#include <sstream>

#include "launch/host_program.hpp"
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

namespace {

// Where the setuid programs stand: Debian's place, a build of one's own, NixOS's wrappers.
constexpr const char* kDirectories[] = {"/usr/bin/", "/usr/local/bin/", "/run/wrappers/bin/"};

// The kernel lets anyone map its own id, alone (user_namespaces(7)).
bool maps_only(const std::vector<IdMapping>& mappings, std::uint32_t own) {
    return mappings.size() == 1 && mappings[0].size == 1 && mappings[0].host_id == own;
}

}  // namespace

Result<void> UserNamespaceMapper::run(const char* program, pid_t pid,
                                      const std::vector<IdMapping>& mappings) const {
    std::vector<std::string> arguments{program, std::to_string(pid)};
    for (const IdMapping& mapping : mappings)
        for (const std::uint32_t number : {mapping.container_id, mapping.host_id, mapping.size})
            arguments.push_back(std::to_string(number));
    for (const char* directory : kDirectories) {
        const std::string path = std::string(directory) + program;
        if (kernel_->faccessat(AT_FDCWD, path.c_str(), X_OK, 0) < 0) continue;
        NUCLEUS_CHECK(run_host_program(*kernel_, path, arguments).in(path));
        return {};
    }
    return Error(Errc::unsupported, std::string("to map ids that are not the caller's own needs ") +
                                        program + ", which is not installed");
}

Result<void> UserNamespaceMapper::write_map(int directory, pid_t pid, const char* file,
                                            const char* program,
                                            const std::vector<IdMapping>& mappings,
                                            bool by_itself) const {
    if (!by_itself) return run(program, pid, mappings);
    return sys::write_existing(*kernel_, directory, file, map_text(mappings));
}

Result<bool> UserNamespaceMapper::write_maps(pid_t pid) const {
    NUCLEUS_TRY(auto directory, sys::open_at(*kernel_, AT_FDCWD, "/proc/" + std::to_string(pid),
                                             O_PATH | O_DIRECTORY));
    std::uint64_t capabilities = 0;
    if (int error = kernel_->permitted_capabilities(capabilities); error < 0)
        return Error::from_errno(-error, "read own capabilities");
    const bool any_uid = (capabilities >> CAP_SETUID & 1) != 0;
    const bool any_gid = (capabilities >> CAP_SETGID & 1) != 0;
    const auto& uids = config_.uid_mappings();
    const auto& gids = config_.gid_mappings();
    NUCLEUS_CHECK(write_map(directory.get(), pid, "uid_map", "newuidmap", uids,
                            any_uid || maps_only(uids, kernel_->geteuid())));
    const bool own_gid = !any_gid && maps_only(gids, kernel_->getegid());
    if (own_gid) NUCLEUS_CHECK(sys::write_existing(*kernel_, directory.get(), "setgroups", "deny"));
    NUCLEUS_CHECK(
        write_map(directory.get(), pid, "gid_map", "newgidmap", gids, any_gid || own_gid));
    // newgidmap denies it to who may not drop its groups (newgidmap(1)).
    return any_gid || own_gid ? Result<bool>(own_gid) : denies_groups(*kernel_, pid);
}

}  // namespace nucleus::launch
