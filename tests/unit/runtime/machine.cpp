#include "machine.hpp"

#include <linux/sched.h>

#include <algorithm>
#include <stdexcept>

namespace nucleus::runtime::testing {

namespace {

using Files = std::map<std::string, std::string>;

// With a time limit and without one: the first is waited for in another way.
std::string hook(const std::string& path) {
    return R"([{"path":")" + path + R"(","args":["hook"],"env":["A=b"],"timeout":10},{"path":")" +
           path + R"("}])";
}

std::string hooks() {
    return R"("hooks":{"prestart":)" + hook("/hooks/prestart") + R"(,"createRuntime":)" +
           hook("/hooks/createRuntime") + R"(,"createContainer":)" +
           hook("/hooks/createContainer") + R"(,"startContainer":)" +
           hook("/hooks/startContainer") + R"(,"poststart":)" + hook("/hooks/poststart") +
           R"(,"poststop":)" + hook("/hooks/poststop") + "},";
}

std::string process(bool terminal) {
    return std::string(R"("process":{"terminal":)") + (terminal ? "true" : "false") +
           R"(,"user":{"uid":0,"gid":0},"args":["sh"],"env":["PATH=/bin"],"cwd":"/",
           "oomScoreAdj":100,"noNewPrivileges":true,
           "scheduler":{"policy":"SCHED_IDLE"},
           "ioPriority":{"class":"IOPRIO_CLASS_BE","priority":7},
           "capabilities":{"bounding":["CAP_KILL"],"effective":["CAP_KILL"],
                           "permitted":["CAP_KILL"]},
           "rlimits":[{"type":"RLIMIT_NOFILE","soft":1024,"hard":1024}]},)";
}

// Nothing that would change another's mounts.
std::string joining_section() {
    return R"("linux":{"namespaces":[{"type":"pid"},{"type":"ipc","path":"/proc/self/ns/ipc"},
        {"type":"user","path":"/run/pod/user"},{"type":"cgroup","path":"/run/pod/cgroup"},
        {"type":"time","path":"/run/pod/time"},{"type":"mount","path":"/run/pod/mnt"}],
        "uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],
        "gidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"cgroupsPath":"/pod/c1",
        "resources":{"pids":{"limit":64}}})";
}

std::string seccomp(Bundle bundle) {
    if (bundle == Bundle::notify)
        return R"("seccomp":{"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/run/agent.sock",
            "flags":["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]})";
    return R"("seccomp":{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],
        "syscalls":[{"names":["ptrace"],"action":"SCMP_ACT_ERRNO"}]})";
}

std::string linux_section(Bundle bundle) {
    if (bundle == Bundle::joined) return joining_section();
    const bool user = bundle == Bundle::user_namespace || bundle == Bundle::ordinary;
    const bool joins = bundle == Bundle::everything || bundle == Bundle::notify;
    std::string text = R"("linux":{"namespaces":[{"type":"pid"},{"type":"ipc"},{"type":"uts"},
        {"type":"mount"},{"type":"cgroup"},{"type":"network")";
    if (joins) text += R"(,"path":"/run/netns/pod")";
    text += "}";
    if (user)
        text += R"(,{"type":"user"},{"type":"time"}],
            "timeOffsets":{"monotonic":{"secs":86400,"nanosecs":7},"boottime":{"secs":-1}},
            "uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],
            "gidMappings":[{"containerID":0,"hostID":100000,"size":65536})";
    text += R"(],"cgroupsPath":"/pod/c1",
        "resources":{"devices":[{"allow":false,"access":"rwm"},
                                {"allow":true,"type":"c","major":1,"minor":3,"access":"rw"}],
                     "pids":{"limit":64},"memory":{"limit":67108864}},
        )" + seccomp(bundle) +
            R"(,
        "maskedPaths":["/proc/kcore"],"readonlyPaths":["/proc/sys"])";
    if (bundle == Bundle::everything)
        text += R"(,"intelRdt":{"closID":"shared","l3CacheSchema":"L3:0=3"})";
    if (bundle != Bundle::terminal) text += R"(,"netDevices":{"eth1":{"name":"net0"}})";
    return text + "}";
}

// Idmapped: by mappings of its own where there is no user namespace to take them from.
std::string data_mount(Bundle bundle) {
    constexpr const char* kMaps =
        R"(,"uidMappings":[{"containerID":0,"hostID":1000,"size":1}],
           "gidMappings":[{"containerID":0,"hostID":1000,"size":1}])";
    return std::string(R"({"destination":"/data","type":"bind","source":"/host/data",
                           "options":["rbind")") +
           (bundle == Bundle::terminal ? "]" : R"(,"idmap"])") +
           (bundle == Bundle::everything || bundle == Bundle::notify ? kMaps : "") + "},";
}

std::string config(Bundle bundle) {
    if (bundle == Bundle::joined)
        return R"({"ociVersion":"1.3.0","root":{"path":"rootfs"},)" + process(false) +
               linux_section(bundle) + "}";
    return R"({"ociVersion":"1.3.0","root":{"path":"rootfs","readonly":true},"hostname":"box",)" +
           process(bundle == Bundle::terminal) +
           (bundle == Bundle::everything || bundle == Bundle::notify ? hooks() : std::string()) +
           R"("mounts":[{"destination":"/proc","type":"proc","source":"proc"},
              {"destination":"/dev/pts","type":"devpts","source":"devpts"},
              )" +
           data_mount(bundle) +
           R"({"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup",
               "options":[)" +
           (bundle == Bundle::user_namespace ? "\"rw\"" : "\"ro\"") + "]}]," +
           linux_section(bundle) + "}";
}

struct Hierarchy {
    const char* mount_point;
    const char* options;
    Files files;
};

constexpr const char* kResctrl = "99 23 0:99 / /sys/fs/resctrl rw - resctrl resctrl rw\n";

void mount_v1(nucleus::testing::FakeKernel& kernel) {
    const Hierarchy hierarchies[] = {
        {"/sys/fs/cgroup/memory",
         "memory",
         {{"memory.limit_in_bytes", "0\n"}, {"memory.usage_in_bytes", "0\n"}}},
        {"/sys/fs/cgroup/pids", "pids", {{"pids.max", "max\n"}}},
        {"/sys/fs/cgroup/devices", "devices", {{"devices.allow", ""}, {"devices.deny", ""}}},
        {"/sys/fs/cgroup/freezer", "freezer", {{"freezer.state", "THAWED\n"}}},
        {"/sys/fs/cgroup/cpuset", "cpuset", {{"cpuset.cpus", "\n"}, {"cpuset.mems", "\n"}}},
        {"/sys/fs/cgroup/systemd", "name=systemd", {}},
    };
    std::string mountinfo = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n";
    std::string own;
    int id = 32;
    for (const Hierarchy& each : hierarchies) {
        kernel.make_hierarchy(each.mount_point, each.files);
        mountinfo += std::to_string(id) + " 31 0:" + std::to_string(id) + " / " + each.mount_point +
                     " rw - cgroup cgroup rw," + each.options + "\n";
        own += std::to_string(id++) + ":" + each.options + ":/\n";
    }
    kernel.make_file("/sys/fs/cgroup/cpuset/cpuset.cpus", "0-3\n")->of_kernel = true;
    kernel.make_file("/sys/fs/cgroup/cpuset/cpuset.mems", "0\n")->of_kernel = true;
    kernel.make_file("/proc/self/mountinfo", mountinfo + kResctrl);
    kernel.make_file("/proc/self/cgroup", own);
}

void mount_v2(nucleus::testing::FakeKernel& kernel) {
    kernel.make_hierarchy("/sys/fs/cgroup", {{"cgroup.controllers", "cpuset cpu io memory pids\n"},
                                             {"cgroup.subtree_control", ""},
                                             {"cgroup.events", "populated 0\nfrozen 0\n"},
                                             {"cgroup.freeze", "0\n"},
                                             {"cgroup.kill", ""},
                                             {"memory.max", "max\n"},
                                             {"memory.swap.max", "max\n"},
                                             {"pids.max", "max\n"}});
    kernel.make_file("/proc/self/mountinfo",
                     std::string("31 23 0:28 / /sys/fs/cgroup rw - cgroup2 none rw\n") + kResctrl);
    kernel.make_file("/proc/self/cgroup", "0::/\n");
}

void demand(const Result<void>& result) {
    if (!result) throw std::runtime_error(result.error().message());
}

}  // namespace

Machine::Machine(Bundle which, Hierarchies hierarchies) : bundle(which) {
    settings.root = "/run/nucleus";
    kernel.make_directory("/run");
    kernel.make_file("/proc/self/uid_map", "0 0 4294967295\n");
    kernel.make_namespace("/run/netns/pod", CLONE_NEWNET);
    constexpr std::pair<const char*, int> kNamespaces[] = {
        {"user", CLONE_NEWUSER}, {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},
        {"mnt", CLONE_NEWNS},    {"ipc", CLONE_NEWIPC},       {"net", CLONE_NEWNET}};
    for (const auto& [name, flag] : kNamespaces) {
        kernel.make_namespace(std::string("/run/pod/") + name, flag);
        kernel.make_namespace(std::string("/proc/self/ns/") + name, flag);
    }
    kernel.make_device("eth1", 7);
    kernel.make_hierarchy("/sys/fs/resctrl", {{"schemata", "L3:0=f\n"}});
    kernel.make_listener("/run/console.sock");
    kernel.make_listener("/run/agent.sock");
    kernel.make_listener("/run/pidfd.sock");
    kernel.make_file("/bundle/config.json", config(which));
    kernel.make_directory("/bundle/rootfs");
    kernel.make_directory("/host/data");
    kernel.make_directory("/dev");
    for (const char* device : {"null", "zero", "full", "random", "urandom", "tty"})
        kernel.make_file(std::string("/dev/") + device, "");
    for (const char* name : {"prestart", "createRuntime", "createContainer", "startContainer",
                             "poststart", "poststop"}) {
        const std::string path = std::string("/hooks/") + name;
        kernel.make_file(path, "");
        kernel.exit_status[path] = 0;
    }
    if (hierarchies == Hierarchies::v1)
        mount_v1(kernel);
    else
        mount_v2(kernel);
    if (which == Bundle::ordinary) {
        kernel.uid = 1000;
        kernel.capabilities = 0;
        for (const char* path : {"/usr/bin/newuidmap", "/usr/bin/newgidmap"}) {
            kernel.make_file(path, "");
            kernel.exit_status[path] = 0;
        }
    }
    kernel.begin();
}

CreateRequest Machine::create_request() const {
    CreateRequest request;
    request.id = "c1";
    request.bundle = "/bundle";
    request.pid_file = "/run/pid";
    if (bundle == Bundle::terminal) request.console_socket = "/run/console.sock";
    if (bundle == Bundle::everything) request.pidfd_socket = "/run/pidfd.sock";
    return request;
}

void Machine::create() {
    Session command = session();
    Warnings warnings;
    demand(runtime::create(command, create_request(), warnings));
}

void Machine::start() {
    Session command = session();
    Warnings warnings;
    demand(runtime::start(command, "c1", warnings));
}

std::vector<std::string> Machine::left_overs() {
    std::vector<std::string> found;
    for (const std::string& name : kernel.names_in("/run/nucleus"))
        found.push_back("state directory " + name);
    if (kernel.exists("/run/pid")) found.push_back("pid file");
    for (const std::string& name : kernel.names_in("/run"))
        if (name.starts_with(".")) found.push_back("temporary file " + name);
    for (const std::string& path : kernel.cgroups()) found.push_back("cgroup " + path);
    kernel.settle();
    const std::vector<pid_t> running = kernel.running();
    for (const pid_t pid : kernel.processes())
        found.push_back(
            (std::ranges::find(running, pid) != running.end() ? "process " : "zombie ") +
            std::to_string(pid));
    for (const std::string& name : kernel.open_descriptors()) found.push_back("descriptor " + name);
    return found;
}

}  // namespace nucleus::runtime::testing
