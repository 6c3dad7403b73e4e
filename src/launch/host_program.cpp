#include "launch/host_program.hpp"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/unique_fd.hpp"

namespace nucleus::launch {

namespace {

// Far more than the process table of a machine; a program that never stops printing is cut off.
constexpr std::size_t kMaxOutput = 64U << 20;

Result<std::string> read_all(sys::Kernel& kernel, int fd) {
    std::string said;
    char buffer[4096];
    for (;;) {
        const ssize_t got = kernel.read(fd, buffer, sizeof buffer);
        if (got == -EINTR) continue;
        if (got < 0) return Error::from_errno(static_cast<int>(-got), "read what it printed");
        if (got == 0) return said;
        said.append(buffer, static_cast<std::size_t>(got));
        if (said.size() > kMaxOutput) return Error(Errc::system, "it prints without an end");
    }
}

int reap(sys::Kernel& kernel, pid_t pid, siginfo_t& info) {
    int error;
    do error = kernel.waitid(P_PID, static_cast<id_t>(pid), info, WEXITED);
    while (error == -EINTR);
    return error;
}

// Not reaped yet: the number is still its own.
Error end_after(Error cause, sys::Kernel& kernel, pid_t pid) {
    siginfo_t info{};
    kernel.kill(pid, SIGKILL);
    (void)reap(kernel, pid, info);
    return cause;
}

}  // namespace

std::vector<char*> argument_vector(const std::vector<std::string>& strings) {
    std::vector<char*> out;
    out.reserve(strings.size() + 1);
    for (const auto& string : strings) out.push_back(const_cast<char*>(string.c_str()));
    out.push_back(nullptr);
    return out;
}

Result<std::string> run_host_program(sys::Kernel& kernel, const std::string& path,
                                     const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment) {
    const std::vector<char*> argv = argument_vector(arguments);
    const std::vector<char*> envp = argument_vector(environment);
    int ends[2];
    if (int error = kernel.pipe2(ends, O_CLOEXEC); error < 0)
        return Error::from_errno(-error, "make a pipe");
    const base::UniqueFd output(ends[0]);
    base::UniqueFd output_end(ends[1]);
    sys::SpawnRequest request{};
    request.executable_fd = -1;
    request.path = path.c_str();
    request.argv = argv.data();
    request.envp = envp.data();
    request.stdio[0] = -1;
    request.stdio[1] = request.stdio[2] = output_end.get();
    request.join_namespaces_fd = -1;
    request.cgroup_fd = -1;
    request.dies_with_parent = true;
    const pid_t pid = kernel.spawn(request);
    if (pid < 0) return Error::from_errno(-pid, "execute");
    output_end.reset();
    auto said = read_all(kernel, output.get());
    if (!said) return end_after(std::move(said).error(), kernel, pid);
    siginfo_t info{};
    if (const int error = reap(kernel, pid, info); error < 0)
        return end_after(Error::from_errno(-error, "wait for it"), kernel, pid);
    if (info.si_code == CLD_EXITED && info.si_status == 0) return said;
    while (!said->empty() && said->back() == '\n') said->pop_back();
    return Error(Errc::system, said->empty() ? "it failed" : *said);
}

}  // namespace nucleus::launch
