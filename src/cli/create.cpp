#include "cli/command.hpp"
#include "cli/root.hpp"

namespace nucleus::cli {

void describe_creation(OptionTable& table) {
    table.text("bundle,b", "DIR", "directory of config.json (default: the working directory)")
        .text("config,f", "FILE", "another name for config.json, relative to the bundle")
        .text("console-socket", "PATH", "socket that receives the master of the terminal")
        .text("pidfd-socket", "PATH", "socket that receives a pidfd of the container's process")
        .text("pid-file", "FILE", "file that receives the process id")
        .flag("no-pivot", "enter the root by chroot instead of pivot_root")
        .flag("no-new-keyring", "keep the caller's session keyring")
        .number("preserve-fds", "N", "pass N descriptors beyond stdio and $LISTEN_FDS")
        .flag("no-subreaper",
              "do not adopt the container's orphans (only run in the foreground does)");
}

namespace {

// fs.nr_open, as far as Linux lets it be raised by default: nobody has more open.
constexpr std::uint32_t kMostDescriptors = 1U << 20;

}  // namespace

Result<std::uint32_t> parse_preserve_fds(const Options& options) {
    const std::uint32_t count = options.number("preserve-fds");
    if (count <= kMostDescriptors) return count;
    return Error(Errc::invalid_argument, "invalid value \"" + std::to_string(count) +
                                             "\" for flag --preserve-fds: more than " +
                                             std::to_string(kMostDescriptors));
}

namespace {

// sd_listen_fds(3): they are for the process whose id LISTEN_PID has, and for no other.
Result<std::uint32_t> listen_fds(const Environment& environment, sys::Kernel& kernel) {
    if (environment.listen_fds.empty()) return 0;
    const auto pid = parse_number(environment.listen_pid);
    if (!pid || static_cast<pid_t>(*pid) != kernel.getpid()) return 0;
    const auto count = parse_number(environment.listen_fds);
    if (count && *count <= kMostDescriptors) return *count;
    return Error(Errc::invalid_argument, "LISTEN_FDS=" + std::string(environment.listen_fds) +
                                             ": not a number of descriptors");
}

}  // namespace

Result<void> parse_creation(Invocation& invocation, runtime::CreateRequest& request) {
    const Options& options = invocation.options;
    request.id = invocation.operands.front();
    request.config = options.text("config");
    request.no_pivot = options.flag("no-pivot");
    request.no_new_keyring = options.flag("no-new-keyring");
    NUCLEUS_TRY(request.preserve_fds, parse_preserve_fds(options));
    if (!invocation.environment.notify_socket.empty())
        invocation.warnings.push_back(
            "NOTIFY_SOCKET: not handed on to the container by this version");
    NUCLEUS_TRY(request.listen_fds, listen_fds(invocation.environment, invocation.kernel));
    const std::string bundle = options.text("bundle");
    NUCLEUS_TRY(request.bundle, absolute_path(bundle.empty() ? "." : bundle));
    NUCLEUS_TRY(request.console_socket, absolute_path(options.text("console-socket")));
    NUCLEUS_TRY(request.pidfd_socket, absolute_path(options.text("pidfd-socket")));
    NUCLEUS_TRY(request.pid_file, absolute_path(options.text("pid-file")));
    return {};
}

namespace {

Result<int> execute(Invocation& invocation) {
    runtime::CreateRequest request;
    NUCLEUS_CHECK(parse_creation(invocation, request).in("create"));
    NUCLEUS_CHECK(
        invocation.runtime().create(request, invocation.warnings).in(clause("create", request.id)));
    return 0;
}

}  // namespace

constinit const Command kCreateCommand{
    "create",
    "ID",
    1,
    1,
    AfterOperand::options,
    "create a container from a bundle; its program waits for start",
    describe_creation,
    execute};

}  // namespace nucleus::cli
