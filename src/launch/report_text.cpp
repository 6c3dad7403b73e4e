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
            return Error(Errc::command_not_executable, subject + ": is a directory");
        case EACCES:
        case EPERM:
            return Error(Errc::command_not_executable, subject + ": permission denied");
        default:
            return Error::from_errno(errnum, subject).with_code(Errc::command_not_executable);
    }
}

}  // namespace

Error error_of(const wire::Report& report, const plan::LaunchPlan& plan) {
    const auto index = static_cast<std::size_t>(report.step);
    if (index >= plan.steps.size())
        return Error(Errc::system, "the init reported a step that is not in the plan");
    const plan::Step& step = plan.steps[index];
    if (step.op == wire::Op::find_command || step.op == wire::Op::execute)
        return command_error(report.errnum, step.source);
    std::string clause = wire::operation(step.op).name;
    const std::string& object = !step.target.empty() ? step.target : step.source;
    if (!object.empty()) clause += " '" + object + "'";
    if (report.detail[0] != 0 && object != report.detail)
        clause += std::string(": ") + report.detail;
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
