#include <fcntl.h>

#include <algorithm>

#include "launch/host_program.hpp"
#include "runtime/process_rows.hpp"
#include "runtime/session.hpp"

namespace nucleus::runtime {

namespace {

// Where the host's ps(1) stands. Not by the caller's PATH: podman leaves it out, and a root's
// runtime executes nothing that a variable names.
constexpr const char* kPlaces[] = {"/usr/bin/ps", "/bin/ps", "/usr/local/bin/ps",
                                   "/run/current-system/sw/bin/ps"};

}  // namespace

Result<std::vector<std::int32_t>> processes(Session& session, const std::string& id) {
    NUCLEUS_TRY(const Container container, open_container(session, id));
    if (container.status == Status::stopped) return std::vector<std::int32_t>();
    if (container.status == Status::creating)
        return Error(Errc::wrong_state, "the container is being created");
    NUCLEUS_TRY(const auto cgroup, cgroup_of(session, *container.record));
    if (!cgroup)
        return Error(Errc::unsupported, "the container has no cgroup to find its processes by");
    NUCLEUS_TRY(std::vector<std::int32_t> pids, cgroup->pids());
    std::ranges::sort(pids);
    return pids;
}

Result<std::string> process_table(sys::Kernel& kernel, const std::vector<std::int32_t>& pids,
                                  const std::vector<std::string>& arguments) {
    std::vector<std::string> command{"ps"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    if (arguments.empty()) command.emplace_back("-ef");
    for (const char* const place : kPlaces) {
        if (kernel.faccessat(AT_FDCWD, place, X_OK, 0) < 0) continue;
        // The heading in the words that process_rows knows, whatever the caller's language.
        NUCLEUS_TRY(const std::string table,
                    launch::run_host_program(kernel, place, command, {"LC_ALL=C"}).in(place));
        return process_rows(table, pids);
    }
    return Error(Errc::unsupported, "the table needs the program ps, which is not installed");
}

}  // namespace nucleus::runtime
