// The Runtime on the real kernel: each command is a function of its own file.
#include "nucleus/runtime.hpp"

#include "runtime/session.hpp"
#include "sys/linux_kernel.hpp"

namespace nucleus::runtime {

namespace {

class LinuxRuntime final : public Runtime {
public:
    explicit LinuxRuntime(Settings settings) : session_(kernel_, std::move(settings)) {}

    Result<void> create(const CreateRequest& request, Warnings& warnings) override {
        return runtime::create(session_, request, warnings);
    }
    Result<void> start(const std::string& id, Warnings& warnings) override {
        return runtime::start(session_, id, warnings);
    }
    Result<ContainerState> state(const std::string& id) override {
        return runtime::state(session_, id);
    }
    Result<void> kill(const KillRequest& request, Warnings& warnings) override {
        return runtime::kill(session_, request, warnings);
    }
    Result<void> remove(const DeleteRequest& request, Warnings& warnings) override {
        return runtime::remove(session_, request, warnings);
    }
    Result<int> run(const RunRequest& request, Warnings& warnings) override {
        return runtime::run(session_, request, warnings);
    }
    Result<int> exec(const ExecRequest& request, Warnings& warnings) override {
        return runtime::exec(session_, request, warnings);
    }
    Result<void> pause(const std::string& id) override { return runtime::pause(session_, id); }
    Result<void> resume(const std::string& id) override { return runtime::resume(session_, id); }
    Result<std::vector<std::int32_t>> processes(const std::string& id) override {
        return runtime::processes(session_, id);
    }
    Result<std::string> process_table(const std::vector<std::int32_t>& pids,
                                      const std::vector<std::string>& arguments) override {
        return runtime::process_table(kernel_, pids, arguments);
    }
    Result<std::vector<std::string>> ids() override { return session_.store.list(); }
    Result<void> events(const EventsRequest& request, const EventSink& sink) override {
        return runtime::events(session_, request, sink);
    }
    Result<void> update(const UpdateRequest& request, Warnings& warnings) override {
        return runtime::update(session_, request, warnings);
    }
    Result<std::vector<ContainerState>> list(Warnings& warnings) override {
        return runtime::list(session_, warnings);
    }

private:
    sys::LinuxKernel kernel_;
    Session session_;
};

}  // namespace

std::unique_ptr<Runtime> make_runtime(Settings settings) {
    return std::make_unique<LinuxRuntime>(std::move(settings));
}

}  // namespace nucleus::runtime
