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
        .text("file,f", "FILE", "another name for config.json, relative to the bundle")
        .flag("rootless", "for a container in a user namespace that maps only the caller's ids");
}

Result<void> write_config(sys::Kernel& kernel, const std::string& bundle, const std::string& name,
                          const std::string& text) {
    base::UniqueFd directory;
    NUCLEUS_TRY(directory, sys::open_at(kernel, AT_FDCWD, bundle, O_PATH | O_DIRECTORY));
    const int opened =
        kernel.openat(directory.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (opened == -EEXIST)
        return Error(Errc::already_exists, "File " + name + " exists. Remove it first");
    if (opened < 0) return Error::from_errno(-opened, "create '" + name + "'");
    const base::UniqueFd file(opened);
    auto written = sys::write_fd(kernel, file.get(), name, text);
    // Half a config.json would only stand in the way of the next try.
    if (!written) (void)kernel.unlinkat(directory.get(), name.c_str(), 0);
    return written;
}

Result<int> execute(Invocation& invocation) {
    std::optional<RootlessIds> rootless;
    if (invocation.options.flag("rootless"))
        rootless = RootlessIds{invocation.kernel.geteuid(), invocation.kernel.getegid()};
    const std::string bundle = invocation.options.text("bundle");
    const std::string file = invocation.options.text("file");
    NUCLEUS_CHECK(write_config(invocation.kernel, bundle.empty() ? "." : bundle,
                               file.empty() ? kConfig : file, default_config(rootless))
                      .in("spec"));
    return 0;
}

}  // namespace

constinit const Command kSpecCommand{
    "spec",   "",     0, 0, AfterOperand::options, "write a config.json to begin with",
    describe, execute};

}  // namespace nucleus::cli
