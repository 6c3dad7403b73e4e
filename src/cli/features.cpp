// `features`: the features document (features.md, features-linux.md).
#include <linux/seccomp.h>

#include <cerrno>

#include "base/json_writer.hpp"
#include "cli/command.hpp"
#include "enforce/seccomp.hpp"
#include "enforce/systemd_manager.hpp"
#include "nucleus/version.hpp"
#include "policy/features.hpp"

namespace nucleus::cli {

namespace {

using base::JsonWriter;
using policy::Features;
using policy::Words;

void describe(OptionTable&) {}

void write_words(JsonWriter& json, std::string_view name, const Words& words) {
    json.key(name).begin_array();
    for (const std::string_view word : words) json.value(word);
    json.end_array();
}

void write_enabled(JsonWriter& json, std::string_view name, bool enabled) {
    json.key(name).begin_object().member("enabled", enabled).end_object();
}

// The kernel looks at the flags before it reads the program, which is nowhere: EFAULT means that it
// knows them all (seccomp(2)). Nothing is loaded.
bool kernel_takes(sys::Kernel& kernel, std::uint64_t flag) {
    // WAIT_KILLABLE_RECV goes with a listener only.
    const std::uint64_t needed =
        flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
    return kernel.seccomp(SECCOMP_SET_MODE_FILTER, static_cast<unsigned>(flag | needed), nullptr) ==
           -EFAULT;
}

void write_cgroup(JsonWriter& json, const Features& features, sys::Kernel& kernel) {
    const bool systemd = enforce::has_systemd_program(kernel);
    json.key("cgroup").begin_object();
    json.member("v1", true).member("v2", true);
    json.member("systemd", systemd).member("systemdUser", systemd);
    json.member("rdma", features.rdma).end_object();
}

void write_seccomp(JsonWriter& json, const Features& features, sys::Kernel& kernel) {
    Words supported = features.seccomp_flags;
    std::erase_if(supported, [&](std::string_view flag) {
        return !kernel_takes(kernel, policy::seccomp_flag_bits(flag));
    });
    json.key("seccomp").begin_object().member("enabled", true);
    write_words(json, "actions", features.seccomp_actions);
    write_words(json, "operators", features.seccomp_operators);
    write_words(json, "archs", features.seccomp_architectures);
    write_words(json, "knownFlags", features.seccomp_flags);
    write_words(json, "supportedFlags", supported);
    json.end_object();
}

void write_linux(JsonWriter& json, const Features& features, sys::Kernel& kernel) {
    json.key("linux").begin_object();
    write_words(json, "namespaces", features.namespaces);
    write_words(json, "capabilities", features.capabilities);
    write_cgroup(json, features, kernel);
    write_seccomp(json, features, kernel);
    write_enabled(json, "apparmor", features.apparmor);
    write_enabled(json, "selinux", features.selinux);
    json.key("intelRdt").begin_object().member("enabled", features.intel_rdt);
    json.member("schemata", features.intel_rdt_schemata);
    json.member("monitoring", features.intel_rdt_monitoring).end_object();
    json.key("memoryPolicy").begin_object();
    write_words(json, "modes", features.memory_policy_modes);
    write_words(json, "flags", features.memory_policy_flags);
    json.end_object();
    json.key("mountExtensions").begin_object();
    write_enabled(json, "idmap", features.idmapped_mounts);
    json.end_object();
    write_enabled(json, "netDevices", features.net_devices);
    json.end_object();
}

void write_annotations(JsonWriter& json) {
    json.key("annotations").begin_object();
    json.member("io.github.seccomp.libseccomp.version", enforce::seccomp_library_version());
    json.member("io.nucleus.commit", build_commit());
    json.member("io.nucleus.version", kVersion).end_object();
    // A property of the unit may name programs that systemd executes on the host.
    write_words(json, "potentiallyUnsafeConfigAnnotations", {"org.systemd.property."});
}

Result<int> execute(Invocation& invocation) {
    const Features features = policy::built_in_features();
    JsonWriter json(JsonWriter::Style::indented);
    json.begin_object();
    json.member("ociVersionMin", kSpecVersionMin).member("ociVersionMax", kSpecVersion);
    write_words(json, "hooks", features.hooks);
    write_words(json, "mountOptions", features.mount_options);
    write_linux(json, features, invocation.kernel);
    write_annotations(json);
    invocation.output = json.end_object().text() + "\n";
    return 0;
}

}  // namespace

constinit const Command kFeaturesCommand{
    "features", "",     0, 0, AfterOperand::options, "print what nucleus can do, as JSON",
    describe,   execute};

}  // namespace nucleus::cli
