"""Values that a property cannot have, and properties that contradict each other."""

import json
import os

from common import Attempt, check_words, ours, refuses, setting, suite
from support import census, report

refuses("refuses_an_unknown_namespace_type", setting("/linux/namespaces/-", {"type": "bogus"}),
        "/linux/namespaces/6", "bogus")
refuses("refuses_a_namespace_that_is_listed_twice",
        setting("/linux/namespaces/-", {"type": "network"}), "/linux/namespaces/6", "network")
refuses("refuses_a_namespace_path_that_is_not_there",
        lambda bundle: bundle.namespace("network", "/proc/no-such-process/ns/net"),
        "/proc/no-such-process/ns/net")
refuses("refuses_a_namespace_of_another_type",
        lambda bundle: bundle.namespace("uts", "/proc/self/ns/net"), "/proc/self/ns/net")
refuses("refuses_a_namespace_path_that_is_no_namespace",
        lambda bundle: bundle.namespace("ipc", "/proc/self/status"), "/proc/self/status")
refuses("refuses_a_relative_namespace_path",
        lambda bundle: bundle.namespace("uts", "ns/uts"), "/linux/namespaces", "ns/uts")
refuses("refuses_a_hostname_in_an_inherited_namespace",
        lambda bundle: bundle.without_namespace("uts"), "/hostname")
refuses("refuses_mounts_in_an_inherited_namespace",
        lambda bundle: bundle.without_namespace("mount"), "/mounts")
refuses("refuses_a_domainname_in_an_inherited_namespace",
        lambda bundle: (bundle.without_namespace("uts").remove("/hostname"),
                        bundle.set("/domainname", "example.org")), "/domainname",
        runc_accepts="runc 1.1 knows no domainname")
refuses("refuses_a_network_sysctl_in_an_inherited_namespace",
        lambda bundle: bundle.without_namespace("network").set("/linux/sysctl",
                                                               {"net.core.somaxconn": "1"}),
        "/linux/sysctl/net.core.somaxconn")
refuses("refuses_a_sysctl_of_the_host", setting("/linux/sysctl", {"vm.swappiness": "10"}),
        "/linux/sysctl/vm.swappiness")


def mapped(uids, gids=None):
    def change(bundle):
        bundle.user_namespace()
        bundle.config["linux"]["uidMappings"] = [mapping(*each) for each in uids]
        bundle.config["linux"]["gidMappings"] = [mapping(*each) for each in gids or uids]
    return change


def mapping(container, host, size):
    return {"containerID": container, "hostID": host, "size": size}


GOOD = [(0, 100000, 1000)]
refuses("refuses_uid_mappings_that_overlap_in_the_container",
        mapped([(0, 100000, 1000), (999, 200000, 10)], GOOD), "/linux/uidMappings", "1", "overlap")
refuses("refuses_gid_mappings_that_overlap_in_the_container",
        mapped(GOOD, [(0, 100000, 1000), (999, 200000, 10)]), "/linux/gidMappings", "1", "overlap")
refuses("refuses_uid_mappings_that_overlap_on_the_host",
        mapped([(0, 100000, 1000), (1000, 100999, 10)], GOOD), "/linux/uidMappings", "1", "overlap")
refuses("refuses_an_empty_mapping", mapped([(0, 100000, 0)], GOOD), "/linux/uidMappings")
refuses("refuses_a_mapping_beyond_32_bits", mapped([(0, 4294967000, 1000)], GOOD),
        "/linux/uidMappings")
refuses("refuses_a_user_namespace_without_mappings",
        lambda bundle: bundle.namespace("user"), "/linux/uidMappings")
refuses("refuses_mappings_without_a_user_namespace",
        lambda bundle: bundle.user_namespace().without_namespace("user"), "/linux/uidMappings",
        runc_accepts="runc 1.1 ignores them")

refuses("refuses_an_unknown_rlimit",
        setting("/process/rlimits/-", {"type": "RLIMIT_BOGUS", "soft": 1, "hard": 1}),
        "/process/rlimits/1", "RLIMIT_BOGUS")
refuses("refuses_an_rlimit_that_is_listed_twice",
        setting("/process/rlimits/-", {"type": "RLIMIT_NOFILE", "soft": 1, "hard": 1}),
        "/process/rlimits/1", "RLIMIT_NOFILE", runc_accepts="runc 1.1 takes the last")
refuses("refuses_a_soft_rlimit_above_the_hard_one",
        setting("/process/rlimits/0", {"type": "RLIMIT_NOFILE", "soft": 2, "hard": 1}),
        "/process/rlimits/0")

refuses("refuses_a_relative_cwd", setting("/process/cwd", "tmp"), "/process/cwd")
refuses("refuses_an_empty_cwd", setting("/process/cwd", ""), "/process/cwd")
refuses("refuses_a_process_without_arguments", setting("/process/args", []), "/process/args")
refuses("refuses_a_missing_command", setting("/process/args", ["no-such-command"]),
        "no-such-command", "executable file not found in $PATH")
refuses("refuses_a_missing_program", setting("/process/args", ["/no/such/program"]),
        "/no/such/program", "no such file or directory")
refuses("refuses_a_program_that_is_a_directory", setting("/process/args", ["/etc"]), "/etc")
refuses("refuses_a_program_without_execute_permission", setting("/process/args", ["/etc/passwd"]),
        "/etc/passwd", "permission denied")
refuses("refuses_a_missing_command_at_run", setting("/process/args", ["no-such-command"]),
        "no-such-command", command=("run",))
refuses("refuses_a_missing_command_at_a_detached_run", setting("/process/args", ["no-such-command"]),
        "no-such-command", command=("run", "--detach"))
refuses("refuses_an_oom_score_that_is_out_of_range", setting("/process/oomScoreAdj", 1001),
        "/process/oomScoreAdj")

refuses("refuses_a_bundle_without_a_root", lambda bundle: bundle.remove("/root"), "/root")
refuses("refuses_a_root_that_is_not_there", setting("/root/path", "no-such-root"), "no-such-root",
        "no such file")
refuses("refuses_a_root_that_is_a_file", setting("/root/path", "config.json"), "config.json")
refuses("refuses_an_empty_root_path", setting("/root/path", ""), "/root/path")

refuses("refuses_a_mount_without_a_destination",
        setting("/mounts/-", {"type": "tmpfs", "source": "tmpfs"}), "/mounts/7")
refuses("refuses_a_bind_mount_whose_source_is_not_there",
        lambda bundle: bundle.mount("/mnt", source="/no/such/source", options=["bind"]),
        "/no/such/source", "no such file")
refuses("refuses_a_mount_of_an_unknown_file_system",
        lambda bundle: bundle.mount("/mnt", "nosuchfs", "x"), "/mnt")
refuses("refuses_an_option_that_the_file_system_does_not_know",
        lambda bundle: bundle.mount("/mnt", "tmpfs", "tmpfs", ["bogus=1"]), "/mnt")
refuses("refuses_an_unknown_propagation", setting("/linux/rootfsPropagation", "sideways"),
        "/linux/rootfsPropagation")

refuses("refuses_an_unknown_device_type",
        setting("/linux/devices", [{"type": "x", "path": "/dev/x", "major": 1, "minor": 3}]),
        "/linux/devices/0")
refuses("refuses_an_unknown_device_access",
        setting("/linux/resources/devices/-", {"allow": True, "type": "c", "access": "rwz"}),
        "/linux/resources/devices/1", runc_accepts="runc 1.1 drops the letter")
refuses("refuses_a_relative_device_path",
        setting("/linux/devices", [{"type": "c", "path": "null2", "major": 1, "minor": 3}]),
        "/linux/devices/0", runc_accepts="runc 1.1 takes it as it is")

SECCOMP = {"defaultAction": "SCMP_ACT_ALLOW"}
refuses("refuses_an_unknown_seccomp_action",
        setting("/linux/seccomp", {"defaultAction": "SCMP_ACT_BOGUS"}), "/linux/seccomp",
        "SCMP_ACT_BOGUS")
refuses("refuses_an_unknown_seccomp_operator",
        setting("/linux/seccomp", {**SECCOMP, "syscalls": [
            {"names": ["chmod"], "action": "SCMP_ACT_ERRNO",
             "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_BOGUS"}]}]}),
        "/linux/seccomp/syscalls/0", "SCMP_CMP_BOGUS")
refuses("refuses_an_unknown_seccomp_architecture",
        setting("/linux/seccomp", {**SECCOMP, "architectures": ["SCMP_ARCH_BOGUS"]}),
        "/linux/seccomp/architectures/0", "SCMP_ARCH_BOGUS")
refuses("refuses_an_unknown_seccomp_flag",
        setting("/linux/seccomp", {**SECCOMP, "flags": ["BOGUS"]}), "/linux/seccomp/flags/0",
        runc_accepts="runc 1.1 ignores the flags")

refuses("refuses_a_cgroup_path_that_leaves_the_hierarchy",
        setting("/linux/cgroupsPath", "/a/../../b"), "/linux/cgroupsPath",
        runc_accepts="runc 1.1 cleans the path")

refuses("refuses_a_relative_hook_path",
        lambda bundle: bundle.hook("createRuntime", "bin/true"), "/hooks/createRuntime/0",
        runc_accepts="runc 1.1 looks it up in its own working directory and PATH")
refuses("refuses_a_hook_timeout_of_0",
        lambda bundle: bundle.hook("createRuntime", "/bin/true", timeout=0),
        "/hooks/createRuntime/0/timeout", runc_accepts="runc 1.1 lets the hook time out or run")


def fails_by_hook(kind, command):
    refuses(f"leaves_nothing_if_a_{kind}_hook_fails",
            lambda bundle: bundle.hook(kind, "/bin/false", ["false"]), "hook", command=command)
    refuses(f"leaves_nothing_if_a_{kind}_hook_is_missing",
            lambda bundle: bundle.hook(kind, "/no/such/hook"), "/no/such/hook", command=command)


for hook in ("prestart", "createRuntime", "createContainer"):
    fails_by_hook(hook, ("create",))
fails_by_hook("startContainer", ("run",))


@suite.test
def leaves_nothing_if_a_hook_outlasts_its_timeout(t):
    attempt = Attempt(t, lambda bundle: bundle.hook("createRuntime", "/bin/sleep", ["sleep", "1001"],
                                                    timeout=1))
    attempt.refused("hook")


def refuses_id(name, container, *fragments, **options):
    def test(t):
        if options and not ours(t):
            report.skip(options["runc_accepts"], impossible=True)
        attempt = Attempt(t)
        attempt.id = container.replace("ID", t.unique)
        attempt.refused(*(fragments or (attempt.id,)))
    suite.add(name, test)


refuses_id("refuses_an_id_with_a_slash", "ID/x")
refuses_id("refuses_an_id_that_climbs", "../ID")
refuses_id("refuses_an_absolute_id", "/ID")
refuses_id("refuses_two_dots_as_id", "..", "'..'")
refuses_id("refuses_one_dot_as_id", ".", "'.'")
refuses_id("refuses_an_id_with_a_blank", "ID x")
refuses_id("refuses_an_id_with_a_newline", "ID\nx", "id")
refuses_id("refuses_an_id_that_is_no_ASCII", "IDé", "id")
refuses_id("refuses_an_empty_id", "", "id")
refuses_id("refuses_an_id_longer_than_a_file_name", "ID" + "x" * 300, "too long")


def refuses_climbing(*command):
    """An id is a path's part in every command, not only in create."""
    def test(t):
        attempt = Attempt(t)
        victim = os.path.join(t.directory, "victim")
        os.mkdir(victim)
        with open(os.path.join(victim, "state.jsonl"), "w", encoding="utf-8") as file:
            file.write("{}")
        os.makedirs(t.runtime.root)
        attempt.settle()
        result = t.runtime.call(command[0], *command[1:], "../victim",
                                *(["true"] if command[0] == "exec" else []))
        # `delete --force` of what is not there succeeds; the victim is there afterwards all the same.
        if "--force" not in command:
            report.check(result.status not in (0, None), f"{result!r}")
        report.equal(os.listdir(victim), ["state.jsonl"], "the directory outside the root")
        attempt.nothing_left()
    suite.add(f"keeps_to_its_root_in_{'_'.join(command).replace('-', '')}", test)


for verb in (("state",), ("start",), ("kill",), ("delete",), ("delete", "--force"), ("exec",)):
    refuses_climbing(*verb)


@suite.test
def refuses_an_id_in_use(t):
    attempt = Attempt(t)
    attempt.bundle.args("sleep", "1000").write()
    t.runtime.create(attempt.id, attempt.bundle).must()
    during = census.of_test(t)
    before, attempt.before = attempt.before, during
    attempt.refused(*(["container with given ID already exists"] if ours(t) else []))
    t.runtime.global_arguments = []
    t.runtime.delete(attempt.id, "--force").must()
    attempt.before = before
    attempt.nothing_left(was_created=True)


@suite.test
def refuses_an_unknown_signal(t):
    attempt = Attempt(t)
    attempt.bundle.args("sleep", "1000").write()
    t.runtime.create(attempt.id, attempt.bundle).must()
    log = os.path.join(t.directory, "log.json")
    t.runtime.global_arguments = ["--log", log, "--log-format", "json"]
    result = t.runtime.kill(attempt.id, "SIGBOGUS").must(1)
    if ours(t):
        check_words(result, log, ["unknown signal", "SIGBOGUS"])
    os.unlink(log)
    t.runtime.global_arguments = []
    report.equal(t.runtime.status(attempt.id), "created", "status")
    t.runtime.delete(attempt.id).must()
    attempt.nothing_left(was_created=True)


@suite.test
def warns_of_an_unknown_capability_and_goes_on(t):
    # config.md#linux-process: "Any value which cannot be mapped to a relevant kernel interface, or
    # cannot be granted otherwise, MUST be logged as a warning by the runtime."
    attempt = Attempt(t, lambda bundle: bundle.set("/process/capabilities/bounding/-", "CAP_BOGUS"))
    log = os.path.join(t.directory, "log.json")
    t.runtime.global_arguments = ["--log", log, "--log-format", "json"]
    result = t.runtime.run(attempt.id, attempt.bundle).must()
    if ours(t):
        report.equal(result.stderr, "", "stderr of a command that succeeded")
    with open(log, encoding="utf-8") as file:
        entries = [json.loads(line) for line in file.read().splitlines()]
    report.check(any(entry["level"] == "warning" and "CAP_BOGUS" in entry["msg"] for entry in entries),
                 f"a warning that names it: {entries}")
    os.unlink(log)
    attempt.nothing_left()
