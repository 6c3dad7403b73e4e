#include "runtime/joined_namespaces.hpp"

#include <fcntl.h>

#include "nucleus/namespace_config.hpp"
#include "sys/files.hpp"

namespace nucleus::runtime {

namespace {

constexpr unsigned long kGetNamespaceType = 0xb703;  // NS_GET_NSTYPE of linux/nsfs.h

Result<base::UniqueFd> open_namespace(sys::Kernel& kernel, const NamespaceNames& names,
                                      const std::string& path, const std::string& clause) {
    auto fd = sys::open_at(kernel, AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
    if (!fd) return std::move(fd).error().in(clause);
    const int type = kernel.ioctl(fd->get(), kGetNamespaceType, nullptr);
    if (type < 0) return Error(Errc::invalid_config, clause + ": not a namespace");
    if (static_cast<std::uint64_t>(type) != names.clone_flag)
        return Error(Errc::invalid_config, clause + ": a namespace of another type");
    return fd;
}

// One namespace has one inode (namespaces(7)).
Result<bool> is_own(sys::Kernel& kernel, const NamespaceNames& names, int fd) {
    struct stat theirs {
    }, own{};
    const std::string path = "/proc/self/ns/" + std::string(names.proc_name);
    int error = kernel.fstat(fd, theirs);
    if (error == 0) error = kernel.fstatat(AT_FDCWD, path.c_str(), own, 0);
    if (error < 0) return Error::from_errno(-error, "look at '" + path + "'");
    return theirs.st_ino == own.st_ino && theirs.st_dev == own.st_dev;
}

}  // namespace

Result<void> JoinedNamespaces::open(sys::Kernel& kernel, const spec::Spec& spec) {
    if (!spec.linux_) return {};
    const auto& namespaces = spec.linux_->namespaces;
    for (std::size_t index = 0; index < namespaces.size(); ++index) {
        const std::string& path = namespaces[index].path;
        const NamespaceNames* names = namespace_by_spec_name(namespaces[index].type);
        if (names == nullptr || !path.starts_with('/')) continue;
        const std::string clause = "config.json /linux/namespaces/" + std::to_string(index) +
                                   "/path: " + std::string(names->spec_name) + " namespace '" +
                                   path + "'";
        NUCLEUS_TRY(auto fd, open_namespace(kernel, *names, path, clause));
        NUCLEUS_TRY(const bool own, is_own(kernel, *names, fd.get()));
        if (own)
            own_ |= names->clone_flag;
        else
            entries_.push_back({names->clone_flag, std::move(fd)});
    }
    return {};
}

std::vector<launch::JoinedNamespace> JoinedNamespaces::list() const {
    std::vector<launch::JoinedNamespace> list;
    for (const Entry& entry : entries_) list.push_back({entry.flag, entry.fd.get()});
    return list;
}

}  // namespace nucleus::runtime
