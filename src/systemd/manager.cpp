#include "systemd/manager.hpp"

#include <time.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "systemd/bus_message.hpp"

namespace nucleus::systemd {

namespace {

constexpr const char* kName = "org.freedesktop.systemd1";
constexpr const char* kObject = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnit = "org.freedesktop.systemd1.Unit";
constexpr std::string_view kNoSuchUnit = "org.freedesktop.systemd1.NoSuchUnit";
constexpr std::string_view kUnitExists = "org.freedesktop.systemd1.UnitExists";
constexpr std::uint64_t kJobTimeout = 30'000'000;  // µs

std::uint64_t now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec) / 1000;
}

struct BusError {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    ~BusError() { sd_bus_error_free(&error); }
    std::string text(int errnum) const {
        if (error.message != nullptr) return error.message;
        return Error::from_errno(errnum, "the bus").message();
    }
};

}  // namespace

struct Manager::Reply {
    sd_bus_message* message = nullptr;
    Reply() = default;
    explicit Reply(sd_bus_message* reply) : message(reply) {}
    Reply(Reply&& other) noexcept : message(std::exchange(other.message, nullptr)) {}
    Reply& operator=(Reply&& other) noexcept {
        std::swap(message, other.message);
        return *this;
    }
    ~Reply() { sd_bus_message_unref(message); }
};

Manager::~Manager() { sd_bus_flush_close_unref(bus_); }

Result<void> Manager::open(std::string_view addresses) {
    std::string refusals;
    while (!addresses.empty()) {
        const std::size_t end = std::min(addresses.find(';'), addresses.size());
        const std::string address(addresses.substr(0, end));
        addresses.remove_prefix(std::min(end + 1, addresses.size()));
        if (address.empty()) continue;
        auto opened = connect(address);
        if (opened) return {};
        bus_ = sd_bus_close_unref(bus_);
        refusals += (refusals.empty() ? "" : "; ") + address + ": " + opened.error().message();
    }
    return Error(Errc::unsupported, "no systemd answers here: " + refusals);
}

// systemd's private socket (.../systemd/private) has no bus daemon between.
Result<void> Manager::connect(const std::string& address) {
    through_daemon_ = !address.ends_with("/systemd/private");
    int error = sd_bus_new(&bus_);
    if (error >= 0) error = sd_bus_set_address(bus_, address.c_str());
    if (error >= 0) error = sd_bus_set_bus_client(bus_, through_daemon_);
    if (error >= 0) error = sd_bus_start(bus_);
    if (error < 0) return Error::from_errno(-error, "connect");
    NUCLEUS_TRY(control_group_, property(kObject, kManager, "ControlGroup"));
    if (control_group_ == "/") control_group_.clear();
    NUCLEUS_TRY(const std::string version, property(kObject, kManager, "Version"));
    // "252.38-1~deb12u1", "v257".
    const std::size_t digits = version.find_first_of("0123456789");
    version_ =
        digits == version.npos
            ? 0
            : static_cast<std::uint32_t>(std::strtoul(version.c_str() + digits, nullptr, 10));
    return {};
}

Result<std::string> Manager::property(const std::string& object, const char* interface,
                                      const char* name) {
    BusError refusal;
    char* text = nullptr;
    const int error = sd_bus_get_property_string(bus_, kName, object.c_str(), interface, name,
                                                 &refusal.error, &text);
    if (error < 0) return Error(Errc::system, refusal.text(-error));
    std::string out(text);
    std::free(text);
    return out;
}

Result<sd_bus_message*> Manager::new_call(const char* method) {
    sd_bus_message* call = nullptr;
    const int error = sd_bus_message_new_method_call(bus_, &call, kName, kObject, kManager, method);
    if (error < 0) return Error::from_errno(-error, method);
    return call;
}

Result<Manager::Reply> Manager::send(sd_bus_message* call, const std::string& clause) {
    BusError refusal;
    sd_bus_message* reply = nullptr;
    const int error = sd_bus_call(bus_, call, 0, &refusal.error, &reply);
    sd_bus_message_unref(call);
    last_error_ = refusal.error.name != nullptr ? refusal.error.name : "";
    if (error < 0) return Error(Errc::system, refusal.text(-error)).in(clause);
    return Reply(reply);
}

Result<Manager::Reply> Manager::call_with_unit(const char* method, const std::string& unit,
                                               const char* mode) {
    NUCLEUS_TRY(sd_bus_message * call, new_call(method));
    int error = sd_bus_message_append(call, "s", unit.c_str());
    if (error >= 0 && mode != nullptr) error = sd_bus_message_append(call, "s", mode);
    if (error >= 0) return send(call, std::string("systemd: ") + method);
    sd_bus_message_unref(call);
    return Error::from_errno(-error, method);
}

// The end of a job is told by a signal, to those who have asked for signals.
Result<void> Manager::subscribe() {
    if (subscribed_) return {};
    const int error = sd_bus_match_signal(bus_, nullptr, through_daemon_ ? kName : nullptr, kObject,
                                          kManager, "JobRemoved", &Manager::note_job, this);
    if (error < 0) return Error::from_errno(-error, "systemd: listen to jobs");
    NUCLEUS_TRY(sd_bus_message * call, new_call("Subscribe"));
    NUCLEUS_CHECK(send(call, "systemd: Subscribe"));
    subscribed_ = true;
    return {};
}

int Manager::note_job(sd_bus_message* signal, void* self, sd_bus_error*) {
    std::uint32_t id = 0;
    const char *job = nullptr, *unit = nullptr, *result = nullptr;
    if (sd_bus_message_read(signal, "uoss", &id, &job, &unit, &result) >= 0)
        static_cast<Manager*>(self)->ended_jobs_[job] = result;
    return 0;
}

Result<std::string> Manager::await_job(const Reply& reply) {
    const char* path = nullptr;
    if (const int error = sd_bus_message_read(reply.message, "o", &path); error < 0)
        return Error::from_errno(-error, "systemd: read the job");
    const std::string job(path);
    const std::uint64_t deadline = now() + kJobTimeout;
    for (;;) {
        if (const auto ended = ended_jobs_.find(job); ended != ended_jobs_.end())
            return ended->second;
        int error = sd_bus_process(bus_, nullptr);
        if (error > 0) continue;
        const std::uint64_t time = now();
        if (error == 0 && time >= deadline)
            return Error(Errc::system, "systemd: the job did not end within 30 s");
        if (error == 0) error = sd_bus_wait(bus_, deadline - time);
        if (error < 0 && error != -EINTR)
            return Error::from_errno(-error, "systemd: await the job");
    }
}

Result<std::optional<Loaded>> Manager::look_up(const std::string& unit) {
    auto reply = call_with_unit("GetUnit", unit, nullptr);
    if (!reply && last_error_ == kNoSuchUnit) return std::optional<Loaded>();
    if (!reply) return std::move(reply).error();
    const char* path = nullptr;
    if (const int error = sd_bus_message_read(reply->message, "o", &path); error < 0)
        return Error::from_errno(-error, "systemd: GetUnit");
    const std::string object(path);
    Loaded loaded;
    NUCLEUS_TRY(loaded.description, property(object, kUnit, "Description"));
    NUCLEUS_TRY(const std::string state, property(object, kUnit, "ActiveState"));
    loaded.active = state != "inactive" && state != "failed";
    return std::optional<Loaded>(std::move(loaded));
}

Result<void> Manager::append_properties(sd_bus_message* call,
                                        const std::vector<Property>& properties) {
    int error = sd_bus_message_open_container(call, SD_BUS_TYPE_ARRAY, "(sv)");
    for (const Property& each : properties) {
        if (each.since > version_) continue;
        if (error >= 0) error = sd_bus_message_open_container(call, SD_BUS_TYPE_STRUCT, "sv");
        if (error >= 0) error = sd_bus_message_append(call, "s", each.name.c_str());
        if (error >= 0) error = append_variant(call, each.value);
        if (error >= 0) error = sd_bus_message_close_container(call);
        if (error < 0) return Error::from_errno(-error, "systemd: property " + each.name);
    }
    if (error >= 0) error = sd_bus_message_close_container(call);
    if (error < 0) return Error::from_errno(-error, "systemd: properties");
    return {};
}

Result<void> Manager::try_start(const std::string& unit, const std::vector<Property>& properties) {
    NUCLEUS_CHECK(subscribe());
    NUCLEUS_TRY(sd_bus_message * call, new_call("StartTransientUnit"));
    Reply owned(call);
    int error = sd_bus_message_append(call, "ss", unit.c_str(), "fail");
    if (error < 0) return Error::from_errno(-error, "systemd: StartTransientUnit");
    NUCLEUS_CHECK(append_properties(call, properties));
    error = sd_bus_message_append(call, "a(sa(sv))", 0);
    if (error < 0) return Error::from_errno(-error, "systemd: StartTransientUnit");
    NUCLEUS_TRY(const Reply reply, send(sd_bus_message_ref(call), "systemd: StartTransientUnit"));
    auto result = await_job(reply);
    if (result && *result == "done") return {};
    // Whatever has come to be of it is ours alone: the name was free.
    (void)call_with_unit("StopUnit", unit, "replace");
    forget(unit);
    last_error_.clear();
    if (!result) return std::move(result).error();
    return Error(Errc::system,
                 "systemd: the start of unit '" + unit + "' ended as '" + *result + "'");
}

Result<void> Manager::start(const std::string& unit, const std::vector<Property>& properties) {
    auto started = try_start(unit, properties);
    if (started || last_error_ != kUnitExists) return started;
    // One that has failed stays loaded until it is forgotten; a living one is not touched by this.
    forget(unit);
    started = try_start(unit, properties);
    return started;
}

Result<void> Manager::change(const std::string& unit, const std::vector<Property>& properties) {
    NUCLEUS_TRY(sd_bus_message * call, new_call("SetUnitProperties"));
    Reply owned(call);
    constexpr int kUntilItEnds = 1;
    const int error = sd_bus_message_append(call, "sb", unit.c_str(), kUntilItEnds);
    if (error < 0) return Error::from_errno(-error, "systemd: SetUnitProperties");
    NUCLEUS_CHECK(append_properties(call, properties));
    NUCLEUS_CHECK(send(sd_bus_message_ref(call), "systemd: SetUnitProperties"));
    return {};
}

Result<void> Manager::attach(const std::string& unit, std::uint32_t pid) {
    NUCLEUS_TRY(sd_bus_message * call, new_call("AttachProcessesToUnit"));
    const int error = sd_bus_message_append(call, "ssau", unit.c_str(), "", 1, pid);
    if (error >= 0) {
        NUCLEUS_CHECK(send(call, "systemd: AttachProcessesToUnit"));
        return {};
    }
    sd_bus_message_unref(call);
    return Error::from_errno(-error, "systemd: AttachProcessesToUnit");
}

void Manager::forget(const std::string& unit) {
    (void)call_with_unit("ResetFailedUnit", unit, nullptr);
}

Result<void> Manager::stop(const std::string& unit) {
    NUCLEUS_CHECK(subscribe());
    auto reply = call_with_unit("StopUnit", unit, "replace");
    if (!reply && last_error_ == kNoSuchUnit) return {};
    if (!reply) return std::move(reply).error();
    NUCLEUS_TRY(const std::string result, await_job(*reply));
    forget(unit);
    if (result == "done" || result == "skipped") return {};
    return Error(Errc::system,
                 "systemd: the stop of unit '" + unit + "' ended as '" + result + "'");
}

}  // namespace nucleus::systemd
