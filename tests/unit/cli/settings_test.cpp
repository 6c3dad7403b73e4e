#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include "cli/root.hpp"
#include "cli/settings.hpp"
#include "recording_runtime.hpp"

using namespace nucleus;
using namespace nucleus::cli;
using namespace nucleus::cli::test;

namespace {

std::string refusal(const std::string& text) {
    const auto settings = parse_settings(text, "n.yaml");
    return settings ? "accepted" : settings.error().message();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(settings_file)

BOOST_AUTO_TEST_CASE(may_set_every_key_or_none) {
    const auto all = parse_settings(
        "# comment\nroot: /r\ncgroup_manager: systemd\nlog: \"/l\"\nlog_level: debug\n", "n.yaml");
    BOOST_REQUIRE(all.has_value());
    BOOST_TEST(all->root.value() == "/r");
    BOOST_TEST((all->cgroup_manager == runtime::CgroupManager::systemd));
    BOOST_TEST(all->log.value() == "/l");
    BOOST_TEST((all->log_level == LogLevel::debug));
    for (const char* const nothing : {"", "---\n", "# only a comment\n", "{}"}) {
        const auto none = parse_settings(nothing, "n.yaml");
        BOOST_REQUIRE(none.has_value());
        BOOST_TEST(!none->root);
        BOOST_TEST(!none->log_level);
    }
}

BOOST_AUTO_TEST_CASE(is_refused_with_its_line) {
    const std::string known = " (known: root, cgroup_manager, log, log_level)";
    BOOST_TEST(refusal("root: /r\nrot: /x\n") == "n.yaml:2: unknown key 'rot'" + known);
    BOOST_TEST(refusal("\n\nroot: [a]\n") == "n.yaml:3: 'root' must be a string");
    BOOST_TEST(refusal("root: {a: b}\n") == "n.yaml:1: 'root' must be a string");
    BOOST_TEST(refusal("log:\n") == "n.yaml:1: 'log' must be a string");
    BOOST_TEST(refusal("root: 12\n") == "n.yaml:1: 'root' must be an absolute path");
    BOOST_TEST(refusal("root: r\n") == "n.yaml:1: 'root' must be an absolute path");
    BOOST_TEST(refusal("log_level: true\n") ==
               "n.yaml:1: 'log_level' must be error, warning or debug");
    BOOST_TEST(refusal("cgroup_manager: none\n") ==
               "n.yaml:1: 'cgroup_manager' must be cgroupfs, systemd or disabled");
    BOOST_TEST(refusal("root: /a\nlog: /l\nroot: /b\n") == "n.yaml:3: 'root' is set twice");
    BOOST_TEST(refusal("- root\n") == "n.yaml:1: not a map of settings");
    BOOST_TEST(refusal("root\n") == "n.yaml:1: not a map of settings");
    BOOST_TEST(refusal("? [a]\n: b\n") == "n.yaml:1: a key must be a word");
    BOOST_TEST(refusal("root: /a\n---\nlog: /l\n").find("n.yaml:3: a second document") == 0U);
    BOOST_TEST(refusal("root: /a\nlog: \"/l").find("n.yaml:2: ") == 0U);
    BOOST_TEST(refusal("root: /a\n\tlog: x\n").find("n.yaml:2: ") == 0U);
}

BOOST_AUTO_TEST_CASE(nested_without_end_is_refused_and_not_followed) {
    BOOST_TEST(refusal("root: " + std::string(100000, '[')).find("n.yaml:1: ") == 0U);
}

BOOST_AUTO_TEST_CASE(may_be_missing_only_where_nobody_named_it) {
    sys::LinuxKernel kernel;
    BOOST_TEST(read_settings(kernel, "/nonexistent/n.yaml", Missing::allowed).has_value());
    const auto refused = read_settings(kernel, "/nonexistent/n.yaml", Missing::refused);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message() == "settings: open '/nonexistent/n.yaml': no such file");
}

// What root must not trust, and anybody else may read: the test holds both halves, whoever runs it.
BOOST_AUTO_TEST_CASE(that_others_may_write_is_refused_for_root_only) {
    TemporaryDirectory directory;
    const std::string file = directory / "n.yaml";
    sys::LinuxKernel kernel;
    const bool root = geteuid() == 0;
    for (const unsigned mode : {0620U, 0602U, 0666U}) {
        write_file(file, "root: /r\n", mode);
        const auto read = read_settings(kernel, file, Missing::refused);
        BOOST_TEST(read.has_value() == !root);
        if (!read)
            BOOST_TEST(read.error().message() ==
                       "settings: '" + file + "' can be written by others than root");
    }
    write_file(file, "root: /r\n", 0644);
    BOOST_TEST(read_settings(kernel, file, Missing::refused).has_value());
    BOOST_REQUIRE(chmod(directory.path().c_str(), 0777) == 0);
    const auto read = read_settings(kernel, file, Missing::refused);
    BOOST_TEST(read.has_value() == !root);
    if (!read)
        BOOST_TEST(read.error().message() == "settings: directory '" + directory.path() +
                                                 "' can be written by others than root");
    const std::string link = directory / "link.yaml";
    BOOST_REQUIRE(symlink(file.c_str(), link.c_str()) == 0);
    BOOST_REQUIRE(chmod(directory.path().c_str(), 0700) == 0);
    BOOST_TEST(read_settings(kernel, link, Missing::refused).has_value() == !root);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(root_choice)

BOOST_AUTO_TEST_CASE(follows_the_runtime_directory_for_users_and_for_the_root_of_their_namespaces) {
    const std::string system = "/run/nucleus";
    const std::string own = "/run/user/7/nucleus";
    const std::string_view xdg = "/run/user/7";
    BOOST_TEST(default_root({0, "", std::nullopt, false}) == system);
    BOOST_TEST(default_root({0, xdg, std::nullopt, false}) == system);
    BOOST_TEST(default_root({0, xdg, "alice", false}) == system);
    BOOST_TEST(default_root({7, xdg, "alice", false}) == own);
    BOOST_TEST(default_root({7, xdg, "root", false}) == own);
    BOOST_TEST(default_root({7, "", "alice", false}) == system);
    BOOST_TEST(default_root({0, xdg, "alice", true}) == own);
    BOOST_TEST(default_root({0, xdg, std::nullopt, true}) == own);
    BOOST_TEST(default_root({0, xdg, "root", true}) == system);
    BOOST_TEST(default_root({0, "", std::nullopt, true}) == system);
    BOOST_TEST(default_root({7, "run/user/7", "alice", false}) == system);
    BOOST_TEST(default_root({7, "/run/user/7/", "alice", false}) == own);
}

BOOST_AUTO_TEST_CASE(knows_the_initial_user_namespace_by_its_map) {
    BOOST_TEST(maps_every_id("         0          0 4294967295\n"));
    BOOST_TEST(!maps_every_id("         0       1000          1\n"));
    BOOST_TEST(!maps_every_id("         0     100000      65536\n"));
    BOOST_TEST(!maps_every_id("         0          0       1000\n      1000 1000 4294966295\n"));
    BOOST_TEST(!maps_every_id(""));
}

BOOST_AUTO_TEST_CASE(joins_paths_and_leaves_two_dots_to_the_kernel) {
    BOOST_TEST(join_path("/w", "a/b") == "/w/a/b");
    BOOST_TEST(join_path("/w", "/a//b/./c/") == "/a/b/c");
    BOOST_TEST(join_path("/w", "../x") == "/w/../x");
    BOOST_TEST(join_path("/w", ".") == "/w");
    BOOST_TEST(join_path("/", "/") == "/");
    for (const char* const path : {"/", "//", "/.", "/a/..", "/..", "/a/../../b/.."})
        BOOST_TEST(is_root_directory(path), path);
    for (const char* const path : {"/a", "/../a", "/a/b/.."})
        BOOST_TEST(!is_root_directory(path), path);
}

BOOST_AUTO_TEST_SUITE_END()
