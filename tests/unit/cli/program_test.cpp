#include <boost/test/unit_test.hpp>

#include "cli/commands.hpp"
#include "nucleus/version.hpp"
#include "recording_runtime.hpp"

using namespace nucleus;
using namespace nucleus::cli;
using namespace nucleus::cli::test;
using Arguments = std::vector<std::string>;

namespace {

Arguments split(const std::string& line) {
    Arguments words;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

struct Row {
    const char* line;
    const char* call;
};

void check(std::span<const Row> rows) {
    for (const Row& row : rows) {
        Script script;
        script.states.resize(1);
        const Outcome outcome = run(script, split(row.line));
        BOOST_TEST_CONTEXT(row.line << " " << outcome.complaint) {
            BOOST_TEST(outcome.status == 0);
            BOOST_TEST(outcome.complaint == "");
            BOOST_REQUIRE(script.calls.size() == 1U);
            BOOST_TEST(script.calls[0] == row.call);
        }
    }
}

std::string complaint(const std::string& line, int status = 1) {
    Script script;
    const Outcome outcome = run(script, split(line));
    BOOST_TEST(outcome.status == status);
    BOOST_TEST(outcome.output == "");
    BOOST_TEST(script.calls.empty());
    return outcome.complaint;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(callers)

BOOST_AUTO_TEST_CASE(conmon_and_podman_are_understood) {
    const Row rows[] = {
        {"create --bundle /OC --pid-file /ROC/pidfile CID",
         "create id=CID bundle=/OC pid_file=/ROC/pidfile"},
        {"--systemd-cgroup create --bundle /OC --pid-file /P --no-pivot --no-new-keyring "
         "--console-socket /S CID",
         "create id=CID bundle=/OC console_socket=/S pid_file=/P no_pivot=yes no_new_keyring=yes"},
        {"--cgroup-manager disabled create --bundle /OC --pid-file /P CID",
         "create id=CID bundle=/OC pid_file=/P"},
        {"--log-format=json --log /dev/null create --bundle /OC --pid-file /P CID",
         "create id=CID bundle=/OC pid_file=/P"},
        {"start CID", "start id=CID"},
        {"delete --force CID", "delete id=CID force=yes"},
        {"exec --pid-file /OC/exec_pid --process /OC/exec-process-1 --detach CID",
         "exec id=CID process=/OC/exec-process-1 detach=yes pid_file=/OC/exec_pid"},
        {"exec --pid-file /P --process /F --detach --tty --console-socket /S CID",
         "exec id=CID process=/F tty=yes detach=yes console_socket=/S pid_file=/P"},
        {"exec --pid-file /P --process /F --detach --preserve-fds 1 CID",
         "exec id=CID process=/F detach=yes pid_file=/P preserve_fds=1"},
        {"kill CID 15", "kill id=CID signal=15"},
        {"kill --all CID 9", "kill id=CID signal=9 all=yes"},
    };
    check(rows);
}

BOOST_AUTO_TEST_CASE(containerd_is_understood) {
    const Row rows[] = {
        {"--root /r --log /dev/null --log-format json create --bundle /B --pid-file /B/init.pid "
         "--console-socket /S --pidfd-socket /F --no-pivot --no-new-keyring --preserve-fds 2 ID",
         "create id=ID bundle=/B console_socket=/S pidfd_socket=/F pid_file=/B/init.pid "
         "no_pivot=yes no_new_keyring=yes preserve_fds=2"},
        {"--root /r --debug --log /dev/null --log-format json --systemd-cgroup --rootless=true "
         "start ID",
         "start id=ID"},
        {"--root /r exec --process /F --console-socket /S --detach --pid-file /P ID",
         "exec id=ID process=/F detach=yes console_socket=/S pid_file=/P"},
        {"--root /r kill --all ID 9", "kill id=ID signal=9 all=yes"},
        {"--root /r delete ID", "delete id=ID"},
        {"--root /r delete --force ID", "delete id=ID force=yes"},
        {"--root /r state ID", "state id=ID"},
        {"--root /r list --format=json", "list"},
        {"--root /r pause ID", "pause id=ID"},
        {"--root /r resume ID", "resume id=ID"},
        {"--root /r ps --format json ID", "ps id=ID"},
    };
    check(rows);
}

BOOST_AUTO_TEST_CASE(the_other_callers_and_people_are_understood) {
    const Row rows[] = {
        {"create --bundle /B --pid-file /P --no-new-keyring NAME",
         "create id=NAME bundle=/B pid_file=/P no_new_keyring=yes"},  // buildah
        {"kill NAME", "kill id=NAME signal=15"},                      // buildah
        {"run --bundle /B --no-pivot --keep ID",
         "run id=ID bundle=/B no_pivot=yes keep=yes"},      // buildkit
        {"kill ID KILL", "kill id=ID signal=9"},            // cri-o
        {"kill -a ID 9", "kill id=ID signal=9 all=yes"},    // cri-o
        {"exec --process /F ID", "exec id=ID process=/F"},  // cri-o
        {"--root=/r --root=/s --systemd-cgroup --systemd-cgroup create --bundle /B ID",
         "create id=ID bundle=/B"},  // conmon-rs
        {"exec -d --console-socket=/S --tty --pid-file=/F ID ls -l --detach",
         "exec id=ID args=ls|-l|--detach tty=yes detach=yes console_socket=/S pid_file=/F"},
        {"run -no-subreaper -d -b /B ID",
         "run id=ID bundle=/B detach=yes no_subreaper=yes"},  // go-runc
        {"delete ID --force", "delete id=ID force=yes"},
        {"create -b /x/./y//z/ --config other.json c",
         "create id=c bundle=/x/y/z config=other.json"},
    };
    check(rows);
}

BOOST_AUTO_TEST_CASE(every_option_of_exec_reaches_the_request) {
    const Row rows[] = {
        {"exec -t --cwd /w -e A=1 --env B=2,3 -u 1:2 -g 3 --additional-gids 4 -c NET_RAW --cap "
         "CAP_KILL "
         "--no-new-privs --process-label l --apparmor p --cgroup cpu:/a --cgroup /b "
         "--ignore-paused "
         "--pidfd-socket /f c sh -c true",
         "exec id=c args=sh|-c|true cwd=/w env=A=1|B=2,3 tty=yes uid=1 gid=2 group=3 group=4 "
         "caps=NET_RAW|CAP_KILL no_new_privs=yes label=l apparmor=p cgroups=cpu:/a|/b "
         "ignore_paused=yes pidfd_socket=/f"},
        {"exec -u 1 c id", "exec id=c args=id uid=1"},
        {"exec --tty=false c id", "exec id=c args=id tty=no"},
    };
    check(rows);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(program)

BOOST_AUTO_TEST_CASE(makes_paths_absolute_from_the_working_directory) {
    char directory[4096];
    BOOST_REQUIRE(getcwd(directory, sizeof directory) != nullptr);
    Script script;
    BOOST_TEST(run(script, {"create", "--pid-file", "p", "c"}).status == 0);
    const std::string here = directory;
    BOOST_TEST(script.calls[0] == "create id=c bundle=" + here + " pid_file=" + here + "/p");
}

BOOST_AUTO_TEST_CASE(refuses_a_command_line_in_one_line_that_says_where) {
    BOOST_TEST(complaint("create --bogus c") == "nucleus: create: unknown flag: --bogus\n");
    BOOST_TEST(complaint("--bogus create c") == "nucleus: unknown flag: --bogus\n");
    BOOST_TEST(complaint("exec --cwd") == "nucleus: exec: flag needs an argument: --cwd\n");
    BOOST_TEST(complaint("create --preserve-fds -1 c") ==
               "nucleus: create: invalid value \"-1\" for flag --preserve-fds: not a number\n");
    BOOST_TEST(
        complaint("create --preserve-fds 1048577 c") ==
        "nucleus: create: invalid value \"1048577\" for flag --preserve-fds: more than 1048576\n");
    BOOST_TEST(complaint("kill --all=maybe c") ==
               "nucleus: kill: invalid value \"maybe\" for flag --all: neither true nor false\n");
    BOOST_TEST(complaint("start") ==
               "nucleus: start: too few arguments (usage: nucleus start ID)\n");
    BOOST_TEST(complaint("start a b") ==
               "nucleus: start: too many arguments (usage: nucleus start ID)\n");
    BOOST_TEST(complaint("bogus c") == "nucleus: unknown command \"bogus\" (see nucleus --help)\n");
    BOOST_TEST(complaint("kill c BOGUS") == "nucleus: kill 'c': unknown signal \"BOGUS\"\n");
    BOOST_TEST(complaint("list -f xml") ==
               "nucleus: list: unknown format \"xml\" (table or json)\n");
    BOOST_TEST(complaint("--root / state c") == "nucleus: --root must not be '/'\n");
    BOOST_TEST(complaint("--root /a/.. state c") == "nucleus: --root must not be '/a/..'\n");
    BOOST_TEST(complaint("--log-format xml state c") ==
               "nucleus: invalid value \"xml\" for flag --log-format: not text or json\n");
    BOOST_TEST(
        complaint("--log-level loud state c") ==
        "nucleus: invalid value \"loud\" for flag --log-level: not error, warning or debug\n");
    BOOST_TEST(complaint("--cgroup-manager x state c") ==
               "nucleus: invalid value \"x\" for flag --cgroup-manager: not cgroupfs, systemd or "
               "disabled\n");
    BOOST_TEST(complaint("--rootless x state c") ==
               "nucleus: invalid value \"x\" for flag --rootless: not true, false or auto\n");
}

BOOST_AUTO_TEST_CASE(hands_on_descriptors_that_are_announced_to_it_alone) {
    const std::string own = std::to_string(getpid());
    const auto call = [](std::string_view fds, std::string_view pid) {
        Script script;
        const Outcome outcome =
            run(script, {"create", "-b", "/b", "c"}, {.listen_fds = fds, .listen_pid = pid});
        return outcome.status == 0 ? script.calls.at(0) : outcome.complaint;
    };
    BOOST_TEST(call("2", own) == "create id=c bundle=/b listen_fds=2");
    for (const char* const other : {"", "1", "x"})
        BOOST_TEST(call("2", other) == "create id=c bundle=/b");
    BOOST_TEST(call("", own) == "create id=c bundle=/b");
    BOOST_TEST(call("0", own) == "create id=c bundle=/b");
    BOOST_TEST(call("many", own) ==
               "nucleus: create: LISTEN_FDS=many: not a number of descriptors\n");
}

BOOST_AUTO_TEST_CASE(warns_of_a_notify_socket_that_is_not_handed_on) {
    TemporaryDirectory directory;
    const std::string log = directory / "log";
    Script script;
    for (const char* const command : {"create", "run"})
        BOOST_TEST(
            run(script, {"--log", log, command, "-b", "/b", "c"}, {.notify_socket = "/run/notify"})
                .status == 0);
    BOOST_TEST(run(script, {"--log", log, "start", "c"}, {.notify_socket = "/run/notify"}).status ==
               0);
    const std::string text = contents(log);
    const std::string words = "NOTIFY_SOCKET: not handed on to the container by this version";
    BOOST_TEST(text.find(words) != text.npos);
    BOOST_TEST(text.find(words) != text.rfind(words));
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 2);
}

BOOST_AUTO_TEST_CASE(prints_processes_as_an_array_or_as_ps_does) {
    Script script;
    BOOST_TEST(run(script, {"ps", "-f", "json", "c"}).output == "[12,34]\n");
    BOOST_TEST(run(script, {"ps", "c"}).output == "2 rows of ps\n");
    BOOST_TEST(run(script, {"ps", "--format=table", "c", "-o", "pid", "--help"}).output ==
               "2 rows of ps -o pid --help\n");
    BOOST_TEST(complaint("ps --format xml c") ==
               "nucleus: ps 'c': unknown format \"xml\" (table or json)\n");
    script.failure = Error(Errc::system, "no");
    BOOST_TEST(run(script, {"ps", "c"}).complaint == "nucleus: ps 'c': no\n");
}

BOOST_AUTO_TEST_CASE(kills_and_deletes_all_that_a_regular_expression_finds) {
    Script script;
    script.ids = {"a1", "b1", "b2", "c1"};
    const auto calls = [&](const Arguments& arguments) {
        script.calls.clear();
        BOOST_TEST(run(script, arguments).status == 0);
        return script.calls;
    };
    using Calls = std::vector<std::string>;
    BOOST_TEST(calls({"kill", "-r", "^b", "KILL"}) ==
               (Calls{"kill id=b1 signal=9", "kill id=b2 signal=9"}));
    BOOST_TEST(calls({"kill", "--regex", "--all", "a|c"}) ==
               (Calls{"kill id=a1 signal=15 all=yes", "kill id=c1 signal=15 all=yes"}));
    BOOST_TEST(calls({"delete", "--force", "--regex", "[0-9]$"}).size() == 4U);
    BOOST_TEST(calls({"delete", "-r", "^1"}).empty());
    BOOST_TEST(calls({"delete", "b1"}) == (Calls{"delete id=b1"}));
}

BOOST_AUTO_TEST_CASE(goes_on_behind_a_container_that_could_not_be_killed) {
    Script script;
    script.ids = {"a", "b", "c"};
    script.failure = Error(Errc::not_running, "container not running");
    script.failing_id = "b";
    const Outcome one = run(script, {"kill", "-r", "."});
    BOOST_TEST(one.status == 1);
    BOOST_TEST(one.complaint == "nucleus: kill 'b': container not running\n");
    BOOST_TEST(script.calls.size() == 3U);
    script.failing_id.reset();
    BOOST_TEST(run(script, {"delete", "-r", "a|b"}).complaint ==
               "nucleus: delete 'a': container not running; delete 'b': container not running\n");
}

BOOST_AUTO_TEST_CASE(refuses_an_expression_that_is_none) {
    Script script;
    script.ids = {"a"};
    for (const char* const command : {"kill", "delete"}) {
        const Outcome outcome = run(script, {command, "-r", "a["});
        BOOST_TEST(outcome.status == 1);
        const std::string start =
            "nucleus: " + std::string(command) + ": invalid regular expression \"a[\": ";
        BOOST_TEST(outcome.complaint.starts_with(start), outcome.complaint);
    }
    BOOST_TEST(script.calls.empty());
}

BOOST_AUTO_TEST_CASE(complains_in_one_line_that_no_terminal_obeys) {
    BOOST_TEST(complaint("kill c a\nb\x1b[2J\t\x7f") ==
               "nucleus: kill 'c': unknown signal \"a\\nb\\x1b[2J\\x09\\x7f\"\n");
}

BOOST_AUTO_TEST_CASE(refuses_an_exec_that_cannot_be_meant) {
    BOOST_TEST(complaint("exec c") == "nucleus: exec: needs a command or --process FILE\n");
    BOOST_TEST(complaint("exec --process /f c ls") ==
               "nucleus: exec: a command and --process exclude each other\n");
    BOOST_TEST(complaint("exec --process /f --env A=1 c") ==
               "nucleus: exec: --env and --process exclude each other\n");
    BOOST_TEST(complaint("exec -u bob c ls") ==
               "nucleus: exec: invalid value \"bob\" for flag --user: not UID[:GID] in numbers\n");
    BOOST_TEST(complaint("exec -u 1: c ls") ==
               "nucleus: exec: invalid value \"1:\" for flag --user: not UID[:GID] in numbers\n");
    BOOST_TEST(complaint("exec -g x c ls") ==
               "nucleus: exec: invalid value \"x\" for flag --additional-gids: not a number\n");
}

BOOST_AUTO_TEST_CASE(answers_what_podman_asks_of_checkpoints_and_refuses_them) {
    const std::string refusal = "checkpoint and restore are not supported by this version\n";
    BOOST_TEST(complaint("checkpoint --image-path /i --work-path /w --leave-running "
                         "--leave-running --tcp-established --file-locks c") ==
               "nucleus: checkpoint 'c': " + refusal);
    BOOST_TEST(complaint("restore --image-path /p --work-path /w --detach --pid-file /f "
                         "-no-subreaper --bundle /b --lsm-profile=selinux:x "
                         "--no-new-keyring c") == "nucleus: restore 'c': " + refusal);
    BOOST_TEST(complaint("restore --lsm-mount-context") ==
               "nucleus: restore: flag needs an argument: --lsm-mount-context\n");
    BOOST_TEST(complaint("checkpoint --bogus c") == "nucleus: checkpoint: unknown flag: --bogus\n");
    BOOST_TEST(complaint("mounts add c /f") ==
               "nucleus: mounts: mounts of a running container are not supported by this "
               "version\n");
}

BOOST_AUTO_TEST_CASE(helps_with_every_command_and_succeeds) {
    Script script;
    for (const Command* command : commands()) {
        const std::string name(command->name);
        for (const Arguments& arguments :
             {Arguments{name, "--help"}, Arguments{name, "-h"}, Arguments{"help", name}}) {
            const Outcome outcome = run(script, arguments);
            BOOST_TEST(outcome.status == 0);
            BOOST_TEST(outcome.complaint == "");
            BOOST_TEST(outcome.output.find("Usage: nucleus " + name) != std::string::npos);
        }
    }
    BOOST_TEST(run(script, {"checkpoint", "--help"}).status == 0);
    for (const Arguments& arguments : {Arguments{}, Arguments{"--help"}, Arguments{"help"}}) {
        const Outcome outcome = run(script, arguments);
        BOOST_TEST(outcome.status == 0);
        BOOST_TEST(outcome.output.find("Global options:") != std::string::npos);
    }
    BOOST_TEST(script.calls.empty());
}

BOOST_AUTO_TEST_CASE(leaves_help_behind_the_id_of_exec_to_the_container) {
    Script script;
    run(script, {"exec", "c", "ls", "--help"});
    BOOST_TEST(script.calls.at(0) == "exec id=c args=ls|--help");
}

BOOST_AUTO_TEST_CASE(prints_its_version_in_the_lines_that_callers_take_apart) {
    Script script;
    for (const char* const flag : {"--version", "-v", "-V", "-version"}) {
        const Outcome outcome = run(script, {flag});
        BOOST_TEST(outcome.status == 0);
        const std::string expected = "nucleus version " + std::string(kVersion) +
                                     "\ncommit: " + std::string(build_commit()) + "\nspec: 1.3.0\n";
        BOOST_TEST(outcome.output == expected);
    }
}

BOOST_AUTO_TEST_CASE(exits_as_the_process_did_and_with_255_if_exec_could_not_start) {
    Script script;
    script.status = 137;
    BOOST_TEST(run(script, {"run", "c"}).status == 137);
    BOOST_TEST(run(script, {"exec", "c", "ls"}).status == 137);
    script.failure = Error(Errc::does_not_exist, "container does not exist");
    for (const Arguments& arguments :
         {Arguments{"create", "c"}, Arguments{"start", "c"}, Arguments{"state", "c"},
          Arguments{"kill", "c"}, Arguments{"delete", "c"}, Arguments{"run", "c"}}) {
        const Outcome outcome = run(script, arguments);
        BOOST_TEST(outcome.status == 1);
        BOOST_TEST(outcome.output == "");
        BOOST_TEST(outcome.complaint ==
                   "nucleus: " + arguments[0] + " 'c': container does not exist\n");
    }
    BOOST_TEST(run(script, {"list"}).status == 1);
    const Outcome outcome = run(script, {"exec", "c", "ls"});
    BOOST_TEST(outcome.status == 255);
    BOOST_TEST(outcome.complaint == "nucleus: exec 'c': container does not exist\n");
}

BOOST_AUTO_TEST_CASE(prints_states_and_lists) {
    Script script;
    script.states.resize(1);
    script.states[0].id = "web";
    script.states[0].status = runtime::Status::running;
    BOOST_TEST(run(script, {"state", "web"}).output.find("\"id\": \"web\"") != std::string::npos);
    BOOST_TEST(run(script, {"list", "-q"}).output == "web\n");
    BOOST_TEST(run(script, {"list", "-f", "json"}).output.find("[{\"ociVersion\"") == 0U);
    BOOST_TEST(run(script, {"list"}).output.find("ID          PID") == 0U);
    BOOST_TEST(run(script, {"list", "--format", "table"}).output.find("ID          PID") == 0U);
    script.states.clear();
    BOOST_TEST(run(script, {"list", "-f", "json"}).output == "[]\n");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(settings_in_force)

BOOST_AUTO_TEST_CASE(come_from_the_command_line_then_from_the_file_then_from_the_environment) {
    TemporaryDirectory directory;
    const std::string file = directory / "n.yaml";
    write_file(file, "root: /from/file\ncgroup_manager: disabled\n");
    Script script;
    run(script, {"start", "c"}, {"", std::nullopt});
    BOOST_TEST(script.settings.root == "/run/nucleus");
    BOOST_TEST(!script.settings.root_chosen);
    BOOST_TEST((script.settings.cgroup_manager == runtime::CgroupManager::cgroupfs));
    BOOST_TEST((script.settings.rootless == std::nullopt));
    const Outcome outcome = run(script, {"--settings", file, "start", "c"});
    BOOST_TEST(outcome.complaint == "");
    BOOST_TEST(script.settings.root == "/from/file");
    BOOST_TEST(script.settings.root_chosen);
    BOOST_TEST((script.settings.cgroup_manager == runtime::CgroupManager::disabled));
    run(script, {"--settings", file, "--root", "/r/", "--systemd-cgroup", "--rootless=false",
                 "start", "c"});
    BOOST_TEST(script.settings.root == "/r");
    BOOST_TEST((script.settings.cgroup_manager == runtime::CgroupManager::systemd));
    BOOST_TEST((script.settings.rootless == false));
    run(script, {"--cgroup-manager", "cgroupfs", "--systemd-cgroup", "start", "c"});
    BOOST_TEST((script.settings.cgroup_manager == runtime::CgroupManager::cgroupfs));
}

BOOST_AUTO_TEST_CASE(are_refused_if_a_named_file_is_missing) {
    BOOST_TEST(complaint("--settings /nonexistent/n.yaml start c") ==
               "nucleus: settings: open '/nonexistent/n.yaml': no such file\n");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(logging)

BOOST_AUTO_TEST_CASE(writes_exactly_one_object_on_failure_and_folds_the_warnings_in) {
    TemporaryDirectory directory;
    const std::string log = directory / "log.json";
    Script script;
    script.warnings = {"w1", "w2"};
    script.failure = Error(Errc::system, "no");
    const Outcome outcome = run(script, {"--log", log, "--log-format", "json", "create", "c"});
    BOOST_TEST(outcome.complaint == "nucleus: create 'c': no (warning: w1) (warning: w2)\n");
    const std::string text = contents(log);
    BOOST_TEST(text.find("{\"level\":\"error\",\"msg\":\"create 'c': no (warning: w1) (warning: "
                         "w2)\",\"time\":\"20") == 0U);
    BOOST_TEST(text.find('\n') == text.size() - 1);
    BOOST_TEST(text.ends_with("Z\"}\n"));
}

BOOST_AUTO_TEST_CASE(writes_warnings_only_to_the_log_on_success) {
    TemporaryDirectory directory;
    const std::string log = directory / "log";
    Script script;
    script.warnings = {"w1", "w2"};
    const Outcome outcome = run(script, {"--log", log, "create", "c"});
    BOOST_TEST(outcome.status == 0);
    BOOST_TEST(outcome.output + outcome.complaint == "");
    const std::string text = contents(log);
    BOOST_TEST(text.find("level=warning msg=\"w1\"\n") != std::string::npos);
    BOOST_TEST(text.find("level=warning msg=\"w2\"\n") != std::string::npos);
    write_file(log, "");
    run(script, {"--log", log, "--log-level", "error", "create", "c"});
    BOOST_TEST(contents(log) == "");
    run(script, {"--log", log, "--debug", "create", "c"});
    BOOST_TEST(contents(log).find("level=debug") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(appends_and_is_silent_when_there_is_nothing_to_say) {
    TemporaryDirectory directory;
    const std::string log = directory / "log";
    Script script;
    run(script, {"--log", log, "start", "c"});
    BOOST_TEST(contents(log) == "");
    BOOST_REQUIRE(access(log.c_str(), F_OK) == 0);
    write_file(log, "earlier\n");
    run(script, {"--log", log, "create", "--bogus", "c"});
    BOOST_TEST(contents(log).find("earlier\ntime=\"20") == 0U);
    BOOST_TEST(contents(log).find("level=error msg=\"create: unknown flag: --bogus\"\n") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(tells_of_wrong_globals_and_wrong_settings_in_the_log_that_is_named) {
    TemporaryDirectory directory;
    const std::string log = directory / "log";
    const std::string file = directory / "n.yaml";
    write_file(file, "rot: /x\n");
    Script script;
    run(script, {"--log", log, "--root", "/", "start", "c"});
    BOOST_TEST(contents(log).find("--root must not be '/'") != std::string::npos);
    run(script, {"--log", log, "--settings", file, "start", "c"});
    BOOST_TEST(contents(log).find("n.yaml:1: unknown key 'rot'") != std::string::npos);
    run(script, {"--log", log, "checkpoint", "c"});
    BOOST_TEST(contents(log).find(
                   "checkpoint 'c': checkpoint and restore are not supported by this version") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(takes_the_log_and_its_level_from_the_settings) {
    TemporaryDirectory directory;
    const std::string log = directory / "log";
    const std::string file = directory / "n.yaml";
    write_file(file, "log: " + log + "\nlog_level: error\n");
    Script script;
    script.warnings = {"w"};
    run(script, {"--settings", file, "start", "c"});
    BOOST_TEST(contents(log) == "");
    run(script, {"--settings", file, "--log-level", "warning", "start", "c"});
    BOOST_TEST(contents(log).find("msg=\"w\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(fails_before_anything_happens_if_the_log_cannot_be_opened) {
    BOOST_TEST(complaint("--log /nonexistent/log start c") ==
               "nucleus: --log: open '/nonexistent/log': no such file\n");
}

BOOST_AUTO_TEST_SUITE_END()
