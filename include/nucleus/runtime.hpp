// Runtime: one method for each command of the command line that touches a container; what cli
// parses into and prints from.
//
// Requests are plain values: paths absolute unless said otherwise, numbers in range. A method that
// returns an error has left nothing behind. Warnings are appended in the order in which they arose,
// on success and on failure. Not for several threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/spec.hpp"
#include "nucleus/stats.hpp"

namespace nucleus::runtime {

enum class CgroupManager : std::uint8_t { cgroupfs, systemd, disabled };

// What holds for every command: the global options, the administrator's settings and the defaults,
// already merged.
struct Settings {
    std::string root;  // holds one directory a container; absolute and never "/"
    bool root_chosen =
        false;  // by option or settings: then `list` of a missing one is an error, else it is empty
    CgroupManager cgroup_manager =
        CgroupManager::cgroupfs;  // for create and run; later commands follow the saved one
    // D-Bus addresses (separated by ';', the first that answers is taken) of the machine's systemd
    // and of the user's own; the user's is empty where nothing says where it is.
    std::string system_bus, user_bus;
    // --rootless: whether a cgroup that may not be written is passed over; nothing: decided by the
    // caller's rights.
    std::optional<bool> rootless;
};

struct CreateRequest {
    std::string id;      // as given: the runtime judges it
    std::string bundle;  // directory; absolute, but `..` and links are for the kernel to resolve
    std::string config;  // file, relative to the bundle unless absolute; empty: config.json
    std::string console_socket, pidfd_socket, pid_file;  // empty: none
    bool no_pivot = false;
    bool no_new_keyring = false;
    // What the container gets beyond stdio: first the descriptors that the caller announced by
    // LISTEN_FDS, then those of --preserve-fds.
    std::uint32_t listen_fds = 0;
    std::uint32_t preserve_fds = 0;
};

struct RunRequest : CreateRequest {
    bool detach = false;
    bool keep = false;  // the stopped container stays until it is deleted
    bool no_subreaper = false;
};

struct KillRequest {
    std::string id;
    int signal = 15;   // 0 to SIGRTMAX
    bool all = false;  // every process of the container; a container that is gone is then no error
};

struct DeleteRequest {
    std::string id;
    bool force = false;  // kills a running container; a missing one is then no error
};

// The process is either that of `process_file`, or the container's own process with `args` and with
// whatever else is set here put over it; the parser has refused both together.
struct ExecRequest {
    std::string id;
    std::string process_file;  // a process object (config.md#process), or empty
    std::vector<std::string> args;
    std::string cwd;               // in the container; empty: as the container's process
    std::vector<std::string> env;  // added to the container's
    std::optional<bool> tty;       // nothing: as the process file says, and none without one
    struct User {
        std::uint32_t uid = 0;
        std::optional<std::uint32_t> gid;  // nothing: as the container's process
    };
    std::optional<User> user;
    std::vector<std::uint32_t> additional_gids;
    std::vector<std::string> caps;  // names with or without CAP_, any case
    std::optional<bool> no_new_privs;
    std::string process_label, apparmor_profile;  // empty: as the process says
    std::vector<std::string> cgroups;  // `[controller[,controller]:]path` below the container's
    bool detach = false;
    bool ignore_paused = false;
    std::string console_socket, pidfd_socket, pid_file;
    std::uint32_t preserve_fds = 0;
};

// What is absent stays as it is.
struct UpdateRequest {
    std::string id;
    spec::Resources resources;
    std::string l3_cache_schema, mem_bw_schema;  // empty: as they are
};

enum class PressureLevel : std::uint8_t { low, medium, critical };
constexpr std::string_view word_of(PressureLevel level) {
    constexpr std::string_view kWords[] = {"low", "medium", "critical"};
    return kWords[static_cast<std::size_t>(level)];
}

struct EventsRequest {
    std::string id;
    bool once = false;  // the statistics as they are now, and no more
    std::chrono::nanoseconds interval = std::chrono::seconds(5);  // between statistics; above 0
    std::optional<PressureLevel> pressure;  // tell when memory is that short; nothing: do not
};

struct Event {
    enum class Kind : std::uint8_t { stats, oom, pressure };
    Kind kind = Kind::stats;
    ContainerStats stats;
    PressureLevel pressure = PressureLevel::low;
};
// Takes an event; an error ends the events and is what they return.
using EventSink = std::function<Result<void>(const Event&)>;

// runtime.md#state; `paused` is runc's and callers know it.
enum class Status : std::uint8_t { creating, created, running, paused, stopped };
constexpr std::string_view word_of(Status status) {
    switch (status) {
        case Status::creating:
            return "creating";
        case Status::created:
            return "created";
        case Status::running:
            return "running";
        case Status::paused:
            return "paused";
        case Status::stopped:
            return "stopped";
    }
    return "";
}

struct ContainerState {
    std::string oci_version;
    std::string id;
    std::int32_t pid = 0;  // 0 when stopped
    Status status = Status::stopped;
    std::string bundle, rootfs;
    std::string created;  // RFC 3339 with nanoseconds, UTC
    std::map<std::string, std::string> annotations;
    std::uint32_t owner_uid = 0;
    std::string systemd_scope;  // the unit, with systemd as cgroup manager; else empty
};

class Runtime {
public:
    virtual ~Runtime() = default;

    virtual Result<void> create(const CreateRequest& request, Warnings& warnings) = 0;
    virtual Result<void> start(const std::string& id, Warnings& warnings) = 0;
    virtual Result<ContainerState> state(const std::string& id) = 0;
    virtual Result<void> kill(const KillRequest& request, Warnings& warnings) = 0;
    virtual Result<void> remove(const DeleteRequest& request,
                                Warnings& warnings) = 0;  // the command `delete`
    // In the foreground the exit status of the process (128 + n after signal n); detached 0.
    virtual Result<int> run(const RunRequest& request, Warnings& warnings) = 0;
    virtual Result<int> exec(const ExecRequest& request, Warnings& warnings) = 0;
    // Every process of the container stands still when it returns. Errc::not_running, `container
    // not running`, of one that is neither created nor running.
    virtual Result<void> pause(const std::string& id) = 0;
    virtual Result<void> resume(const std::string& id) = 0;  // `container not paused`
    // The container's processes as the runtime's pid namespace numbers them, sorted; none of a
    // stopped one.
    virtual Result<std::vector<std::int32_t>> processes(const std::string& id) = 0;
    // The rows of these processes, below their heading, in what the host's ps(1) prints for
    // `arguments` (none: -ef).
    virtual Result<std::string> process_table(const std::vector<std::int32_t>& pids,
                                              const std::vector<std::string>& arguments) = 0;
    // The ids that are taken, sorted, whatever state their containers are in.
    virtual Result<std::vector<std::string>> ids() = 0;
    // All of it or, with an error, nothing. The limits are remembered: later commands see them.
    virtual Result<void> update(const UpdateRequest& request, Warnings& warnings) = 0;
    // Returns when the container process has ended; Errc::not_running if it had before.
    virtual Result<void> events(const EventsRequest& request, const EventSink& sink) = 0;
    // Sorted by id. A container that cannot be read becomes a warning.
    virtual Result<std::vector<ContainerState>> list(Warnings& warnings) = 0;
};

// On the real kernel.
std::unique_ptr<Runtime> make_runtime(Settings settings);

}  // namespace nucleus::runtime
