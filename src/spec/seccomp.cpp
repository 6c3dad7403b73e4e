// config-linux.md#seccomp.
#include "spec/sections.hpp"

namespace nucleus::spec {

void read(const Node& node, SeccompArg& out) {
    const ObjectReader object(node);
    object.required("index", out.index);
    object.required("value", out.value);
    object.optional("valueTwo", out.value_two);
    object.required("op", out.op);
}

void read(const Node& node, SeccompRule& out) {
    const ObjectReader object(node);
    object.required("names", out.names);
    object.required("action", out.action);
    object.optional("errnoRet", out.errno_ret);
    object.optional("args", out.args);
    if (!node.failed() && out.names.empty())
        node.fail_member("names", "at least one entry is required");
}

void read(const Node& node, Seccomp& out) {
    const ObjectReader object(node);
    object.required("defaultAction", out.default_action);
    object.optional("defaultErrnoRet", out.default_errno_ret);
    object.optional("architectures", out.architectures);
    object.optional("flags", out.flags);
    object.optional("listenerPath", out.listener_path);
    object.optional("listenerMetadata", out.listener_metadata);
    object.optional("syscalls", out.syscalls);
}

}  // namespace nucleus::spec
