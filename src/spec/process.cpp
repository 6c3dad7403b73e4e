// config.md#process and config.md#user.
#include "spec/sections.hpp"

namespace nucleus::spec {

void read(const Node& node, Box& out) {
    const ObjectReader object(node);
    object.required("height", out.height);
    object.required("width", out.width);
}

void read(const Node& node, User& out) {
    const ObjectReader object(node);
    object.required("uid", out.uid);
    object.required("gid", out.gid);
    object.optional("umask", out.umask);
    object.optional("additionalGids", out.additional_gids);
}

void read(const Node& node, Capabilities& out) {
    const ObjectReader object(node);
    object.optional("bounding", out.bounding);
    object.optional("effective", out.effective);
    object.optional("inheritable", out.inheritable);
    object.optional("permitted", out.permitted);
    object.optional("ambient", out.ambient);
}

void read(const Node& node, Rlimit& out) {
    const ObjectReader object(node);
    object.required("type", out.type);
    object.required("soft", out.soft);
    object.required("hard", out.hard);
}

void read(const Node& node, Scheduler& out) {
    const ObjectReader object(node);
    object.required("policy", out.policy);
    object.optional("nice", out.nice);
    object.optional("priority", out.priority);
    object.optional("flags", out.flags);
    object.optional("runtime", out.runtime);
    object.optional("deadline", out.deadline);
    object.optional("period", out.period);
}

void read(const Node& node, IoPriority& out) {
    const ObjectReader object(node);
    object.required("class", out.io_class);
    object.required("priority", out.priority);
}

void read(const Node& node, ExecCpuAffinity& out) {
    const ObjectReader object(node);
    object.optional("initial", out.initial);
    object.optional("final", out.final);
}

void read(const Node& node, Process& out) {
    const ObjectReader object(node);
    object.optional("terminal", out.terminal);
    object.optional("consoleSize", out.console_size);
    // The text demands uid and gid of a user, but no user of a process: without one, both are 0.
    object.optional("user", out.user);
    object.required("args", out.args);
    object.optional("env", out.env);
    object.required("cwd", out.cwd);
    object.optional("capabilities", out.capabilities);
    object.optional("rlimits", out.rlimits);
    object.optional("noNewPrivileges", out.no_new_privileges);
    object.optional("apparmorProfile", out.apparmor_profile);
    object.optional("selinuxLabel", out.selinux_label);
    object.optional("oomScoreAdj", out.oom_score_adj);
    object.optional("scheduler", out.scheduler);
    object.optional("ioPriority", out.io_priority);
    object.optional("execCPUAffinity", out.exec_cpu_affinity);
    // `args` is OPTIONAL for Windows' sake only: "at least one entry is REQUIRED (non-Windows)".
    if (!node.failed() && out.args.empty())
        node.fail_member("args", "at least one entry is required");
}

}  // namespace nucleus::spec
