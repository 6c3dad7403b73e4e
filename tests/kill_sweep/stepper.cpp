// Kills one process of a command exactly at its N-th point: the entry of a system call, or the
// moment after the kernel made a child and before that child runs.
//
//   kill-stepper MODE AT COMMAND ARGUMENT...
//
// MODE  command   the points of COMMAND itself; its children run free
//       init      the points of the first child of COMMAND and of what that child clones;
//                 COMMAND runs free
//       PID       the points of a process that exists already, up to its next execve
// AT    the point to kill at, from 1; 0 counts the points and kills nobody
//
// Standard output gets one JSON object: points seen, the call at the point of the kill ("" if it
// was never reached), exit status of COMMAND (-N: signal N). COMMAND's own standard output and
// error are this program's standard error.

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>

namespace {

constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                          PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

enum class Mode { command, init, process };

[[noreturn]] void die(const char* what) {
    fprintf(stderr, "kill-stepper: %s: %s\n", what, strerror(errno));
    _exit(125);
}

// What is traced may have been killed meanwhile, by the command or by us: never an error.
void resume(__ptrace_request request, pid_t pid, int signal = 0) {
    ptrace(request, pid, nullptr, static_cast<unsigned long>(signal));
}

// The name of the call that the process is about to enter; empty at any other stop.
std::string call_at_entry(pid_t pid) {
    __ptrace_syscall_info info{};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return "";
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return "";
    char* name =
        seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, static_cast<int>(info.entry.nr));
    const std::string text = name != nullptr ? name : "call " + std::to_string(info.entry.nr);
    free(name);
    return text;
}

class Stepper {
public:
    Stepper(Mode mode, long at, pid_t command) : mode_(mode), at_(at), command_(command) {
        if (mode == Mode::command) stepped_.insert(command);
    }

    void attach(pid_t pid) {
        if (ptrace(PTRACE_SEIZE, pid, nullptr, kOptions) < 0) die("attach");
        if (ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) < 0) die("interrupt");
        stepped_.insert(pid);
        // Stepped from its next call on, whatever it waits in now.
        int status = 0;
        if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) die("stop the process");
        resume(PTRACE_SYSCALL, pid);
    }

    // Until the command has ended.
    int run() {
        for (;;) {
            int status = 0;
            const pid_t pid = waitpid(-1, &status, __WALL);
            if (pid < 0 && errno == EINTR) continue;
            if (pid < 0) die("wait");
            if (!WIFSTOPPED(status)) {
                stepped_.erase(pid);
                if (pid == command_)
                    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
                continue;
            }
            stopped(pid, status);
        }
    }

    long points() const { return points_; }
    const std::string& killed_at() const { return killed_at_; }

private:
    void stopped(pid_t pid, int status) {
        const int signal = WSTOPSIG(status);
        const int event = status >> 16;
        if (event == PTRACE_EVENT_STOP) return stopped_itself(pid, signal);
        if (event == PTRACE_EVENT_EXEC && mode_ == Mode::process) {
            stepped_.erase(pid);
            return resume(PTRACE_DETACH, pid);
        }
        if (event != 0 && event != PTRACE_EVENT_EXEC) {
            if (made_child(pid)) return;
        } else if (signal == (SIGTRAP | 0x80)) {
            const std::string call = call_at_entry(pid);
            if (!call.empty() && reached(pid, call)) return;
        } else if (event == 0) {
            return go_on(pid, signal);  // a signal on its way to the process
        }
        go_on(pid, 0);
    }

    // The first stop of a child, or a stop by a signal such as SIGSTOP, which stays one.
    void stopped_itself(pid_t pid, int signal) {
        if (signal != SIGTRAP) return resume(PTRACE_LISTEN, pid);
        if (stepped_.count(pid) > 0 || pid == command_) return go_on(pid, 0);
        // Whose child it is, its parent's stop tells, which may come later.
        if (free_.erase(pid) > 0) return resume(PTRACE_DETACH, pid);
        waiting_.insert(pid);
    }

    // True if the parent was killed.
    bool made_child(pid_t parent) {
        unsigned long message = 0;
        ptrace(PTRACE_GETEVENTMSG, parent, nullptr, &message);
        const auto child = static_cast<pid_t>(message);
        const bool stepped = stepped_.count(parent) > 0;
        const bool first = mode_ == Mode::init && parent == command_ && !has_init_;
        const bool killed = stepped && reached(parent, "after a child was made");
        if (first || (mode_ == Mode::init && stepped)) {
            has_init_ = true;
            stepped_.insert(child);
            if (waiting_.erase(child) > 0) go_on(child, 0);
        } else if (waiting_.erase(child) > 0) {
            resume(PTRACE_DETACH, child);
        } else {
            free_.insert(child);
        }
        return killed;
    }

    void go_on(pid_t pid, int signal) {
        resume(stepped_.count(pid) > 0 ? PTRACE_SYSCALL : PTRACE_CONT, pid, signal);
    }

    bool reached(pid_t pid, const std::string& call) {
        ++points_;
        if (points_ != at_) return false;
        killed_at_ = call;
        kill(pid, SIGKILL);
        return true;
    }

    Mode mode_;
    long at_;
    pid_t command_;
    std::set<pid_t> stepped_, free_, waiting_;
    bool has_init_ = false;
    long points_ = 0;
    std::string killed_at_;
};

// The command, stopped before its execve until the descriptor says that it may go.
pid_t launch(char** command, int report, int& go) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) die("pipe");
    const pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        close(report);
        char byte;
        // A command that hangs ends with this program, which the suite ends.
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) die("prctl");
        if (read(ends[0], &byte, 1) != 1 || dup2(2, 1) < 0) _exit(125);
        execv(command[0], command);
        die(command[0]);
    }
    close(ends[0]);
    go = ends[1];
    return pid;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: kill-stepper command|init|PID AT COMMAND [ARGUMENT]...\n");
        return 125;
    }
    const std::string word = argv[1];
    const Mode mode = word == "command" ? Mode::command
                      : word == "init"  ? Mode::init
                                        : Mode::process;
    const int report = fcntl(1, F_DUPFD_CLOEXEC, 3);
    if (report < 0) die("keep the standard output");
    int go = -1;
    const pid_t command = launch(argv + 3, report, go);
    Stepper stepper(mode, atol(argv[2]), command);
    if (mode == Mode::process)
        stepper.attach(static_cast<pid_t>(atol(argv[1])));
    else if (ptrace(PTRACE_SEIZE, command, nullptr, kOptions) < 0)
        die("attach");
    if (write(go, "g", 1) != 1) die("let go");
    // Stopped by its execve, and stepped from there.
    const int status = stepper.run();
    dprintf(report, "{\"points\": %ld, \"call\": \"%s\", \"status\": %d}\n", stepper.points(),
            stepper.killed_at().c_str(), status);
    return 0;
}
