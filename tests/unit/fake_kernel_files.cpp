// The fake kernel's files: a tree of inodes, with procfs and cgroupfs in it.
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "fake_kernel.hpp"

namespace nucleus::testing {

namespace {

constexpr std::string_view kDescriptorPaths = "/proc/self/fd/";

std::string_view next_component(std::string_view& path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(name.size());
    return name;
}

std::string terminated(std::string text) {
    if (!text.ends_with('\n')) text += '\n';
    return text;
}

}  // namespace

Inode FakeKernel::new_node(Node::Type type) {
    auto node = std::make_shared<Node>();
    node->type = type;
    node->number = next_inode_++;
    return node;
}

// `node` is null where the last component is missing, `parent` too where one before it is.
FakeKernel::Place FakeKernel::find(int dirfd, std::string_view path) const {
    Place place;
    Inode at = root_;
    if (path.starts_with(kDescriptorPaths)) {
        path.remove_prefix(kDescriptorPaths.size());
        const Open open = look_up(std::atoi(std::string(next_component(path)).c_str()));
        if (!open) return {};
        at = open->node;
    } else if (!path.starts_with('/') && dirfd != AT_FDCWD) {
        const Open open = look_up(dirfd);
        if (!open) return {};
        at = open->node;
    }
    place.node = at;
    for (std::string_view name = next_component(path); !name.empty(); name = next_component(path)) {
        if (name == ".") continue;
        if (!place.node || place.node->type != Node::Type::directory || place.node->removed)
            return {};
        place.parent = place.node;
        place.name = name;
        const auto entry = place.parent->entries.find(place.name);
        place.node = entry != place.parent->entries.end() ? entry->second : nullptr;
    }
    return place;
}

Inode FakeKernel::make_directory(const std::string& path) {
    Inode at = root_;
    std::string_view rest = path;
    for (std::string_view name = next_component(rest); !name.empty(); name = next_component(rest)) {
        Inode& entry = at->entries[std::string(name)];
        if (!entry) entry = new_node(Node::Type::directory);
        at = entry;
    }
    return at;
}

Inode FakeKernel::make_file(const std::string& path, std::string content) {
    const std::size_t slash = path.rfind('/');
    Inode& entry = make_directory(path.substr(0, slash))->entries[path.substr(slash + 1)];
    entry = new_node(Node::Type::file);
    entry->content = std::move(content);
    return entry;
}

void FakeKernel::make_namespace(const std::string& path, int clone_flag) {
    make_file(path, "")->namespace_type = clone_flag;
}

void FakeKernel::make_hierarchy(const std::string& mount_point,
                                std::map<std::string, std::string> files) {
    const Inode root = make_directory(mount_point);
    root->hierarchy = root.get();
    root->cgroup_files = std::move(files);
    fill_cgroup(*root, root);
}

void FakeKernel::fill_cgroup(Node& cgroup, const Inode& self) {
    for (const auto& [name, content] : cgroup.hierarchy->cgroup_files) {
        const Inode file = cgroup.entries[name] = new_node(Node::Type::file);
        file->of_kernel = true;
        file->content = content;
    }
    const std::weak_ptr<Node> weak = self;
    const Inode members = cgroup.entries["cgroup.procs"] = new_node(Node::Type::file);
    members->of_kernel = true;
    members->shows = [this, weak] {
        std::string text;
        for (const auto& [pid, each] : processes_) {
            const auto in = each.cgroups.find(weak.lock()->hierarchy);
            if (each.running && in != each.cgroups.end() && in->second == weak.lock())
                text += std::to_string(pid) + "\n";
        }
        return text;
    };
    members->command = [this, weak](const std::string& text) {
        Process* moved = process(std::atoi(text.c_str()));
        if (moved == nullptr) return -ESRCH;
        move_to_cgroup(*moved, weak.lock());
        return 0;
    };
    // Written by a member-to-be itself: FakeInit does that.
    const Inode tasks = cgroup.entries["tasks"] = new_node(Node::Type::file);
    tasks->of_kernel = true;
    tasks->shows = members->shows;
    tasks->command = members->command;
    if (const auto events = cgroup.entries.find("cgroup.events"); events != cgroup.entries.end())
        events->second->shows = [weak] {
            const bool frozen = weak.lock()->entries["cgroup.freeze"]->content.starts_with("1");
            return std::string("populated 1\nfrozen ") + (frozen ? "1\n" : "0\n");
        };
    const Inode killing = cgroup.entries["cgroup.kill"];
    if (!killing) {
        cgroup.entries.erase("cgroup.kill");
        return;
    }
    killing->command = [this, weak](const std::string&) {
        for (auto& [pid, each] : processes_) {
            const auto in = each.cgroups.find(weak.lock()->hierarchy);
            if (in != each.cgroups.end() && in->second == weak.lock()) signal(pid, SIGKILL);
        }
        return 0;
    };
}

int FakeKernel::open_node(const Inode& node, const std::string& name, int flags) {
    auto open = std::make_shared<Description>();
    open->name = name;
    open->node = node;
    if ((flags & O_TRUNC) != 0) node->content.clear();
    return install(open);
}

int FakeKernel::openat(int dirfd, const char* path, int flags, mode_t) noexcept {
    if (const int error = enter("openat", path); error < 0) return error;
    const Place place = find(dirfd, path);
    if (place.node && (flags & O_TMPFILE) == O_TMPFILE)
        return open_node(new_node(Node::Type::file), "unnamed file", flags);
    if (place.node) {
        const bool directory = place.node->type == Node::Type::directory;
        if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0) return -EEXIST;
        if ((flags & O_DIRECTORY) != 0 && !directory) return -ENOTDIR;
        if ((flags & O_ACCMODE) != O_RDONLY && directory) return -EISDIR;
        if ((flags & O_PATH) == 0 && place.node->type == Node::Type::socket) return -ENXIO;
        return open_node(place.node, path, flags);
    }
    if (!place.parent || (flags & O_CREAT) == 0) return -ENOENT;
    return open_node(place.parent->entries[place.name] = new_node(Node::Type::file), path, flags);
}

int FakeKernel::openat2(int dirfd, const char* path, const open_how& how) noexcept {
    return openat(dirfd, path, static_cast<int>(how.flags), static_cast<mode_t>(how.mode));
}

int FakeKernel::memfd_create(const char* name, unsigned) noexcept {
    if (const int error = enter("memfd_create", name); error < 0) return error;
    auto open = std::make_shared<Description>();
    open->kind = Description::Kind::memory;
    open->name = std::string("memfd ") + name;
    return install(open);
}

ssize_t FakeKernel::read(int fd, void* buffer, std::size_t size) noexcept {
    const Open open = look_up(fd);
    if (const int error = enter("read", open ? open->name : ""); error < 0) return error;
    if (!open) return -EBADF;
    if (open->kind == Description::Kind::signals) return -EAGAIN;
    if (open->kind == Description::Kind::pipe) {
        if (open->queue.empty()) return held(open->peer.lock()) ? -EAGAIN : 0;
        std::string& bytes = open->queue.front().bytes;
        const std::size_t got = std::min(shortened() ? 1 : size, bytes.size());
        std::memcpy(buffer, bytes.data(), got);
        bytes.erase(0, got);
        if (bytes.empty()) open->queue.pop_front();
        return static_cast<ssize_t>(got);
    }
    if (open->node && open->node->type == Node::Type::directory) return -EISDIR;
    if (open->node && open->node->shows && open->offset == 0) open->content = open->node->shows();
    const bool own = !open->node || open->node->shows;
    const std::string& text = own ? open->content : open->node->content;
    if (shortened()) size = 1;
    const std::size_t got =
        open->offset < text.size() ? std::min(size, text.size() - open->offset) : 0;
    std::memcpy(buffer, text.data() + std::min(open->offset, text.size()), got);
    open->offset += got;
    return static_cast<ssize_t>(got);
}

ssize_t FakeKernel::write(int fd, const void* buffer, std::size_t size) noexcept {
    const Open open = look_up(fd);
    if (const int error = enter("write", open ? open->name : ""); error < 0) return error;
    if (!open) return -EBADF;
    if (shortened() && size > 1) size = 1;
    const std::string bytes(static_cast<const char*>(buffer), size);
    if (open->kind == Description::Kind::memory) {
        if (open->sealed) return -EPERM;
        open->content.resize(std::max(open->content.size(), open->offset + size));
        open->content.replace(open->offset, size, bytes);
    } else if (!open->node || open->node->type != Node::Type::file) {
        return -EINVAL;
    } else if (open->node->command) {
        if (const int error = open->node->command(bytes); error < 0) return error;
    } else if (open->node->of_kernel) {
        open->node->content = terminated(bytes);
    } else {
        open->node->content.resize(open->offset);
        open->node->content += bytes;
    }
    open->offset += size;
    if (open->node) recorded.push_back("write " + open->name + " " + bytes.substr(0, 40));
    return static_cast<ssize_t>(size);
}

int FakeKernel::lseek(int fd, off_t offset, int whence) noexcept {
    const Open open = look_up(fd);
    if (const int error = enter("lseek", open ? open->name : ""); error < 0) return error;
    if (!open || whence != SEEK_SET) return -EINVAL;
    open->offset = static_cast<std::size_t>(offset);
    return 0;
}

void FakeKernel::fill_stat(const Node& node, struct stat& out) const {
    out = {};
    out.st_dev = 1;
    out.st_ino = node.number;
    out.st_mode = node.type == Node::Type::directory ? S_IFDIR | 0755
                  : node.type == Node::Type::socket  ? S_IFSOCK | 0777
                                                     : S_IFREG | 0644;
}

int FakeKernel::fstat(int fd, struct stat& out) noexcept {
    const Open open = look_up(fd);
    if (const int error = enter("fstat", open ? open->name : ""); error < 0) return error;
    if (!open || !open->node) return -EBADF;
    fill_stat(*open->node, out);
    return 0;
}

int FakeKernel::fstatat(int dirfd, const char* path, struct stat& out, int) noexcept {
    if (const int error = enter("fstatat", path); error < 0) return error;
    const Place place = find(dirfd, path);
    if (!place.node) return -ENOENT;
    fill_stat(*place.node, out);
    return 0;
}

int FakeKernel::fstatfs_type(int, std::uint64_t& magic) noexcept {
    if (const int error = enter("fstatfs", ""); error < 0) return error;
    magic = 0;
    return 0;
}

int FakeKernel::mkdirat(int dirfd, const char* path, mode_t) noexcept {
    if (const int error = enter("mkdirat", path); error < 0) return error;
    const Place place = find(dirfd, path);
    if (place.node) return -EEXIST;
    if (!place.parent) return -ENOENT;
    const Inode made = place.parent->entries[place.name] = new_node(Node::Type::directory);
    made->hierarchy = place.parent->hierarchy;
    if (made->hierarchy != nullptr) fill_cgroup(*made, made);
    return 0;
}

// Its files go with it, its children and processes must have gone before (cgroups(7)).
int FakeKernel::remove_cgroup(const Place& place) {
    for (const auto& [name, entry] : place.node->entries)
        if (entry->type == Node::Type::directory) return -EBUSY;
    // The processes of a resctrl group fall back into the root group (x86/resctrl.rst).
    const bool resctrl = place.node->hierarchy->cgroup_files.contains("schemata");
    for (auto& [pid, each] : processes_) {
        const auto in = each.cgroups.find(place.node->hierarchy);
        if (in == each.cgroups.end() || in->second != place.node || !each.running) continue;
        if (!resctrl) return -EBUSY;
        each.cgroups.erase(in);
    }
    place.node->entries.clear();
    return 0;
}

int FakeKernel::unlinkat(int dirfd, const char* path, int flags) noexcept {
    if (const int error = enter("unlinkat", path); error < 0) return error;
    const Place place = find(dirfd, path);
    if (!place.node) return -ENOENT;
    const bool directory = place.node->type == Node::Type::directory;
    if (directory != (flags == AT_REMOVEDIR)) return directory ? -EISDIR : -ENOTDIR;
    if (directory && place.node->hierarchy != nullptr)
        if (const int error = remove_cgroup(place); error < 0) return error;
    if (!place.node->entries.empty()) return -ENOTEMPTY;
    place.node->removed = true;
    place.parent->entries.erase(place.name);
    return 0;
}

int FakeKernel::linkat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept {
    if (const int error = enter("linkat", to); error < 0) return error;
    const Place source = find(from_dirfd, from), target = find(to_dirfd, to);
    if (!source.node || !target.parent) return -ENOENT;
    if (target.node) return -EEXIST;
    target.parent->entries[target.name] = source.node;
    return 0;
}

int FakeKernel::renameat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept {
    if (const int error = enter("renameat", to); error < 0) return error;
    const Place source = find(from_dirfd, from), target = find(to_dirfd, to);
    if (!source.node || !target.parent) return -ENOENT;
    source.parent->entries.erase(source.name);
    target.parent->entries[target.name] = source.node;
    return 0;
}

ssize_t FakeKernel::readlinkat(int, const char* path, char*, std::size_t) noexcept {
    if (const int error = enter("readlinkat", path); error < 0) return error;
    return -EINVAL;
}

ssize_t FakeKernel::getdents64(int fd, void* buffer, std::size_t size) noexcept {
    const Open open = look_up(fd);
    if (const int error = enter("getdents64", open ? open->name : ""); error < 0) return error;
    if (!open || !open->node || open->node->type != Node::Type::directory) return -ENOTDIR;
    if (open->node->removed) return -ENOENT;
    std::size_t used = 0, index = 0;
    for (const auto& [name, entry] : open->node->entries) {
        if (index++ < open->offset) continue;
        const std::size_t length = (offsetof(dirent64, d_name) + name.size() + 8) & ~std::size_t{7};
        if (used + length > size) break;
        auto* out = reinterpret_cast<dirent64*>(static_cast<char*>(buffer) + used);
        out->d_reclen = static_cast<unsigned short>(length);
        out->d_type = entry->type == Node::Type::directory ? DT_DIR : DT_REG;
        std::memcpy(out->d_name, name.c_str(), name.size() + 1);
        used += length;
        ++open->offset;
    }
    return static_cast<ssize_t>(used);
}

int FakeKernel::faccessat(int dirfd, const char* path, int, int) noexcept {
    if (const int error = enter("faccessat", path); error < 0) return error;
    return find(dirfd, path).node ? 0 : -ENOENT;
}

int FakeKernel::fchmod(int, mode_t) noexcept { return enter("fchmod", ""); }

int FakeKernel::fchownat(int, const char* path, uid_t, gid_t, int) noexcept {
    return enter("fchownat", path);
}

int FakeKernel::flock(int fd, int operation) noexcept {
    const Open open = look_up(fd);
    if (const int error = enter("flock", open ? open->name : ""); error < 0) return error;
    if (!open || !open->node) return -EBADF;
    const Open holder = open->node->lock.lock();
    if (holder && holder != open && held(holder)) return -EWOULDBLOCK;
    if ((operation & LOCK_EX) != 0) open->node->lock = open;
    return 0;
}

bool FakeKernel::exists(const std::string& path) const { return at(path) != nullptr; }

std::string FakeKernel::content(const std::string& path) const {
    const Inode node = at(path);
    if (!node) return "(missing)";
    return node->shows ? node->shows() : node->content;
}

std::vector<std::string> FakeKernel::names_in(const std::string& path) const {
    std::vector<std::string> names;
    if (const Inode node = at(path))
        for (const auto& [name, entry] : node->entries) names.push_back(name);
    return names;
}

void FakeKernel::collect_cgroups(const std::string& path, const Node& node,
                                 std::vector<std::string>& out) const {
    for (const auto& [name, entry] : node.entries) {
        if (entry->type != Node::Type::directory) continue;
        if (entry->hierarchy != nullptr && entry->hierarchy != entry.get())
            out.push_back(path + "/" + name);
        collect_cgroups(path + "/" + name, *entry, out);
    }
}

std::vector<std::string> FakeKernel::cgroups() const {
    std::vector<std::string> paths;
    collect_cgroups("", *root_, paths);
    return paths;
}

}  // namespace nucleus::testing
