// A plan as text: what golden tests pin and what a person reads.
#include <cstdio>

#include "plan/launch_plan.hpp"

namespace nucleus::plan {

namespace {

std::string hexadecimal(std::uint64_t value) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

void add_word(std::string& line, const char* name, const std::string& value) {
    if (!value.empty()) line += std::string(" ") + name + "='" + value + "'";
}

void add_number(std::string& line, const char* name, std::uint64_t value) {
    if (value != 0) line += std::string(" ") + name + "=" + hexadecimal(value);
}

void add_id_map(std::string& line, const policy::MountIdMap& map) {
    line += map.recursive ? " ridmap=" : " idmap=";
    if (!map.mappings) {
        line += "container";
        return;
    }
    const auto add = [&](const char* name, const std::vector<IdMapping>& mappings) {
        line += name;
        for (const IdMapping& each : mappings)
            line += ' ' + std::to_string(each.container_id) + '-' + std::to_string(each.host_id) +
                    '-' + std::to_string(each.size);
    };
    add("uids", map.mappings->uid_mappings());
    add(" gids", map.mappings->gid_mappings());
}

std::string describe_step(const Step& step, const std::vector<Source>& sources) {
    const wire::Operation& operation = wire::operation(step.op);
    std::string line = operation.side == wire::Side::host ? "host  " : "init  ";
    line += operation.name;
    if (!step.target.empty()) line += " '" + step.target + "'";
    add_word(line, "source", step.source);
    add_word(line, "type", step.type);
    std::string options;
    for (const auto& option : step.options) options += (options.empty() ? "" : ",") + option;
    add_word(line, "options", options);
    add_number(line, "flags", step.flags);
    add_number(line, "value", step.value);
    add_number(line, "mode", step.mode);
    add_number(line, "uid", step.uid);
    add_number(line, "gid", step.gid);
    add_number(line, "set", step.attributes_set);
    add_number(line, "clear", step.attributes_clear);
    add_number(line, "rset", step.recursive_set);
    add_number(line, "rclear", step.recursive_clear);
    if (step.slot >= 0) {
        const auto slot = static_cast<std::size_t>(step.slot);
        line += " slot=" + std::to_string(slot);
        if (slot < sources.size() && sources[slot].id_map) add_id_map(line, *sources[slot].id_map);
    }
    return line;
}

}  // namespace

std::string describe(const LaunchPlan& plan) {
    std::string text;
    if (plan.spawned_with)
        text += "  - host  spawn container process flags=" + hexadecimal(*plan.spawned_with) + "\n";
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        char number[24];
        std::snprintf(number, sizeof number, "%3zu ", i);
        text += number + describe_step(plan.steps[i], plan.sources) + "\n";
    }
    return text;
}

}  // namespace nucleus::plan
