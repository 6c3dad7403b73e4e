#include "state/store.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>

#include "spec/parse.hpp"
#include "state/record.hpp"
#include "sys/files.hpp"

namespace nucleus::state {

namespace {

constexpr std::size_t kMaxIdLength = 1024;
constexpr char kRecordName[] = "state.jsonl";
constexpr char kConfigName[] = "config.json";
constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

Error failed(std::string_view operation, const std::string& path, int result) {
    return Error::from_errno(-result, std::string(operation) + " '" + path + "'");
}

Error no_such_container() { return Error(Errc::does_not_exist, "container does not exist"); }

bool is_id_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '.' || c == '-';
}

}  // namespace

Result<void> validate_id(std::string_view id) {
    const auto refuse = [&](std::string_view why) {
        return Error(Errc::invalid_argument,
                     "invalid container id '" + std::string(id) + "': " + std::string(why));
    };
    if (id.empty()) return refuse("it is empty");
    if (id.size() > kMaxIdLength)
        return refuse("it has more than " + std::to_string(kMaxIdLength) + " characters");
    if (id == "." || id == "..") return refuse("it names a directory");
    if (!std::all_of(id.begin(), id.end(), is_id_character))
        return refuse("only letters, digits and _ + . - are allowed");
    return {};
}

Result<base::UniqueFd> Store::open_root() {
    return sys::open_at(kernel_, AT_FDCWD, root_, O_PATH | O_DIRECTORY);
}

// Root's: whoever was given a container's directory may pass through, nobody else may see which ids
// exist. A user's lies in XDG_RUNTIME_DIR, where only the sticky bit protects from the cleaning of
// old files (XDG Base Directory Specification).
Result<void> Store::make_root() {
    const mode_t mode = kernel_.geteuid() == 0 ? 0711 : 01700;
    for (std::size_t end = root_.find('/', 1);; end = root_.find('/', end + 1)) {
        const std::string directory = root_.substr(0, end);
        const int made = kernel_.mkdirat(AT_FDCWD, directory.c_str(), mode);
        if (made < 0 && made != -EEXIST) return failed("make directory", directory, made);
        if (end == std::string::npos) return {};
    }
}

// Takes `root` only on success.
Result<ContainerDirectory> Store::open_below(base::UniqueFd& root, const std::string& id) {
    std::string path = root_ + "/" + id;
    int fd;
    do
        fd = kernel_.openat(root.get(), id.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                            0);
    while (fd == -EINTR);
    // ENOTDIR: a file or a symbolic link has the name. ENAMETOOLONG: no file system has a container
    // of such an id.
    if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || fd == -ENAMETOOLONG)
        return no_such_container();
    if (fd < 0) return failed("open", path, fd);
    return ContainerDirectory(kernel_, id, std::move(path), std::move(root), base::UniqueFd(fd));
}

Result<ContainerDirectory> Store::create(std::string_view id) {
    NUCLEUS_CHECK(validate_id(id));
    auto opened = open_root();
    if (!opened && opened.error().errnum() == ENOENT) {
        NUCLEUS_CHECK(make_root());
        opened = open_root();
    }
    NUCLEUS_TRY(auto root, std::move(opened));

    const std::string name(id);
    const int made = kernel_.mkdirat(root.get(), name.c_str(), kDirectoryMode);
    if (made == -EEXIST)
        return Error(Errc::already_exists, "container with given ID already exists");
    if (made < 0) return failed("make directory", root_ + "/" + name, made);
    auto directory = open_below(root, name);
    if (directory) {
        directory->fresh_ = true;
        return directory;
    }
    Error error = std::move(directory).error();
    if (const int undone = kernel_.unlinkat(root.get(), name.c_str(), AT_REMOVEDIR); undone < 0)
        return std::move(error).also(failed("remove", root_ + "/" + name, undone));
    return error;
}

Result<ContainerDirectory> Store::open(std::string_view id) {
    NUCLEUS_CHECK(validate_id(id));
    auto root = open_root();
    if (!root && (root.error().errnum() == ENOENT || root.error().errnum() == ENOTDIR))
        return no_such_container();
    if (!root) return std::move(root).error();
    return open_below(*root, std::string(id));
}

Result<std::vector<std::string>> Store::list() {
    std::vector<std::string> ids;
    auto root = open_root();
    if (!root && root.error().errnum() == ENOENT) return ids;
    if (!root) return std::move(root).error();
    NUCLEUS_TRY(auto entries,
                sys::list_directory(kernel_, root->get(), ".").in("state root '" + root_ + "'"));
    for (auto& [name, type] : entries) {
        if (!validate_id(name)) continue;
        if (type == DT_UNKNOWN) {  // some file systems do not say
            struct stat status;
            if (kernel_.fstatat(root->get(), name.c_str(), status, AT_SYMLINK_NOFOLLOW) < 0)
                continue;
            type = S_ISDIR(status.st_mode) ? DT_DIR : DT_REG;
        }
        if (type == DT_DIR) ids.push_back(std::move(name));
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

Result<void> ContainerDirectory::write(const std::string& name, std::string_view bytes) {
    if (!fresh_)
        return sys::replace_file(*kernel_, dirfd(), name, bytes, kFileMode)
            .in("save '" + path_of(name) + "'");
    // Replacing by rename would make some file systems write the content out at once (ext4's
    // auto_da_alloc), and there is nothing to replace.
    NUCLEUS_TRY(auto file, sys::open_at(*kernel_, dirfd(), name,
                                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, kFileMode)
                               .in("save '" + path_of(name) + "'"));
    NUCLEUS_CHECK(sys::write_fd(*kernel_, file.get(), path_of(name), bytes));
    if (name == kRecordName) record_ = std::move(file);
    return {};
}

Result<std::optional<std::string>> ContainerDirectory::read(const std::string& name) const {
    // O_NONBLOCK: a foreign FIFO must not hold the command.
    auto file = sys::open_at(*kernel_, dirfd(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!file && file.error().errnum() == ENOENT) return std::optional<std::string>();
    if (!file) return std::move(file).error().in("load '" + path_of(name) + "'");
    NUCLEUS_TRY(auto bytes,
                sys::read_fd(*kernel_, file->get(), path_of(name), spec::kMaxConfigBytes));
    return std::optional<std::string>(std::move(bytes));
}

Result<void> ContainerDirectory::save(const Record& record) {
    const std::string line = encode(record) + "\n";
    // What could not be read back could not be deleted.
    if (recorded_ + line.size() > spec::kMaxConfigBytes)
        return Error(Errc::unsupported, "save '" + path_of(kRecordName) + "': larger than " +
                                            std::to_string(spec::kMaxConfigBytes >> 20) + " MiB");
    recorded_ += line.size();
    auto saved = record_ ? sys::write_fd(*kernel_, record_.get(), path_of(kRecordName), line)
                         : write(kRecordName, line);
    if (saved) return saved;
    // Nothing may follow the half of a line.
    fresh_ = false;
    record_.reset();
    return saved;
}

Result<std::optional<Record>> ContainerDirectory::load() const {
    NUCLEUS_TRY(const auto bytes, read(kRecordName));
    std::string_view lines = bytes ? std::string_view(*bytes) : std::string_view();
    lines = lines.substr(0, lines.rfind('\n') + 1);
    if (lines.empty()) {
        NUCLEUS_TRY(const bool current, is_current());
        if (!current) return no_such_container();
        return std::optional<Record>();
    }
    lines.remove_suffix(1);
    const std::string name = path_of(kRecordName);
    NUCLEUS_TRY(auto record, decode(name, lines.substr(lines.rfind('\n') + 1)));
    if (record.id != id_)
        return Error(Errc::system, name + " /id: it is the record of '" + record.id + "'");
    return std::optional<Record>(std::move(record));
}

Result<void> ContainerDirectory::save_config(std::string_view bytes) {
    return write(kConfigName, bytes);
}

Result<std::string> ContainerDirectory::load_config() const {
    NUCLEUS_TRY(auto bytes, read(kConfigName));
    // Not strerror's words for ENOENT: callers take them for a missing command.
    if (!bytes)
        return Error(Errc::system, "load '" + path_of(kConfigName) + "': the file is missing");
    return *std::move(bytes);
}

Result<base::UniqueFd> ContainerDirectory::lock() {
    // A descriptor of its own: the lock belongs to the open file and must not end or last with
    // dirfd().
    NUCLEUS_TRY(
        auto held,
        sys::open_at(*kernel_, dirfd(), ".", O_RDONLY | O_DIRECTORY).in("lock '" + path_ + "'"));
    int locked;
    do locked = kernel_->flock(held.get(), LOCK_EX | LOCK_NB);
    while (locked == -EINTR);
    if (locked == -EWOULDBLOCK)
        return Error(Errc::wrong_state, "another command is at work on the container");
    if (locked < 0) return failed("lock", path_, locked);
    // Whoever held it before may have removed the container.
    NUCLEUS_TRY(const bool current, is_current());
    if (!current) return no_such_container();
    return held;
}

Result<void> ContainerDirectory::remove_file(const std::string& name) {
    const int removed = kernel_->unlinkat(dirfd(), name.c_str(), 0);
    if (removed < 0 && removed != -ENOENT) return failed("remove", path_of(name), removed);
    return {};
}

Result<bool> ContainerDirectory::is_current() const {
    struct stat ours, named;
    if (const int result = kernel_->fstat(dirfd(), ours); result < 0)
        return failed("inspect", path_, result);
    const int result = kernel_->fstatat(root_.get(), id_.c_str(), named, AT_SYMLINK_NOFOLLOW);
    if (result == -ENOENT) return false;
    if (result < 0) return failed("inspect", path_, result);
    return named.st_dev == ours.st_dev && named.st_ino == ours.st_ino;
}

Result<void> ContainerDirectory::remove() {
    const auto entries = sys::list_directory(*kernel_, dirfd(), ".");
    // A removed directory cannot be listed.
    if (!entries && entries.error().errnum() == ENOENT) return {};
    if (!entries) return Error(entries.error()).in("remove '" + path_ + "'");
    for (const auto& entry : *entries)
        if (entry.name != kRecordName) NUCLEUS_CHECK(remove_file(entry.name));
    NUCLEUS_CHECK(remove_file(kRecordName));

    // Another delete may have removed the directory meanwhile, and another create made one of the
    // same name.
    NUCLEUS_TRY(const bool current, is_current());
    if (!current) return {};
    const int removed = kernel_->unlinkat(root_.get(), id_.c_str(), AT_REMOVEDIR);
    if (removed < 0 && removed != -ENOENT) return failed("remove", path_, removed);
    return {};
}

}  // namespace nucleus::state
