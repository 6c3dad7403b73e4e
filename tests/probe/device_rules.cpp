#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "probe.hpp"

namespace probe {
namespace {

struct Node {
    const char* name;
    mode_t type;
    unsigned int major_number;
    unsigned int minor_number;
};

// Numbers from the kernel's devices.txt. None of them acts when it is opened (a watchdog would).
constexpr Node kNodes[] = {
    {"mem", S_IFCHR, 1, 1},     {"null", S_IFCHR, 1, 3},    {"port", S_IFCHR, 1, 4},
    {"zero", S_IFCHR, 1, 5},    {"full", S_IFCHR, 1, 7},    {"random", S_IFCHR, 1, 8},
    {"urandom", S_IFCHR, 1, 9}, {"kmsg", S_IFCHR, 1, 11},   {"tty0", S_IFCHR, 4, 0},
    {"tty", S_IFCHR, 5, 0},     {"console", S_IFCHR, 5, 1}, {"ptmx", S_IFCHR, 5, 2},
    {"tun", S_IFCHR, 10, 200},  {"fuse", S_IFCHR, 10, 229}, {"pts0", S_IFCHR, 136, 0},
    {"ram0", S_IFBLK, 1, 0},    {"loop0", S_IFBLK, 7, 0},   {"sda", S_IFBLK, 8, 0},
    {"vda", S_IFBLK, 254, 0}};

int try_mode(const std::string& path, int mode) {
    const int fd = open(path.c_str(), mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    close(fd);
    return 0;
}

}  // namespace

// The controller answers EPERM before the driver is asked; everything else is the driver's word.
void report_device_rules(Json& json, const Request&) {
    const std::string directory = "/nucleus-probe-nodes";
    mkdir(directory.c_str(), 0755);
    json.begin_object();
    for (const Node& node : kNodes) {
        const std::string path = directory + "/" + node.name;
        json.key(node.name);
        json.begin_object();
        const bool made = mknod(path.c_str(), node.type | 0600,
                                makedev(node.major_number, node.minor_number)) == 0;
        json.member("mknod", error_name(made ? 0 : errno));
        if (made) {
            json.member("read", error_name(try_mode(path, O_RDONLY)));
            json.member("write", error_name(try_mode(path, O_WRONLY)));
            unlink(path.c_str());
        }
        json.end_object();
    }
    json.end_object();
    rmdir(directory.c_str());
}

}  // namespace probe
