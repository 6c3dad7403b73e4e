"""config.json as a document: where it stands, how it is encoded, its version, and what nobody knows
(bundle.md, glossary.md#json, config.md#extensibility)."""

import copy
import json
import os

from common import Box, suite
from support import census, report


@suite.test
def a_config_below_the_bundle_is_not_found(t):
    box = Box(t).write()
    os.mkdir(box.bundle.path + "/below")
    os.rename(box.bundle.path + "/config.json", box.bundle.path + "/below/config.json")
    box.before = census.of_test(t)
    box.refused(t.runtime.create(box.id, box.bundle), "config.json", "no such file")
    box.nothing_left()


@suite.test
def a_config_of_another_name_is_not_found(t):
    box = Box(t).write()
    os.rename(box.bundle.path + "/config.json", box.bundle.path + "/Config.json")
    box.before = census.of_test(t)
    box.refused(t.runtime.create(box.id, box.bundle), "config.json", "no such file")
    box.nothing_left()


@suite.test
def a_config_that_is_no_utf8_is_refused(t):
    box = Box(t, "echo", "PLACE").write()
    path = box.bundle.path + "/config.json"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    # A lone continuation byte, an overlong form, half a surrogate pair, Latin-1.
    for bad in (b"\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"caf\xe9"):
        with open(path, "wb") as file:
            file.write(text.encode().replace(b"PLACE", bad))
        box.refused(t.runtime.create(box.id, box.bundle), "config.json")
    with open(path, "wb") as file:
        file.write(text.encode("utf-16"))
    box.refused(t.runtime.create(box.id, box.bundle), "config.json")
    box.nothing_left()
    with open(path, "wb") as file:
        file.write(text.encode().replace(b"PLACE", "caf\u00e9 \u20ac \U0001f600".encode()))
    report.equal(box.run(), "caf\u00e9 \u20ac \U0001f600\n", "what UTF-8 says")


@suite.test
def a_version_of_the_specification_is_needed_to_run(t):
    box = Box(t, "echo", "ran")
    for version in ("1.0.0", "1.0.2-dev", "1.1.0", "1.3.0"):
        box.bundle.set("/ociVersion", version)
        box.bundle.write()
        report.equal(box.run(), "ran\n", f"under version {version}")


def with_strangers(value):
    """The value with a property that no specification knows in each of its objects."""
    if isinstance(value, list):
        return [with_strangers(element) for element in value]
    if not isinstance(value, dict):
        return value
    known = {name: with_strangers(member) for name, member in value.items()}
    return {"org.example.stranger": {"deep": [1, None, {"deeper": True}]}, **known}


@suite.test
def unknown_properties_are_ignored_everywhere(t):
    box = Box(t, "echo", "ran")
    box.bundle.set("/process/capabilities/ambient", [])
    box.bundle.set("/process/consoleSize", {"height": 1, "width": 2})
    box.bundle.set("/linux/seccomp", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["swapon"], "action": "SCMP_ACT_ERRNO",
         "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]})
    box.bundle.set("/linux/devices", [{"path": "/dev/extra", "type": "c", "major": 1, "minor": 3}])
    box.bundle.set("/linux/resources/cpu", {"shares": 512})
    box.bundle.hook("createRuntime", "/bin/true")
    box.bundle.config = with_strangers(copy.deepcopy(box.bundle.config))
    box.bundle.set("/annotations", {"org.example.key": "value"})
    report.equal(box.run(), "ran\n", "the program's word")


@suite.test
def sections_of_other_platforms_are_ignored(t):
    box = Box(t, "echo", "ran")
    box.bundle.config.update({
        "windows": {"layerFolders": ["C:\\Layers\\one"], "resources": {"memory": {"limit": 1}}},
        "solaris": {"milestone": "svc:/milestone/container:default", "maxShmMemory": "512m"},
        "vm": {"hypervisor": {"path": "/path/to/vmm"}, "kernel": {"path": "/path/to/vmlinuz"}},
        "zos": {"namespaces": [{"type": "mount"}]},
        "freebsd": {"jail": {"parent": "base", "host": "new"}},
    })
    report.equal(box.run(), "ran\n", "the program's word")


@suite.test
def unknown_annotations_are_no_error(t):
    annotations = {"org.opencontainers.image.os": "plan9", "org.opencontainers.unheard.of": "x",
                   "no-domain": "", "org.example/slash": "y"}
    box = Box(t)
    box.bundle.set("/annotations", annotations)
    box.create()
    report.equal(box.state()["annotations"], annotations, "annotations of the state")


@suite.test
def an_annotation_without_a_key_is_refused(t):
    box = Box(t)
    box.bundle.set("/annotations", {"": "value"})
    box.write()
    box.refused(t.runtime.create(box.id, box.bundle), "/annotations")
    box.nothing_left()


@suite.test
def a_namespace_without_a_type_is_refused(t):
    box = Box(t)
    box.bundle.set("/linux/namespaces/-", {})
    box.write()
    box.refused(t.runtime.create(box.id, box.bundle), "/linux/namespaces", "type")
    box.nothing_left()


@suite.test
def the_order_of_members_does_not_matter(t):
    box = Box(t, "hostname")

    def reversed_members(value):
        if isinstance(value, list):
            return [reversed_members(element) for element in value]
        if isinstance(value, dict):
            return {name: reversed_members(value[name]) for name in reversed(list(value))}
        return value
    box.bundle.write_text(json.dumps(reversed_members(box.bundle.config)))
    box.before = census.of_test(t)
    report.equal(box.run(), "box\n", "hostname")


def refuses_seccomp(t, box, section, *fragments):
    box.bundle.set("/linux/seccomp", section)
    box.write()
    box.refused(t.runtime.create(box.id, box.bundle), *fragments)
    box.nothing_left()


# config-linux.md#seccomp: "When the action doesn't support an errno, the runtime MUST print and
# error and fail."
WITHOUT_ERRNO = ("SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
                 "SCMP_ACT_ALLOW", "SCMP_ACT_LOG")


@suite.test
def an_errno_for_an_action_without_one_is_refused(t):
    box = Box(t)
    for action in WITHOUT_ERRNO:
        refuses_seccomp(t, box, {"defaultAction": action, "defaultErrnoRet": 1},
                        "/linux/seccomp/defaultErrnoRet")
        rule = {"names": ["swapon"], "action": action, "errnoRet": 1}
        refuses_seccomp(t, box, {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [rule]},
                        "/linux/seccomp/syscalls/0/errnoRet")


@suite.test
def a_seccomp_rule_without_names_is_refused(t):
    box, rule = Box(t), {"action": "SCMP_ACT_ERRNO"}
    for bad in (rule, {"names": [], **rule}):
        refuses_seccomp(t, box, {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [bad]},
                        "/linux/seccomp/syscalls/0/names")


@suite.test
def an_rdma_entry_without_a_limit_is_refused(t):
    box = Box(t)
    box.bundle.set("/linux/resources/rdma", {"mlx5_1": {}})
    box.write()
    box.refused(t.runtime.create(box.id, box.bundle), "/linux/resources/rdma/mlx5_1")
    box.nothing_left()


def features(t):
    return json.loads(t.runtime.call("features").must().stdout)


@suite.test
def features_tell_of_mapped_mounts(t):
    told = features(t)["linux"]["mountExtensions"]["idmap"]["enabled"]
    box = Box(t, "stat", "-c", "%u", "/mapped/file")
    source = t.directory + "/source"
    os.mkdir(source)
    with open(source + "/file", "w", encoding="utf-8"):
        pass
    one = [{"containerID": 0, "hostID": 777, "size": 1}]
    box.bundle.mount("/mapped", source=source, options=["bind", "idmap"], uidMappings=one,
                     gidMappings=one)
    box.write()
    result = t.runtime.run(box.id, box.bundle)
    report.equal(told, result.status == 0, f"told, and done: {result!r}")
    report.equal(result.stdout, "777\n" if told else "", "owner of the file through the mount")


MEMORY_POLICIES = ("MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
                   "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL")
MEMORY_POLICY_FLAGS = ("MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES")


def accepts(t, box, policy):
    box.bundle.set("/linux/memoryPolicy", policy)
    box.bundle.write()
    return t.runtime.run(box.id, box.bundle).status == 0


@suite.test
def features_name_memory_policies_that_act(t):
    told = features(t)["linux"].get("memoryPolicy", {})
    box = Box(t, "true").write()
    for mode in MEMORY_POLICIES:
        nodes = {} if mode in ("MPOL_DEFAULT", "MPOL_LOCAL") else {"nodes": "0"}
        report.equal(mode in told.get("modes", []), accepts(t, box, {"mode": mode, **nodes}),
                     f"{mode}: told, and accepted")
    for flag in MEMORY_POLICY_FLAGS:
        policy = {"mode": "MPOL_BIND", "nodes": "0", "flags": [flag]}
        report.equal(flag in told.get("flags", []), accepts(t, box, policy),
                     f"{flag}: told, and accepted")
