// systemd's manager object on one bus (org.freedesktop.systemd1(5)).
#pragma once

#include <systemd/sd-bus.h>

#include <map>
#include <optional>
#include <string>

#include "systemd/messages.hpp"

namespace nucleus::systemd {

struct Loaded {
    std::string description;
    bool active = false;
};

class Manager {
public:
    Manager() = default;
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;
    ~Manager();

    // The first of the addresses behind which a systemd answers. Errc::unsupported: none.
    Result<void> open(std::string_view addresses);
    const std::string& control_group() const { return control_group_; }

    Result<std::optional<Loaded>> look_up(const std::string& unit);
    Result<void> start(const std::string& unit, const std::vector<Property>& properties);
    Result<void> change(const std::string& unit, const std::vector<Property>& properties);
    Result<void> attach(const std::string& unit, std::uint32_t pid);
    Result<void> stop(const std::string& unit);

private:
    struct Reply;

    Result<void> connect(const std::string& address);
    Result<void> subscribe();
    Result<std::string> property(const std::string& object, const char* interface,
                                 const char* name);
    Result<sd_bus_message*> new_call(const char* method);
    Result<void> append_properties(sd_bus_message* call, const std::vector<Property>& properties);
    // Sends and waits for the reply; owns the call from here on.
    Result<Reply> send(sd_bus_message* call, const std::string& clause);
    Result<Reply> call_with_unit(const char* method, const std::string& unit, const char* mode);
    Result<void> try_start(const std::string& unit, const std::vector<Property>& properties);
    // How the job that the reply names has ended: "done", "failed", ...
    Result<std::string> await_job(const Reply& reply);
    void forget(const std::string& unit);
    static int note_job(sd_bus_message* signal, void* self, sd_bus_error*);

    sd_bus* bus_ = nullptr;
    bool through_daemon_ = true;
    bool subscribed_ = false;
    std::uint32_t version_ = 0;
    std::string control_group_;
    std::map<std::string, std::string> ended_jobs_;  // object path → result
    std::string last_error_;                         // the D-Bus name of the last refusal
};

}  // namespace nucleus::systemd
