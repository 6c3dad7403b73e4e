#include "cli/command.hpp"
#include "cli/root.hpp"

namespace nucleus::cli {

namespace {

// What a caller sees when the process could not be started: no program of his own can be mistaken
// for it (runc's value).
constexpr int kNotStarted = 255;

void describe(OptionTable& table) {
    table.text("process,p", "FILE", "process object in JSON, in place of a command and its options")
        .text("cwd", "DIR", "working directory in the container")
        .list("env,e", "NAME=VALUE", "add to the environment; may be repeated")
        .flag("tty,t", "give the process a terminal (--tty=false: none)")
        .text("user,u", "UID[:GID]", "ids of the process")
        .list("additional-gids,g", "GID", "add a group; may be repeated")
        .list("cap,c", "CAP", "add a capability; may be repeated")
        .flag("no-new-privs", "set no_new_privs")
        .text("process-label", "LABEL", "SELinux label of the process")
        .text("apparmor", "PROFILE", "AppArmor profile of the process")
        .list("cgroup", "[CONTROLLER:]PATH", "sub-cgroup of the container's; may be repeated")
        .flag("detach,d", "return when the program runs")
        .flag("ignore-paused", "allow it in a paused container")
        .text("console-socket", "PATH", "socket that receives the master of the terminal")
        .text("pidfd-socket", "PATH", "socket that receives a pidfd of the process")
        .text("pid-file", "FILE", "file that receives the process id")
        .number("preserve-fds", "N", "pass N descriptors beyond stdio and $LISTEN_FDS");
}

Error refuse(std::string message) { return Error(Errc::invalid_argument, std::move(message)); }

Result<runtime::ExecRequest::User> parse_user(const std::string& text) {
    const std::size_t colon = text.find(':');
    runtime::ExecRequest::User user;
    const auto uid = parse_number(text.substr(0, colon));
    if (colon != std::string::npos) user.gid = parse_number(text.substr(colon + 1));
    if (!uid || (colon != std::string::npos && !user.gid))
        return refuse("invalid value \"" + text + "\" for flag --user: not UID[:GID] in numbers");
    user.uid = *uid;
    return user;
}

Result<void> parse_groups(const std::vector<std::string>& texts, std::vector<std::uint32_t>& gids) {
    for (const std::string& text : texts) {
        const auto gid = parse_number(text);
        if (!gid)
            return refuse("invalid value \"" + text +
                          "\" for flag --additional-gids: not a number");
        gids.push_back(*gid);
    }
    return {};
}

// A process comes from one place: what the file says is never mixed with what stands here. --tty
// may stand beside the file, since conmon repeats there what the file says.
Result<void> check_source(const Options& options, const std::vector<std::string>& operands) {
    if (!options.given("process")) {
        if (operands.size() < 2) return refuse("needs a command or --process FILE");
        return {};
    }
    if (operands.size() > 1) return refuse("a command and --process exclude each other");
    for (const char* const name : {"cwd", "env", "user", "additional-gids", "cap", "no-new-privs",
                                   "process-label", "apparmor"})
        if (options.given(name))
            return refuse(std::string("--") + name + " and --process exclude each other");
    return {};
}

Result<runtime::ExecRequest> parse(const Invocation& invocation) {
    const Options& options = invocation.options;
    NUCLEUS_CHECK(check_source(options, invocation.operands));
    runtime::ExecRequest request;
    request.id = invocation.operands.front();
    request.args.assign(invocation.operands.begin() + 1, invocation.operands.end());
    request.cwd = options.text("cwd");
    request.env = options.list("env");
    request.tty = options.choice("tty");
    if (options.given("user")) {
        NUCLEUS_TRY(request.user, parse_user(options.text("user")));
    }
    NUCLEUS_CHECK(parse_groups(options.list("additional-gids"), request.additional_gids));
    request.caps = options.list("cap");
    request.no_new_privs = options.choice("no-new-privs");
    request.process_label = options.text("process-label");
    request.apparmor_profile = options.text("apparmor");
    request.cgroups = options.list("cgroup");
    request.detach = options.flag("detach");
    request.ignore_paused = options.flag("ignore-paused");
    NUCLEUS_TRY(request.preserve_fds, parse_preserve_fds(options));
    NUCLEUS_TRY(request.process_file, absolute_path(options.text("process")));
    NUCLEUS_TRY(request.console_socket, absolute_path(options.text("console-socket")));
    NUCLEUS_TRY(request.pidfd_socket, absolute_path(options.text("pidfd-socket")));
    NUCLEUS_TRY(request.pid_file, absolute_path(options.text("pid-file")));
    return request;
}

Result<int> execute(Invocation& invocation) {
    NUCLEUS_TRY(const runtime::ExecRequest request, parse(invocation).in("exec"));
    invocation.failure_status = kNotStarted;
    return invocation.runtime().exec(request, invocation.warnings).in(clause("exec", request.id));
}

}  // namespace

constinit const Command kExecCommand{"exec",
                                     "ID COMMAND [ARGUMENT...] | --process FILE ID",
                                     1,
                                     kAnyNumber,
                                     AfterOperand::operands,
                                     "start a further process in a running container",
                                     describe,
                                     execute};

}  // namespace nucleus::cli
