// The store of container state: one directory for each container below the runtime's root.
//
//   <root>/<id>/state.jsonl   the record, a line for each stage that create reached (planned, its
//                             process exists, created); the last whole line counts, and without
//                             one nothing was made yet
//   <root>/<id>/config.json   the bundle's configuration as create read it; later commands use no
//                             other
//   <root>/<id>/...           sockets that the runtime puts there
//
// The directory is the claim on the id: made exclusively, removed last. Who made it writes new
// files and adds lines; whoever comes later replaces a file as a whole by rename. So readers need
// no lock, and a writer that is killed leaves the old content and at most half a line or a
// `.NAME.PID`, which `remove` takes along. Nothing is synced: the root does not survive a boot, and
// neither does a container. No operation follows a symbolic link below the root. A
// Store and its directories are used by one thread, and outlived by the Kernel.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "nucleus/error.hpp"
#include "nucleus/state.hpp"
#include "sys/kernel.hpp"

namespace nucleus::state {

// Letters, digits and `_+.-`, but not `.` or `..`, at most 1024: what every caller keeps to. The
// error names the id.
Result<void> validate_id(std::string_view id);

// One container's directory, held open.
class ContainerDirectory {
public:
    const std::string& id() const { return id_; }
    const std::string& path() const { return path_; }
    int dirfd() const { return directory_.get(); }

    Result<void> save(const Record& record);
    // Errc::does_not_exist if it was removed meanwhile. Nothing: the container was never recorded,
    // so that nothing of it can exist but this directory. A file that is no record of this
    // container is an error that names it.
    Result<std::optional<Record>> load() const;

    Result<void> save_config(std::string_view bytes);
    Result<std::string> load_config() const;

    // For commands of which only one at a time may run: held until the descriptor is closed, by the
    // end of the process at the latest. Errc::wrong_state if another command holds it.
    Result<base::UniqueFd> lock();

    // The id still leads here: the directory was not removed meanwhile, and no successor made.
    Result<bool> is_current() const;

    // Every file in it, the record last, then the directory: interrupted, it can be repeated. What
    // is already gone is no error.
    Result<void> remove();

private:
    friend class Store;
    ContainerDirectory(sys::Kernel& kernel, std::string id, std::string path, base::UniqueFd root,
                       base::UniqueFd directory)
        : kernel_(&kernel),
          id_(std::move(id)),
          path_(std::move(path)),
          root_(std::move(root)),
          directory_(std::move(directory)) {}

    Result<void> write(const std::string& name, std::string_view bytes);
    // Nothing if there is no such file.
    Result<std::optional<std::string>> read(const std::string& name) const;
    Result<void> remove_file(const std::string& name);
    std::string path_of(std::string_view name) const { return path_ + "/" + std::string(name); }

    sys::Kernel* kernel_;
    std::string id_, path_;
    base::UniqueFd root_;       // O_PATH
    base::UniqueFd directory_;  // readable: listed and locked through it
    bool fresh_ = false;        // made by this object: no file is in it that it did not write
    base::UniqueFd record_;     // of a fresh one: where the next line goes
    std::size_t recorded_ = 0;  // bytes of it
};

class Store {
public:
    // `root`: absolute; made by the first create.
    Store(sys::Kernel& kernel, std::string root) : kernel_(kernel), root_(std::move(root)) {}

    const std::string& root() const { return root_; }

    // Claims the id. Errc::already_exists if it is taken.
    Result<ContainerDirectory> create(std::string_view id);
    // Errc::does_not_exist if there is no such container.
    Result<ContainerDirectory> open(std::string_view id);
    // The ids of all directories here, sorted. What is no container's directory by name or type is
    // passed over.
    Result<std::vector<std::string>> list();

private:
    Result<base::UniqueFd> open_root();
    Result<void> make_root();
    Result<ContainerDirectory> open_below(base::UniqueFd& root, const std::string& id);

    sys::Kernel& kernel_;
    std::string root_;
};

}  // namespace nucleus::state
