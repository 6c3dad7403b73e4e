// The fake kernel's core: counting, descriptors, time.
#include "fake_kernel.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>

#include "fake_init.hpp"

namespace nucleus::testing {

FakeKernel::FakeKernel() : memory_(::memfd_create("fake", MFD_CLOEXEC)) {
    struct stat facts {};
    if (memory_ < 0 || ::fstat(memory_, &facts) < 0) throw std::runtime_error("memfd_create");
    memory_inode_ = facts.st_ino;
    root_ = new_node(Node::Type::directory);
    make_directory("/proc/self");
}

FakeKernel::~FakeKernel() {
    for (const auto& [fd, open] : descriptors_)
        if (is_ours(fd)) ::close(fd);
    ::close(memory_);
}

void FakeKernel::begin() {
    calls_.clear();
    fault_ = 0;
    fault_shortens_ = false;
}

void FakeKernel::fail_call(std::size_t number, int errnum) {
    begin();
    fault_ = number;
    fault_errno_ = errnum;
}

void FakeKernel::shorten_call(std::size_t number) {
    begin();
    fault_ = number;
    fault_shortens_ = true;
}

int FakeKernel::enter(const char* name, std::string object) noexcept {
    calls_.push_back({name, std::move(object)});
    return calls_.size() == fault_ && !fault_shortens_ ? -fault_errno_ : 0;
}

int FakeKernel::install(Open open) {
    const int fd = ::fcntl(memory_, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) {
        complain("the test has no descriptor left");
        return -EMFILE;
    }
    descriptors_[fd] = std::move(open);
    return fd;
}

bool FakeKernel::is_ours(int fd) const {
    struct stat facts {};
    return fd >= 0 && ::fstat(fd, &facts) == 0 && facts.st_ino == memory_inode_;
}

Open FakeKernel::look_up(int fd) const {
    const auto found = descriptors_.find(fd);
    return found != descriptors_.end() && is_ours(fd) ? found->second : nullptr;
}

bool FakeKernel::held_by_host(const Open& open) const {
    for (const auto& [fd, each] : descriptors_)
        if (each == open && is_ours(fd)) return true;
    return false;
}

bool FakeKernel::held(const Open& open) const {
    if (!open) return false;
    if (held_by_host(open)) return true;
    for (const auto& [pid, process] : processes_)
        for (const auto& [fd, each] : process.descriptors)
            if (each == open) return true;
    for (const Open& each : strangers_)
        if (each == open) return true;
    return false;
}

std::vector<std::string> FakeKernel::open_descriptors() {
    std::vector<std::string> names;
    for (auto it = descriptors_.begin(); it != descriptors_.end();) {
        if (!is_ours(it->first)) {
            it = descriptors_.erase(it);
            continue;
        }
        names.push_back(it->second->name);
        ++it;
    }
    return names;
}

int FakeKernel::close(int fd) noexcept {
    if (!look_up(fd)) return -EBADF;
    descriptors_.erase(fd);
    ::close(fd);
    return 0;
}

int FakeKernel::dup3(int fd, int, int) noexcept {
    complain("dup3 of " + std::to_string(fd) + " is not simulated");
    return -ENOSYS;
}

int FakeKernel::fcntl(int fd, int command, long) noexcept {
    const Open open = look_up(fd);
    if (const int error = enter("fcntl", open ? open->name : ""); error < 0) return error;
    if (!open) return -EBADF;
    if (command == F_ADD_SEALS) open->sealed = true;
    return 0;
}

int FakeKernel::ioctl(int fd, unsigned long request, void*) noexcept {
    constexpr unsigned long kGetNamespaceType = 0xb703;  // NS_GET_NSTYPE
    const Open open = look_up(fd);
    if (const int error = enter("ioctl", open ? open->name : "stdio"); error < 0) return error;
    if (request == kGetNamespaceType && open && open->node && open->node->namespace_type != 0)
        return open->node->namespace_type;
    return -ENOTTY;
}

int FakeKernel::signalfd(std::uint64_t, int) noexcept {
    if (const int error = enter("signalfd", ""); error < 0) return error;
    auto open = std::make_shared<Description>();
    open->kind = Description::Kind::signals;
    open->name = "signals";
    return install(open);
}

int FakeKernel::sigprocmask(int, const std::uint64_t*, std::uint64_t* old) noexcept {
    // Who does not ask for the old mask puts one back.
    if (const int error = enter("sigprocmask", old != nullptr ? "take" : "restore"); error < 0)
        return error;
    if (old != nullptr) *old = 0;
    return 0;
}

int FakeKernel::permitted_capabilities(std::uint64_t& out) noexcept {
    if (const int error = enter("permitted_capabilities", ""); error < 0) return error;
    out = capabilities;
    return 0;
}

int FakeKernel::prctl(int option, unsigned long) noexcept {
    return enter("prctl", std::to_string(option));
}

// Asked with no program whether it takes the flags (seccomp(2)).
int FakeKernel::seccomp(unsigned, unsigned flags, void* argument) noexcept {
    if (const int error = enter("seccomp", std::to_string(flags)); error < 0) return error;
    if (argument != nullptr) complain("the runtime loads a filter into itself");
    return (flags & ~seccomp_flags) != 0 ? -EINVAL : -EFAULT;
}

// These three cannot fail (getpid(2), getuid(2)): nobody counts them.
pid_t FakeKernel::getpid() noexcept { return 1000; }
uid_t FakeKernel::geteuid() noexcept { return uid; }
gid_t FakeKernel::getegid() noexcept { return uid; }

int FakeKernel::clock_gettime(clockid_t, timespec& out) noexcept {
    now_ms_ += 1;
    out = {now_ms_ / 1000, now_ms_ % 1000 * 1'000'000};
    return 0;
}

int FakeKernel::nanosleep(const timespec& duration) noexcept {
    if (const int error = enter("nanosleep", ""); error < 0) return error;
    now_ms_ += duration.tv_sec * 1000 + duration.tv_nsec / 1'000'000 + 1;
    progress();
    return 0;
}

int FakeKernel::bpf(int command, bpf_attr& attributes, unsigned) noexcept {
    if (const int error = enter("bpf", std::to_string(command)); error < 0) return error;
    recorded.push_back("bpf " + std::to_string(command));
    if (command == BPF_PROG_QUERY) attributes.query.prog_cnt = 0;
    if (command != BPF_PROG_LOAD) return 0;
    auto open = std::make_shared<Description>();
    open->kind = Description::Kind::other;
    open->name = "bpf program";
    return install(open);
}

int FakeKernel::open_tree(int, const char* path, unsigned) noexcept {
    if (const int error = enter("open_tree", path); error < 0) return error;
    recorded.push_back(std::string("open_tree ") + path);
    auto open = std::make_shared<Description>();
    open->kind = Description::Kind::tree;
    open->name = std::string("tree of ") + path;
    return install(open);
}

int FakeKernel::mount_setattr(int, const char* path, unsigned, const mount_attr&) noexcept {
    if (const int error = enter("mount_setattr", path); error < 0) return error;
    recorded.push_back(std::string("mount_setattr ") + path);
    return 0;
}

// A kernel before 6.8.
int FakeKernel::statx(int, const char*, int, unsigned, struct statx&) noexcept { return -ENOSYS; }
int FakeKernel::statmount(std::uint64_t, std::uint64_t, void*, std::size_t) noexcept {
    return -ENOSYS;
}

}  // namespace nucleus::testing
