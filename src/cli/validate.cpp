// `validate`: what is wrong with a config.json, all at once; of the other documents that nucleus
// reads or writes, what their schema says.
#include <fcntl.h>

#include <array>

#include "cli/command.hpp"
#include "cli/findings_text.hpp"
#include "cli/root.hpp"
#include "cli/settings.hpp"
#include "enforce/seccomp.hpp"
#include "policy/review.hpp"
#include "spec/parse.hpp"
#include "spec/schema.hpp"
#include "sys/files.hpp"

namespace nucleus::cli {

namespace {

using spec::Finding;
using spec::Findings;
using spec::SchemaName;

struct Kind {
    std::string_view word;
    SchemaName schema;
};
constexpr auto kKinds = std::to_array<Kind>({{"config", SchemaName::config},
                                             {"features", SchemaName::features},
                                             {"state", SchemaName::state},
                                             {"settings", SchemaName::settings}});

void describe(OptionTable& table) {
    table.text("bundle,b", "DIR", "the bundle whose config.json is judged (without a FILE)")
        .flag("schema-only", "judge by the schema alone, not by the meaning")
        .text("kind", "KIND", "config (the default), features, state or settings")
        .text("format,f", "FORMAT", "text (the default) or json");
}

Result<SchemaName> kind_of(const std::string& word) {
    if (word.empty()) return SchemaName::config;
    for (const Kind& kind : kKinds)
        if (kind.word == word) return kind.schema;
    return Error(Errc::invalid_argument,
                 "unknown kind \"" + word + "\" (config, features, state or settings)");
}

bool has_errors(const Findings& findings) {
    for (const Finding& finding : findings)
        if (finding.severity == Finding::Severity::error) return true;
    return false;
}

// What only the compiler of the filter can say: system calls that are unknown here, a profile that
// is too large.
void add_seccomp(const std::string& config, const policy::TranslationInput& input,
                 Findings& findings) {
    Warnings ignored;
    auto parsed = spec::parse(config);
    if (!parsed) return;
    const auto policy = policy::translate(*parsed, input, ignored);
    if (!policy || !policy->seccomp) return;
    Warnings warnings;
    const auto program = enforce::compile_seccomp(*policy->seccomp, warnings);
    const auto add = [&](Finding::Severity severity, const std::string& text) {
        findings.push_back({severity, "/linux/seccomp", text, "config-linux.md#seccomp"});
    };
    if (!program) add(Finding::Severity::error, program.error().message());
    for (const std::string& warning : warnings) add(Finding::Severity::warning, warning);
}

Findings judge_config(const Invocation& invocation, const std::string& config,
                      const std::string& bundle) {
    sys::Kernel& kernel = invocation.kernel;
    const policy::TranslationInput input{
        .bundle = bundle, .host_root = kernel.geteuid() == 0 && !in_user_namespace(kernel)};
    Findings findings = policy::review(config, input);
    if (!has_errors(findings)) add_seccomp(config, input, findings);
    return findings;
}

Findings judge_settings(const std::string& text, const std::string& path, bool schema_only) {
    const spec::Schema schema(SchemaName::settings);
    Findings findings;
    if (const auto json = settings_json(text, path)) {
        findings = spec::check_schema(schema, *json);
    } else {
        findings.push_back({Finding::Severity::error, "", json.error().message(), ""});
    }
    // Whatever the reader minds that no schema can say: a second document, say.
    if (const auto settings = parse_settings(text, path);
        !settings && !schema_only && !has_errors(findings))
        findings.push_back({Finding::Severity::error, "", settings.error().message(), ""});
    return findings;
}

struct Place {
    std::string file, bundle;
};

Result<Place> place_of(const Invocation& invocation, SchemaName kind) {
    Place place;
    place.bundle = invocation.options.text("bundle");
    if (!invocation.operands.empty()) {
        place.file = invocation.operands.front();
    } else if (kind == SchemaName::settings) {
        place.file = kSettingsFile;
    } else {
        place.file = (place.bundle.empty() ? "" : place.bundle + "/") + "config.json";
    }
    NUCLEUS_TRY(place.bundle, absolute_path(place.bundle.empty() ? "." : place.bundle));
    return place;
}

Result<void> check_use(const Invocation& invocation, SchemaName kind, const std::string& format) {
    const auto refuse = [](const std::string& text) { return Error(Errc::invalid_argument, text); };
    if (!format.empty() && format != "text" && format != "json")
        return refuse("unknown format \"" + format + "\" (text or json)");
    const bool file = !invocation.operands.empty();
    if (file && invocation.options.given("bundle"))
        return refuse("--bundle and a FILE exclude each other");
    if (!file && (kind == SchemaName::features || kind == SchemaName::state))
        return refuse("a FILE is needed");
    return {};
}

Result<int> judge(Invocation& invocation) {
    NUCLEUS_TRY(const SchemaName kind, kind_of(invocation.options.text("kind")));
    const std::string format = invocation.options.text("format");
    NUCLEUS_CHECK(check_use(invocation, kind, format));
    NUCLEUS_TRY(const Place place, place_of(invocation, kind));
    NUCLEUS_TRY(const std::string text,
                sys::read_file(invocation.kernel, AT_FDCWD, place.file, spec::kMaxConfigBytes));
    const bool schema_only = invocation.options.flag("schema-only");
    Findings findings;
    if (kind == SchemaName::settings) {
        findings = judge_settings(text, place.file, schema_only);
    } else if (kind == SchemaName::config && !schema_only) {
        findings = judge_config(invocation, text, place.bundle);
    } else {
        findings = spec::check_schema(spec::Schema(kind), text);
    }
    const bool valid = !has_errors(findings);
    invocation.output = format == "json" ? findings_json(place.file, valid, findings)
                                         : findings_text(place.file, valid, findings);
    return valid ? 0 : 1;
}

Result<int> execute(Invocation& invocation) { return judge(invocation).in("validate"); }

}  // namespace

constinit const Command kValidateCommand{
    "validate", "[FILE]", 0, 1, AfterOperand::options, "tell all that is wrong with a config.json",
    describe,   execute};

}  // namespace nucleus::cli
