// nucleus-systemd: requests in, answers out (README.md).
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "base/json_writer.hpp"
#include "systemd/manager.hpp"

namespace {

using namespace nucleus;
using base::JsonWriter;
using systemd::Manager;
using systemd::Request;

constexpr std::size_t kLargestRequest = 1 << 20;

Result<void> carry_out(Manager& manager, const Request& request, JsonWriter& answer) {
    if (request.request == "open") {
        NUCLEUS_CHECK(manager.open(request.bus));
        answer.member("controlGroup", manager.control_group());
        return {};
    }
    if (request.request == "look-up") {
        NUCLEUS_TRY(const auto loaded, manager.look_up(request.unit));
        answer.member("loaded", loaded.has_value());
        if (loaded)
            answer.member("active", loaded->active).member("description", loaded->description);
        return {};
    }
    if (request.request == "start") return manager.start(request.unit, request.properties);
    if (request.request == "change") return manager.change(request.unit, request.properties);
    if (request.request == "attach") return manager.attach(request.unit, request.pid);
    if (request.request == "stop") return manager.stop(request.unit);
    return Error(Errc::invalid_argument, "unknown request '" + request.request + "'");
}

std::string answer_to(Manager& manager, std::string_view packet) {
    JsonWriter answer;
    answer.begin_object();
    const auto done = [&]() -> Result<void> {
        NUCLEUS_TRY(const Request request, systemd::parse_request(packet));
        return carry_out(manager, request, answer);
    }();
    if (!done) {
        answer.member("error", done.error().message());
        if (done.error().code() == Errc::unsupported) answer.member("absent", true);
    }
    return answer.end_object().text();
}

}  // namespace

int main() {
    Manager manager;
    std::vector<char> packet(kLargestRequest);
    for (;;) {
        const ssize_t count = recv(STDIN_FILENO, packet.data(), packet.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        const std::string answer =
            answer_to(manager, {packet.data(), static_cast<std::size_t>(count)});
        if (send(STDOUT_FILENO, answer.data(), answer.size(), MSG_NOSIGNAL) < 0)
            return EXIT_FAILURE;
    }
}
