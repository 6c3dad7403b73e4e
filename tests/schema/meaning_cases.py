"""`nucleus validate` in full: all findings at once, by schema and by meaning."""

import json
import os
import struct

import documents
from common import read_json, suite
from support import census, report
from support.bundle import Bundle
from validate_cases import errors, validate

# `features` says what is not built in; what validate says of it is no finding about the document.
NOT_BUILT_IN = "not supported by this version"

NO_PROCESS = ("warning", "/process")
OLD = ("error", "/ociVersion")  # 0.5.0-dev comes before any release
NO_MOUNTS = ("error", "/mounts")  # no mount namespace of the container's own
NO_NAME = ("error", "/hostname")  # no uts namespace

# What the meaning adds to the schema's verdict on the official documents.
BEYOND_THE_SCHEMA = {
    "bad/freebsd-vnet-disable.json": {NO_PROCESS},
    "bad/invalid-json.json": set(),
    "bad/linux-hugepage.json": {NO_PROCESS},
    "bad/linux-netdevice.json": {NO_PROCESS},
    "bad/linux-rdma.json": {NO_PROCESS},
    "good/freebsd-example.json": {NO_MOUNTS, NO_NAME},
    "good/freebsd-minimal.json": {NO_PROCESS},
    # Without a network namespace of the container's own no device can move.
    "good/linux-netdevice.json": {NO_PROCESS, ("error", "/linux/netDevices")},
    "good/linux-rdma.json": {NO_PROCESS},
    "good/minimal-for-start.json": set(),
    "good/minimal.json": {NO_PROCESS},
    "good/spec-example.json": {OLD, ("warning", "/linux/resources/memory/kernel"),
                               ("warning", "/linux/resources/memory/kernelTCP"),
                               ("warning", "/linux/resources/memory/useHierarchy")},
    "good/zos-example.json": {OLD, NO_MOUNTS, NO_NAME},
    "good/zos-minimal.json": {NO_PROCESS},
}


def found(output):
    return {(finding["severity"], finding["pointer"]) for finding in output["findings"]
            if finding["severity"] != "note" and NOT_BUILT_IN not in finding["message"]}


@suite.test
def adds_to_the_official_verdicts_only_what_is_pinned_here(t):
    seen = set()
    for name, text in documents.official_documents("config"):
        name = name.removeprefix("config/")
        _, by_schema = validate(t, text, "--schema-only")
        _, in_full = validate(t, text)
        report.equal(found(in_full) - found(by_schema), BEYOND_THE_SCHEMA[name], name)
        report.equal(found(by_schema) - found(in_full), set(), f"{name}: what is lost")
        seen.add(name)
    report.equal(seen, set(BEYOND_THE_SCHEMA), "documents")


# One document, wrong in many places; each pointer is expected exactly once.
BROKEN = {
    "ociVersion": "2.0.0", "hostname": "h", "root": {"path": ""},
    "mounts": [
        {"destination": "/a", "type": "tmpfs", "options": ["copy-symlink", "ro", "src-nofollow"]},
        {"destination": "", "type": "tmpfs"}, {"destination": "/b"}, {"destination": 7},
        {"destination": "/c", "type": "bind", "options": ["rbind"]}],
    "process": {
        "args": [], "cwd": "relative", "user": {"uid": 4294967295, "gid": 5, "umask": 4096},
        "oomScoreAdj": 5000,
        "rlimits": [{"type": "RLIMIT_FOO", "soft": 1, "hard": 1},
                    {"type": "RLIMIT_CORE", "soft": 3, "hard": 1},
                    {"type": "RLIMIT_CORE", "soft": 1, "hard": 1}]},
    "hooks": {"prestart": [{"path": "relative"}, {"path": "/x"}, {"path": "also"}],
              "poststop": [{"path": "/x", "timeout": 0}]},
    "linux": {
        "namespaces": [{"type": "pid"}, {"type": "bogus"}, {"type": "pid"}, {"type": "mount"}],
        "maskedPaths": ["relative", "/ok", "also"],
        "sysctl": {"kernel.x": "1", "net.a": "2", "a: b": "3"},
        "devices": [{"type": "c", "path": "relative", "major": 1, "minor": 1},
                    {"type": "c", "path": "/dev/x"}],
        "resources": {"memory": {"limit": -5, "swappiness": 200}, "cpu": {"cpus": "all"},
                      "unified": {"a/b": "1"}},
        "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1, "syscalls": [
            {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 70000},
            {"names": ["mkdir"], "action": "SCMP_ACT_KILL",
             "args": [{"index": 9, "value": 1, "op": "SCMP_CMP_EQ"}]}]}}}

BROKEN_PLACES = """
/hooks/poststop/0/timeout /hooks/prestart/0/path /hooks/prestart/2/path /hostname
/linux/devices/0/path /linux/devices/1/major /linux/maskedPaths/0 /linux/maskedPaths/2
/linux/namespaces/1/type /linux/namespaces/2/type /linux/resources/cpu/cpus
/linux/resources/memory/limit /linux/resources/memory/swappiness /linux/resources/unified/a~1b
/linux/seccomp/defaultErrnoRet /linux/seccomp/syscalls/0/errnoRet
/linux/seccomp/syscalls/1/args/0/index /linux/sysctl/kernel.x /linux/sysctl/net.a
/mounts/1/destination /mounts/2/type /mounts/3/destination /mounts/4/source /ociVersion
/process/args /process/cwd /process/oomScoreAdj /process/rlimits/0/type /process/rlimits/1/soft
/process/rlimits/2/type /process/user/uid /process/user/umask /root/path
""".split() + ["/linux/sysctl/a: b"]


@suite.test
def finds_everything_that_is_wrong_with_a_document_at_once(t):
    status, output = validate(t, json.dumps(BROKEN))
    report.equal(status, 1, "status")
    wrong = [finding for finding in output["findings"] if finding["severity"] == "error"]
    told = [finding["pointer"] for finding in wrong if NOT_BUILT_IN not in finding["message"]]
    report.equal(sorted(told), sorted(BROKEN_PLACES), "places")
    of_options = [finding["message"] for finding in wrong
                  if finding["pointer"].startswith("/mounts/0/options")]
    report.equal(len(of_options), 2, f"one finding for each option: {of_options}")
    report.check(all(finding["clause"].startswith(("config.md", "config-linux.md"))
                     for finding in wrong), "each has its clause")


@suite.test
def each_error_of_create_is_among_the_findings(t):
    """Mended one by one, as a person would: create's word each time is in the first list."""
    _, output = validate(t, json.dumps(BROKEN))
    told = errors(output)
    bundle = Bundle(os.path.join(t.directory, "bundle"))
    bundle.config = json.loads(json.dumps(BROKEN))
    bundle.write()
    t.runtime  # its cleanup belongs before everything else
    before = census.of_test(t)
    for place, value in (("/ociVersion", "1.0.0"), ("/process/args", ["true"]),
                         ("/linux/devices/1/major", 1), ("/linux/devices/1/minor", 1),
                         ("/hooks/poststop/0/timeout", 1), ("/mounts/3/destination", "/d")):
        result = t.runtime.create(t.container_id(), bundle.write())
        report.equal(result.status, 1, "status of create")
        report.check(any(f"config.json {pointer}: " in result.stderr for pointer in told),
                     f"{result.stderr!r} is among {told}")
        bundle.set(place, value)
    report.equal(census.settled(lambda: census.of_test(t), before), "", "left behind")


@suite.test
def lists_unknown_properties_and_other_platforms_and_create_ignores_them(t):
    bundle = Bundle(os.path.join(t.directory, "bundle")).args("true")
    bundle.set("/windows", {"layerFolders": ["x"]}).set("/futureProperty", {"a": [1]})
    bundle.set("/linux/resources/cpu/future", 1).set("/process/user/username", "x")
    status, output = validate(t, json.dumps(bundle.config))
    report.equal(status, 0, "status")
    notes = {finding["pointer"]: finding["message"] for finding in output["findings"]}
    report.equal(sorted(notes), ["/futureProperty", "/linux/resources/cpu/future",
                                 "/process/user/username", "/windows"], "places")
    report.contains(notes["/futureProperty"], "unknown property", "the note")
    report.contains(notes["/windows"], "Windows", "the note")
    t.runtime.run(t.container_id(), bundle.write()).must()


@suite.test
def a_section_of_another_platform_is_judged_too(t):
    document = dict(BROKEN, windows={}, zos={"namespaces": [{"type": "user"}]})
    for options in ((), ("--schema-only",)):
        _, output = validate(t, json.dumps(document), *options)
        for place in ("/windows/layerFolders", "/zos/namespaces/0/type"):
            report.check(place in errors(output), f"{place} with {options}")


@suite.test
def warns_of_what_is_carried_out_in_part(t):
    bundle = Bundle(os.path.join(t.directory, "bundle")).args("true")
    bundle.capabilities(bounding=["CAP_KILL", "CAP_NOSUCH"])
    bundle.set("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["nosuchcall"], "action": "SCMP_ACT_ERRNO"}]})
    status, output = validate(t, json.dumps(bundle.config))
    report.equal(status, 0, "warnings do not make it invalid")
    told = {finding["pointer"]: finding["message"] for finding in output["findings"]}
    report.contains(told["/process/capabilities/bounding"], "CAP_NOSUCH", "the capability")
    report.contains(told["/linux/seccomp"], "nosuchcall", "the system call")


@suite.test
def judges_the_bundle_that_it_is_told_or_stands_in(t):
    bundle = Bundle(os.path.join(t.directory, "bundle")).set("/process/cwd", "relative").write()
    for arguments, options in ((("--bundle", bundle.path), {}), ((), {"cwd": bundle.path}),
                               ((os.path.join(bundle.path, "config.json"),), {})):
        result = t.runtime.call("validate", *arguments, **options)
        report.equal((result.status, result.stderr), (1, ""), "status and stderr")
        lines = result.stdout.splitlines()
        report.equal(lines[0], "error: /process/cwd: must be an absolute path, is 'relative' "
                     "(config.md#process)", "the finding")
        report.contains(lines[-1], "not valid: 1 error, 0 warnings, 0 notes", "the verdict")
    bundle.set("/process/cwd", "/").write()
    result = t.runtime.call("validate", "--bundle", bundle.path).must()
    report.contains(result.stdout, ": valid: 0 errors", "the verdict")


@suite.test
def finds_nothing_in_the_bundles_that_spec_writes(t):
    for name, options in (("privileged", ()), ("rootless", ("--rootless",))):
        directory = os.path.join(t.directory, name)
        os.mkdir(directory)
        t.runtime.call("spec", "--bundle", directory, *options).must()
        result = t.runtime.call("validate", "--bundle", directory, "--format", "json").must()
        report.equal(json.loads(result.stdout)["findings"], [], name)


@suite.test
def refuses_a_use_that_cannot_be_meant(t):
    for arguments, words in ((("/nonexistent/config.json",), "no such file"),
                             (("--bundle", "/", "x"), "exclude each other"),
                             (("--kind", "bogus", "x"), "unknown kind"),
                             (("--format", "xml", "x"), "unknown format"),
                             (("--kind", "state"), "a FILE is needed")):
        result = t.runtime.call("validate", *arguments)
        report.equal((result.status, result.stdout), (1, ""), f"{arguments}: status and stdout")
        report.contains(result.stderr, words, f"{arguments}: stderr")


@suite.test
def keeps_each_finding_on_one_line_whatever_a_name_holds(t):
    path = os.path.join(t.directory, "c.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"ociVersion": "1.0.0", "root": {"path": "rootfs"}, "new\nline\x1b[2J": 1}, file)
    result = t.runtime.call("validate", path).must()
    report.equal(len(result.stdout.splitlines()), 3, result.stdout)
    report.check("\x1b" not in result.stdout, "nothing that a terminal would obey")


@suite.test
def judges_the_settings_file_by_schema_and_by_its_reader(t):
    cases = ((b"root: /run/x\nlog_level: debug\n", set()), (b"", set()),
             (b"rot: /x\nlog: relative\nlog_level: loud\n", {"/rot", "/log", "/log_level"}),
             (b"root: /a\nroot: /b\n", {"/root"}), (b"- a\n", {""}), (b"a: [\n", {""}),
             (b"root: /a\n---\nroot: /b\n", {""}))
    for text, places in cases:
        status, output = validate(t, text.decode(), "--kind", "settings")
        report.equal(errors(output), places, f"{text}: places")
        report.equal(status, 1 if places else 0, f"{text}: status")


@suite.test
def the_schema_of_the_settings_has_every_key_that_its_reader_knows(t):
    path = os.path.join(t.directory, "settings.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("nosuchkey: x\n")
    result = t.runtime.call("--settings", path, "state", "x")
    known = result.stderr.split("(known: ")[1].split(")")[0].split(", ")
    schema = read_json(os.path.join(report.REPOSITORY, "oci-schema", "settings.schema.json"))
    report.equal(sorted(schema["properties"]), sorted(known), "keys")


def segments(elf):
    """(offset, address, size in the file, flags) of each PT_LOAD of a 64-bit ELF file."""
    table, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for number in range(count):
        kind, flags, offset, address, _, length = struct.unpack_from("<IIQQQQ", elf,
                                                                     table + number * size)
        if kind == 1:
            yield offset, address, length, flags


@suite.test
def the_schemas_cost_a_start_nothing(t):
    """They lie in pages that are neither written nor relocated: nobody reads them from the disk
    unless `validate` does."""
    with open(t.runtime_path, "rb") as file:
        elf = file.read()
    for name in ("config", "features", "settings", "state"):
        path = os.path.join(report.REPOSITORY, "oci-schema", name + ".schema.json")
        with open(path, "rb") as file:
            at = elf.find(file.read())
        report.check(at > 0, f"the {name} schema is in the program, byte for byte")
        flags = [flags for offset, _, size, flags in segments(elf) if offset <= at < offset + size]
        report.equal(flags, [4], f"{name}: flags of its segment (4: readable)")
