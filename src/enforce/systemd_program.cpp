// The host's end of the conversation with nucleus-systemd: one JSON object a packet, a request and
// its answer in turn (src/systemd/README.md has the protocol).
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <vector>

#include "base/json_writer.hpp"
#include "base/unique_fd.hpp"
#include "enforce/systemd_manager.hpp"
#include "enforce/systemd_program.hpp"
#include "spec/document.hpp"

#ifndef NUCLEUS_LIBEXECDIR
#error the build names the directory of nucleus-systemd
#endif

namespace nucleus::enforce {

namespace {

constexpr std::string_view kName = "nucleus-systemd";
constexpr std::size_t kLargestAnswer = 64 << 10;

// Where the build was told to install it; else beside this very program, as a build tree has it.
// Both are as much to be trusted as the program itself; no variable and no PATH is asked.
Result<std::string> find_program(sys::Kernel& kernel) {
    const std::string installed = std::string(NUCLEUS_LIBEXECDIR) + "/" + std::string(kName);
    if (kernel.faccessat(AT_FDCWD, installed.c_str(), X_OK, AT_EACCESS) == 0) return installed;
    char self[4096];
    const ssize_t length = kernel.readlinkat(AT_FDCWD, "/proc/self/exe", self, sizeof self);
    if (length > 0 && static_cast<std::size_t>(length) < sizeof self) {
        std::string beside(self, static_cast<std::size_t>(length));
        beside.replace(beside.rfind('/') + 1, std::string::npos, kName);
        if (kernel.faccessat(AT_FDCWD, beside.c_str(), X_OK, AT_EACCESS) == 0) return beside;
    }
    return Error(Errc::unsupported, "the cgroup manager 'systemd' needs the program '" + installed +
                                        "', which is not installed");
}

void write_value(base::JsonWriter& json, const policy::BusValue& value) {
    json.begin_object().member("type", value.type);
    if (!value.text.empty()) json.member("text", value.text);
    if (!value.items.empty()) {
        json.key("items").begin_array();
        for (const policy::BusValue& item : value.items) write_value(json, item);
        json.end_array();
    }
    json.end_object();
}

void write_properties(base::JsonWriter& json, const UnitProperties& properties) {
    json.key("properties").begin_array();
    for (const policy::UnitProperty& property : properties) {
        json.begin_object().member("name", property.name);
        if (property.since != 0) json.member("since", property.since);
        json.key("value");
        write_value(json, property.value);
        json.end_object();
    }
    json.end_array();
}

}  // namespace

void read(const spec::Node& node, SystemdAnswer& out) {
    const spec::ObjectReader object(node);
    object.optional("error", out.error);
    object.optional("absent", out.absent);
    object.optional("controlGroup", out.control_group);
    object.optional("loaded", out.loaded);
    object.optional("active", out.active);
    object.optional("description", out.description);
}

namespace {

class SystemdProgram final : public SystemdManager {
public:
    explicit SystemdProgram(sys::Kernel& kernel) : kernel_(kernel) {}
    SystemdProgram(const SystemdProgram&) = delete;
    SystemdProgram& operator=(const SystemdProgram&) = delete;

    ~SystemdProgram() override {
        // It ends by itself at end-of-file; killed, nothing of what it has asked for is undone.
        socket_.reset();
        if (pid_ <= 0) return;
        kernel_.kill(pid_, SIGKILL);
        siginfo_t info{};
        while (kernel_.waitid(P_PID, static_cast<id_t>(pid_), info, WEXITED) == -EINTR) {
        }
    }

    Result<void> begin(const std::string& bus) {
        NUCLEUS_TRY(const std::string path, find_program(kernel_));
        NUCLEUS_CHECK(execute(path).in("execute '" + path + "'"));
        base::JsonWriter json;
        json.begin_object().member("request", "open").member("bus", bus).end_object();
        NUCLEUS_TRY(const SystemdAnswer answer, ask(json.text()));
        control_group_ = answer.control_group;
        return {};
    }

    Result<std::string> control_group() override { return control_group_; }

    Result<std::optional<LoadedUnit>> look_up(const std::string& unit) override {
        NUCLEUS_TRY(const SystemdAnswer answer, ask(request("look-up", unit).end_object().text()));
        if (!answer.loaded) return std::optional<LoadedUnit>();
        return std::optional<LoadedUnit>(LoadedUnit{answer.description, answer.active});
    }

    Result<void> start(const std::string& unit, const UnitProperties& properties) override {
        return with_properties("start", unit, properties);
    }

    Result<void> change(const std::string& unit, const UnitProperties& properties) override {
        return with_properties("change", unit, properties);
    }

    Result<void> attach(const std::string& unit, pid_t pid) override {
        base::JsonWriter json = request("attach", unit);
        NUCLEUS_CHECK(ask(json.member("pid", pid).end_object().text()));
        return {};
    }

    Result<void> stop(const std::string& unit) override {
        NUCLEUS_CHECK(ask(request("stop", unit).end_object().text()));
        return {};
    }

private:
    static base::JsonWriter request(const char* name, const std::string& unit) {
        base::JsonWriter json;
        json.begin_object().member("request", name).member("unit", unit);
        return json;
    }

    Result<void> with_properties(const char* name, const std::string& unit,
                                 const UnitProperties& properties) {
        base::JsonWriter json = request(name, unit);
        write_properties(json, properties);
        NUCLEUS_CHECK(ask(json.end_object().text()));
        return {};
    }

    // Its environment is empty: what it has to know is in the requests.
    Result<void> execute(const std::string& path) {
        int ends[2];
        if (int error = kernel_.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
            error < 0)
            return Error::from_errno(-error, "make its channel");
        socket_.reset(ends[0]);
        const base::UniqueFd theirs(ends[1]);
        char name[] = "nucleus-systemd";
        char* argv[] = {name, nullptr};
        char* envp[] = {nullptr};
        sys::SpawnRequest request{};
        request.executable_fd = -1;
        request.path = path.c_str();
        request.argv = argv;
        request.envp = envp;
        request.stdio[0] = request.stdio[1] = theirs.get();
        request.stdio[2] = -1;
        request.join_namespaces_fd = -1;
        request.cgroup_fd = -1;
        request.dies_with_parent = true;
        pid_ = kernel_.spawn(request);
        if (pid_ < 0) return Error::from_errno(-pid_, "start");
        return {};
    }

    Result<SystemdAnswer> ask(const std::string& request) {
        iovec part{const_cast<char*>(request.data()), request.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        ssize_t count;
        do count = kernel_.sendmsg(socket_.get(), message, MSG_NOSIGNAL);
        while (count == -EINTR);
        if (count < 0) return Error::from_errno(static_cast<int>(-count), "ask nucleus-systemd");
        answer_.resize(kLargestAnswer);
        part = {answer_.data(), answer_.size()};
        do count = kernel_.recvmsg(socket_.get(), message, 0);
        while (count == -EINTR);
        if (count < 0) return Error::from_errno(static_cast<int>(-count), "hear nucleus-systemd");
        if (count == 0) return Error(Errc::system, "nucleus-systemd ended without an answer");
        NUCLEUS_TRY(SystemdAnswer answer,
                    spec::read_document<SystemdAnswer>(
                        "nucleus-systemd:", {answer_.data(), static_cast<std::size_t>(count)}));
        if (answer.error.empty()) return answer;
        return Error(answer.absent ? Errc::unsupported : Errc::system, answer.error);
    }

    sys::Kernel& kernel_;
    base::UniqueFd socket_;
    pid_t pid_ = -1;
    std::string control_group_;
    std::vector<char> answer_;
};

}  // namespace

Result<std::unique_ptr<SystemdManager>> connect_systemd(sys::Kernel& kernel,
                                                        const std::string& bus) {
    auto program = std::make_unique<SystemdProgram>(kernel);
    NUCLEUS_CHECK(program->begin(bus));
    return std::unique_ptr<SystemdManager>(std::move(program));
}

bool has_systemd_program(sys::Kernel& kernel) { return find_program(kernel).has_value(); }

}  // namespace nucleus::enforce
