// The top of config.json: config.md but for the process.
#include "spec/parse.hpp"

#include "spec/document.hpp"
#include "spec/sections.hpp"
#include "spec/version.hpp"

namespace nucleus::spec {

void read(const Node& node, Root& out) {
    const ObjectReader object(node);
    object.required("path", out.path);
    object.optional("readonly", out.readonly);
}

void read(const Node& node, Mount& out) {
    const ObjectReader object(node);
    object.required("destination", out.destination);
    object.optional("type", out.type);
    object.optional("source", out.source);
    object.optional("options", out.options);
    object.optional("uidMappings", out.uid_mappings);
    object.optional("gidMappings", out.gid_mappings);
}

void read(const Node& node, Hook& out) {
    const ObjectReader object(node);
    object.required("path", out.path);
    object.optional("args", out.args);
    object.optional("env", out.env);
    object.optional("timeout", out.timeout);
    if (out.timeout && *out.timeout <= 0)
        node.fail_member("timeout", "expected a number greater than zero, found " +
                                        std::to_string(*out.timeout));
}

void read(const Node& node, Hooks& out) {
    const ObjectReader object(node);
    object.optional("prestart", out.prestart);
    object.optional("createRuntime", out.create_runtime);
    object.optional("createContainer", out.create_container);
    object.optional("startContainer", out.start_container);
    object.optional("poststart", out.poststart);
    object.optional("poststop", out.poststop);
}

namespace {

void check_version(const Node& node, const std::string& version) {
    if (node.failed()) return;
    const auto major = semver_major(version);
    if (!major)
        return node.fail_member("ociVersion", "'" + version + "' is no SemVer 2.0.0 version");
    // Minor versions are compatible both ways (config.md#specification-version), major versions are
    // not.
    if (*major != "1")
        node.fail_member("ociVersion",
                         "version " + version + " is not supported: nucleus implements 1.x");
}

}  // namespace

void read(const Node& node, Spec& out) {
    const ObjectReader object(node);
    object.required("ociVersion", out.oci_version);
    check_version(node, out.oci_version);
    // OPTIONAL on Windows only.
    object.required("root", out.root);
    object.optional("mounts", out.mounts);
    object.optional("process", out.process);
    object.optional("hostname", out.hostname);
    object.optional("domainname", out.domainname);
    object.optional("hooks", out.hooks);
    object.optional("annotations", out.annotations);
    object.optional("linux", out.linux_);
}

Result<Spec> parse(std::string_view bytes) { return read_document<Spec>("config.json", bytes); }

Result<Process> parse_process(std::string_view bytes) {
    return read_document<Process>("process.json", bytes);
}

}  // namespace nucleus::spec
