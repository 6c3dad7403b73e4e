// The fake kernel's processes: spawned, signalled, reaped.
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>

#include "fake_init.hpp"
#include "fake_kernel.hpp"

namespace nucleus::testing {

using Kind = Description::Kind;

Process* FakeKernel::process(pid_t pid) {
    const auto found = processes_.find(pid);
    return found != processes_.end() ? &found->second : nullptr;
}

Process& FakeKernel::new_process(const Process* parent) {
    const pid_t pid = next_pid_++;
    Process& made = processes_[pid];
    if (parent != nullptr) {
        made.descriptors = parent->descriptors;
        made.cgroups = parent->cgroups;
    }
    made.pid = pid;
    made.start_time = static_cast<std::uint64_t>(pid) * 10;
    make_proc_directory(pid);
    return made;
}

void FakeKernel::make_proc_directory(pid_t pid) {
    const std::string directory = "/proc/" + std::to_string(pid);
    make_file(directory + "/stat", "")->shows = [this, pid] {
        const Process& shown = processes_.at(pid);
        std::string text = std::to_string(pid) + " (a b) " + (shown.running ? "S" : "Z");
        for (int field = 4; field < 22; ++field) text += " 0";
        return text + " " + std::to_string(shown.start_time) + " 0 0\n";
    };
    const std::pair<const char*, const char*> files[] = {{"uid_map", "0 100000 65536\n"},
                                                         {"gid_map", "0 100000 65536\n"},
                                                         {"setgroups", "allow\n"},
                                                         {"timens_offsets", ""},
                                                         {"oom_score_adj", "0\n"}};
    for (const auto& [name, content] : files)
        make_file(directory + "/" + name, content)->of_kernel = true;
    make_directory(directory + "/root");
    make_file(directory + "/ns/user", "");
}

void FakeKernel::end(Process& process, int code, int status) {
    if (!process.running) return;
    process.running = false;
    process.code = code;
    process.status = status;
    process.descriptors.clear();
    process.cgroups.clear();
    process.script.reset();
}

void FakeKernel::forget(pid_t pid) {
    root_->entries["proc"]->entries.erase(std::to_string(pid));
    processes_.erase(pid);
}

void FakeKernel::end_command() {
    for (const pid_t pid : processes())
        if (process(pid)->dies_with_command) forget(pid);
}

void FakeKernel::reap_all() {
    for (const pid_t pid : processes())
        if (!process(pid)->running) forget(pid);
}

// execve(2): descriptors but stdio are closed on it.
void FakeKernel::execute(Process& process, const std::string& path) {
    recorded.push_back("execute " + path);
    if (const auto printed = output.find(path); printed != output.end())
        process.descriptors.at(1)->peer.lock()->queue.push_back({printed->second, {}});
    std::erase_if(process.descriptors,
                  [](const auto& entry) { return entry.first < 0 || entry.first > 2; });
    process.script.reset();
    if (const auto known = exit_status.find(path); known != exit_status.end())
        end(process, CLD_EXITED, known->second);
}

void FakeKernel::move_to_cgroup(Process& process, const Inode& cgroup) {
    process.cgroups[cgroup->hierarchy] = cgroup;
}

pid_t FakeKernel::spawn(const sys::SpawnRequest& request) noexcept {
    if (const int error = enter("spawn", request.argv[0]); error < 0) return error;
    const Open program = look_up(request.executable_fd);
    if (request.executable_fd < 0 && !exists(request.path)) return -ENOENT;
    if (request.executable_fd >= 0 && (!program || !program->sealed))
        complain("a program is executed that is not sealed");
    std::map<int, Open> descriptors;
    for (int i = 0; i < 3; ++i)
        if (request.stdio[i] >= 0) descriptors[i] = look_up(request.stdio[i]);
    for (std::size_t i = 0; i < request.inherited_count; ++i)
        descriptors[request.inherited[i]] = look_up(request.inherited[i]);
    for (const auto& [fd, open] : descriptors)
        if (!open) return -EBADF;
    Process& child = new_process(nullptr);
    child.descriptors = std::move(descriptors);
    if (request.cgroup_fd >= 0) {
        const Open cgroup = look_up(request.cgroup_fd);
        if (!cgroup || !cgroup->node || cgroup->node->hierarchy == nullptr) {
            forget(child.pid);
            return -EBADF;
        }
        move_to_cgroup(child, cgroup->node);
    }
    if (request.executable_fd >= 0)
        child.script = std::make_shared<FakeInit>(*this, child, request.argv, *program);
    else
        execute(child, request.path);
    return child.pid;
}

int FakeKernel::open_trees(int pidfd, sys::TreeRequest* requests, std::size_t count) noexcept {
    const Open open = look_up(pidfd);
    if (const int error = enter("open_trees", ""); error < 0) return error;
    if (!open || open->kind != Kind::pidfd) return -EBADF;
    for (std::size_t i = 0; i < count; ++i) {
        if (!exists(requests[i].path)) {
            requests[i].fd = -ENOENT;
            continue;
        }
        auto tree = std::make_shared<Description>();
        tree->kind = Kind::tree;
        tree->name = std::string("tree of ") + requests[i].path;
        requests[i].fd = install(tree);
    }
    return 0;
}

pid_t FakeKernel::hold_user_namespace() noexcept {
    if (const int error = enter("hold_user_namespace", ""); error < 0) return error;
    Process& holder = new_process(nullptr);
    holder.dies_with_command = true;
    return holder.pid;
}

int FakeKernel::pidfd_open(pid_t pid, unsigned) noexcept {
    if (const int error = enter("pidfd_open", std::to_string(pid)); error < 0) return error;
    if (process(pid) == nullptr) return -ESRCH;
    auto open = std::make_shared<Description>();
    open->kind = Kind::pidfd;
    open->name = "pidfd of " + std::to_string(pid);
    open->pid = pid;
    return install(open);
}

int FakeKernel::signal(pid_t pid, int signal) {
    Process* target = process(pid);
    if (target == nullptr) return -ESRCH;
    recorded.push_back("signal " + std::to_string(signal) + " to " + std::to_string(pid));
    if (uninterruptible.contains(pid)) return 0;
    if (signal == SIGKILL || (signal == SIGTERM && !target->script))
        end(*target, CLD_KILLED, signal);
    return 0;
}

int FakeKernel::pidfd_send_signal(int pidfd, int number) noexcept {
    const Open open = look_up(pidfd);
    if (const int error = enter("pidfd_send_signal", open ? open->name : ""); error < 0)
        return error;
    if (!open || open->kind != Kind::pidfd) return -EBADF;
    return signal(open->pid, number);
}

int FakeKernel::pidfd_getfd(int pidfd, int fd) noexcept {
    const Open open = look_up(pidfd);
    if (const int error = enter("pidfd_getfd", open ? open->name : ""); error < 0) return error;
    const Process* from = open ? process(open->pid) : nullptr;
    if (from == nullptr) return -ESRCH;
    const auto found = from->descriptors.find(fd);
    return found != from->descriptors.end() ? install(found->second) : -EBADF;
}

int FakeKernel::trace_attach(pid_t pid) noexcept {
    if (const int error = enter("trace_attach", std::to_string(pid)); error < 0) return error;
    Process* target = process(pid);
    if (target == nullptr || !target->running) return -ESRCH;
    target->traced = true;
    return 0;
}

int FakeKernel::trace_to_result(pid_t pid, long, long& result) noexcept {
    if (const int error = enter("trace_to_result", std::to_string(pid)); error < 0) return error;
    for (;;) {
        const Process* target = process(pid);
        if (target == nullptr || !target->running) return -ESRCH;
        if (target->traced_result) break;
        if (progress()) continue;
        complain("the runtime follows for ever process " + std::to_string(pid));
        return -EDEADLK;
    }
    result = *process(pid)->traced_result;
    return 0;
}

int FakeKernel::trace_detach(pid_t pid) noexcept {
    if (const int error = enter("trace_detach", std::to_string(pid)); error < 0) return error;
    Process* target = process(pid);
    if (target == nullptr || !target->running) return -ESRCH;
    target->traced = false;
    return 0;
}

int FakeKernel::kill(pid_t pid, int number) noexcept {
    if (const int error = enter("kill", std::to_string(pid)); error < 0) return error;
    // A negative number is a group, which only its leader stands for here.
    return signal(pid < 0 ? -pid : pid, number);
}

int FakeKernel::waitid(int, id_t id, siginfo_t& info, int) noexcept {
    if (const int error = enter("waitid", std::to_string(id)); error < 0) return error;
    for (;;) {
        const Process* child = process(static_cast<pid_t>(id));
        if (child == nullptr) return -ECHILD;
        if (!child->running) break;
        if (progress()) continue;
        complain("the runtime waits for ever for process " + std::to_string(id));
        return -EDEADLK;
    }
    const Process& child = *process(static_cast<pid_t>(id));
    info = {};
    info.si_code = child.code;
    info.si_status = child.status;
    info.si_pid = child.pid;
    forget(child.pid);
    return 0;
}

int FakeKernel::prlimit(pid_t pid, int resource, const rlimit* set, rlimit*) noexcept {
    if (const int error = enter("prlimit", std::to_string(pid)); error < 0) return error;
    if (process(pid) == nullptr) return -ESRCH;
    recorded.push_back("prlimit " + std::to_string(resource) + " " + std::to_string(set->rlim_cur));
    return 0;
}

int FakeKernel::sched_setattr(pid_t pid, const sys::SchedulerAttributes& attributes) noexcept {
    if (const int error = enter("sched_setattr", std::to_string(pid)); error < 0) return error;
    if (process(pid) == nullptr) return -ESRCH;
    recorded.push_back("scheduler " + std::to_string(attributes.policy) + " " +
                       std::to_string(attributes.priority));
    return 0;
}

int FakeKernel::setpriority(pid_t pid, int nice) noexcept {
    if (const int error = enter("setpriority", std::to_string(pid)); error < 0) return error;
    if (process(pid) == nullptr) return -ESRCH;
    recorded.push_back("nice " + std::to_string(nice));
    return 0;
}

int FakeKernel::ioprio_set(int which, int who, int value) noexcept {
    if (const int error = enter("ioprio_set", std::to_string(who)); error < 0) return error;
    if (process(who) == nullptr) return -ESRCH;
    recorded.push_back("I/O priority " + std::to_string(which) + " " + std::to_string(value));
    return 0;
}

bool FakeKernel::progress() {
    for (auto& [pid, each] : processes_) {
        const auto script = each.script;  // it may end while it runs
        if (each.running && script && script->run()) return true;
    }
    return false;
}

void FakeKernel::settle() {
    while (progress()) {
    }
}

std::vector<pid_t> FakeKernel::processes() const {
    std::vector<pid_t> pids;
    for (const auto& [pid, each] : processes_) pids.push_back(pid);
    return pids;
}

std::vector<pid_t> FakeKernel::running() const {
    std::vector<pid_t> pids;
    for (const auto& [pid, each] : processes_)
        if (each.running) pids.push_back(pid);
    return pids;
}

}  // namespace nucleus::testing
