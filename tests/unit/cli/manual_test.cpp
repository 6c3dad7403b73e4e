// The manual page against the tables: what the program takes is in the page, and what the page
// promises the program takes.
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <map>
#include <set>

#include "cli/commands.hpp"
#include "cli/globals.hpp"
#include "recording_runtime.hpp"

using namespace nucleus::cli;

namespace {

// The page's subsections by heading, without the escapes of roff.
std::map<std::string, std::string> sections() {
    const char* const path = std::getenv("NUCLEUS_MANUAL");
    BOOST_REQUIRE_MESSAGE(path != nullptr, "NUCLEUS_MANUAL names the page");
    std::string page;
    for (const char c : test::contents(path))
        if (c != '\\') page += c;
    BOOST_REQUIRE(!page.empty());
    std::map<std::string, std::string> sections;
    for (std::size_t at = page.find("\n.S"); at != std::string::npos;) {
        const std::size_t line_end = page.find('\n', at + 1);
        const std::size_t next = page.find("\n.S", line_end);
        const std::string heading = page.substr(at + 5, line_end - at - 5);
        sections[heading] = page.substr(line_end, next - line_end);
        at = next;
    }
    return sections;
}

std::set<std::string> options_in(const std::string& text) {
    std::set<std::string> names;
    const auto is_name = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    for (std::size_t at = text.find("\n.BR --"); at != std::string::npos;
         at = text.find("\n.BR --", at + 1)) {
        const std::size_t start = at + 7;
        std::size_t end = start;
        while (end < text.size() && is_name(text[end])) ++end;
        names.insert(text.substr(start, end - start));
    }
    return names;
}

std::set<std::string> names_of(const OptionTable& table) {
    const auto names = table.names();
    return {names.begin(), names.end()};
}

void check_same(const std::string& where, const std::set<std::string>& page,
                const std::set<std::string>& table) {
    for (const auto& name : table)
        BOOST_TEST(page.count(name) == 1U, where + ": the page lacks --" + name);
    for (const auto& name : page)
        BOOST_TEST(table.count(name) == 1U, where + ": the program does not take --" + name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(manual)

BOOST_AUTO_TEST_CASE(has_every_command_with_exactly_its_options) {
    const auto page = sections();
    OptionTable globals;
    describe_globals(globals);
    BOOST_REQUIRE(page.count("GLOBAL OPTIONS") == 1U);
    check_same("globals", options_in(page.at("GLOBAL OPTIONS")), names_of(globals));
    for (const Command* command : commands()) {
        const std::string name(command->name);
        BOOST_TEST_CONTEXT(name) {
            BOOST_REQUIRE(page.count(name) == 1U);
            OptionTable table;
            command->describe(table);
            check_same(name, options_in(page.at(name)), names_of(table));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
