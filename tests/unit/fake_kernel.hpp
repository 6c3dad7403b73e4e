// FakeKernel: a machine in memory behind the seam of sys::Kernel. Files, descriptors, processes,
// sockets and cgroups are tables that behave; mounts and namespaces are only written down. Every
// call is counted and named, and any one of them can be made to fail.
//
// base::UniqueFd closes by close(2) itself, so a fake descriptor has a real number: a duplicate of
// one memfd, by whose inode it is known whether the number is still ours. Scripts (FakeInit) play
// the other processes whenever a call of the runtime's would wait.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sys/kernel.hpp"
#include "wire/step.hpp"

namespace nucleus::testing {

struct Description;
struct Process;
class FakeInit;
using Open = std::shared_ptr<Description>;

// An inode.
struct Node {
    enum class Type { file, directory, socket };
    Type type = Type::file;
    std::uint64_t number = 0;
    bool removed = false;
    bool of_kernel = false;  // procfs, cgroupfs: a write is a command and replaces what is read
    std::string content;
    std::function<std::string()> shows;                   // what is read, if not `content`
    std::function<int(const std::string& text)> command;  // what a write does: 0 or -errno
    std::map<std::string, std::shared_ptr<Node>> entries;
    int namespace_type = 0;                           // CLONE_NEW*, of a namespace's file
    std::weak_ptr<Description> lock, listener;        // flock(2); bind(2)
    Node* hierarchy = nullptr;                        // of a cgroup: the root of its hierarchy
    std::map<std::string, std::string> cgroup_files;  // of a hierarchy: what each cgroup has
};
using Inode = std::shared_ptr<Node>;

struct Message {
    std::string bytes;
    std::vector<Open> descriptors;
};

// An open file description: what descriptors of several processes share.
struct Description {
    enum class Kind {
        node,
        memory,
        channel,
        listener,
        pidfd,
        pipe,
        tree,
        signals,
        terminal,
        route,  // `pid` is the number of its network namespace
        other
    };
    Kind kind = Kind::node;
    std::string name;
    Inode node;
    std::string content;  // memory; a kernel file as it was at the first read
    std::size_t offset = 0;
    bool sealed = false;
    std::deque<Message> queue;        // channel: not yet received; pipe: not yet read
    std::deque<Open> backlog;         // listener
    std::weak_ptr<Description> peer;  // channel, pipe
    pid_t pid = 0;                    // pidfd
};

struct Process {
    pid_t pid = 0;
    std::uint64_t start_time = 0;
    bool running = true;  // else a zombie
    int code = 0, status = 0;
    std::map<int, Open> descriptors;
    std::map<Node*, Inode> cgroups;  // hierarchy → cgroup
    std::shared_ptr<FakeInit> script;
    bool traced = false;                // it stands still after a call that is waited for
    std::optional<long> traced_result;  // what that call gave
    bool dies_with_command = false;     // PR_SET_PDEATHSIG
};

class FakeKernel final : public sys::Kernel {
public:
    FakeKernel();
    ~FakeKernel() override;
    FakeKernel(const FakeKernel&) = delete;
    FakeKernel& operator=(const FakeKernel&) = delete;

    // What is there from the beginning.
    Inode make_directory(const std::string& path);
    Inode make_file(const std::string& path, std::string content);
    void make_namespace(const std::string& path, int clone_flag);
    // A socket where somebody else listens.
    void make_listener(const std::string& path);
    void make_hierarchy(const std::string& mount_point, std::map<std::string, std::string> files);

    // A device of the runtime's network namespace, up and with addresses.
    void make_device(const std::string& name, int index);

    // Faults. Calls are counted from 1 since the last begin().
    struct Call {
        std::string name, object;
    };
    void begin();
    void fail_call(std::size_t number, int errnum);
    void shorten_call(std::size_t number);  // a read or write that moves one byte
    const std::vector<Call>& calls() const { return calls_; }

    // How the other programs behave.
    struct InitFailure {
        wire::Op op;
        int errnum;
        std::string detail;
    };
    std::optional<InitFailure> init_failure;
    std::optional<wire::Op> init_dies_at;
    std::map<std::string, int> exit_status;     // of a program by its path; others go on running
    std::map<std::string, std::string> output;  // what it prints on standard output
    std::set<pid_t> uninterruptible;            // state D: no signal ends them

    // What is left.
    bool exists(const std::string& path) const;
    std::string content(const std::string& path) const;
    std::vector<std::string> names_in(const std::string& path) const;
    std::vector<std::string> open_descriptors();
    std::vector<pid_t> processes() const;  // running and zombies
    std::vector<pid_t> running() const;
    std::vector<std::string> cgroups() const;  // paths of all directories but the hierarchies' own
    void end_command();                        // what dies with the command is gone
    void reap_all();                           // as the caller's subreaper does
    void settle();                             // lets every process go on until it waits
    bool uses(const std::string& path);        // a listener is bound there and held by somebody

    std::vector<std::string> recorded;  // mounts, limits, programs: what is not simulated
    std::vector<std::string>
        complaints;  // what no kernel could go on with: always a test's failure

    struct Device {
        int network = 0;  // 0: the runtime's namespace
        int index = 0;
        std::string name;
        bool up = false;
        std::vector<std::string> addresses;  // ifaddrmsg and attributes
    };
    std::vector<Device> devices;

    std::uint64_t capabilities = ~std::uint64_t{0};
    unsigned seccomp_flags = 0x3f;  // that the kernel takes
    uid_t uid = 0;

    // sys::Kernel
    int openat(int dirfd, const char* path, int flags, mode_t mode) noexcept override;
    int openat2(int dirfd, const char* path, const open_how& how) noexcept override;
    int close(int fd) noexcept override;
    ssize_t read(int fd, void* buffer, std::size_t size) noexcept override;
    ssize_t write(int fd, const void* buffer, std::size_t size) noexcept override;
    int lseek(int fd, off_t offset, int whence) noexcept override;
    int fstat(int fd, struct stat& out) noexcept override;
    int fstatat(int dirfd, const char* path, struct stat& out, int flags) noexcept override;
    int fstatfs_type(int fd, std::uint64_t& magic) noexcept override;
    int mkdirat(int dirfd, const char* path, mode_t mode) noexcept override;
    int unlinkat(int dirfd, const char* path, int flags) noexcept override;
    int linkat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept override;
    int renameat(int from_dirfd, const char* from, int to_dirfd, const char* to) noexcept override;
    ssize_t readlinkat(int dirfd, const char* path, char* buffer,
                       std::size_t size) noexcept override;
    ssize_t getdents64(int fd, void* buffer, std::size_t size) noexcept override;
    int faccessat(int dirfd, const char* path, int mode, int flags) noexcept override;
    int fchmod(int fd, mode_t mode) noexcept override;
    int fchownat(int dirfd, const char* path, uid_t uid, gid_t gid, int flags) noexcept override;
    int flock(int fd, int operation) noexcept override;
    int fcntl(int fd, int command, long argument) noexcept override;
    int ioctl(int fd, unsigned long request, void* argument) noexcept override;
    int memfd_create(const char* name, unsigned flags) noexcept override;
    int dup3(int fd, int target, int flags) noexcept override;
    int pipe2(int (&fds)[2], int flags) noexcept override;
    int eventfd(unsigned initial, int flags) noexcept override;
    int open_tree(int dirfd, const char* path, unsigned flags) noexcept override;
    int mount_setattr(int dirfd, const char* path, unsigned flags,
                      const mount_attr& attributes) noexcept override;
    int statx(int dirfd, const char* path, int flags, unsigned mask,
              struct statx& out) noexcept override;
    int statmount(std::uint64_t mount, std::uint64_t mask, void* buffer,
                  std::size_t size) noexcept override;
    int socket(int domain, int type, int protocol) noexcept override;
    int socket_in(int namespace_fd, int domain, int type, int protocol) noexcept override;
    int socketpair(int domain, int type, int protocol, int (&fds)[2]) noexcept override;
    int bind(int fd, const sockaddr* address, socklen_t size) noexcept override;
    int listen(int fd, int backlog) noexcept override;
    int connect(int fd, const sockaddr* address, socklen_t size) noexcept override;
    ssize_t sendmsg(int fd, const msghdr& message, int flags) noexcept override;
    ssize_t recvmsg(int fd, msghdr& message, int flags) noexcept override;
    int poll(pollfd* fds, nfds_t count, int timeout_ms) noexcept override;
    pid_t spawn(const sys::SpawnRequest& request) noexcept override;
    int open_trees(int pidfd, sys::TreeRequest* requests, std::size_t count) noexcept override;
    pid_t hold_user_namespace() noexcept override;
    int pidfd_open(pid_t pid, unsigned flags) noexcept override;
    int pidfd_send_signal(int pidfd, int signal) noexcept override;
    int pidfd_getfd(int pidfd, int fd) noexcept override;
    int trace_attach(pid_t pid) noexcept override;
    int trace_to_result(pid_t pid, long number, long& result) noexcept override;
    int trace_detach(pid_t pid) noexcept override;
    int kill(pid_t pid, int signal) noexcept override;
    int waitid(int id_type, id_t id, siginfo_t& info, int options) noexcept override;
    int prlimit(pid_t pid, int resource, const rlimit* set, rlimit* old) noexcept override;
    int sched_setattr(pid_t pid, const sys::SchedulerAttributes& attributes) noexcept override;
    int setpriority(pid_t pid, int nice) noexcept override;
    int ioprio_set(int which, int who, int value) noexcept override;
    int sigprocmask(int how, const std::uint64_t* set, std::uint64_t* old) noexcept override;
    int signalfd(std::uint64_t set, int flags) noexcept override;
    int permitted_capabilities(std::uint64_t& out) noexcept override;
    int prctl(int option, unsigned long argument) noexcept override;
    int seccomp(unsigned operation, unsigned flags, void* arguments) noexcept override;
    pid_t getpid() noexcept override;
    uid_t geteuid() noexcept override;
    gid_t getegid() noexcept override;
    int clock_gettime(clockid_t clock, timespec& out) noexcept override;
    int nanosleep(const timespec& duration) noexcept override;
    int bpf(int command, bpf_attr& attributes, unsigned size) noexcept override;

private:
    friend class FakeInit;

    // Counts a call; the errno that it is to fail with, negative, or 0.
    int enter(const char* name, std::string object) noexcept;
    bool shortened() const { return fault_shortens_ && calls_.size() == fault_; }
    void complain(std::string what) { complaints.push_back(std::move(what)); }

    // Files (fake_kernel_files.cpp).
    struct Place {
        Inode parent, node;
        std::string name;
    };
    Inode new_node(Node::Type type);
    Place find(int dirfd, std::string_view path) const;
    Inode at(const std::string& path) const { return find(-100, path).node; }
    void fill_cgroup(Node& cgroup, const Inode& self);
    int open_node(const Inode& node, const std::string& name, int flags);
    int remove_cgroup(const Place& place);
    void fill_stat(const Node& node, struct stat& out) const;
    void collect_cgroups(const std::string& path, const Node& node,
                         std::vector<std::string>& out) const;

    // Descriptors (fake_kernel.cpp).
    int install(Open open);
    Open look_up(int fd) const;
    bool is_ours(int fd) const;
    bool held_by_host(const Open& open) const;
    bool held(const Open& open) const;

    // Sockets (fake_kernel_sockets.cpp).
    Inode socket_node(const sockaddr* address, std::string& path, Place& place) const;
    std::pair<Open, Open> new_channel(const std::string& name);
    short readiness(int fd) const;

    // Network devices (fake_kernel_network.cpp). By name, or by index where that is empty.
    Device* device(int network, const std::string& name, int index);
    int change_link(Device& changed, const std::string& body);
    void answer_route(Description& socket, const std::string& request);

    // Processes (fake_kernel_processes.cpp).
    Process* process(pid_t pid);
    Process& new_process(const Process* parent);
    void make_proc_directory(pid_t pid);
    void end(Process& process, int code, int status);
    void forget(pid_t pid);
    void execute(Process& process, const std::string& path);
    void move_to_cgroup(Process& process, const Inode& cgroup);
    int signal(pid_t pid, int signal);
    // Lets the scripts go on; whether any did.
    bool progress();

    std::vector<Call> calls_;
    std::size_t fault_ = 0;
    int fault_errno_ = 0;
    bool fault_shortens_ = false;

    int memory_ = -1;
    std::uint64_t memory_inode_ = 0;
    Inode root_;
    std::uint64_t next_inode_ = 1;
    std::map<int, Open> descriptors_;
    std::vector<Open> strangers_;  // ends that programs beyond the story hold
    std::map<pid_t, Process> processes_;
    pid_t next_pid_ = 1001;
    std::int64_t now_ms_ = 1'700'000'000'000;
};

}  // namespace nucleus::testing
