// checkpoint, restore and mounts: refused by this version. Their options are known all the same:
// podman asks `checkpoint --help` and `restore --lsm-mount-context` what this runtime can (contract
// B2), and a mistyped option is told apart from one that is not carried out.
#include "cli/command.hpp"

namespace nucleus::cli {

namespace {

constexpr const char* kManageCgroups = "soft, full, strict, ignore or none";

void describe_both(OptionTable& table) {
    table.text("image-path", "DIR", "directory of the checkpoint")
        .text("work-path", "DIR", "directory of CRIU's own files")
        .flag("tcp-established", "with TCP connections")
        .flag("ext-unix-sk", "with connected Unix sockets")
        .flag("shell-job", "with a terminal of the caller's")
        .flag("file-locks", "with file locks")
        .text("manage-cgroups-mode", "MODE", kManageCgroups)
        .list("empty-ns", "KIND", "a namespace that is left empty; may be repeated")
        .flag("auto-dedup", "drop memory pages that are stored twice")
        .flag("lazy-pages", "hand memory pages on when they are needed")
        .text("network-lock", "METHOD", "iptables, nftables or skip");
}

void describe_checkpoint(OptionTable& table) {
    describe_both(table);
    table.text("parent-path", "DIR", "an earlier checkpoint, to store only what has changed")
        .flag("leave-running", "let the container run on")
        .flag("pre-dump", "store memory only, and let the container run on")
        .flag("tcp-skip-in-flight", "without TCP connections that are being made")
        .flag("link-remap", "with open files that have no name any more")
        .text("status-fd", "FD", "descriptor that is told when lazy pages can be asked for")
        .text("page-server", "HOST:PORT", "send memory pages there");
}

void describe_restore(OptionTable& table) {
    describe_both(table);
    table.text("bundle,b", "DIR", "directory of config.json")
        .text("console-socket", "PATH", "socket that receives the master of the terminal")
        .text("pid-file", "FILE", "file that receives the process id")
        .flag("detach,d", "return when the program runs")
        .flag("no-pivot", "enter the root by chroot instead of pivot_root")
        .flag("no-new-keyring", "keep the caller's session keyring")
        .flag("no-subreaper", "do not adopt the container's orphans")
        .flag("tcp-close", "close TCP connections")
        .text("lsm-profile", "TYPE:NAME", "profile or label of the security module")
        .text("lsm-mount-context", "CONTEXT", "SELinux label of the mounts");
}

Error refuse(std::string_view name, std::string_view id) {
    return Error(Errc::unsupported,
                 clause(name, id) + ": checkpoint and restore are not supported by this version");
}

Result<int> checkpoint(Invocation& invocation) {
    return refuse("checkpoint", invocation.operands.front());
}

Result<int> restore(Invocation& invocation) {
    return refuse("restore", invocation.operands.front());
}

void describe_nothing(OptionTable&) {}

Result<int> mounts(Invocation&) {
    return Error(Errc::unsupported,
                 "mounts: mounts of a running container are not supported by this version");
}

}  // namespace

constinit const Command kCheckpointCommand{"checkpoint",
                                           "ID",
                                           1,
                                           1,
                                           AfterOperand::options,
                                           "store a running container (not in this version)",
                                           describe_checkpoint,
                                           checkpoint};

constinit const Command kRestoreCommand{"restore",
                                        "ID",
                                        1,
                                        1,
                                        AfterOperand::options,
                                        "go on with a stored container (not in this version)",
                                        describe_restore,
                                        restore};

constinit const Command kMountsCommand{
    "mounts",
    "add|remove ID FILE",
    1,
    3,
    AfterOperand::options,
    "change the mounts of a running container (not in this version)",
    describe_nothing,
    mounts};

}  // namespace nucleus::cli
