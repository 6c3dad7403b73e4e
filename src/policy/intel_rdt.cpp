// linux.intelRdt (config-linux.md#intelrdt): which lines go into the schemata file, in which order.
#include "policy/translation.hpp"

namespace nucleus::policy {
namespace {

// A name in resctrl: a directory below its mount point, and none of those that the kernel keeps
// there.
Result<void> check_clos_id(std::string_view id, const Location& where) {
    NUCLEUS_CHECK(where.without_nul(id));
    if (id.empty() || id == "/") return {};
    constexpr std::string_view kReserved[] = {".", "..", "info", "mon_groups", "mon_data"};
    for (const std::string_view reserved : kReserved) {
        if (id == reserved) return where.invalid(quoted(id) + " is no name of a group");
    }
    if (id.find_first_of("/\n") != std::string_view::npos) {
        return where.invalid(quoted(id) + " is no name of a group: it holds '/' or a newline");
    }
    return {};
}

Result<void> check_line(std::string_view line, const Location& where) {
    NUCLEUS_CHECK(where.without_nul(line));
    if (line.find('\n') != std::string_view::npos) return where.invalid("holds a newline");
    return {};
}

// "If l3CacheSchema contains a line beginning with MB:, the value written to schemata file MUST be
// the non-MB: line(s) from l3CacheSchema and the line from memBwSchema."
void add_l3_lines(std::string_view schema, const Location& where, IntelRdtPolicy& policy,
                  Warnings& warnings) {
    while (!schema.empty()) {
        const std::string_view line = schema.substr(0, schema.find('\n'));
        schema = line.size() == schema.size() ? "" : schema.substr(line.size() + 1);
        if (line.empty()) continue;
        if (line.starts_with("MB:")) {
            warnings.push_back(where.text("the line " + quoted(line) +
                                          " is left out: memBwSchema says what MB: is"));
        } else {
            policy.schemas.emplace_back(line);
        }
    }
}

}  // namespace

Result<IntelRdtPolicy> translate_intel_rdt(const spec::IntelRdt& settings, const Location& where,
                                           Warnings& warnings) {
    NUCLEUS_CHECK(check_clos_id(settings.clos_id, where.at("closID")));
    IntelRdtPolicy policy;
    policy.clos_id = settings.clos_id;
    policy.monitoring = settings.enable_monitoring;

    const Location l3 = where.at("l3CacheSchema");
    NUCLEUS_CHECK(l3.without_nul(settings.l3_cache_schema));
    // SHOULD: a caller's habit, and the kernel's to judge.
    if (!settings.l3_cache_schema.empty() && !settings.l3_cache_schema.starts_with("L3:")) {
        warnings.push_back(l3.text("should begin with 'L3:'"));
    }
    add_l3_lines(settings.l3_cache_schema, l3, policy, warnings);

    const Location bandwidth = where.at("memBwSchema");
    if (!settings.mem_bw_schema.empty()) {
        NUCLEUS_CHECK(check_line(settings.mem_bw_schema, bandwidth));
        if (!settings.mem_bw_schema.starts_with("MB:")) {
            return bandwidth.invalid("must begin with 'MB:'");
        }
        policy.schemas.push_back(settings.mem_bw_schema);
    }
    for (std::size_t index = 0; index < settings.schemata.size(); ++index) {
        NUCLEUS_CHECK(check_line(settings.schemata[index], where.at("schemata").at(index)));
    }
    policy.schemata = settings.schemata;
    return policy;
}

}  // namespace nucleus::policy
