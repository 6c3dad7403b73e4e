// A systemd for tests: the manager's object (org.freedesktop.systemd1(5)) on a bus of the test's,
// as far as a container runtime asks for it. It makes the cgroups and moves the processes, below a
// cgroup of the test's, and writes down each call with its properties as one JSON object a line.
// What it does wrong a file says, which is read again for each call.
//
// usage: fake-systemd ADDRESS LOG BEHAVIOUR CGROUP HIERARCHY...
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace {

constexpr const char* kName = "org.freedesktop.systemd1";
constexpr const char* kObject = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnit = "org.freedesktop.systemd1.Unit";
constexpr const char* kUnits = "/org/freedesktop/systemd1/unit";

[[noreturn]] void die(const std::string& what, int error) {
    std::cerr << "fake-systemd: " << what << ": " << std::generic_category().message(error) << "\n";
    std::exit(1);
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

struct Unit {
    std::string description, slice, state = "active";
    std::vector<std::string> directories;
    unsigned number = 0;
};

class Systemd {
public:
    Systemd(char** arguments, int count)
        : log_(arguments[1], std::ios::app), behaviour_(arguments[2]), cgroup_(arguments[3]) {
        for (int i = 4; i < count; ++i) hierarchies_.push_back(arguments[i]);
    }

    sd_bus* bus = nullptr;

    // The rest of the line of the behaviour file that begins with `word`, or nothing.
    bool told(const std::string& word, std::string& rest) const {
        std::ifstream file(behaviour_);
        for (std::string line; std::getline(file, line);) {
            std::istringstream words(line);
            std::string first;
            words >> first;
            if (first != word) continue;
            std::getline(words >> std::ws, rest);
            return true;
        }
        return false;
    }
    bool told(const std::string& word) const {
        std::string rest;
        return told(word, rest);
    }

    void note(const std::string& call, const std::string& members) {
        log_ << "{\"call\": " << quoted(call) << members << "}" << std::endl;
    }

    std::string version() const {
        std::string version = "252.38-1~fake";
        (void)told("version", version);
        return version;
    }
    const std::string& cgroup() const { return cgroup_; }

    // Units whose processes have ended are gone; those that the test wants to be there come.
    void refresh() {
        for (auto unit = units_.begin(); unit != units_.end();) {
            const bool over = unit->second.state == "active" && !unit->second.directories.empty() &&
                              members(unit->second).empty();
            if (over) remove_directories(unit->second);
            unit = over ? units_.erase(unit) : std::next(unit);
        }
        std::ifstream file(behaviour_);
        for (std::string line; std::getline(file, line);) {
            std::istringstream words(line);
            std::string first, name, state, description;
            words >> first >> name >> state;
            if (first != "unit" || made_.count(name) != 0) continue;
            std::getline(words >> std::ws, description);
            made_[name] = true;
            Unit unit;
            unit.description = description;
            unit.state = state;
            add(name, unit);
        }
    }

    Unit* find(const std::string& name) {
        const auto found = units_.find(name);
        return found == units_.end() ? nullptr : &found->second;
    }
    Unit* find_object(const std::string& path) {
        for (auto& [name, unit] : units_)
            if (path == object_of(unit)) return &unit;
        return nullptr;
    }
    void add(const std::string& name, Unit unit) {
        unit.number = ++last_number_;
        units_[name] = std::move(unit);
    }
    static std::string object_of(const Unit& unit) {
        return std::string(kUnits) + "/u" + std::to_string(unit.number);
    }
    void forget(const std::string& name) { units_.erase(name); }

    void place(const std::string& name, Unit& unit, const std::vector<std::uint32_t>& pids) {
        std::string below = cgroup_;
        const std::string stem = unit.slice.substr(0, unit.slice.rfind('.'));
        for (std::size_t dash = stem.find('-');; dash = stem.find('-', dash + 1)) {
            below += "/" + stem.substr(0, dash) + ".slice";
            if (dash == stem.npos) break;
        }
        below += "/" + name;
        for (const std::string& hierarchy : hierarchies_) {
            std::string path = hierarchy;
            std::istringstream parts(below);
            for (std::string part; std::getline(parts, part, '/');)
                if (!part.empty()) mkdir((path += "/" + part).c_str(), 0755);
            unit.directories.push_back(path);
            for (const std::uint32_t pid : pids) move(path, pid);
        }
    }
    static void move(const std::string& directory, std::uint32_t pid) {
        std::ofstream file(directory + "/cgroup.procs");
        file << pid << std::flush;
    }

    void stop(const std::string& name) {
        Unit& unit = units_.at(name);
        for (int i = 0; i < 200 && !members(unit).empty(); ++i) {
            for (const pid_t pid : members(unit)) kill(pid, SIGKILL);
            usleep(5000);
        }
        remove_directories(unit);
        forget(name);
    }

    // Answers the call with a job, and says after it that the job is over.
    int answer_with_job(sd_bus_message* call, const std::string& unit, const std::string& result) {
        const std::string job = "/org/freedesktop/systemd1/job/" + std::to_string(++last_job_);
        const int error = sd_bus_reply_method_return(call, "o", job.c_str());
        if (error < 0 || result == "silence") return error;
        return sd_bus_emit_signal(bus, kObject, kManager, "JobRemoved", "uoss", last_job_,
                                  job.c_str(), unit.c_str(), result.c_str());
    }

private:
    static std::vector<pid_t> members(const Unit& unit) {
        std::vector<pid_t> out;
        for (const std::string& directory : unit.directories) {
            std::ifstream file(directory + "/cgroup.procs");
            for (pid_t pid; file >> pid;) out.push_back(pid);
        }
        return out;
    }
    // With the slices above that nobody uses any more.
    void remove_directories(const Unit& unit) const {
        for (std::string directory : unit.directories) {
            for (int i = 0; i < 100 && rmdir(directory.c_str()) < 0 && errno == EBUSY; ++i)
                usleep(5000);
            for (;;) {
                directory.resize(directory.rfind('/'));
                if (directory.ends_with(cgroup_) || rmdir(directory.c_str()) < 0) break;
            }
        }
    }

    std::ofstream log_;
    std::string behaviour_, cgroup_;
    std::vector<std::string> hierarchies_;
    std::map<std::string, Unit> units_;
    std::map<std::string, bool> made_;
    unsigned last_number_ = 0;
    std::uint32_t last_job_ = 0;
};

// One value of a message as JSON; strings of properties that matter are caught on the way.
std::string read_value(sd_bus_message* message) {
    char type = 0;
    const char* contents = nullptr;
    if (sd_bus_message_peek_type(message, &type, &contents) <= 0) return "null";
    if (type == 'a' || type == 'r' || type == 'e' || type == 'v') {
        std::string out = "[";
        sd_bus_message_enter_container(message, type, contents);
        while (sd_bus_message_at_end(message, 0) == 0)
            out += (out == "[" ? "" : ", ") + read_value(message);
        sd_bus_message_exit_container(message);
        return out + "]";
    }
    union {
        std::uint8_t byte;
        std::int32_t i;
        std::uint32_t u;
        std::int64_t x;
        std::uint64_t t;
        double d;
        const char* text;
        std::int16_t n;
        std::uint16_t q;
    } value{};
    sd_bus_message_read_basic(message, type, &value);
    switch (type) {
        case 'y':
            return std::to_string(value.byte);
        case 'b':
            return value.i != 0 ? "true" : "false";
        case 'n':
            return std::to_string(value.n);
        case 'q':
            return std::to_string(value.q);
        case 'i':
            return std::to_string(value.i);
        case 'u':
            return std::to_string(value.u);
        case 'x':
            return std::to_string(value.x);
        case 't':
            return std::to_string(value.t);
        case 'd':
            return std::to_string(value.d);
        default:
            return quoted(value.text);
    }
}

struct Properties {
    std::string json;  // [[NAME, TYPE, VALUE], ...]
    std::map<std::string, std::string> values;
};

Properties read_properties(sd_bus_message* message) {
    Properties out;
    sd_bus_message_enter_container(message, 'a', "(sv)");
    while (sd_bus_message_enter_container(message, 'r', "sv") > 0) {
        const char *name = nullptr, *type = nullptr;
        char variant = 0;
        sd_bus_message_read(message, "s", &name);
        sd_bus_message_peek_type(message, &variant, &type);
        const std::string signature(type);
        sd_bus_message_enter_container(message, 'v', signature.c_str());
        const std::string value = read_value(message);
        sd_bus_message_exit_container(message);
        sd_bus_message_exit_container(message);
        out.values[name] = value;
        out.json += std::string(out.json.empty() ? "[" : ", [") + quoted(name) + ", " +
                    quoted(signature) + ", " + value + "]";
    }
    sd_bus_message_exit_container(message);
    out.json = "[" + out.json + "]";
    return out;
}

std::string unquoted(const std::string& text) {
    return text.size() < 2 ? "" : text.substr(1, text.size() - 2);
}

std::vector<std::uint32_t> numbers(const std::string& list) {
    std::vector<std::uint32_t> out;
    std::istringstream words(list.size() < 2 ? "" : list.substr(1, list.size() - 2));
    for (std::string word; std::getline(words, word, ',');)
        out.push_back(static_cast<std::uint32_t>(std::strtoul(word.c_str(), nullptr, 10)));
    return out;
}

int no_such_unit(sd_bus_error* error, const char* name) {
    return sd_bus_error_setf(error, "org.freedesktop.systemd1.NoSuchUnit", "Unit %s not loaded.",
                             name);
}

int start_transient(sd_bus_message* call, void* self, sd_bus_error* error) {
    auto& systemd = *static_cast<Systemd*>(self);
    systemd.refresh();
    const char *name = nullptr, *mode = nullptr;
    sd_bus_message_read(call, "ss", &name, &mode);
    const std::string unit_name(name);
    const Properties properties = read_properties(call);
    systemd.note("StartTransientUnit", ", \"unit\": " + quoted(unit_name) + ", \"mode\": " +
                                           quoted(mode) + ", \"properties\": " + properties.json);
    std::string text;
    if (systemd.find(unit_name) != nullptr)
        return sd_bus_error_setf(error, "org.freedesktop.systemd1.UnitExists",
                                 "Unit %s was already loaded or has a fragment file.", name);
    if (systemd.told("refuse-start", text))
        return sd_bus_error_set(error, "org.freedesktop.DBus.Error.InvalidArgs", text.c_str());
    const auto value = [&](const char* property) {
        const auto found = properties.values.find(property);
        return found == properties.values.end() ? std::string() : found->second;
    };
    Unit unit;
    unit.description = unquoted(value("Description"));
    unit.slice = unquoted(value("Slice"));
    if (systemd.told("fail-job")) {
        unit.state = "failed";
        systemd.add(unit_name, unit);
        return systemd.answer_with_job(call, unit_name, "failed");
    }
    systemd.place(unit_name, unit,
                  systemd.told("misplace") ? std::vector<std::uint32_t>() : numbers(value("PIDs")));
    systemd.add(unit_name, unit);
    return systemd.answer_with_job(call, unit_name, systemd.told("silence") ? "silence" : "done");
}

int stop_unit(sd_bus_message* call, void* self, sd_bus_error* error) {
    auto& systemd = *static_cast<Systemd*>(self);
    const char *name = nullptr, *mode = nullptr;
    sd_bus_message_read(call, "ss", &name, &mode);
    const std::string unit_name(name);
    systemd.note("StopUnit", ", \"unit\": " + quoted(unit_name));
    const Unit* unit = systemd.find(unit_name);
    if (unit == nullptr) return no_such_unit(error, name);
    if (unit->state == "active") systemd.stop(unit_name);
    return systemd.answer_with_job(call, unit_name, "done");
}

int reset_failed(sd_bus_message* call, void* self, sd_bus_error* error) {
    auto& systemd = *static_cast<Systemd*>(self);
    const char* name = nullptr;
    sd_bus_message_read(call, "s", &name);
    systemd.note("ResetFailedUnit", ", \"unit\": " + quoted(name));
    const Unit* unit = systemd.find(name);
    if (unit == nullptr) return no_such_unit(error, name);
    if (unit->state == "failed") systemd.forget(name);
    return sd_bus_reply_method_return(call, "");
}

int get_unit(sd_bus_message* call, void* self, sd_bus_error* error) {
    auto& systemd = *static_cast<Systemd*>(self);
    systemd.refresh();
    const char* name = nullptr;
    sd_bus_message_read(call, "s", &name);
    const Unit* unit = systemd.find(name);
    if (unit == nullptr) return no_such_unit(error, name);
    return sd_bus_reply_method_return(call, "o", Systemd::object_of(*unit).c_str());
}

int set_properties(sd_bus_message* call, void* self, sd_bus_error* error) {
    auto& systemd = *static_cast<Systemd*>(self);
    const char* name = nullptr;
    int runtime = 0;
    sd_bus_message_read(call, "sb", &name, &runtime);
    const std::string unit_name(name);
    const Properties properties = read_properties(call);
    systemd.note("SetUnitProperties", ", \"unit\": " + quoted(unit_name) +
                                          ", \"runtime\": " + (runtime != 0 ? "true" : "false") +
                                          ", \"properties\": " + properties.json);
    std::string text;
    if (systemd.told("refuse-change", text))
        return sd_bus_error_set(error, "org.freedesktop.DBus.Error.InvalidArgs", text.c_str());
    if (systemd.find(unit_name) == nullptr) return no_such_unit(error, unit_name.c_str());
    return sd_bus_reply_method_return(call, "");
}

int subscribe(sd_bus_message* call, void*, sd_bus_error*) {
    return sd_bus_reply_method_return(call, "");
}

int get_control_group(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply,
                      void* self, sd_bus_error*) {
    return sd_bus_message_append(reply, "s", static_cast<Systemd*>(self)->cgroup().c_str());
}

int get_version(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply, void* self,
                sd_bus_error*) {
    return sd_bus_message_append(reply, "s", static_cast<Systemd*>(self)->version().c_str());
}

int get_description(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply,
                    void* unit, sd_bus_error*) {
    return sd_bus_message_append(reply, "s", static_cast<Unit*>(unit)->description.c_str());
}

int get_state(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply, void* unit,
              sd_bus_error*) {
    return sd_bus_message_append(reply, "s", static_cast<Unit*>(unit)->state.c_str());
}

int find_unit(sd_bus*, const char* path, const char*, void* self, void** found, sd_bus_error*) {
    *found = static_cast<Systemd*>(self)->find_object(path);
    return *found != nullptr ? 1 : 0;
}

const sd_bus_vtable kManagerTable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", start_transient,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StopUnit", "ss", "o", stop_unit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("ResetFailedUnit", "s", "", reset_failed, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("GetUnit", "s", "o", get_unit, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("SetUnitProperties", "sba(sv)", "", set_properties, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Subscribe", "", "", subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("ControlGroup", "s", get_control_group, 0, 0),
    SD_BUS_PROPERTY("Version", "s", get_version, 0, 0),
    SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
    SD_BUS_VTABLE_END};

const sd_bus_vtable kUnitTable[] = {
    SD_BUS_VTABLE_START(0), SD_BUS_PROPERTY("Description", "s", get_description, 0, 0),
    SD_BUS_PROPERTY("ActiveState", "s", get_state, 0, 0), SD_BUS_VTABLE_END};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) die("five arguments are needed", EINVAL);
    Systemd systemd(argv + 1, argc - 1);
    int error = sd_bus_new(&systemd.bus);
    if (error >= 0) error = sd_bus_set_address(systemd.bus, argv[1]);
    if (error >= 0) error = sd_bus_set_bus_client(systemd.bus, 1);
    if (error >= 0) error = sd_bus_start(systemd.bus);
    if (error >= 0)
        error = sd_bus_add_object_vtable(systemd.bus, nullptr, kObject, kManager, kManagerTable,
                                         &systemd);
    if (error >= 0)
        error = sd_bus_add_fallback_vtable(systemd.bus, nullptr, kUnits, kUnit, kUnitTable,
                                           find_unit, &systemd);
    if (error >= 0) error = sd_bus_request_name(systemd.bus, kName, 0);
    if (error < 0) die("begin", -error);
    std::cout << "ready" << std::endl;
    for (;;) {
        error = sd_bus_process(systemd.bus, nullptr);
        if (error == 0) error = sd_bus_wait(systemd.bus, UINT64_MAX);
        if (error < 0 && error != -EINTR) die("serve", -error);
    }
}
