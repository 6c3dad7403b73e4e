// The program: found while errors can still be told, executed as the very last thing.
#include <errno.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sys/socket.h>

#include "init/bytes.hpp"
#include "init/init.hpp"
#include "init/kernel_types.hpp"
#include "init/paths.hpp"

namespace nucleus::init {

namespace {

// The table's offsets become pointers in place: 0 stays the end.
char** relocate(Init& init, unsigned offset, unsigned count) {
    auto* table = reinterpret_cast<char**>(init.block + offset);
    for (unsigned i = 0; i < count; ++i)
        table[i] = init.block + reinterpret_cast<unsigned long>(table[i]);
    return table;
}

const char* value_of(char** env, const char* name) {
    const char* value = nullptr;
    const unsigned long size = length(name);
    for (; *env != nullptr; ++env)
        if (starts_with(*env, name) && (*env)[size] == '=') value = *env + size + 1;
    return value;
}

// 0, or why `path` is no program: ENOENT, EACCES, EISDIR ...
int check_executable(const char* path) {
    const auto fd = static_cast<int>(call(__NR_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0));
    if (fd < 0) return fd;
    const FileFacts facts = facts_of(fd);
    call(__NR_close, fd);
    if (facts.error < 0) return static_cast<int>(facts.error);
    if (facts.is(kDirectory)) return -EISDIR;
    if (!facts.is(kRegular)) return -EACCES;
    return static_cast<int>(call(__NR_faccessat, AT_FDCWD, path, 1 /* X_OK */));
}

// As execvp(3): the first executable one; one that is there but may not be executed decides the
// error.
int search_path(Init& init, const char* name, const char* path) {
    static Builder<kPathMax> candidate;
    int worst = -ENOENT;
    while (path != nullptr && *path != 0) {
        const char* end = find(path, ':');
        const unsigned long size =
            end != nullptr ? static_cast<unsigned long>(end - path) : length(path);
        candidate.clear();
        candidate.add(size == 0 ? "." : path, size == 0 ? 1 : size).add("/").add(name);
        if (!candidate.full()) {
            const int found = check_executable(candidate.text());
            if (found == 0) {
                init.command = candidate.text();
                return 0;
            }
            if (found == -EACCES) worst = -EACCES;
        }
        path = end != nullptr ? end + 1 : nullptr;
    }
    return worst;
}

// The home directory of `uid` in the container's /etc/passwd, as "HOME=...": "/" if it is not
// there. The file is the image's: it may be anything, so it is read only if it is an ordinary file,
// and only its first 64 KiB.
const char* home_of(Init& init, unsigned uid) {
    static Builder<kPathMax> home;
    static char text[65536];
    home.clear();
    home.add("HOME=");
    long size = 0;
    const int file = open_to_read_in_root(init, "/etc/passwd");
    if (file >= 0) {
        if (facts_of(file).is(kRegular)) size = call(__NR_read, file, text, sizeof text - 1);
        call(__NR_close, file);
    }
    text[size > 0 ? size : 0] = 0;
    for (char* line = text; *line != 0;) {
        char* end = line;
        while (*end != 0 && *end != '\n') ++end;
        char* fields[7]{};
        int count = 0;
        for (char* at = line; at < end && count < 7; ++at)
            if (at == line || at[-1] == ':') fields[count++] = at;
        if (count >= 6) {
            unsigned long number = 0;
            char* digit = fields[2];
            for (; *digit >= '0' && *digit <= '9'; ++digit)
                number = number * 10 + static_cast<unsigned long>(*digit - '0');
            if (digit != fields[2] && *digit == ':' && number == uid) {
                unsigned long home_size = 0;
                while (fields[5] + home_size < end && fields[5][home_size] != ':') ++home_size;
                if (home_size > 0 && !home.add(fields[5], home_size).full()) return home.text();
                break;
            }
        }
        line = *end != 0 ? end + 1 : end;
    }
    home.clear();
    return home.add("HOME=/").text();
}

}  // namespace

int find_command(Init& init, const wire::Step& step) {
    relocate(init, init.header->argv, init.header->argc);
    char** env = relocate(init, init.header->env, init.header->envc);
    if (init.header->needs_home != 0)
        env[init.header->envc] = const_cast<char*>(home_of(init, init.header->uid));
    const char* name = init.text(step.source);
    if (find(name, '/') == nullptr)
        return *name == 0 ? -ENOENT : search_path(init, name, value_of(env, "PATH"));
    init.command = name;
    return check_executable(name);
}

// A hook must not outlive the command that waits for it. Asked for after the last change of ids,
// which would take it back (prctl(2)).
int end_with_runtime(Init& init, const wire::Step&) {
    constexpr int kSigkill = 9;  // SIGKILL; <signal.h> would bring libc's types
    if (long error = call(__NR_prctl, PR_SET_PDEATHSIG, kSigkill, 0, 0, 0); error < 0)
        return static_cast<int>(error);
    // The runtime may have ended before that: its end of the channel is closed then.
    char byte;
    const long got = call(__NR_recvfrom, init.channel, &byte, 1, MSG_PEEK | MSG_DONTWAIT, 0, 0);
    return got == 0 ? -EPIPE : 0;
}

int set_no_new_privileges(Init&, const wire::Step&) {
    return static_cast<int>(call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

int load_seccomp(Init& init, const wire::Step&) {
    sock_fprog program{};
    program.len = static_cast<unsigned short>(init.header->seccomp.size / sizeof(sock_filter));
    program.filter = reinterpret_cast<sock_filter*>(init.block + init.header->seccomp.offset);
    const long result =
        call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, init.header->seccomp_flags, &program);
    return result < 0 ? static_cast<int>(result) : 0;
}

int execute(Init& init, const wire::Step&) {
    const long error = call(__NR_execve, init.command, init.block + init.header->argv,
                            init.block + init.header->env);
    init.detail = init.command;
    return static_cast<int>(error);
}

}  // namespace nucleus::init
