#include <boost/test/unit_test.hpp>

#include <csignal>

#include "cli/log.hpp"
#include "cli/signals.hpp"
#include "cli/state_text.hpp"

using namespace nucleus;
using namespace nucleus::cli;

BOOST_AUTO_TEST_SUITE(signals)

BOOST_AUTO_TEST_CASE(are_known_by_name_in_any_case_with_or_without_prefix_and_by_number) {
    const std::pair<const char*, int> rows[] = {{"TERM", SIGTERM},
                                                {"SIGTERM", SIGTERM},
                                                {"sigterm", SIGTERM},
                                                {"Kill", SIGKILL},
                                                {"9", 9},
                                                {"0", 0},
                                                {"64", 64},
                                                {"usr1", SIGUSR1},
                                                {"SIGCLD", SIGCHLD},
                                                {"RTMIN", 34},
                                                {"SIGRTMIN+3", 37},
                                                {"rtmax-1", 63},
                                                {"SIGRTMAX", 64},
                                                {"SIGRTMIN+30", 64},
                                                {"WINCH", SIGWINCH},
                                                {"SYS", SIGSYS}};
    for (const auto& [text, number] : rows) {
        const auto signal = parse_signal(text);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(signal.has_value());
            BOOST_TEST(*signal == number);
        }
    }
}

BOOST_AUTO_TEST_CASE(that_do_not_exist_are_refused) {
    for (const char* const text :
         {"", "SIG", "BOGUS", "65", "-1", "+9", "9 ", "SIGSIGTERM", "RTMIN+", "RTMIN-1", "RTMAX+1",
          "RTMIN+31", "RTMIN+x", "4294967305", "EXIT"}) {
        const auto signal = parse_signal(text);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(!signal.has_value());
            BOOST_TEST(signal.error().message() == "unknown signal \"" + std::string(text) + "\"");
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(go_where_the_option_says) {
    using Kind = LogTarget::Kind;
    BOOST_TEST((log_target_of("/a/b") == LogTarget{Kind::file, "/a/b"}));
    BOOST_TEST((log_target_of("file:/a:b") == LogTarget{Kind::file, "/a:b"}));
    BOOST_TEST((log_target_of("other:b") == LogTarget{Kind::file, "other:b"}));
    BOOST_TEST((log_target_of("journald:c1") == LogTarget{Kind::journald, "c1"}));
    BOOST_TEST((log_target_of("journald:") == LogTarget{Kind::journald, "nucleus"}));
    BOOST_TEST((log_target_of("syslog:c1") == LogTarget{Kind::syslog, "c1"}));
    BOOST_TEST((log_target_of("") == LogTarget{Kind::file, ""}));
}

BOOST_AUTO_TEST_CASE(are_entries_of_the_journal) {
    BOOST_TEST(journal_entry("c1", LogLevel::error, "no") ==
               "SYSLOG_IDENTIFIER=c1\nPRIORITY=3\nMESSAGE=no\n");
    const std::string split = "SYSLOG_IDENTIFIER=c1\nPRIORITY=4\nMESSAGE\n" +
                              std::string("\x03\0\0\0\0\0\0\0", 8) + "a\nb\n";
    BOOST_TEST(journal_entry("c1", LogLevel::warning, "a\nb") == split);
}

BOOST_AUTO_TEST_CASE(are_lines_of_syslog) {
    BOOST_TEST(syslog_line("c1", 12, LogLevel::error, "no") == "<11>c1[12]: no");
    BOOST_TEST(syslog_line("c1", 12, LogLevel::debug, "x") == "<15>c1[12]: x");
}

BOOST_AUTO_TEST_CASE(have_the_time_in_utc) {
    BOOST_TEST(rfc3339(0) == "1970-01-01T00:00:00Z");
    BOOST_TEST(rfc3339(951782399) == "2000-02-28T23:59:59Z");
    BOOST_TEST(rfc3339(951782400) == "2000-02-29T00:00:00Z");
    BOOST_TEST(rfc3339(1795522688) == "2026-11-24T12:18:08Z");
}

BOOST_AUTO_TEST_CASE(are_one_line_in_either_form_whatever_the_message_holds) {
    BOOST_TEST(
        log_line(LogFormat::json, LogLevel::error, "a \"b\"\nc", 0) ==
        "{\"level\":\"error\",\"msg\":\"a \\\"b\\\"\\nc\",\"time\":\"1970-01-01T00:00:00Z\"}\n");
    BOOST_TEST(log_line(LogFormat::text, LogLevel::warning, "a \"b\"\nc", 0) ==
               "time=\"1970-01-01T00:00:00Z\" level=warning msg=\"a \\\"b\\\"\\nc\"\n");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(state_text)

namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/bash\nbroken\nalso:\nalice:x:1000:1000::/home/alice:/bin/sh";

runtime::ContainerState example() {
    runtime::ContainerState state;
    state.oci_version = "1.3.0";
    state.id = "web-1";
    state.pid = 42;
    state.status = runtime::Status::running;
    state.bundle = "/b";
    state.rootfs = "/b/rootfs";
    state.created = "2026-11-24T12:18:08.123456789Z";
    state.owner_uid = 1000;
    return state;
}

}  // namespace

BOOST_AUTO_TEST_CASE(names_the_owner_by_passwd_or_by_number) {
    BOOST_TEST(owner_name(kPasswd, 0) == "root");
    BOOST_TEST(owner_name(kPasswd, 1000) == "alice");
    BOOST_TEST(owner_name(kPasswd, 5) == "#5");
    BOOST_TEST(owner_name("", 0) == "#0");
    BOOST_TEST(owner_name("a\na:\na:x\na:x:\na:x:7", 7) == "a");
}

BOOST_AUTO_TEST_CASE(is_the_object_that_callers_decode) {
    auto state = example();
    BOOST_TEST(state_json(state, kPasswd) ==
               "{\n  \"ociVersion\": \"1.3.0\",\n  \"id\": \"web-1\",\n  \"pid\": 42,\n"
               "  \"status\": \"running\",\n  \"bundle\": \"/b\",\n  \"rootfs\": \"/b/rootfs\",\n"
               "  \"created\": \"2026-11-24T12:18:08.123456789Z\",\n  \"owner\": \"alice\"\n}\n");
    state.annotations = {{"k", "v"}};
    BOOST_TEST(state_json(state, kPasswd).find("\"annotations\": {\n    \"k\": \"v\"\n  },\n") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(lists_as_table_json_or_ids) {
    BOOST_TEST(list_table({}, kPasswd) ==
               "ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
    auto second = example();
    second.id = "a-longer-id-1";
    second.pid = 0;
    second.status = runtime::Status::stopped;
    const States states = {example(), second};
    BOOST_TEST(list_table(states, kPasswd) ==
               "ID              PID         STATUS      BUNDLE      CREATED                        "
               "  OWNER\n"
               "web-1           42          running     /b          2026-11-24T12:18:08.123456789Z "
               "  alice\n"
               "a-longer-id-1   0           stopped     /b          2026-11-24T12:18:08.123456789Z "
               "  alice\n");
    BOOST_TEST(list_ids(states) == "web-1\na-longer-id-1\n");
    BOOST_TEST(list_json({}, kPasswd) == "[]\n");
    BOOST_TEST(list_json({example()}, kPasswd) ==
               "[{\"ociVersion\":\"1.3.0\",\"id\":\"web-1\",\"pid\":42,\"status\":\"running\","
               "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\","
               "\"created\":\"2026-11-24T12:18:08.123456789Z\",\"owner\":\"alice\"}]\n");
}

BOOST_AUTO_TEST_CASE(uses_the_words_of_the_specification) {
    using runtime::Status;
    using runtime::word_of;
    BOOST_TEST(word_of(Status::creating) == "creating");
    BOOST_TEST(word_of(Status::created) == "created");
    BOOST_TEST(word_of(Status::running) == "running");
    BOOST_TEST(word_of(Status::paused) == "paused");
    BOOST_TEST(word_of(Status::stopped) == "stopped");
}

BOOST_AUTO_TEST_SUITE_END()
