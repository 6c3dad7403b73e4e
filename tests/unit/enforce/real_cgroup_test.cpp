// Cgroups of this very machine: every test makes `/nucleus-test-PID` in each hierarchy, and leaves
// nothing. Needs root.
#define BOOST_TEST_MODULE real_cgroups
#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "enforce/cgroup.hpp"
#include "enforce/device_filter.hpp"
#include "sys/linux_kernel.hpp"

using namespace nucleus;
using namespace nucleus::enforce;

namespace {

boost::test_tools::assertion_result as_root(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result result(::geteuid() == 0);
    if (!result) result.message() << "making cgroups needs root";
    return result;
}

std::string content(const std::string& path) {
    std::ifstream file(path);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

bool exists(const std::string& path) {
    struct stat out;
    return ::stat(path.c_str(), &out) == 0;
}

void check_ok(const Result<void>& result) {
    BOOST_TEST(result.has_value(), (result ? "" : result.error().message()));
}

// A process that does what it is told by one byte, and ends with this test process at the latest.
class Child {
public:
    // `task` runs once go() is called; its value is the exit status.
    explicit Child(int (*task)()) {
        int ends[2];
        BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            char byte;
            if (::read(ends[0], &byte, 1) != 1) ::_exit(99);
            ::_exit(task());
        }
        BOOST_REQUIRE(pid_ > 0);
        ::close(ends[0]);
        go_ = ends[1];
    }
    ~Child() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        ::close(go_);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    pid_t pid() const { return pid_; }
    void go() { BOOST_REQUIRE(::write(go_, "x", 1) == 1); }
    int wait() {
        int status = -1;
        BOOST_REQUIRE(::waitpid(std::exchange(pid_, -1), &status, 0) > 0);
        return status;
    }

private:
    pid_t pid_ = -1;
    int go_ = -1;
};

int sleep_for_ever() {
    for (;;) ::pause();
}

// What the machine's cgroups look like, with all hierarchies or as if it had the unified one only.
class Host {
public:
    enum class View { all, unified_only };
    explicit Host(View view) {
        auto layout = detect_cgroups(kernel);
        BOOST_REQUIRE(layout);
        layout_ = std::move(*layout);
        if (view == View::unified_only) layout_.v1.clear();
        policy.path = "/nucleus-test-" + std::to_string(::getpid()) + "/c1";
        auto record = plan_cgroup(kernel, layout_, policy, "c1");
        BOOST_REQUIRE(record);
        record_ = std::move(*record);
        auto opened = open_cgroup(kernel, record_);
        BOOST_REQUIRE(opened);
        backend = std::move(*opened);
    }
    ~Host() {
        (void)backend->signal_all(SIGKILL);
        check_ok(backend->destroy());
        for (const std::string& made : record_.made) BOOST_TEST(!exists(made), made);
    }
    bool has(const std::string& controller) const { return record_.paths.contains(controller); }
    std::string file(const std::string& controller, const std::string& name) const {
        return record_.paths.at(controller) + "/" + name;
    }

    sys::LinuxKernel kernel;
    policy::CgroupPolicy policy;
    std::unique_ptr<CgroupBackend> backend;
    Warnings warnings;

private:
    CgroupLayout layout_;
    state::CgroupRecord record_;
};

policy::DevicePolicy only_null() {
    policy::DevicePolicy devices;
    devices.rules = {{false, 'a', std::nullopt, std::nullopt, "rwm"}, {true, 'c', 1, 3, "r"}};
    return devices;
}

// Bits of what the kernel let it do: 1 read null, 2 write null, 4 read zero.
int try_devices() {
    int done = 0;
    if (::open("/dev/null", O_RDONLY) >= 0) done |= 1;
    if (::open("/dev/null", O_WRONLY) >= 0) done |= 2;
    if (::open("/dev/zero", O_RDONLY) >= 0) done |= 4;
    return done;
}

int devices_tried_in(Host& host) {
    Child child(try_devices);
    check_ok(host.backend->attach(child.pid()));
    child.go();
    const int status = child.wait();
    BOOST_REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

char state_of(pid_t pid) {
    const std::string text = content("/proc/" + std::to_string(pid) + "/stat");
    return text[text.rfind(')') + 2];
}

int spin() {
    for (;;) (void)::getppid();
}

unsigned long ticks_of(pid_t pid) {
    const std::string text = content("/proc/" + std::to_string(pid) + "/stat");
    unsigned long user = 0;
    std::sscanf(text.c_str() + text.rfind(')') + 2,
                "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu", &user);
    return user;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(real_cgroups, *boost::unit_test::precondition(as_root))

BOOST_AUTO_TEST_CASE(limits_are_in_the_files_of_the_controllers) {
    Host host(Host::View::all);
    spec::Resources& resources = host.policy.resources;
    if (host.has("memory")) {
        resources.memory.emplace().limit = 64 << 20;
        resources.memory->swap = 128 << 20;
        resources.memory->reservation = 32 << 20;
        resources.memory->swappiness = 10;
    }
    if (host.has("pids")) resources.pids_limit = 20;
    if (host.has("cpu")) {
        resources.cpu.emplace().shares = 512;
        resources.cpu->quota = 50000;
        resources.cpu->period = 200000;
        resources.cpu->cpus = host.has("cpuset") ? "0" : "";
    }
    check_ok(host.backend->create(host.policy, host.warnings));
    check_ok(host.backend->apply(host.policy, {}, host.warnings));
    if (host.has("memory")) {
        BOOST_TEST(content(host.file("memory", "memory.limit_in_bytes")) == "67108864");
        BOOST_TEST(content(host.file("memory", "memory.memsw.limit_in_bytes")) == "134217728");
        BOOST_TEST(content(host.file("memory", "memory.soft_limit_in_bytes")) == "33554432");
        BOOST_TEST(content(host.file("memory", "memory.swappiness")) == "10");
        // Up and down again: the kernel wants the two in different orders.
        for (const std::int64_t limit : {256 << 20, 16 << 20}) {
            resources.memory->limit = limit;
            resources.memory->swap = limit + 4096;
            check_ok(host.backend->apply(host.policy, {}, host.warnings));
            BOOST_TEST(content(host.file("memory", "memory.limit_in_bytes")) ==
                       std::to_string(limit));
            BOOST_TEST(content(host.file("memory", "memory.memsw.limit_in_bytes")) ==
                       std::to_string(limit + 4096));
        }
    }
    if (host.has("pids")) BOOST_TEST(content(host.file("pids", "pids.max")) == "20");
    if (host.has("cpu")) {
        BOOST_TEST(content(host.file("cpu", "cpu.shares")) == "512");
        BOOST_TEST(content(host.file("cpu", "cpu.cfs_quota_us")) == "50000");
        BOOST_TEST(content(host.file("cpu", "cpu.cfs_period_us")) == "200000");
    }
    if (host.has("cpuset")) {
        BOOST_TEST(content(host.file("cpuset", "cpuset.cpus")) == "0");
        BOOST_TEST(content(host.file("cpuset", "cpuset.mems")) != "");
    }
}

BOOST_AUTO_TEST_CASE(limit_of_processes_is_felt) {
    Host host(Host::View::all);
    if (!host.has("pids")) return;
    host.policy.resources.pids_limit = 1;
    check_ok(host.backend->create(host.policy, host.warnings));
    check_ok(host.backend->apply(host.policy, {}, host.warnings));
    Child child([] {
        const pid_t pid = ::fork();
        if (pid == 0) ::_exit(0);
        return pid < 0 && errno == EAGAIN ? 0 : 1;
    });
    check_ok(host.backend->attach(child.pid()));
    child.go();
    BOOST_TEST(child.wait() == 0);
}

BOOST_AUTO_TEST_CASE(process_is_in_the_same_place_of_every_hierarchy) {
    Host host(Host::View::all);
    check_ok(host.backend->create(host.policy, host.warnings));
    Child child(sleep_for_ever);
    check_ok(host.backend->attach(child.pid()));
    std::ifstream lines("/proc/" + std::to_string(child.pid()) + "/cgroup");
    for (std::string line; std::getline(lines, line);)
        BOOST_TEST(line.ends_with(":" + host.policy.path), line);
    const auto pids = host.backend->pids();
    BOOST_REQUIRE(pids);
    BOOST_TEST(*pids == std::vector<pid_t>{child.pid()}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(process_enters_every_hierarchy_by_itself_though_full) {
    Host host(Host::View::all);
    if (host.has("pids")) host.policy.resources.pids_limit = 0;
    check_ok(host.backend->create(host.policy, host.warnings));
    check_ok(host.backend->apply(host.policy, {}, host.warnings));
    const auto entry = host.backend->open_entry();
    BOOST_REQUIRE(entry);
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    if (entry->unified) {
        arguments.flags = CLONE_INTO_CGROUP;
        arguments.cgroup = static_cast<std::uint64_t>(entry->unified.get());
    }
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
    BOOST_REQUIRE(pid >= 0);
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (const base::UniqueFd& tasks : entry->tasks)
            if (::write(tasks.get(), "0", 1) != 1) ::_exit(1);
        if (::write(ends[1], "x", 1) != 1) ::_exit(1);
        for (;;) ::pause();
    }
    ::close(ends[1]);
    char byte;
    BOOST_TEST(::read(ends[0], &byte, 1) == 1);
    ::close(ends[0]);
    std::ifstream lines("/proc/" + std::to_string(pid) + "/cgroup");
    for (std::string line; std::getline(lines, line);)
        BOOST_TEST(line.ends_with(":" + host.policy.path), line);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
}

BOOST_AUTO_TEST_CASE(device_list_of_v1_is_obeyed) {
    Host host(Host::View::all);
    if (!host.has("devices")) return;
    check_ok(host.backend->create(host.policy, host.warnings));
    check_ok(host.backend->apply(host.policy, only_null(), host.warnings));
    BOOST_TEST(content(host.file("devices", "devices.list")) == "c 1:3 r");
    BOOST_TEST(devices_tried_in(host) == 1);
}

BOOST_AUTO_TEST_CASE(device_filter_of_v2_is_obeyed_and_replaced) {
    Host host(Host::View::unified_only);
    if (!host.has("")) return;
    check_ok(host.backend->create(host.policy, host.warnings));
    check_ok(host.backend->apply(host.policy, only_null(), host.warnings));
    BOOST_TEST(devices_tried_in(host) == 1);
    policy::DevicePolicy more = only_null();
    more.rules.push_back({true, 'c', 1, std::nullopt, "rw"});
    more.rules.push_back({false, 'c', 1, 3, "w"});  // a hole, which v1 cannot have
    check_ok(host.backend->apply(host.policy, more, host.warnings));
    BOOST_TEST(devices_tried_in(host) == (1 | 4));
}

// The verifier takes every shape of program that the compiler makes.
BOOST_AUTO_TEST_CASE(verifier_takes_what_the_compiler_makes) {
    Host host(Host::View::unified_only);
    if (!host.has("")) return;
    check_ok(host.backend->create(host.policy, host.warnings));
    const std::vector<std::vector<policy::DeviceRule>> lists{
        {{true, 'a', std::nullopt, std::nullopt, "rwm"}},
        {{true, 'c', 1, 3, "rwm"}, {false, 'a', std::nullopt, std::nullopt, "rwm"}},
        {{false, 'a', std::nullopt, std::nullopt, "m"},
         {true, 'b', std::nullopt, 5, "w"},
         {false, 'c', 9, std::nullopt, "r"}},
        std::vector<policy::DeviceRule>(500, {true, 'c', 4095, 1048575, "rw"}),
    };
    for (const auto& rules : lists) {
        policy::DevicePolicy devices;
        devices.rules = rules;
        check_ok(host.backend->apply(host.policy, devices, host.warnings));
    }
}

BOOST_AUTO_TEST_CASE(frozen_processes_stand_still) {
    for (const auto view : {Host::View::all, Host::View::unified_only}) {
        Host host(view);
        check_ok(host.backend->create(host.policy, host.warnings));
        Child child(spin);
        check_ok(host.backend->attach(child.pid()));
        child.go();
        BOOST_TEST(!*host.backend->frozen());
        check_ok(host.backend->freeze());
        BOOST_TEST(*host.backend->frozen());
        const unsigned long before = ticks_of(child.pid());
        ::usleep(60'000);
        BOOST_TEST(ticks_of(child.pid()) == before);
        check_ok(host.backend->thaw());
        BOOST_TEST(!*host.backend->frozen());
        for (int i = 0; i < 200 && ticks_of(child.pid()) == before; ++i) ::usleep(10'000);
        BOOST_TEST(ticks_of(child.pid()) > before);
    }
}

BOOST_AUTO_TEST_CASE(kill_ends_everything_even_frozen) {
    for (const auto view : {Host::View::all, Host::View::unified_only}) {
        Host host(view);
        check_ok(host.backend->create(host.policy, host.warnings));
        Child one(sleep_for_ever), two(sleep_for_ever);
        check_ok(host.backend->attach(one.pid()));
        check_ok(host.backend->attach(two.pid()));
        check_ok(host.backend->freeze());
        check_ok(host.backend->signal_all(SIGKILL));
        BOOST_TEST(WTERMSIG(one.wait()) == SIGKILL);
        BOOST_TEST(WTERMSIG(two.wait()) == SIGKILL);
        check_ok(host.backend->destroy());
    }
}

BOOST_AUTO_TEST_CASE(a_signal_reaches_every_process) {
    Host host(Host::View::all);
    check_ok(host.backend->create(host.policy, host.warnings));
    Child one(sleep_for_ever), two(sleep_for_ever);
    check_ok(host.backend->attach(one.pid()));
    check_ok(host.backend->attach(two.pid()));
    check_ok(host.backend->signal_all(SIGSTOP));
    for (const pid_t pid : {one.pid(), two.pid()}) {
        for (int i = 0; i < 200 && state_of(pid) != 'T'; ++i) ::usleep(10'000);
        BOOST_TEST(state_of(pid) == 'T');
    }
}

// Without cgroup.kill (a cgroup that is not in the unified hierarchy): freeze, signal, thaw until
// nobody is left.
BOOST_AUTO_TEST_CASE(kills_a_fork_bomb_without_the_kernels_help) {
    sys::LinuxKernel kernel;
    auto layout = detect_cgroups(kernel);
    BOOST_REQUIRE(layout);
    layout->unified.reset();
    if (layout->v1.empty()) return;
    policy::CgroupPolicy policy;
    policy.path = "/nucleus-test-" + std::to_string(::getpid()) + "-bomb";
    policy.resources.pids_limit = 50;
    auto record = plan_cgroup(kernel, *layout, policy, "c1");
    BOOST_REQUIRE(record);
    auto backend = open_cgroup(kernel, *record);
    BOOST_REQUIRE(backend);
    Warnings warnings;
    check_ok((*backend)->create(policy, warnings));
    check_ok((*backend)->apply(policy, {}, warnings));
    {
        // Each process starts the next and lives for a moment: the list of pids is never complete
        // for long.
        Child child([]() -> int {
            ::signal(SIGCHLD, SIG_IGN);
            for (;;) {
                if (::fork() == 0) {
                    ::usleep(2000);
                    if (::fork() != 0) ::_exit(0);
                }
                ::usleep(1000);
            }
        });
        check_ok((*backend)->attach(child.pid()));
        child.go();
        ::usleep(50'000);
        check_ok((*backend)->signal_all(SIGKILL));
        const auto left = (*backend)->pids();
        BOOST_REQUIRE(left);
        BOOST_TEST(left->empty());
    }
    check_ok((*backend)->destroy());
    for (const std::string& made : record->made) BOOST_TEST(!exists(made), made);
}

BOOST_AUTO_TEST_CASE(refuses_a_cgroup_with_processes) {
    Host first(Host::View::all);
    check_ok(first.backend->create(first.policy, first.warnings));
    Child child(sleep_for_ever);
    check_ok(first.backend->attach(child.pid()));
    Host second(Host::View::all);
    const auto created = second.backend->create(second.policy, second.warnings);
    BOOST_REQUIRE(!created);
    BOOST_TEST(created.error().message().find(
                   "container's cgroup is not empty: 1 process(es) found") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(removes_cgroups_nested_beyond_the_longest_path) {
    Host host(Host::View::unified_only);
    if (!host.has("")) return;
    check_ok(host.backend->create(host.policy, host.warnings));
    int directory = ::open(host.file("", "").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::string name(250, 'n');
    for (int depth = 0; depth < 40; ++depth) {
        BOOST_REQUIRE(::mkdirat(directory, name.c_str(), 0755) == 0);
        const int next = ::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        BOOST_REQUIRE(next >= 0);
        ::close(std::exchange(directory, next));
    }
    Child child(sleep_for_ever);
    const int procs = ::openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    ::close(directory);
    const std::string pid = std::to_string(child.pid());
    BOOST_TEST(::write(procs, pid.data(), pid.size()) == static_cast<ssize_t>(pid.size()));
    ::close(procs);
    const auto pids = host.backend->pids();
    BOOST_REQUIRE(pids);
    BOOST_TEST(*pids == std::vector<pid_t>{child.pid()}, boost::test_tools::per_element());
    check_ok(host.backend->signal_all(SIGKILL));
    check_ok(host.backend->destroy());
}

BOOST_AUTO_TEST_CASE(removes_cgroups_that_the_container_made) {
    Host host(Host::View::all);
    check_ok(host.backend->create(host.policy, host.warnings));
    for (const char* controller : {"memory", "freezer", ""}) {
        if (!host.has(controller)) continue;
        BOOST_REQUIRE(::mkdir(host.file(controller, "a").c_str(), 0755) == 0);
        BOOST_REQUIRE(::mkdir(host.file(controller, "a/b").c_str(), 0755) == 0);
    }
    check_ok(host.backend->destroy());
}

BOOST_AUTO_TEST_SUITE_END()
