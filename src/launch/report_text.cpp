#include "launch/report_text.hpp"

#include <errno.h>

namespace nucleus::launch {

namespace {

// podman, containerd and dockerd tell 126 from 127 by these sentences.
Error command_error(int errnum, const std::string& command) {
    const std::string subject = "exec: \"" + command + "\"";
    switch (errnum) {
        case ENOENT:
            if (command.find('/') == std::string::npos)
                return Error(Errc::command_not_found,
                             subject + ": executable file not found in $PATH");
            return Error(Errc::command_not_found, subject + ": no such file or directory");
        case ENOTDIR:
            return Error(Errc::command_not_found, subject + ": not a directory");
        case EISDIR:
            // dockerd 20.10 knows only the kernel's words for it (execve(2): EACCES).
            return Error(Errc::command_not_executable,
                         subject + ": is a directory: permission denied");
        case EACCES:
        case EPERM:
            return Error(Errc::command_not_executable, subject + ": permission denied");
        default:
            return Error::from_errno(errnum, subject).with_code(Errc::command_not_executable);
    }
}

// Where errno alone would leave a reader to guess: the property, and what this kernel has not got.
struct Words {
    wire::Op op;
    int errnum;
    Errc code;
    const char* text;
};

constexpr Words kWords[] = {
    {wire::Op::set_initial_affinity, EINVAL, Errc::invalid_config,
     "process.execCPUAffinity.initial: the runtime may run on none of these processors"},
    {wire::Op::set_final_affinity, EINVAL, Errc::invalid_config,
     "process.execCPUAffinity.final: the container may run on none of these processors"},
    {wire::Op::set_memory_policy, ENOSYS, Errc::unsupported,
     "linux.memoryPolicy: this kernel has no memory policies (CONFIG_NUMA)"},
    {wire::Op::set_memory_policy, EINVAL, Errc::unsupported,
     "linux.memoryPolicy: this kernel does not know the mode or a flag, or the container may use "
     "none of the nodes"},
    {wire::Op::set_personality, EINVAL, Errc::unsupported,
     "linux.personality: this kernel has no such execution domain"},
};

const Words* words_of(wire::Op op, int errnum) {
    for (const Words& each : kWords)
        if (each.op == op && each.errnum == errnum) return &each;
    return nullptr;
}

// podman tells a failure with a security attribute by the quoted path, and an ENOENT in words for a
// missing command, which this is not.
Error label_error(const wire::Report& report, const plan::Step& step) {
    const std::string clause = std::string(wire::operation(step.op).name) + " '" + step.source +
                               "': write `/proc/" + report.detail + "`";
    if (step.op == wire::Op::set_apparmor_profile && report.errnum == ENOENT)
        return Error(Errc::invalid_config, clause + ": no profile of this name is loaded");
    if (step.op != wire::Op::set_apparmor_profile && report.errnum == EINVAL)
        return Error(Errc::invalid_config, clause + ": the policy does not know this label");
    return Error::from_errno(report.errnum, clause);
}

}  // namespace

Error error_of(const wire::Report& report, const plan::LaunchPlan& plan) {
    const auto index = static_cast<std::size_t>(report.step);
    if (index >= plan.steps.size())
        return Error(Errc::system, "the init reported a step that is not in the plan");
    const plan::Step& step = plan.steps[index];
    if (step.op == wire::Op::find_command || step.op == wire::Op::execute)
        return command_error(report.errnum, step.source);
    if (step.op == wire::Op::set_apparmor_profile || step.op == wire::Op::set_selinux_label ||
        step.op == wire::Op::set_key_label)
        return label_error(report, step);
    std::string clause = step.pointer.empty() ? "" : "config.json " + step.pointer + ": ";
    clause += wire::operation(step.op).name;
    const std::string& object = !step.target.empty() ? step.target : step.source;
    if (!object.empty()) clause += " '" + object + "'";
    if (report.detail[0] != 0 && object != report.detail)
        clause += std::string(": ") + report.detail;
    if (const Words* words = words_of(step.op, report.errnum))
        return Error::from_errno(report.errnum, clause + ": " + words->text).with_code(words->code);
    return Error::from_errno(report.errnum, clause);
}

Error start_error_of(const wire::Report& report, const std::string& command) {
    if (report.op == static_cast<std::uint32_t>(wire::Op::execute))
        return command_error(report.errnum, command);
    if (report.op >= static_cast<std::uint32_t>(wire::Op::count_))
        return Error(Errc::system, "the init reported an unknown operation");
    return Error::from_errno(report.errnum, wire::operation(static_cast<wire::Op>(report.op)).name);
}

}  // namespace nucleus::launch
