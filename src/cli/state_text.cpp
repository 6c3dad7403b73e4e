#include "cli/state_text.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>

#include "base/json_writer.hpp"
#include "cli/options.hpp"
#include "sys/files.hpp"

namespace nucleus::cli {

namespace {

using base::JsonWriter;

void write_state(JsonWriter& json, const runtime::ContainerState& state, std::string_view passwd) {
    json.begin_object();
    json.member("ociVersion", state.oci_version);
    json.member("id", state.id);
    json.member("pid", state.pid);
    json.member("status", runtime::word_of(state.status));
    json.member("bundle", state.bundle);
    json.member("rootfs", state.rootfs);
    json.member("created", state.created);
    if (!state.annotations.empty()) {
        json.key("annotations").begin_object();
        for (const auto& [name, text] : state.annotations) json.member(name, text);
        json.end_object();
    }
    json.member("owner", owner_name(passwd, state.owner_uid));
    if (!state.systemd_scope.empty()) json.member("systemd-scope", state.systemd_scope);
    json.end_object();
}

constexpr std::size_t kColumns = 6;
using Row = std::array<std::string, kColumns>;

Row row_of(const runtime::ContainerState& state, std::string_view passwd) {
    return {state.id,
            std::to_string(state.pid),
            std::string(runtime::word_of(state.status)),
            state.bundle,
            state.created,
            owner_name(passwd, state.owner_uid)};
}

// Columns at least 12 wide, three blanks between: as people's scripts know it from runc.
constexpr std::size_t kMinWidth = 12;
constexpr std::size_t kGap = 3;

}  // namespace

std::string owner_name(std::string_view passwd, std::uint32_t uid) {
    while (!passwd.empty()) {
        const std::size_t end = passwd.find('\n');
        std::string_view line = passwd.substr(0, end);
        passwd.remove_prefix(end == std::string_view::npos ? passwd.size() : end + 1);
        const std::size_t name_end = line.find(':');
        if (name_end == std::string_view::npos) continue;
        const std::string_view name = line.substr(0, name_end);
        line.remove_prefix(name_end + 1);
        line.remove_prefix(std::min(line.find(':'), line.size() - 1) + 1);  // the password
        if (parse_number(line.substr(0, line.find(':'))) == uid) return std::string(name);
    }
    return "#" + std::to_string(uid);
}

std::string read_passwd(sys::Kernel& kernel) {
    auto text = sys::read_file(kernel, AT_FDCWD, "/etc/passwd", 16U << 20);
    return text ? std::move(*text) : std::string();
}

std::string state_json(const runtime::ContainerState& state, std::string_view passwd) {
    JsonWriter json(JsonWriter::Style::indented);
    write_state(json, state, passwd);
    return std::move(json).text() + "\n";
}

std::string list_json(const States& states, std::string_view passwd) {
    JsonWriter json;
    json.begin_array();
    for (const auto& state : states) write_state(json, state, passwd);
    json.end_array();
    return std::move(json).text() + "\n";
}

std::string list_ids(const States& states) {
    std::string text;
    for (const auto& state : states) (text += state.id) += '\n';
    return text;
}

std::string list_table(const States& states, std::string_view passwd) {
    std::vector<Row> rows = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
    for (const auto& state : states) rows.push_back(row_of(state, passwd));
    std::array<std::size_t, kColumns> widths;
    widths.fill(kMinWidth);
    for (const Row& row : rows)
        for (std::size_t i = 0; i < kColumns; ++i)
            widths[i] = std::max(widths[i], row[i].size() + kGap);
    std::string text;
    for (const Row& row : rows) {
        for (std::size_t i = 0; i + 1 < kColumns; ++i)
            text.append(row[i]).append(widths[i] - row[i].size(), ' ');
        (text += row.back()) += '\n';
    }
    return text;
}

}  // namespace nucleus::cli
