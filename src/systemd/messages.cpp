#include "systemd/messages.hpp"

#include "spec/document.hpp"

namespace nucleus::systemd {

void read(const spec::Node& node, Value& out) {
    const spec::ObjectReader object(node);
    object.required("type", out.type);
    object.optional("text", out.text);
    object.optional("items", out.items);
}

void read(const spec::Node& node, Property& out) {
    const spec::ObjectReader object(node);
    object.required("name", out.name);
    object.required("value", out.value);
    object.optional("since", out.since);
}

void read(const spec::Node& node, Request& out) {
    const spec::ObjectReader object(node);
    object.required("request", out.request);
    object.optional("bus", out.bus);
    object.optional("unit", out.unit);
    object.optional("properties", out.properties);
    object.optional("pid", out.pid);
}

Result<Request> parse_request(std::string_view packet) {
    return spec::read_document<Request>("request", packet);
}

}  // namespace nucleus::systemd
