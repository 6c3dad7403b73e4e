// Freezing and signalling all processes of a cgroup on cgroupfs.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "enforce/cgroup_tree.hpp"
#include "enforce/cgroupfs.hpp"
#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

constexpr long kFreezeMs = 2000;
constexpr long kKillMs = 5000;

Error no_freezer() {
    return Error(Errc::unsupported, "freeze the cgroup: no freezer controller here");
}

bool has_line(std::string_view text, std::string_view line) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (text.substr(0, end) == line) return true;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return false;
}

}  // namespace

// All hierarchies hold the same processes; the one that can hold them still is asked.
const std::string* CgroupfsBackend::leader() const {
    if (const std::string* freezer = directory_of("freezer")) return freezer;
    if (const std::string* unified = directory_of("")) return unified;
    return leaves_.empty() ? nullptr : &leaves_.front();
}

Result<std::vector<pid_t>> CgroupfsBackend::pids() {
    const std::string* asked = leader();
    return asked ? processes_below(kernel_, *asked) : std::vector<pid_t>();
}

Result<void> CgroupfsBackend::set_frozen(bool frozen) {
    if (const std::string* freezer = directory_of("freezer"))
        return sys::write_existing(kernel_, AT_FDCWD, *freezer + "/freezer.state",
                                   frozen ? "FROZEN" : "THAWED");
    if (const std::string* unified = directory_of(""))
        return sys::write_existing(kernel_, AT_FDCWD, *unified + "/cgroup.freeze",
                                   frozen ? "1" : "0");
    return no_freezer();
}

Result<bool> CgroupfsBackend::frozen() {
    const std::string* freezer = directory_of("freezer");
    const std::string* unified = directory_of("");
    if (!freezer && !unified) return false;
    const auto text =
        read_value(kernel_, freezer ? *freezer + "/freezer.state" : *unified + "/cgroup.events");
    if (!text) {
        // Gone with its processes; the root cgroup, and a kernel before 5.2, have no such file.
        if (text.error().errnum() == ENOENT || text.error().errnum() == ENODEV) return false;
        return text.error();
    }
    // FREEZING: it was told to, and what was forked meanwhile runs on until it is told again.
    return freezer ? *text != "THAWED" : has_line(*text, "frozen 1");
}

Result<bool> CgroupfsBackend::stands_still() {
    const std::string* freezer = directory_of("freezer");
    if (!freezer) return frozen();
    NUCLEUS_TRY(const std::string state, read_value(kernel_, *freezer + "/freezer.state"));
    return state == "FROZEN";
}

Result<bool> CgroupfsBackend::wait_until_frozen() {
    Patience patience(kernel_, kFreezeMs);
    for (;;) {
        NUCLEUS_TRY(const bool done, stands_still());
        if (done) return true;
        if (!patience.wait()) return false;
        // v1 stays at FREEZING for a process that was forked meanwhile, until it is told again.
        if (directory_of("freezer")) NUCLEUS_CHECK(set_frozen(true));
    }
}

Result<void> CgroupfsBackend::freeze() {
    if (!directory_of("freezer") && !directory_of("")) return no_freezer();
    auto told = set_frozen(true);
    auto done = told ? wait_until_frozen() : Result<bool>(std::move(told).error());
    if (done && *done) return {};
    Error error =
        done ? Error(Errc::system, "freeze the cgroup: its processes did not come to a stop")
             : done.error();
    if (auto thawed = set_frozen(false); !thawed) return std::move(error).also(thawed.error());
    return error;
}

Result<void> CgroupfsBackend::thaw() { return set_frozen(false); }

Result<void> CgroupfsBackend::signal_once(int signal) {
    NUCLEUS_TRY(const auto targets, pids());
    const pid_t self = kernel_.getpid();
    Result<void> outcome;
    for (const pid_t pid : targets) {
        if (pid == self) continue;
        const int error = kernel_.kill(pid, signal);
        if (error < 0 && error != -ESRCH && outcome)
            outcome = Error::from_errno(-error, "signal process " + std::to_string(pid));
    }
    return outcome;
}

Result<void> CgroupfsBackend::kill_until_empty() {
    Patience patience(kernel_, kKillMs);
    for (;;) {
        // Frozen, none can fork past the list; without a freezer the next round gets what did.
        const bool still = freeze().has_value();
        auto signalled = signal_once(SIGKILL);
        if (still || directory_of("freezer")) {
            auto thawed = thaw();
            if (!thawed && thawed.error().errnum() != ENOENT && signalled)
                signalled = std::move(thawed);
        }
        NUCLEUS_CHECK(std::move(signalled));
        NUCLEUS_TRY(const auto left, pids());
        if (left.empty()) return {};
        if (!patience.wait())
            return Error(Errc::system, "kill the cgroup: " + std::to_string(left.size()) +
                                           " process(es) did not end");
    }
}

Result<void> CgroupfsBackend::signal_all(int signal) {
    if (signal == SIGKILL) {
        const std::string* unified = directory_of("");
        // Linux 5.14; a kernel without it, and a threaded cgroup, take the long way.
        if (!unified || !sys::write_existing(kernel_, AT_FDCWD, *unified + "/cgroup.kill", "1"))
            return kill_until_empty();
        // v2 lets a frozen process die, v1 does not.
        if (!directory_of("freezer")) return {};
        auto thawed = thaw();
        if (!thawed && thawed.error().errnum() == ENOENT) return {};
        return thawed;
    }
    NUCLEUS_TRY(const bool paused, frozen());
    const bool stopped_here = !paused && freeze().has_value();
    auto signalled = signal_once(signal);
    if (!stopped_here) return signalled;
    auto thawed = thaw();
    if (!thawed) thawed = thaw();  // or a container that nobody paused would stand still
    if (thawed) return signalled;
    return signalled ? std::move(thawed) : std::move(signalled).error().also(thawed.error());
}

}  // namespace nucleus::enforce
