"""Ids, capabilities, limits, no_new_privs and the OOM score: mostly of exec, and of what a runtime
with fewer rights than it is asked for does. tests/peers has the ordinary ways of create."""

import ctypes
import json
import os

from common import Box, running, setting, suite
from support import report

PR_CAPBSET_DROP = 24
CAP_SYSLOG, CAP_AUDIT_READ = 34, 37
SETS = ("bounding", "effective", "permitted", "inheritable", "ambient")


def warnings_of(box, command):
    """Runs a command with a log; the messages of its warnings."""
    log = os.path.join(box.t.directory, "log.json")
    box.runtime.global_arguments = ["--log", log, "--log-format", "json"]
    try:
        result = command()
        with open(log, encoding="utf-8") as file:
            entries = [json.loads(line) for line in file.read().splitlines()]
    finally:
        box.runtime.global_arguments = []
        os.unlink(log)
    report.equal(result.stderr, "", "stderr of a command that succeeded")
    return result, [entry["msg"] for entry in entries if entry["level"] == "warning"]


def without_two_capabilities():
    """execve gives root no more than its bounding set (capabilities(7))."""
    for capability in (CAP_SYSLOG, CAP_AUDIT_READ):
        if ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError("prctl(PR_CAPBSET_DROP)")


def capabilities(*names):
    return {each: list(names) for each in SETS}


@suite.test
def warns_of_capabilities_that_cannot_be_granted_and_grants_the_rest(t):
    # config.md#linux-process: "cannot be granted otherwise MUST be logged as a warning [...]
    # SHOULD NOT fail".
    wanted = capabilities("CAP_KILL", "CAP_SYSLOG", "CAP_AUDIT_READ")
    box = Box(t, setting("/process/capabilities", wanted), args=("/probe", "capabilities"))
    result, warned = warnings_of(
        box, lambda: box.runtime.run(box.id, box.bundle,
                                     before_exec=without_two_capabilities).must())
    found = json.loads(result.stdout)["capabilities"]
    report.equal({each: found[each] for each in SETS}, capabilities("CAP_KILL"), "granted")
    report.check(any("CAP_SYSLOG CAP_AUDIT_READ" in message for message in warned),
                 f"a warning that names both: {warned}")
    box.nothing_left()


@suite.test
def warns_of_an_unknown_capability_of_an_executed_process(t):
    box = running(t)
    process = box.process("/probe", "capabilities",
                          capabilities=capabilities("CAP_KILL", "CAP_BOGUS"))
    result, warned = warnings_of(
        box, lambda: box.runtime.exec_process(box.id, process).must())
    found = json.loads(result.stdout)["capabilities"]
    report.equal({each: found[each] for each in SETS}, capabilities("CAP_KILL"), "granted")
    report.check(any("CAP_BOGUS" in message for message in warned), f"a warning: {warned}")
    box.delete()


@suite.test
def executes_with_each_set_of_capabilities_as_it_is_given(t):
    box = running(t)
    sets = {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
            "permitted": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_KILL"],
            "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}
    # A user's: root would gain the bounding set at the execve.
    found = box.executed("capabilities", capabilities=sets, user={"uid": 1000, "gid": 1000})
    expected = dict(sets, permitted=["CAP_KILL"])  # what is not ambient, an execve takes
    report.equal({each: found["capabilities"][each] for each in SETS}, expected, "sets")
    box.delete()


@suite.test
def executes_with_the_capabilities_of_the_container_where_the_process_has_none(t):
    box = running(t, setting("/process/capabilities", capabilities("CAP_CHOWN")))
    found = box.executed("capabilities", capabilities=None)
    report.equal(found["capabilities"]["effective"], ["CAP_CHOWN"], "effective")
    box.delete()


@suite.test
def executes_with_limits_of_its_own(t):
    box = running(t)
    limits = [{"type": "RLIMIT_NOFILE", "soft": 12, "hard": 24},
              {"type": "RLIMIT_CPU", "soft": 100, "hard": 2**64 - 1}]
    found = box.executed("rlimits", rlimits=limits)
    report.equal(found["rlimits"]["NOFILE"], ["12", "24"], "RLIMIT_NOFILE")
    report.equal(found["rlimits"]["CPU"], ["100", "unlimited"], "RLIMIT_CPU")
    twice = [{"type": "RLIMIT_CPU", "soft": 1, "hard": 1}] * 2
    box.refuses("/rlimits/1/type: rlimit 'RLIMIT_CPU' is listed twice", rlimits=twice)
    box.refuses("/rlimits/0/type: unknown rlimit 'RLIMIT_X'",
                rlimits=[{"type": "RLIMIT_X", "soft": 1, "hard": 1}])
    # More than fs.nr_open is refused to anyone (getrlimit(2)).
    box.refuses("RLIMIT_NOFILE", rlimits=[{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 1 << 62}])
    box.delete()


@suite.test
def executes_with_and_without_new_privileges(t):
    box = running(t)
    for wanted in (True, False):
        found = box.executed("security", noNewPrivileges=wanted)
        report.equal(found["security"]["no_new_privs"], int(wanted), "no_new_privs")
    box.delete()


@suite.test
def executes_as_the_user_of_its_process(t):
    box = running(t)
    user = {"uid": 7, "gid": 8, "umask": 0o27, "additionalGids": [10, 9]}
    found = box.executed("ids", user=user)["ids"]
    report.equal((found["uid"], found["gid"], found["groups"], found["umask"]),
                 ([7] * 4, [8] * 4, [9, 10], "0027"), "ids")
    box.refuses("/user/umask: is larger than 0777", user={"uid": 0, "gid": 0, "umask": 0o1000})
    box.delete()


@suite.test
def refuses_to_execute_as_a_user_that_the_container_does_not_map(t):
    box = running(t, lambda bundle: bundle.user_namespace(size=1000))
    why = "is not mapped in the container's user namespace"
    box.refuses("/user/uid: " + why, user={"uid": 1000, "gid": 0})
    box.refuses("/user/gid: " + why, user={"uid": 0, "gid": 1000})
    box.refuses("/user/additionalGids/0: " + why,
                user={"uid": 0, "gid": 0, "additionalGids": [1000]})
    box.delete()


def raise_score():
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("250")


@suite.test
def changes_the_oom_score_of_an_executed_process_only_if_it_is_given(t):
    # config.md#linux-process: "If oomScoreAdj is not set, the runtime MUST NOT change the value".
    box = running(t, setting("/process/oomScoreAdj", 400))
    report.equal(box.executed("scheduling", oomScoreAdj=500)["scheduling"]["oom_score_adj"], "500",
                 "that of the process")
    process = box.process("/probe", "scheduling")
    del process["oomScoreAdj"]
    path = os.path.join(t.directory, "process.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(process, file)
    result = box.runtime.call("exec", "--process", path, box.id, before_exec=raise_score).must()
    report.equal(json.loads(result.stdout)["scheduling"]["oom_score_adj"], "250", "the caller's")
    os.unlink(path)
    box.delete()
