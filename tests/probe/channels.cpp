#include <fcntl.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

#include "probe.hpp"

namespace probe {
namespace {

constexpr int kMostDescriptors = 1024;
constexpr int kMostSignals = 64;

std::string signal_name(int number) {
    const char* name = sigabbrev_np(number);
    return name != nullptr ? std::string("SIG") + name : std::to_string(number);
}

void write_mask(Json& json, const char* name, std::uint64_t bits) {
    json.key(name);
    json.begin_array();
    for (int number = 1; number <= kMostSignals; ++number) {
        if ((bits >> (number - 1) & 1U) != 0) json.string(signal_name(number));
    }
    json.end_array();
}

// The kernel's own structure: the C library hides signals 32 and 33 from its wrapper.
struct KernelAction {
    void* handler;
    unsigned long flags;
    void* restorer;
    std::uint64_t mask;
};

std::uint64_t dispositions(std::uintptr_t handler) {
    std::uint64_t bits = 0;
    for (int number = 1; number <= kMostSignals; ++number) {
        KernelAction action{};
        if (syscall(SYS_rt_sigaction, number, nullptr, &action, sizeof action.mask) == 0 &&
            reinterpret_cast<std::uintptr_t>(action.handler) == handler) {
            bits |= std::uint64_t{1} << (number - 1);
        }
    }
    return bits;
}

void write_terminal(Json& json, int fd) {
    termios settings{};
    winsize size{};
    json.begin_object();
    const bool is_terminal = tcgetattr(fd, &settings) == 0;
    json.member("terminal", is_terminal);
    if (is_terminal) {
        ioctl(fd, TIOCGWINSZ, &size);
        json.member("name", link_target("/proc/self/fd/" + std::to_string(fd)));
        json.member("rows", size.ws_row);
        json.member("columns", size.ws_col);
        json.member("input_flags", settings.c_iflag);
        json.member("output_flags", settings.c_oflag);
        json.member("local_flags", settings.c_lflag);
        json.member("foreground", tcgetpgrp(fd) == getpgrp());
    }
    json.end_object();
}

void write_descriptor(Json& json, int fd, const struct stat& status) {
    const int flags = fcntl(fd, F_GETFL);
    constexpr const char* kModes[] = {"read", "write", "both", "path"};
    json.begin_object();
    json.member("type", std::string(1, type_letter(status.st_mode)));
    json.member("access", kModes[flags & O_ACCMODE]);
    json.member("append", (flags & O_APPEND) != 0);
    json.member("nonblocking", (flags & O_NONBLOCK) != 0);
    json.member("close_on_exec", (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    json.member("uid", status.st_uid);
    json.member("gid", status.st_gid);
    json.member("mode", octal(status.st_mode));
    if (S_ISCHR(status.st_mode)) {
        json.member("number", std::to_string(major(status.st_rdev)) + ":" +
                                  std::to_string(minor(status.st_rdev)));
    } else if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
        json.member("target", link_target("/proc/self/fd/" + std::to_string(fd)));
    }
    json.end_object();
}

void write_key(Json& json, const char* name, long special) {
    json.key(name);
    const long serial = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, special, 0);
    char description[512] = {};
    if (serial < 0 ||
        syscall(SYS_keyctl, KEYCTL_DESCRIBE, serial, description, sizeof description - 1) < 0) {
        json.string(error_name(errno));
        return;
    }
    json.begin_object();
    json.member("serial", serial);
    json.member("description", description);
    std::int32_t members[64] = {};
    const long bytes = syscall(SYS_keyctl, KEYCTL_READ, serial, members, sizeof members);
    json.member("members", bytes < 0 ? -1L : bytes / static_cast<long>(sizeof members[0]));
    json.end_object();
}

}  // namespace

void report_descriptors(Json& json, const Request&) {
    json.begin_object();
    for (int fd = 0; fd < kMostDescriptors; ++fd) {
        struct stat status {};
        if (fstat(fd, &status) == 0) {
            json.key(std::to_string(fd));
            write_descriptor(json, fd, status);
        }
    }
    json.end_object();
}

void report_signals(Json& json, const Request&) {
    std::uint64_t blocked = 0;
    std::uint64_t pending = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &blocked, sizeof blocked);
    syscall(SYS_rt_sigpending, &pending, sizeof pending);
    json.begin_object();
    write_mask(json, "blocked", blocked);
    write_mask(json, "pending", pending);
    write_mask(json, "ignored", dispositions(1));  // SIG_IGN
    json.end_object();
}

void report_session(Json& json, const Request&) {
    json.begin_object();
    json.member("pid", getpid());
    json.member("parent", getppid());
    json.member("group", getpgrp());
    json.member("session", getsid(0));
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    json.member("controlling", terminal >= 0 ? "ok" : error_name(errno));
    if (terminal >= 0) close(terminal);
    json.key("standard");
    json.begin_array();
    for (int fd = 0; fd < 3; ++fd) write_terminal(json, fd);
    json.end_array();
    json.end_object();
}

void report_keyring(Json& json, const Request&) {
    json.begin_object();
    write_key(json, "session_keyring", KEY_SPEC_SESSION_KEYRING);
    json.end_object();
}

void report_network(Json& json, const Request&) {
    json.begin_object();
    const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct if_nameindex* interfaces = if_nameindex();
    for (struct if_nameindex* entry = interfaces; entry != nullptr && entry->if_name != nullptr;
         ++entry) {
        ifreq request{};
        std::strncpy(request.ifr_name, entry->if_name, sizeof request.ifr_name - 1);
        json.key(entry->if_name);
        json.begin_object();
        if (ioctl(control, SIOCGIFFLAGS, &request) == 0) {
            json.member("up", (request.ifr_flags & IFF_UP) != 0);
            json.member("running", (request.ifr_flags & IFF_RUNNING) != 0);
            json.member("loopback", (request.ifr_flags & IFF_LOOPBACK) != 0);
        }
        if (ioctl(control, SIOCGIFMTU, &request) == 0) json.member("mtu", request.ifr_mtu);
        if (ioctl(control, SIOCGIFADDR, &request) == 0) {
            std::uint32_t address = 0;
            std::memcpy(&address, request.ifr_addr.sa_data + 2, sizeof address);
            json.member("address", address);
        }
        json.end_object();
    }
    if (interfaces != nullptr) if_freenameindex(interfaces);
    if (control >= 0) close(control);
    json.end_object();
}

void report_system(Json& json, const Request&) {
    utsname names{};
    uname(&names);
    json.begin_object();
    json.member("hostname", names.nodename);
    json.member("domainname", names.domainname);
    json.member("machine", names.machine);
    json.end_object();
}

// Nanoseconds, as this process's time namespace has them.
void report_clocks(Json& json, const Request&) {
    constexpr std::pair<const char*, clockid_t> kClocks[] = {{"monotonic", CLOCK_MONOTONIC},
                                                             {"boottime", CLOCK_BOOTTIME}};
    json.begin_object();
    for (const auto& [name, clock] : kClocks) {
        timespec now{};
        clock_gettime(clock, &now);
        json.member(name, std::int64_t{now.tv_sec} * 1000000000 + now.tv_nsec);
    }
    json.end_object();
}

}  // namespace probe
