#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "probe.hpp"

namespace probe {
namespace {

// Non-blocking, and never a controlling terminal: opening must change nothing.
int try_open(const std::string& path, int mode) {
    const int fd = open(path.c_str(), mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    close(fd);
    return 0;
}

// mountinfo writes space, tab, newline and backslash as three octal digits, proc(5).
std::string unescape(const std::string& text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 3 < text.size()) {
            plain += static_cast<char>(std::stoi(text.substr(at + 1, 3), nullptr, 8));
            at += 3;
        } else {
            plain += text[at];
        }
    }
    return plain;
}

void write_words(Json& json, const char* name, const std::string& text, bool sorted) {
    std::vector<std::string> words = split(text, ',');
    if (sorted) {
        std::sort(words.begin(), words.end());
    }
    json.key(name);
    json.begin_array();
    for (const std::string& word : words) json.string(word);
    json.end_array();
}

void write_mount(Json& json, const std::vector<std::string>& fields,
                 const std::map<std::string, std::string>& points) {
    const auto dash = std::find(fields.begin() + 6, fields.end(), "-");
    if (fields.end() - dash < 4) {
        return;
    }
    json.begin_object();
    json.member("point", unescape(fields[4]));
    const auto parent = points.find(fields[1]);
    json.member("parent", parent == points.end() ? "" : unescape(parent->second));
    json.member("root", unescape(fields[3]));
    json.member("type", *(dash + 1));
    json.member("source", unescape(*(dash + 2)));
    write_words(json, "options", fields[5], true);
    write_words(json, "super", *(dash + 3), false);
    json.key("propagation");
    json.begin_array();
    for (auto field = fields.begin() + 6; field != dash; ++field) json.string(*field);
    json.end_array();
    json.end_object();
}

// The watchdog (devices.txt: 10 char 130) is armed by being opened; no other node acts.
bool is_harmless(dev_t number) { return number != makedev(10, 130); }

void write_node(Json& json, const std::string& path) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) {
        return;
    }
    json.key(path);
    json.begin_object();
    json.member("type", std::string(1, type_letter(status.st_mode)));
    json.member("mode", octal(status.st_mode));
    json.member("uid", status.st_uid);
    json.member("gid", status.st_gid);
    if (S_ISLNK(status.st_mode)) {
        json.member("target", link_target(path));
    } else if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
        json.member("number", std::to_string(major(status.st_rdev)) + ":" +
                                  std::to_string(minor(status.st_rdev)));
        if (is_harmless(status.st_rdev)) {
            json.member("read", error_name(try_open(path, O_RDONLY)));
            json.member("write", error_name(try_open(path, O_WRONLY)));
        }
    }
    json.end_object();
}

std::string first_line(const std::string& path) {
    const std::vector<std::string> lines = split(read_file(path, 4096), '\n');
    return lines.empty() ? "" : lines[0];
}

// Whether a directory can be made here (and removes it again).
int try_mkdir(const std::string& directory) {
    const std::string path = directory + "/nucleus-probe-" + std::to_string(getpid());
    if (mkdir(path.c_str(), 0755) != 0) {
        return errno;
    }
    rmdir(path.c_str());
    return 0;
}

bool lists_this_process(const std::string& directory) {
    const std::vector<std::string> pids = split(read_file(directory + "/cgroup.procs"), '\n');
    return std::find(pids.begin(), pids.end(), std::to_string(getpid())) != pids.end();
}

constexpr const char* kCgroupFiles[] = {"memory.limit_in_bytes",
                                        "memory.soft_limit_in_bytes",
                                        "memory.swappiness",
                                        "memory.oom_control",
                                        "memory.max",
                                        "memory.high",
                                        "memory.low",
                                        "cpu.shares",
                                        "cpu.cfs_quota_us",
                                        "cpu.cfs_period_us",
                                        "cpu.max",
                                        "cpu.weight",
                                        "cpuset.cpus",
                                        "cpuset.mems",
                                        "pids.max",
                                        "blkio.weight",
                                        "blkio.throttle.read_bps_device",
                                        "blkio.throttle.write_iops_device",
                                        "io.max",
                                        "freezer.state",
                                        "devices.list"};

void write_controller(Json& json, const std::string& directory) {
    struct stat status {};
    lstat(directory.c_str(), &status);
    json.begin_object();
    json.member("type", std::string(1, type_letter(status.st_mode)));
    if (S_ISLNK(status.st_mode)) {
        json.member("target", link_target(directory));
    } else if (S_ISDIR(status.st_mode)) {
        json.member("mkdir", error_name(try_mkdir(directory)));
        json.member("own", lists_this_process(directory));
        json.key("files");
        json.begin_object();
        for (const char* name : kCgroupFiles) {
            const std::string path = directory + "/" + name;
            if (access(path.c_str(), F_OK) == 0) {
                const std::string content = read_file(path, 4096);
                json.member(name, content.substr(0, content.find_last_not_of('\n') + 1));
            }
        }
        json.end_object();
    }
    json.end_object();
}

void write_directory_part(Json& json, const std::string& path) {
    const std::vector<std::string> names = directory_names(path);
    json.member("entries", names.size());
    json.member("mkdir", error_name(try_mkdir(path)));
}

void write_file_part(Json& json, const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int failure = fd < 0 ? errno : 0;
    bool empty = true;
    if (fd >= 0) {
        char byte = 0;
        const ssize_t count = read(fd, &byte, 1);
        failure = count < 0 ? errno : 0;
        empty = count <= 0;
        close(fd);
    }
    json.member("read", error_name(failure));
    json.member("empty", empty);
    json.member("write", error_name(try_open(path, O_WRONLY)));
}

}  // namespace

void report_mounts(Json& json, const Request&) {
    std::map<std::string, std::string> points;
    std::vector<std::vector<std::string>> mounts;
    for (const std::string& line : split(read_file("/proc/self/mountinfo"), '\n')) {
        std::vector<std::string> fields = split(line, ' ');
        if (fields.size() >= 10) {
            points[fields[0]] = fields[4];
            mounts.push_back(std::move(fields));
        }
    }
    json.begin_array();
    for (const std::vector<std::string>& fields : mounts) write_mount(json, fields, points);
    json.end_array();
}

void report_devices(Json& json, const Request&) {
    json.begin_object();
    for (const std::string& name : directory_names("/dev")) write_node(json, "/dev/" + name);
    for (const std::string& name : directory_names("/dev/pts"))
        write_node(json, "/dev/pts/" + name);
    json.end_object();
}

void report_cgroup(Json& json, const Request&) {
    json.begin_object();
    json.key("membership");
    json.begin_array();
    for (const std::string& line : split(read_file("/proc/self/cgroup"), '\n')) json.string(line);
    json.end_array();
    json.key("hierarchies");
    json.begin_object();
    const std::string root = "/sys/fs/cgroup";
    if (access((root + "/cgroup.procs").c_str(), F_OK) == 0) {
        json.key(".");
        write_controller(json, root);
    } else {
        for (const std::string& name : directory_names(root)) {
            json.key(name);
            write_controller(json, root + "/" + name);
        }
    }
    json.end_object();
    json.end_object();
}

void report_paths(Json& json, const Request& request) {
    json.begin_object();
    for (const std::string& path : request.paths) {
        json.key(path);
        json.begin_object();
        struct stat link {};
        struct stat status {};
        if (lstat(path.c_str(), &link) != 0) {
            json.member("stat", error_name(errno));
            json.end_object();
            continue;
        }
        json.member("type", std::string(1, type_letter(link.st_mode)));
        if (S_ISLNK(link.st_mode)) {
            json.member("target", link_target(path));
        }
        if (stat(path.c_str(), &status) == 0) {
            json.member("mode", octal(status.st_mode));
            json.member("uid", status.st_uid);
            json.member("gid", status.st_gid);
            if (S_ISDIR(status.st_mode)) {
                write_directory_part(json, path);
            } else {
                json.member("content_type", std::string(1, type_letter(status.st_mode)));
                write_file_part(json, path);
            }
        }
        json.end_object();
    }
    json.end_object();
}

void report_sysctls(Json& json, const Request& request) {
    json.begin_object();
    for (std::string name : request.sysctls) {
        std::string path = name;
        std::replace(path.begin(), path.end(), '.', '/');
        json.member(name, first_line("/proc/sys/" + path));
    }
    json.end_object();
}

void report_root(Json& json, const Request&) {
    struct statvfs file_system {};
    struct stat status {};
    statvfs("/", &file_system);
    stat("/", &status);
    json.begin_object();
    json.member("readonly", (file_system.f_flag & ST_RDONLY) != 0);
    json.member("nosuid", (file_system.f_flag & ST_NOSUID) != 0);
    json.member("mode", octal(status.st_mode));
    json.member("mkdir", error_name(try_mkdir("/")));
    json.key("names");
    json.begin_array();
    for (const std::string& name : directory_names("/")) json.string(name);
    json.end_array();
    json.end_object();
}

}  // namespace probe
