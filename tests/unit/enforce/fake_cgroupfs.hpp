// A Kernel that has nothing but cgroup file systems, in memory: a directory made in one is filled
// with that hierarchy's files, as the kernel fills it. Writes are logged in order; a file may be
// given behaviour. Every other call is ENOSYS.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sys/kernel.hpp"

namespace nucleus::enforce {

class FakeCgroupfs final : public sys::Kernel {
public:
    using Files = std::map<std::string, std::string>;

    // Mounts a hierarchy whose every cgroup has these files with these first contents; the root has
    // `root_files` besides.
    void mount(const std::string& mount_point, Files files, Files root_files = {}) {
        templates_[mount_point] = files;
        directories.insert(mount_point);
        root_files.merge(files);
        for (const auto& [name, content] : root_files) contents[mount_point + "/" + name] = content;
    }
    void make(const std::string& directory) { mkdirat(AT_FDCWD, directory.c_str(), 0755); }

    std::set<std::string> directories;
    Files contents;                                           // path → what a read gives
    std::vector<std::pair<std::string, std::string>> writes;  // path, text; in order
    // Answers a write to that path: 0 takes it, else -errno.
    std::map<std::string, std::function<int(const std::string&)>> on_write;
    std::string child;  // what the kernel makes in each new directory: resctrl's mon_groups
    std::map<std::string, int> on_mkdir, on_rmdir, on_access, on_chown;  // -errno
    std::map<std::string, uid_t> owners;                                 // of what was given away
    std::function<void()> on_sleep = [] {};
    std::vector<std::pair<pid_t, int>> kills;
    std::vector<int> bpf_commands;
    int sleeps = 0;

    std::vector<std::string> written_to(const std::string& path) const {
        std::vector<std::string> texts;
        for (const auto& [file, text] : writes)
            if (file == path) texts.push_back(text);
        return texts;
    }

    int openat(int, const char* path, int, mode_t) noexcept override {
        if (!contents.contains(path) && !directories.contains(path)) return -ENOENT;
        open_.push_back({path, 0});
        return kFirstFd + static_cast<int>(open_.size()) - 1;
    }
    ssize_t read(int fd, void* buffer, std::size_t size) noexcept override {
        auto& [path, at] = open_[fd - kFirstFd];
        const std::string& text = contents[path];
        const std::size_t count = std::min(size, text.size() - at);
        std::memcpy(buffer, text.data() + at, count);
        at += count;
        return static_cast<ssize_t>(count);
    }
    ssize_t write(int fd, const void* buffer, std::size_t size) noexcept override {
        const std::string path = open_[fd - kFirstFd].first;
        const std::string text(static_cast<const char*>(buffer), size);
        if (const auto behaviour = on_write.find(path); behaviour != on_write.end())
            if (const int error = behaviour->second(text); error < 0) return error;
        writes.emplace_back(path, text);
        contents[path] = text + "\n";
        return static_cast<ssize_t>(size);
    }
    int mkdirat(int, const char* path, mode_t) noexcept override {
        if (on_mkdir.contains(path)) return on_mkdir[path];
        const std::string directory = path;
        if (directories.contains(directory)) return -EEXIST;
        if (!directories.contains(directory.substr(0, directory.rfind('/')))) return -ENOENT;
        directories.insert(directory);
        if (!child.empty()) directories.insert(directory + "/" + child);
        for (const auto& [mount_point, files] : templates_)
            if (directory.starts_with(mount_point + "/"))
                for (const auto& [name, content] : files)
                    contents[directory + "/" + name] = content;
        return 0;
    }
    int unlinkat(int, const char* path, int flags) noexcept override {
        if (flags != AT_REMOVEDIR) return -ENOSYS;
        if (on_rmdir.contains(path)) return on_rmdir[path];
        const std::string directory = path;
        if (!directories.contains(directory)) return -ENOENT;
        if (!contents[directory + "/cgroup.procs"].empty()) return -EBUSY;
        if (!child.empty()) directories.erase(directory + "/" + child);
        for (const std::string& other : directories)
            if (other.starts_with(directory + "/")) return -EBUSY;
        directories.erase(directory);
        std::erase_if(contents,
                      [&](const auto& file) { return file.first.starts_with(directory + "/"); });
        return 0;
    }
    int faccessat(int, const char* path, int mode, int) noexcept override {
        if (mode == W_OK && on_access.contains(path)) return on_access[path];
        return directories.contains(path) || contents.contains(path) ? 0 : -ENOENT;
    }
    ssize_t getdents64(int fd, void* buffer, std::size_t) noexcept override {
        auto& [path, at] = open_[fd - kFirstFd];
        if (at > 0) return 0;
        at = 1;
        ssize_t used = 0;
        for (const std::string& directory : directories) {
            if (directory.substr(0, directory.rfind('/')) != path) continue;
            const std::string name = directory.substr(path.size() + 1);
            auto* entry = reinterpret_cast<dirent64*>(static_cast<char*>(buffer) + used);
            entry->d_type = DT_DIR;
            std::memcpy(entry->d_name, name.c_str(), name.size() + 1);
            entry->d_reclen =
                static_cast<unsigned short>((offsetof(dirent64, d_name) + name.size() + 8) & ~7UL);
            used += entry->d_reclen;
        }
        return used;
    }
    int fchownat(int fd, const char* name, uid_t uid, gid_t, int) noexcept override {
        std::string path = open_[fd - kFirstFd].first;
        if (*name != 0) path.append("/").append(name);
        if (on_chown.contains(path)) return on_chown[path];
        if (!directories.contains(path) && !contents.contains(path)) return -ENOENT;
        owners.emplace(path, uid);
        return 0;
    }
    int kill(pid_t pid, int signal) noexcept override {
        kills.emplace_back(pid, signal);
        return 0;
    }
    pid_t getpid() noexcept override { return 1; }
    int nanosleep(const timespec&) noexcept override {
        ++sleeps;
        on_sleep();
        return 0;
    }
    int bpf(int command, bpf_attr& attributes, unsigned) noexcept override {
        bpf_commands.push_back(command);
        if (command == BPF_PROG_QUERY) attributes.query.prog_cnt = 0;
        return kFirstFd + 1'000'000;  // BPF_PROG_LOAD's descriptor; success for the rest
    }

    int openat2(int, const char*, const open_how&) noexcept override { return -ENOSYS; }
    int close(int) noexcept override { return -ENOSYS; }
    int fstat(int, struct stat&) noexcept override { return -ENOSYS; }
    int fstatat(int, const char*, struct stat&, int) noexcept override { return -ENOSYS; }
    int fstatfs_type(int, std::uint64_t&) noexcept override { return -ENOSYS; }
    int statx(int, const char*, int, unsigned, struct statx&) noexcept override { return -ENOSYS; }
    int statmount(std::uint64_t, std::uint64_t, void*, std::size_t) noexcept override {
        return -ENOSYS;
    }
    int linkat(int, const char*, int, const char*) noexcept override { return -ENOSYS; }
    int renameat(int, const char*, int, const char*) noexcept override { return -ENOSYS; }
    ssize_t readlinkat(int, const char*, char*, std::size_t) noexcept override { return -ENOSYS; }
    int fchmod(int, mode_t) noexcept override { return -ENOSYS; }
    int flock(int, int) noexcept override { return -ENOSYS; }
    int fcntl(int, int, long) noexcept override { return -ENOSYS; }
    int ioctl(int, unsigned long, void*) noexcept override { return -ENOSYS; }
    int memfd_create(const char*, unsigned) noexcept override { return -ENOSYS; }
    int dup3(int, int, int) noexcept override { return -ENOSYS; }
    int pipe2(int (&)[2], int) noexcept override { return -ENOSYS; }
    int eventfd(unsigned, int) noexcept override { return -ENOSYS; }
    int open_tree(int, const char*, unsigned) noexcept override { return -ENOSYS; }
    int mount_setattr(int, const char*, unsigned, const mount_attr&) noexcept override {
        return -ENOSYS;
    }
    int socket(int, int, int) noexcept override { return -ENOSYS; }
    int socket_in(int, int, int, int) noexcept override { return -ENOSYS; }
    int socketpair(int, int, int, int (&)[2]) noexcept override { return -ENOSYS; }
    int bind(int, const sockaddr*, socklen_t) noexcept override { return -ENOSYS; }
    int listen(int, int) noexcept override { return -ENOSYS; }
    int connect(int, const sockaddr*, socklen_t) noexcept override { return -ENOSYS; }
    ssize_t sendmsg(int, const msghdr&, int) noexcept override { return -ENOSYS; }
    ssize_t recvmsg(int, msghdr&, int) noexcept override { return -ENOSYS; }
    int poll(pollfd*, nfds_t, int) noexcept override { return -ENOSYS; }
    pid_t spawn(const sys::SpawnRequest&) noexcept override { return -ENOSYS; }
    int pidfd_open(pid_t, unsigned) noexcept override { return -ENOSYS; }
    int pidfd_send_signal(int, int) noexcept override { return -ENOSYS; }
    int pidfd_getfd(int, int) noexcept override { return -ENOSYS; }
    int trace_attach(pid_t) noexcept override { return -ENOSYS; }
    int trace_to_result(pid_t, long, long&) noexcept override { return -ENOSYS; }
    int trace_detach(pid_t) noexcept override { return -ENOSYS; }
    int waitid(int, id_t, siginfo_t&, int) noexcept override { return -ENOSYS; }
    int prlimit(pid_t, int, const rlimit*, rlimit*) noexcept override { return -ENOSYS; }
    int sched_setattr(pid_t, const sys::SchedulerAttributes&) noexcept override { return -ENOSYS; }
    int setpriority(pid_t, int) noexcept override { return -ENOSYS; }
    int ioprio_set(int, int, int) noexcept override { return -ENOSYS; }
    int prctl(int, unsigned long) noexcept override { return -ENOSYS; }
    int seccomp(unsigned, unsigned, void*) noexcept override { return -ENOSYS; }
    uid_t geteuid() noexcept override { return 0; }
    gid_t getegid() noexcept override { return 0; }
    int clock_gettime(clockid_t, timespec&) noexcept override { return -ENOSYS; }
    int lseek(int, off_t, int) noexcept override { return -ENOSYS; }
    int open_trees(int, sys::TreeRequest*, std::size_t) noexcept override { return -ENOSYS; }
    pid_t hold_user_namespace() noexcept override { return -ENOSYS; }
    int sigprocmask(int, const std::uint64_t*, std::uint64_t*) noexcept override { return -ENOSYS; }
    int signalfd(std::uint64_t, int) noexcept override { return -ENOSYS; }
    int permitted_capabilities(std::uint64_t&) noexcept override { return -ENOSYS; }

private:
    // Beyond any descriptor of the test process: UniqueFd closes it for real, which must hit
    // nothing.
    static constexpr int kFirstFd = 1 << 24;
    std::map<std::string, Files> templates_;
    std::vector<std::pair<std::string, std::size_t>> open_;
};

}  // namespace nucleus::enforce
