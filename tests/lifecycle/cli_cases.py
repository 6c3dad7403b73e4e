"""list, spec, --version, the log and the global options, as callers read and write them."""

import json
import os
import re

from common import Box, done, ours, refused, suite
from support import report
from support.bundle import Bundle

TABLE = ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]


@suite.test
def lists_containers_as_a_table(t):
    box = Box(t).run_detached()
    state = t.runtime.state(box.id)
    lines = done(t.runtime.call("list")).stdout.splitlines()
    report.equal(lines[0].split(), TABLE, "header")
    report.equal(lines[1].split(), [box.id, str(state["pid"]), "running", box.bundle.path,
                                    state["created"], "root"], "row")
    report.equal(len(lines), 2, "lines")
    starts = [lines[0].index(word) for word in TABLE]
    report.check(all(lines[1][start - 1] == " " for start in starts[1:]), "columns stand below heads")
    box.stop().delete()


@suite.test
def lists_containers_as_json(t):
    box = Box(t).create()
    for flags in (["--format", "json"], ["-f", "json"], ["--format=json"]):
        entries = json.loads(done(t.runtime.call("list", *flags)).stdout)
        report.equal([entry["id"] for entry in entries], [box.id], "ids")
        entry, state = entries[0], t.runtime.state(box.id)
        for key in ("ociVersion", "pid", "status", "bundle", "rootfs", "created"):
            report.equal(entry[key], state[key], key)
        report.equal(entry["owner"], "root", "owner")
    box.delete()


@suite.test
def lists_ids_alone(t):
    first, second = Box(t, name="a"), Box(t, name="b")
    first.id, second.id = t.container_id("a"), t.container_id("b")
    first.create()
    second.run_detached()
    for flag in ("--quiet", "-q"):
        report.equal(done(t.runtime.call("list", flag)).stdout, f"{first.id}\n{second.id}\n", "ids")
    second.stop()
    done(t.runtime.delete(second.id))
    report.equal(done(t.runtime.call("list", "-q")).stdout, f"{first.id}\n", "ids")
    done(t.runtime.delete(first.id))


@suite.test
def lists_stopped_containers(t):
    box = Box(t).run_detached().stop()
    entry = json.loads(done(t.runtime.call("list", "-f", "json")).stdout)[0]
    report.equal((entry["status"], entry["pid"]), ("stopped", 0), "status and pid")
    report.equal(done(t.runtime.call("list")).stdout.splitlines()[1].split()[1:3], ["0", "stopped"],
                 "row")
    box.delete()


@suite.test
def lists_nothing_of_an_empty_root(t):
    os.mkdir(t.runtime.root)
    report.equal(done(t.runtime.call("list")).stdout.split(), TABLE, "table")
    report.equal(done(t.runtime.call("list", "-q")).stdout, "", "ids")
    # An array, where runc prints null: the rule for differences, contract, first paragraph.
    wanted = [] if ours(t) else None
    report.equal(json.loads(done(t.runtime.call("list", "-f", "json")).stdout), wanted, "JSON")


@suite.test
def refuses_to_list_a_root_that_was_named_and_is_not_there(t):
    if not ours(t):
        report.skip("Debian's runc 1.1 takes a named root for the default one", impossible=True)
    refused(t.runtime.call("list"), "no such file")


@suite.test
def refuses_an_unknown_list_format(t):
    os.mkdir(t.runtime.root)
    result = t.runtime.call("list", "--format", "yaml")
    report.check(result.status not in (0, None), f"{result!r}")


def log_lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


@suite.test
def writes_one_json_object_to_the_log_and_text_to_stderr(t):
    # podman parses the whole file as one value, containerd the last object of level "error".
    path = os.path.join(t.directory, "log")
    t.runtime.global_arguments += ["--log", path, "--log-format", "json"]
    box = Box(t)
    refused(t.runtime.start(box.id), "does not exist")
    lines = log_lines(path)
    report.equal(len(lines), 1, f"lines of the log: {lines}")
    entry = json.loads(lines[0])
    report.equal(set(entry), {"level", "msg", "time"}, "members")
    report.equal(entry["level"], "error", "level")
    report.contains(entry["msg"], "does not exist", "msg")
    report.check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", entry["time"]),
                 f"time is RFC 3339: {entry['time']}")


@suite.test
def appends_to_the_log(t):
    path = os.path.join(t.directory, "log")
    t.runtime.global_arguments += ["--log", path, "--log-format=json"]
    for _ in range(2):
        t.runtime.call("state", "absent").must(1)
    report.equal(len([json.loads(line) for line in log_lines(path)]), 2, "objects in the log")


@suite.test
def writes_text_to_the_log_if_told(t):
    path = os.path.join(t.directory, "log")
    t.runtime.global_arguments += ["--log", path, "--log-format", "text"]
    t.runtime.call("state", "absent").must(1)
    lines = log_lines(path)
    report.equal(len(lines), 1, f"lines of the log: {lines}")
    report.check(re.match(r'time="?[^ ]+"? level=error msg=".*does not exist', lines[0]), lines[0])


@suite.test
def writes_no_error_to_the_log_on_success(t):
    path = os.path.join(t.directory, "log")
    t.runtime.global_arguments += ["--log", path, "--log-format", "json"]
    box = Box(t).create().start().stop()
    done(t.runtime.delete(box.id))
    entries = [json.loads(line) for line in log_lines(path)] if os.path.exists(path) else []
    report.equal([entry for entry in entries if entry["level"] == "error"], [], "errors in the log")


@suite.test
def refuses_an_unknown_log_format(t):
    t.runtime.global_arguments += ["--log-format", "xml"]
    result = t.runtime.call("list")
    report.check(result.status not in (0, None), f"{result!r}")
    report.contains(result.stderr, "xml", "stderr names the format")


@suite.test
def accepts_repeated_globals_and_takes_the_last(t):
    # conmon-rs repeats them (contract, B5).
    t.runtime.global_arguments += ["--root", os.path.join(t.directory, "other"), "--root", t.runtime.root]
    box = Box(t).create()
    report.check(os.path.isdir(os.path.join(t.runtime.root, box.id)), "state lies under the last root")
    box.delete()


@suite.test
def accepts_equals_signs_and_single_dashes(t):
    # go-runc writes `-no-subreaper`; urfave/cli takes both forms (contract, A1).
    box = Box(t)
    done(t.runtime.call("create", f"-bundle={box.bundle.path}", "--no-pivot=false", box.id))
    report.equal(t.runtime.status(box.id), "created", "status")
    box.delete()


@suite.test
def takes_the_working_directory_as_the_bundle(t):
    box = Box(t)
    done(t.runtime.call("create", box.id, cwd=box.bundle.path))
    report.equal(t.runtime.state(box.id)["bundle"], box.bundle.path, "bundle")
    box.delete()


def refuses_usage(name, *arguments):
    def test(t):
        result = t.runtime.call(*arguments)
        report.check(result.status not in (0, None), f"{result!r}")
        report.check(result.stderr, "stderr says why")
    suite.add(f"refuses_{name}", test)


refuses_usage("an_unknown_command", "creat")
refuses_usage("an_unknown_option", "state", "--bogus", "x")
refuses_usage("create_without_an_id", "create")
refuses_usage("state_without_an_id", "state")
refuses_usage("two_ids", "state", "a", "b")
refuses_usage("an_option_without_its_argument", "create", "--bundle")


@suite.test
def prints_its_version(t):
    lines = done(t.runtime.call("--version")).stdout.splitlines()
    report.check(re.fullmatch(r"\w+ version \S+", lines[0]), lines[0])
    report.equal(lines[0].split()[0], t.runtime.kind, "name")
    # moby wants a line with `commit:` (contract, B4).
    for word in ("commit", "spec"):
        report.check(any(line.startswith(word + ":") for line in lines), f"{word}: in {lines}")
    spec = [line for line in lines if line.startswith("spec:")][0].split()[1]
    report.check(re.match(r"1\.\d+\.\d+", spec), f"spec version {spec}")


@suite.test
def shows_help(t):
    for arguments in (["--help"], ["-h"], ["create", "--help"]):
        text = done(t.runtime.call(*arguments)).stdout
        report.contains(text, "create", f"help of {arguments}")


@suite.test
def writes_a_config_that_runs(t):
    bundle = Bundle(os.path.join(t.directory, "bundle"))
    done(t.runtime.call("spec", cwd=bundle.path))
    path = os.path.join(bundle.path, "config.json")
    with open(path, encoding="utf-8") as file:
        bundle.config = json.load(file)
    report.equal(bundle.config["process"]["args"], ["sh"], "args")
    report.equal(bundle.config["process"]["terminal"], True, "terminal")
    bundle.set("/process/terminal", False).args("hostname").write()
    result = done(t.runtime.run(t.container_id(), bundle))
    report.equal(result.stdout, bundle.config["hostname"] + "\n", "what hostname printed")


@suite.test
def writes_no_config_over_another(t):
    bundle = Bundle(os.path.join(t.directory, "bundle"), with_rootfs=False).write_text("mine")
    refused(t.runtime.call("spec", cwd=bundle.path), "exists")
    with open(os.path.join(bundle.path, "config.json"), encoding="utf-8") as file:
        report.equal(file.read(), "mine", "the file")


@suite.test
def writes_a_config_into_the_bundle_that_is_named(t):
    bundle = Bundle(os.path.join(t.directory, "bundle"), with_rootfs=False)
    done(t.runtime.call("spec", "--bundle", bundle.path))
    report.check(os.path.exists(os.path.join(bundle.path, "config.json")), "config.json exists")


@suite.test
def keeps_state_under_the_default_root_without_options(t):
    # Commands of one container come with different environments (contract, B2): podman's kill and
    # delete have an empty XDG_RUNTIME_DIR and no PATH.
    if not ours(t):
        report.skip("the default root of another runtime is the machine's own", impossible=True)
    box = Box(t)
    bare = {"XDG_RUNTIME_DIR": ""}
    full = {**os.environ, "XDG_RUNTIME_DIR": ""}
    t.runtime.global_arguments = []

    def call(*arguments, environment):
        # The last --root wins only if it is given: this call gives none.
        root, t.runtime.root = t.runtime.root, "/run/nucleus"
        try:
            return done(t.runtime.call(*arguments, environment=environment))
        finally:
            t.runtime.root = root

    call("create", "--bundle", box.bundle.path, box.id, environment=full)
    t.on_cleanup(lambda: call("delete", "--force", box.id, environment=bare))
    call("start", box.id, environment=bare)
    call("kill", box.id, "9", environment=bare)
    call("delete", "--force", box.id, environment=bare)
    box.nothing_left()
