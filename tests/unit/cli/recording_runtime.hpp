// A Runtime that writes down what it is asked, one line a call, and answers as it was told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/program.hpp"
#include "nucleus/runtime.hpp"
#include "sys/linux_kernel.hpp"

namespace nucleus::cli::test {

struct Script {
    std::vector<std::string> calls;
    runtime::Settings settings;    // of the last runtime that was made
    std::optional<Error> failure;  // what every call answers
    Warnings warnings;             // what every call adds
    int status = 0;                // of run and exec
    std::vector<runtime::ContainerState> states;
    std::vector<std::string> ids;
    std::optional<std::string> failing_id;  // only this one's calls fail
};

class RecordingRuntime final : public runtime::Runtime {
public:
    explicit RecordingRuntime(Script& script) : script_(script) {}

    Result<void> create(const runtime::CreateRequest& request, Warnings& warnings) override;
    Result<void> start(const std::string& id, Warnings& warnings) override;
    Result<runtime::ContainerState> state(const std::string& id) override;
    Result<void> kill(const runtime::KillRequest& request, Warnings& warnings) override;
    Result<void> remove(const runtime::DeleteRequest& request, Warnings& warnings) override;
    Result<int> run(const runtime::RunRequest& request, Warnings& warnings) override;
    Result<int> exec(const runtime::ExecRequest& request, Warnings& warnings) override;
    Result<void> pause(const std::string& id) override;
    Result<void> resume(const std::string& id) override;
    Result<std::vector<std::int32_t>> processes(const std::string& id) override;
    Result<std::string> process_table(const std::vector<std::int32_t>& pids,
                                      const std::vector<std::string>& arguments) override;
    Result<std::vector<std::string>> ids() override { return script_.ids; }
    Result<void> events(const runtime::EventsRequest& request,
                        const runtime::EventSink& sink) override;
    Result<void> update(const runtime::UpdateRequest& request, Warnings& warnings) override;
    Result<std::vector<runtime::ContainerState>> list(Warnings& warnings) override;

private:
    Result<void> answer(std::string call, Warnings& warnings);

    Script& script_;
};

// Runs the program on `arguments` in an environment without a settings file of the machine's own.
Outcome run(Script& script, const std::vector<std::string>& arguments,
            Environment environment = {});

// A directory of one test, removed with it.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

std::string contents(const std::string& path);
void write_file(const std::string& path, const std::string& text, unsigned mode = 0600);

}  // namespace nucleus::cli::test
