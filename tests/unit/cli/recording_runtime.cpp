#include "recording_runtime.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "spec/resources_text.hpp"

namespace nucleus::cli::test {

namespace {

// `name value` pairs of what differs from the default, so that a line shows exactly what was asked
// for.
class Line {
public:
    explicit Line(const std::string& verb) : text_(verb) {}
    Line& add(const char* name, const std::string& value) {
        if (!value.empty()) text_ += std::string(" ") + name + "=" + value;
        return *this;
    }
    Line& add(const char* name, bool on) { return add(name, std::string(on ? "yes" : "")); }
    Line& add(const char* name, std::uint32_t value) {
        return add(name, value == 0 ? std::string() : std::to_string(value));
    }
    Line& add(const char* name, const std::optional<bool>& choice) {
        return add(name, std::string(!choice ? "" : *choice ? "yes" : "no"));
    }
    Line& add(const char* name, const std::vector<std::string>& values) {
        std::string joined;
        for (const auto& value : values) joined += (joined.empty() ? "" : "|") + value;
        return add(name, joined);
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

Line creation(const char* verb, const runtime::CreateRequest& request) {
    return Line(verb)
        .add("id", request.id)
        .add("bundle", request.bundle)
        .add("config", request.config)
        .add("console_socket", request.console_socket)
        .add("pidfd_socket", request.pidfd_socket)
        .add("pid_file", request.pid_file)
        .add("no_pivot", request.no_pivot)
        .add("no_new_keyring", request.no_new_keyring)
        .add("listen_fds", request.listen_fds)
        .add("preserve_fds", request.preserve_fds);
}

}  // namespace

Result<void> RecordingRuntime::answer(std::string call, Warnings& warnings) {
    script_.calls.push_back(std::move(call));
    warnings.insert(warnings.end(), script_.warnings.begin(), script_.warnings.end());
    const bool meant = !script_.failing_id ||
                       script_.calls.back().find("id=" + *script_.failing_id) != std::string::npos;
    if (script_.failure && meant) return *script_.failure;
    return {};
}

Result<void> RecordingRuntime::create(const runtime::CreateRequest& request, Warnings& warnings) {
    return answer(creation("create", request).text(), warnings);
}

Result<void> RecordingRuntime::start(const std::string& id, Warnings& warnings) {
    return answer("start id=" + id, warnings);
}

Result<runtime::ContainerState> RecordingRuntime::state(const std::string& id) {
    Warnings none;
    NUCLEUS_CHECK(answer("state id=" + id, none));
    return script_.states.at(0);
}

Result<void> RecordingRuntime::kill(const runtime::KillRequest& request, Warnings& warnings) {
    const std::string signal = std::to_string(request.signal);
    return answer(
        Line("kill").add("id", request.id).add("signal", signal).add("all", request.all).text(),
        warnings);
}

Result<void> RecordingRuntime::remove(const runtime::DeleteRequest& request, Warnings& warnings) {
    return answer(Line("delete").add("id", request.id).add("force", request.force).text(),
                  warnings);
}

Result<int> RecordingRuntime::run(const runtime::RunRequest& request, Warnings& warnings) {
    NUCLEUS_CHECK(answer(creation("run", request)
                             .add("detach", request.detach)
                             .add("keep", request.keep)
                             .add("no_subreaper", request.no_subreaper)
                             .text(),
                         warnings));
    return script_.status;
}

Result<int> RecordingRuntime::exec(const runtime::ExecRequest& request, Warnings& warnings) {
    Line line("exec");
    line.add("id", request.id)
        .add("process", request.process_file)
        .add("args", request.args)
        .add("cwd", request.cwd)
        .add("env", request.env)
        .add("tty", request.tty);
    if (request.user) {
        line.add("uid", std::to_string(request.user->uid));
        if (request.user->gid) line.add("gid", std::to_string(*request.user->gid));
    }
    for (const std::uint32_t gid : request.additional_gids) line.add("group", std::to_string(gid));
    line.add("caps", request.caps)
        .add("no_new_privs", request.no_new_privs)
        .add("label", request.process_label)
        .add("apparmor", request.apparmor_profile)
        .add("cgroups", request.cgroups)
        .add("detach", request.detach)
        .add("ignore_paused", request.ignore_paused)
        .add("console_socket", request.console_socket)
        .add("pidfd_socket", request.pidfd_socket)
        .add("pid_file", request.pid_file)
        .add("preserve_fds", request.preserve_fds);
    NUCLEUS_CHECK(answer(line.text(), warnings));
    return script_.status;
}

Result<void> RecordingRuntime::pause(const std::string& id) {
    Warnings none;
    return answer("pause id=" + id, none);
}

Result<void> RecordingRuntime::resume(const std::string& id) {
    Warnings none;
    return answer("resume id=" + id, none);
}

Result<std::vector<std::int32_t>> RecordingRuntime::processes(const std::string& id) {
    Warnings none;
    NUCLEUS_CHECK(answer("ps id=" + id, none));
    return std::vector<std::int32_t>{12, 34};
}

Result<std::string> RecordingRuntime::process_table(const std::vector<std::int32_t>& pids,
                                                    const std::vector<std::string>& arguments) {
    std::string line = std::to_string(pids.size()) + " rows of ps";
    for (const std::string& argument : arguments) line += " " + argument;
    return line + "\n";
}

Result<void> RecordingRuntime::events(const runtime::EventsRequest& request,
                                      const runtime::EventSink&) {
    Warnings none;
    return answer(
        Line("events")
            .add("id", request.id)
            .add("once", request.once)
            .add("interval", std::to_string(request.interval.count()) + "ns")
            .add("pressure", std::string(request.pressure ? word_of(*request.pressure) : ""))
            .text(),
        none);
}

Result<void> RecordingRuntime::update(const runtime::UpdateRequest& request, Warnings& warnings) {
    base::JsonWriter json;
    spec::write(json, request.resources);
    return answer(Line("update")
                      .add("id", request.id)
                      .add("resources", json.text())
                      .add("l3", request.l3_cache_schema)
                      .add("mb", request.mem_bw_schema)
                      .text(),
                  warnings);
}

Result<std::vector<runtime::ContainerState>> RecordingRuntime::list(Warnings& warnings) {
    NUCLEUS_CHECK(answer("list", warnings));
    return script_.states;
}

Outcome run(Script& script, const std::vector<std::string>& arguments, Environment environment) {
    sys::LinuxKernel kernel;
    const std::vector<std::string_view> views(arguments.begin(), arguments.end());
    const RuntimeFactory factory = [&](runtime::Settings settings) {
        script.settings = std::move(settings);
        return std::make_unique<RecordingRuntime>(script);
    };
    return run_program(views, {kernel, environment, factory, "/nonexistent/nucleus.yaml"});
}

TemporaryDirectory::TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "nucleus-cli-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string contents(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

void write_file(const std::string& path, const std::string& text, unsigned mode) {
    std::ofstream(path) << text;
    if (chmod(path.c_str(), mode) != 0) throw std::runtime_error("chmod failed");
}

}  // namespace nucleus::cli::test
