#include <fcntl.h>

#include <cerrno>

#include "cli/command.hpp"
#include "cli/default_bundle.hpp"
#include "sys/files.hpp"

namespace nucleus::cli {

namespace {

constexpr const char* kConfig = "config.json";

void describe(OptionTable& table) {
    table
        .text("bundle,b", "DIR",
              "directory to write config.json into (default: the working directory)")
        .flag("rootless", "for a container in a user namespace that maps only the caller's ids");
}

Result<void> write_config(sys::Kernel& kernel, const std::string& bundle, const std::string& text) {
    base::UniqueFd directory;
    NUCLEUS_TRY(directory, sys::open_at(kernel, AT_FDCWD, bundle, O_PATH | O_DIRECTORY));
    const int opened =
        kernel.openat(directory.get(), kConfig, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (opened == -EEXIST)
        return Error(Errc::already_exists, "File config.json exists. Remove it first");
    if (opened < 0) return Error::from_errno(-opened, "create 'config.json'");
    const base::UniqueFd file(opened);
    auto written = sys::write_fd(kernel, file.get(), kConfig, text);
    // Half a config.json would only stand in the way of the next try.
    if (!written) (void)kernel.unlinkat(directory.get(), kConfig, 0);
    return written;
}

Result<int> execute(Invocation& invocation) {
    std::optional<RootlessIds> rootless;
    if (invocation.options.flag("rootless"))
        rootless = RootlessIds{invocation.kernel.geteuid(), invocation.kernel.getegid()};
    const std::string bundle = invocation.options.text("bundle");
    NUCLEUS_CHECK(
        write_config(invocation.kernel, bundle.empty() ? "." : bundle, default_config(rootless))
            .in("spec"));
    return 0;
}

}  // namespace

constinit const Command kSpecCommand{
    "spec",   "",     0, 0, AfterOperand::options, "write a config.json to begin with",
    describe, execute};

}  // namespace nucleus::cli
