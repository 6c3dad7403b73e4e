// hooks (config.md#posix-platform-hooks).
#include <array>
#include <utility>

#include "policy/translation.hpp"
#include "policy/vocabulary.hpp"

namespace nucleus::policy {
namespace {

struct HookList {
    HookKind kind;
    std::string_view name;
    std::vector<spec::Hook> spec::Hooks::*list;
};

constexpr auto kHookLists = std::to_array<HookList>({
    {HookKind::prestart, "prestart", &spec::Hooks::prestart},
    {HookKind::create_runtime, "createRuntime", &spec::Hooks::create_runtime},
    {HookKind::create_container, "createContainer", &spec::Hooks::create_container},
    {HookKind::start_container, "startContainer", &spec::Hooks::start_container},
    {HookKind::poststart, "poststart", &spec::Hooks::poststart},
    {HookKind::poststop, "poststop", &spec::Hooks::poststop},
});

Result<void> check_hook(const spec::Hook& hook, const Location& where) {
    NUCLEUS_CHECK(where.at("path").absolute_path(hook.path));
    NUCLEUS_CHECK(where.at("args").each_without_nul(hook.args));
    NUCLEUS_CHECK(where.at("env").each_without_nul(hook.env));
    if (hook.timeout && *hook.timeout <= 0) {
        return where.at("timeout").invalid("must be greater than 0");
    }
    return {};
}

}  // namespace

Words hook_words() {
    Words words;
    for (const HookList& row : kHookLists) words.push_back(row.name);
    return words;
}

Result<HookSet> translate_hooks(const spec::Hooks& hooks, const Location& where) {
    HookSet set;
    for (const HookList& row : kHookLists) {
        const std::vector<spec::Hook>& list = hooks.*row.list;
        if (list.empty()) continue;
        const Location list_location = where.at(row.name);
        for (std::size_t index = 0; index < list.size(); ++index) {
            NUCLEUS_CHECK(check_hook(list[index], list_location.at(index)));
        }
        set.hooks.emplace(row.kind, list);
    }
    return set;
}

}  // namespace nucleus::policy
