#include "runtime/session.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "enforce/systemd_backend.hpp"
#include "launch/user_namespace_mapper.hpp"
#include "runtime/gate.hpp"
#include "spec/parse.hpp"
#include "state/process.hpp"
#include "sys/files.hpp"

namespace nucleus::runtime {

namespace {

constexpr int kEndTimeoutMs = 10000;

// No committed record: either a create is at work (it holds the lock), or one was killed.
Status status_of_uncommitted(state::ContainerDirectory& directory) {
    return directory.lock() ? Status::stopped : Status::creating;
}

Result<Status> status_of(Session& session, Container& container) {
    if (!container.record || !container.record->committed)
        return status_of_uncommitted(container.directory);
    const state::Record& record = *container.record;
    if (!record.init || !state::alive(session.kernel, *record.init)) return Status::stopped;
    NUCLEUS_TRY(const auto cgroup, cgroup_of(session, record));
    if (cgroup) {
        const auto frozen = cgroup->frozen();
        if (frozen && *frozen) return Status::paused;
    }
    if (record.socket.empty()) return Status::running;
    NUCLEUS_TRY(const bool waits,
                gate_is_closed(session.kernel, container.directory.dirfd(), record.socket));
    return waits ? Status::created : Status::running;
}

}  // namespace

Result<Container> open_container(Session& session, const std::string& id) {
    NUCLEUS_TRY(auto directory, session.store.open(id));
    Container container{std::move(directory), std::nullopt, Status::stopped};
    NUCLEUS_TRY(container.record, container.directory.load());
    NUCLEUS_TRY(container.status, status_of(session, container));
    return container;
}

Result<std::unique_ptr<enforce::CgroupBackend>> cgroup_of(Session& session,
                                                          const state::Record& record) {
    if (record.cgroup.manager == "disabled" || record.cgroup.paths.empty())
        return std::unique_ptr<enforce::CgroupBackend>();
    return enforce::open_cgroup(session.kernel, record.cgroup,
                                {.rootless = !session.is_host_root()});
}

Result<std::unique_ptr<enforce::CgroupBackend>> own_cgroup_of(Session& session,
                                                              const state::Record& record) {
    if (record.committed) return cgroup_of(session, record);
    if (!record.cgroup.unit.empty()) {
        NUCLEUS_TRY(auto unit, enforce::open_own_unit(session.kernel, record.cgroup,
                                                      {.rootless = !session.is_host_root()}));
        if (unit) return unit;
    }
    state::Record own = record;
    own.cgroup.unit.clear();
    const auto& made = record.cgroup.made;
    std::erase_if(own.cgroup.paths, [&](const auto& entry) {
        return std::find(made.begin(), made.end(), entry.second) == made.end();
    });
    return cgroup_of(session, own);
}

Result<spec::Spec> spec_of(const Container& container) {
    NUCLEUS_TRY(const std::string text, container.directory.load_config());
    NUCLEUS_TRY(spec::Spec parsed, spec::parse(text));
    if (!container.record) return parsed;
    const state::Record& record = *container.record;
    if (!parsed.linux_ && record.resources) parsed.linux_.emplace();
    if (record.resources) parsed.linux_->resources = record.resources;
    if (parsed.linux_ && parsed.linux_->intel_rdt) {
        spec::IntelRdt& director = *parsed.linux_->intel_rdt;
        if (!record.l3_cache_schema.empty()) director.l3_cache_schema = record.l3_cache_schema;
        if (!record.mem_bw_schema.empty()) director.mem_bw_schema = record.mem_bw_schema;
    }
    return parsed;
}

Result<policy::ContainerPolicy> policy_of(Session& session, const Container& container,
                                          Warnings& warnings) {
    NUCLEUS_TRY(const spec::Spec parsed, spec_of(container));
    static const state::Record none;
    const state::Record& record = container.record ? *container.record : none;
    return policy::translate(parsed, translation_input(session, record), warnings);
}

policy::TranslationInput translation_input(Session& session, const state::Record& record) {
    return {.bundle = record.bundle,
            .host_root = session.is_root(),
            .ordinary = session.is_ordinary(),
            .own_namespaces = record.own_namespaces};
}

Result<WayIn> way_in(Session& session, const state::Record& record,
                     const NamespaceConfig& namespaces) {
    WayIn way;
    const bool own_root = namespaces.creates(NamespaceKind::mnt);
    const bool user_namespace = namespaces.separate(NamespaceKind::user);
    if (!record.init || (own_root && !user_namespace)) return way;
    const pid_t pid = record.init->pid;
    if (!own_root) {
        NUCLEUS_TRY(way.root,
                    sys::open_at(session.kernel, AT_FDCWD, "/proc/" + std::to_string(pid) + "/root",
                                 O_PATH | O_DIRECTORY));
    }
    if (user_namespace) {
        NUCLEUS_TRY(way.groups_denied,
                    launch::UserNamespaceMapper::denies_groups(session.kernel, pid));
    }
    // What was looked at is the container's if its process is still that one.
    if (!state::alive(session.kernel, *record.init))
        return Error(Errc::not_running, "container not running");
    return way;
}

namespace {

// The initial user namespace's inode in nsfs (linux/nsfs.h: USER_NS_INIT_INO).
constexpr ino_t kInitialUserNamespace = 0xEFFFFFFD;

bool ask_is_host_root(sys::Kernel& kernel) {
    if (kernel.geteuid() != 0) return false;
    struct stat facts {};
    if (kernel.fstatat(AT_FDCWD, "/proc/self/ns/user", facts, 0) == 0 &&
        facts.st_ino == kInitialUserNamespace)
        return true;
    const auto map = sys::read_file(kernel, AT_FDCWD, "/proc/self/uid_map");
    // Root that cannot be proven less: what the kernel then refuses is an error, and no device rule
    // is left out.
    if (!map) return true;
    // One line, "0 0 4294967295" in columns (user_namespaces(7)).
    const char *at = map->data(), *const end = at + map->size();
    for (const std::uint64_t wanted :
         {std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{4294967295}}) {
        while (at < end && *at == ' ') ++at;
        std::uint64_t number = 0;
        const auto [stop, fault] = std::from_chars(at, end, number);
        if (fault != std::errc{} || number != wanted) return false;
        at = stop;
    }
    return true;
}

}  // namespace

bool Session::is_host_root() {
    if (!host_root_) host_root_ = ask_is_host_root(kernel);
    return *host_root_;
}

bool Session::is_ordinary() {
    if (is_root()) return false;
    std::uint64_t capabilities = 0;
    return kernel.permitted_capabilities(capabilities) < 0 ||
           (capabilities >> CAP_SYS_ADMIN & 1) == 0;
}

std::uint64_t separate_flags(const NamespaceConfig& namespaces) {
    std::uint64_t flags = 0;
    for (NamespaceKind kind : kNamespaceKinds)
        if (namespaces.separate(kind)) flags |= names_of(kind).clone_flag;
    return flags;
}

Result<base::UniqueFd> open_process(Session& session, const state::ProcessId& process) {
    const auto not_running = [] { return Error(Errc::not_running, "container not running"); };
    const int opened = session.kernel.pidfd_open(process.pid, 0);
    // EINVAL, ENOENT: the number is a thread's by now (pidfd_open(2)).
    if (opened == -ESRCH || opened == -EINVAL || opened == -ENOENT) return not_running();
    if (opened < 0) return Error::from_errno(-opened, "open the container process");
    base::UniqueFd pidfd(opened);
    // Identity after the descriptor: what is compared now is what will get the signal.
    if (!state::alive(session.kernel, process)) return not_running();
    return pidfd;
}

Result<base::UniqueFd> open_init(Session& session, const Container& container) {
    if (!container.record || !container.record->init)
        return Error(Errc::not_running, "container not running");
    return open_process(session, *container.record->init);
}

Result<void> kill_and_wait(Session& session, const Container& container) {
    auto pidfd = open_init(session, container);
    if (!pidfd && pidfd.error().code() == Errc::not_running) return {};
    if (!pidfd) return std::move(pidfd).error();
    const int sent = session.kernel.pidfd_send_signal(pidfd->get(), SIGKILL);
    if (sent < 0 && sent != -ESRCH) return Error::from_errno(-sent, "kill the container process");
    NUCLEUS_TRY(const auto cgroup, cgroup_of(session, *container.record));
    // Frozen processes do not die.
    if (cgroup && container.status == Status::paused) NUCLEUS_CHECK(cgroup->thaw());
    pollfd waited{pidfd->get(), POLLIN, 0};
    int ready;
    do ready = session.kernel.poll(&waited, 1, kEndTimeoutMs);
    while (ready == -EINTR);
    if (ready < 0) return Error::from_errno(-ready, "wait for the container process");
    if (ready == 0) return Error(Errc::system, "container init still running");
    return {};
}

Result<void> write_pid_file(sys::Kernel& kernel, const std::string& path, pid_t pid) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "."
                                  : slash == 0               ? "/"
                                                             : path.substr(0, slash);
    NUCLEUS_TRY(auto parent, sys::open_at(kernel, AT_FDCWD, directory, O_PATH | O_DIRECTORY));
    return sys::place_file(kernel, parent.get(), path.substr(slash + 1), std::to_string(pid), 0644)
        .in("pid file '" + path + "'");
}

Result<void> remove_pid_file(sys::Kernel& kernel, const std::string& path) {
    const int removed = kernel.unlinkat(AT_FDCWD, path.c_str(), 0);
    if (removed < 0 && removed != -ENOENT)
        return Error::from_errno(-removed, "remove pid file '" + path + "'");
    return {};
}

// By arithmetic: gmtime_r(3) would read the machine's time zone to say what it is not.
std::string timestamp(sys::Kernel& kernel) {
    using namespace std::chrono;
    timespec now{};
    kernel.clock_gettime(CLOCK_REALTIME, now);
    const sys_seconds moment{seconds(now.tv_sec)};
    const sys_days day = floor<days>(moment);
    const year_month_day date(day);
    const hh_mm_ss time(moment - day);
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%09ldZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()), now.tv_nsec);
    return text;
}

ContainerState describe(const Container& container) {
    ContainerState out;
    out.id = container.directory.id();
    out.status = container.status;
    if (!container.record) return out;
    const state::Record& record = *container.record;
    out.oci_version = record.oci_version;
    out.pid = container.status == Status::stopped ? 0 : container.pid();
    out.bundle = record.bundle;
    out.rootfs = record.rootfs;
    out.created = record.created;
    out.annotations = record.annotations;
    out.owner_uid = record.owner_uid;
    out.systemd_scope = record.cgroup.unit;
    return out;
}

}  // namespace nucleus::runtime
