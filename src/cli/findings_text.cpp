#include "cli/findings_text.hpp"

#include <algorithm>

#include "base/json_writer.hpp"
#include "cli/program.hpp"

namespace nucleus::cli {

namespace {

using spec::Finding;
using spec::Findings;

std::string_view word_of(Finding::Severity severity) {
    switch (severity) {
        case Finding::Severity::error:
            return "error";
        case Finding::Severity::warning:
            return "warning";
        case Finding::Severity::note:
            return "note";
    }
    return "";
}

std::string counted(const Findings& findings, Finding::Severity severity) {
    const auto count = std::ranges::count(findings, severity, &Finding::severity);
    std::string text = std::to_string(count) + " ";
    return (text += word_of(severity)) += count == 1 ? "" : "s";
}

}  // namespace

std::string findings_text(const std::string& file, bool valid, const Findings& findings) {
    std::string text;
    for (const Finding& finding : findings) {
        std::string line(word_of(finding.severity));
        line += ": ";
        if (!finding.pointer.empty()) line += finding.pointer + ": ";
        line += finding.text;
        if (!finding.clause.empty()) line += " (" + finding.clause + ")";
        text += one_line(line) + "\n";
    }
    using enum Finding::Severity;
    return text + one_line(file) + ": " + (valid ? "valid" : "not valid") + ": " +
           counted(findings, error) + ", " + counted(findings, warning) + ", " +
           counted(findings, note) + "\n";
}

std::string findings_json(const std::string& file, bool valid, const Findings& findings) {
    base::JsonWriter json(base::JsonWriter::Style::indented);
    json.begin_object().member("file", file).member("valid", valid);
    json.key("findings").begin_array();
    for (const Finding& finding : findings) {
        json.begin_object().member("severity", word_of(finding.severity));
        json.member("pointer", finding.pointer).member("message", finding.text);
        json.member("clause", finding.clause).end_object();
    }
    return json.end_array().end_object().text() + "\n";
}

}  // namespace nucleus::cli
