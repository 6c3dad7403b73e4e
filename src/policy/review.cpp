#include "policy/review.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "spec/draft.hpp"
#include "spec/schema.hpp"

namespace nucleus::policy {
namespace {

using spec::Draft;
using spec::Finding;
using spec::Findings;
using Severity = Finding::Severity;

// What takes the place of a value without which nothing after it could be judged. Everything else
// that is wrong is removed.
struct Substitute {
    std::string_view pointer;
    std::string_view json;
};
constexpr std::string_view kEveryId = R"([{"containerID":0,"hostID":1,"size":4294967294}])";
constexpr auto kSubstitutes = std::to_array<Substitute>({
    {"/ociVersion", R"("1.0.0")"},
    {"/root", R"({"path":"rootfs"})"},
    {"/root/path", R"("rootfs")"},
    {"/process/args", R"(["sh"])"},
    {"/process/cwd", R"("/")"},
    {"/linux/uidMappings", kEveryId},
    {"/linux/gidMappings", kEveryId},
});

// Objects outside of arrays whose properties need one another.
constexpr auto kDependent = std::to_array<std::string_view>(
    {"/linux/seccomp", "/linux/intelRdt", "/linux/memoryPolicy", "/process/scheduler"});

// In such an object, and in an element of an array, a property may need one that was just mended,
// or may not go with a value that was made up: its complaint is then not the document's.
constexpr auto kOfAbsence = std::to_array<std::string_view>(
    {"required", "needs", "need ", "without", "missing", "at least"});

// A round reads the whole document: a huge and hostile one must not take for ever.
constexpr std::size_t kMostErrors = 1000;

bool speaks_of_absence(std::string_view text) {
    return std::ranges::any_of(kOfAbsence,
                               [&](std::string_view word) { return text.find(word) != text.npos; });
}

std::string_view parent(std::string_view pointer) { return pointer.substr(0, pointer.rfind('/')); }

bool is_within(std::string_view pointer, std::string_view place) {
    return pointer.starts_with(place) &&
           (pointer.size() == place.size() || pointer[place.size()] == '/');
}

// The innermost element of an array around a place, the place itself included; empty: there is
// none.
std::string_view element_around(std::string_view pointer) {
    while (!pointer.empty()) {
        const std::string_view token = pointer.substr(pointer.rfind('/') + 1);
        if (token.find_first_not_of("0123456789") == token.npos) return pointer;
        pointer = parent(pointer);
    }
    return {};
}

class Review {
public:
    Review(Draft draft, const spec::Schema& schema, const TranslationInput& input)
        : draft_(std::move(draft)), schema_(schema), input_(input) {}

    // What the schema has found is mended first, and not told again.
    Findings run(const Findings& by_schema) {
        for (const Finding& finding : by_schema)
            if (finding.severity == Severity::error) (void)mend(finding.pointer, finding.text);
        // Each round takes something out of the document, or puts something plain into it once.
        while (auto problem = next_problem()) {
            if (findings_.size() == kMostErrors) {
                add(Severity::error, "", "and more: only the first 1000 of its kind are listed");
                break;
            }
            if (!is_consequence(*problem)) add(Severity::error, problem->pointer, problem->text);
            if (!mend(problem->pointer, problem->text)) break;
        }
        for (const auto& [pointer, text] : warnings_) add(Severity::warning, pointer, text);
        return std::move(findings_);
    }

private:
    std::optional<Draft::Problem> next_problem() {
        spec::Spec spec;
        if (auto problem = draft_.read(spec)) return problem;
        Warnings warnings;
        const auto policy = translate(spec, input_, warnings);
        for (const std::string& warning : warnings) {
            const Draft::Problem place = draft_.locate(warning);
            warnings_.emplace(place.pointer, place.text);
        }
        if (policy) return std::nullopt;
        return draft_.locate(policy.error().message());
    }

    bool is_consequence(const Draft::Problem& problem) const {
        if (attempts_.contains(problem.pointer)) return true;
        const std::string_view element = element_around(problem.pointer);
        const auto same_place = [&](std::string_view place) {
            return is_within(place, problem.pointer) ||
                   (!element.empty() && is_within(place, element)) ||
                   (parent(place) == parent(problem.pointer) &&
                    std::ranges::find(kDependent, parent(place)) != kDependent.end());
        };
        if (std::ranges::any_of(made_up_, same_place)) return true;
        return speaks_of_absence(problem.text) &&
               (std::ranges::any_of(attempts_, same_place, &Attempts::value_type::first) ||
                std::ranges::any_of(mended_words_, same_place));
    }

    // Takes what is wrong out of the way: first a substitute is put in its place, or the word that
    // the text quotes removed, or the value; where that is complained of again, the value goes for
    // good or the plainest one is put there; then what holds it goes. Not all of `linux`: without
    // its namespaces the rest has another meaning.
    bool mend(const std::string& pointer, std::string_view text) {
        if (pointer.empty()) return false;
        const std::size_t attempt = attempts_[pointer]++;
        if (attempt == 0) {
            const auto* row = std::ranges::find(kSubstitutes, pointer, &Substitute::pointer);
            if (row != kSubstitutes.end() && draft_.set(pointer, row->json)) return true;
            if (remove_quoted(pointer, text)) {
                attempts_.erase(pointer);  // as often as there are words
                mended_words_.insert(pointer);
                return true;
            }
        }
        if (attempt <= 1 && (draft_.remove(pointer) || make_up(pointer))) return true;
        std::string_view place = parent(pointer);
        while (!place.empty() && !draft_.holds(place)) place = parent(place);
        return !place.empty() && place != "/linux" && draft_.remove(place);
    }

    bool make_up(const std::string& pointer) {
        const std::string plainest = schema_.plainest_value(pointer);
        if (plainest.empty() || !draft_.set(pointer, plainest)) return false;
        made_up_.insert(pointer);
        return true;
    }

    bool remove_quoted(const std::string& pointer, std::string_view text) {
        const std::size_t begin = text.find('\'');
        const std::size_t end = text.rfind('\'');
        return begin != end && draft_.remove_word(pointer, text.substr(begin + 1, end - begin - 1));
    }

    void add(Severity severity, const std::string& pointer, const std::string& text) {
        findings_.push_back({severity, pointer, text, schema_.clause_of(pointer)});
    }

    Draft draft_;
    const spec::Schema& schema_;
    const TranslationInput& input_;
    using Attempts = std::map<std::string, std::size_t>;  // by place, as written
    Attempts attempts_;
    std::set<std::string> mended_words_;
    std::set<std::string> made_up_;  // places with a value that nobody wrote
    std::set<std::pair<std::string, std::string>> warnings_;
    Findings findings_;
};

}  // namespace

Findings review(std::string_view config, const TranslationInput& input) {
    const spec::Schema schema(spec::SchemaName::config);
    Findings findings = spec::check_schema(schema, config);
    if (auto draft = Draft::of(config)) {
        if (!draft->holds("/process"))
            findings.push_back({Severity::warning, "/process", "is not there: `start` needs it",
                                schema.clause_of("/process")});
        Findings meaning = Review(std::move(*draft), schema, input).run(findings);
        findings.insert(findings.end(), meaning.begin(), meaning.end());
    }
    std::ranges::stable_sort(findings, {}, &Finding::severity);
    return findings;
}

}  // namespace nucleus::policy
