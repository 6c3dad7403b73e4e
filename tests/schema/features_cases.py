"""`nucleus features`: each entry against what the program does with it."""

import ctypes
import errno
import json
import os
import subprocess

from common import features, official_validator, suite
from support import report
from support.bundle import Bundle

NOT_BUILT_IN = "not supported by this version"
MAPPING = [{"containerID": 0, "hostID": 100000, "size": 65536}]


def new_bundle(t, name="bundle"):
    return Bundle(os.path.join(t.directory, name)).args("true")


@suite.test
def the_features_document_follows_the_official_schema(t):
    errors = list(official_validator("features-schema.json").iter_errors(features(t)))
    report.equal([error.message for error in errors], [], "findings of the official schema")


@suite.test
def accepts_the_versions_between_which_it_promises_to(t):
    document = features(t)
    for name in ("ociVersionMin", "ociVersionMax"):
        bundle = new_bundle(t, name).set("/ociVersion", document[name]).write()
        t.runtime.run(t.container_id(name), bundle).must()
    smallest, largest = (tuple(map(int, document[name].split(".")))
                         for name in ("ociVersionMin", "ociVersionMax"))
    report.check(smallest <= largest, "ociVersionMax is not less than ociVersionMin")


@suite.test
def runs_every_hook_that_it_lists(t):
    bundle = new_bundle(t)
    marks = os.path.join(t.directory, "marks")
    os.mkdir(marks)
    listed = features(t)["hooks"]
    for kind in listed:
        if kind == "startContainer":  # in the container's own file system
            bundle.hook(kind, "/bin/touch", ["touch", "/mark-startContainer"])
        elif kind == "createContainer":
            bundle.hook(kind, "/bin/touch", ["touch", os.path.join(bundle.rootfs, "mark-" + kind)])
        else:
            bundle.hook(kind, "/bin/touch", ["touch", os.path.join(marks, "mark-" + kind)])
    t.runtime.run(t.container_id(), bundle.write()).must()
    ran = [name for where in (marks, bundle.rootfs) for name in os.listdir(where)
           if name.startswith("mark-")]
    report.equal(sorted(ran), sorted("mark-" + kind for kind in listed), "hooks that ran")
    report.equal(sorted(listed), ["createContainer", "createRuntime", "poststart", "poststop",
                                  "prestart", "startContainer"], "hooks")


def mount_for(bundle, option, source):
    """The mount in which an option has a meaning; of any other word tmpfs says `unknown`."""
    destination = "/m/" + option
    if option in ("bind", "rbind"):
        bundle.mount(destination, "none", source, [option])
    elif option in ("idmap", "ridmap"):
        bundle.mount(destination, "none", source, ["rbind", option], uidMappings=MAPPING,
                     gidMappings=MAPPING)
    elif option == "remount":
        bundle.mount(destination, "tmpfs").mount(destination, "tmpfs", options=["remount"])
    else:
        bundle.mount(destination, "tmpfs", options=[option])
    return destination


@suite.test
def mounts_with_every_mount_option_that_it_lists(t):
    bundle = new_bundle(t).args("/probe", "mounts")
    source = os.path.join(t.directory, "source")
    os.mkdir(source)
    wanted = {mount_for(bundle, option, source) for option in features(t)["mountOptions"]}
    result = t.runtime.run(t.container_id(), bundle.write()).must()
    mounts = json.loads(result.stdout)["mounts"]
    points = {entry["point"] for entry in mounts}
    report.equal(sorted(wanted - points), [], "options without a mount")


@suite.test
def the_kernel_refuses_an_option_that_is_not_in_the_list(t):
    report.check("nosuchoption" not in features(t)["mountOptions"], "a word of no meaning")
    bundle = new_bundle(t)
    bundle.mount("/m", "tmpfs", options=["nosuchoption"])
    result = t.runtime.run(t.container_id(), bundle.write())
    report.equal(result.status, 1, "status")
    report.contains(result.stderr, "nosuchoption", "the error")


@suite.test
def the_features_document_lists_no_option_of_a_file_system(t):
    listed = features(t)["mountOptions"]
    for option in ("size", "mode", "uid", "gid", "newinstance", "ptmxmode", "acl", "context"):
        report.check(option not in listed, option)


@suite.test
def creates_every_namespace_that_it_lists(t):
    listed = features(t)["linux"]["namespaces"]
    bundle = new_bundle(t).args("/probe", "namespaces")
    for kind in listed:
        bundle.namespace(kind)
    bundle.user_namespace()
    inside = json.loads(t.runtime.run(t.container_id(), bundle.write()).must().stdout)
    names = {"network": "net", "mount": "mnt"}
    for kind in listed:
        name = names.get(kind, kind)
        outside = os.readlink("/proc/self/ns/" + name)
        report.check(outside not in json.dumps(inside["namespaces"]), f"{kind} is a new one")


@suite.test
def gives_every_capability_that_it_lists_and_the_kernel_has(t):
    listed = features(t)["linux"]["capabilities"]
    bundle = new_bundle(t).args("grep", "CapBnd", "/proc/self/status")
    bundle.capabilities(bounding=listed, permitted=listed, effective=listed)
    log = os.path.join(t.directory, "log")
    t.runtime.global_arguments = ["--log", log]
    result = t.runtime.run(t.container_id(), bundle.write()).must()
    with open("/proc/self/status", encoding="utf-8") as status:
        own = next(line for line in status if line.startswith("CapPrm"))
    report.equal(int(result.stdout.split()[1], 16), int(own.split()[1], 16),
                 "all that the runtime has itself")
    if os.path.exists(log):
        with open(log, encoding="utf-8") as file:
            report.check("unknown capability" not in file.read(), "every name is known")


def with_filter(bundle, action, names=("mkdir",), default="SCMP_ACT_ALLOW", **more):
    profile = {"defaultAction": default,
               "syscalls": [{"names": list(names), "action": action, **more}]}
    return bundle.set("/linux/seccomp", profile)


# What becomes of `mkdir /d` where mkdir(2) meets the action: the status of the process.
OUTCOMES = {"SCMP_ACT_ALLOW": 0, "SCMP_ACT_LOG": 0, "SCMP_ACT_ERRNO": 1, "SCMP_ACT_TRACE": 1,
            "SCMP_ACT_KILL": 128 + 31, "SCMP_ACT_KILL_THREAD": 128 + 31,
            "SCMP_ACT_KILL_PROCESS": 128 + 31, "SCMP_ACT_TRAP": 128 + 31}


@suite.test
def every_seccomp_action_that_it_lists_acts(t):
    for number, action in enumerate(features(t)["linux"]["seccomp"]["actions"]):
        bundle = new_bundle(t, f"bundle{number}").args("mkdir", "/d")
        with_filter(bundle, action)
        if action == "SCMP_ACT_NOTIFY":
            # Without a listener nobody could answer: refused in words that name what is missing.
            refused = t.runtime.run(t.container_id(str(number)), bundle.write())
            report.contains(refused.stderr, "listenerPath", "the error")
            continue
        if action == "SCMP_ACT_ALLOW":  # before a rule that would refuse the same call
            mode = [{"index": 1, "value": 0o777, "op": "SCMP_CMP_EQ"}]
            with_filter(bundle, action, default="SCMP_ACT_LOG", args=mode)
            bundle.set("/linux/seccomp/syscalls/-",
                       {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "args": mode})
        result = t.runtime.run(t.container_id(str(number)), bundle.write())
        report.equal(result.status, OUTCOMES[action], f"{action}: status of mkdir\n{result!r}")
        made = os.path.isdir(os.path.join(bundle.rootfs, "d"))
        report.equal(made, OUTCOMES[action] == 0, f"{action}: the directory is there")


# chmod(path, 0640): the second argument compared with what does and what does not match.
COMPARED = {"SCMP_CMP_EQ": ((0o640,), (0o600,)), "SCMP_CMP_NE": ((0o600,), (0o640,)),
            "SCMP_CMP_LT": ((0o641,), (0o640,)), "SCMP_CMP_LE": ((0o640,), (0o637,)),
            "SCMP_CMP_GT": ((0o637,), (0o640,)), "SCMP_CMP_GE": ((0o640,), (0o641,)),
            "SCMP_CMP_MASKED_EQ": ((0o700, 0o600), (0o700, 0o400))}


@suite.test
def every_seccomp_operator_that_it_lists_compares(t):
    operators = features(t)["linux"]["seccomp"]["operators"]
    report.equal(sorted(operators), sorted(COMPARED), "operators")
    bundle = new_bundle(t)
    bundle.write_file("file", "")
    for operator, cases in COMPARED.items():
        for values, status in zip(cases, (1, 0)):
            bundle.args("chmod", "640", "/file")
            index = 2 if os.uname().machine == "aarch64" else 1
            argument = {"index": index, "value": values[0], "op": operator}
            if len(values) > 1:
                argument["valueTwo"] = values[1]
            with_filter(bundle, "SCMP_ACT_ERRNO", ("chmod",), args=[argument])
            if index == 2:
                bundle.set("/linux/seccomp/syscalls/0/names", ["fchmodat"])
            result = t.runtime.run(t.container_id(), bundle.write())
            report.equal(result.status, status, f"{operator} {values}: status of chmod")


@suite.test
def accepts_every_architecture_that_it_lists_and_no_other(t):
    bundle = new_bundle(t)
    with_filter(bundle, "SCMP_ACT_ERRNO")
    bundle.set("/linux/seccomp/architectures", features(t)["linux"]["seccomp"]["archs"])
    t.runtime.run(t.container_id(), bundle.write()).must()
    bundle.set("/linux/seccomp/architectures", ["SCMP_ARCH_PDP11"])
    result = t.runtime.run(t.container_id(), bundle.write())
    report.contains(result.stderr, "/linux/seccomp/architectures/0", "the error")


def loads(flags):
    """Whether this kernel's seccomp(2) knows the flags: it looks at them before the program."""
    number = {"x86_64": 317, "aarch64": 277, "riscv64": 277}[os.uname().machine]
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(ctypes.c_long(number), ctypes.c_uint(1), ctypes.c_uint(flags), None)
    return ctypes.get_errno() == errno.EFAULT


# linux/seccomp.h; WAIT_KILLABLE_RECV is taken together with NEW_LISTENER (8) only.
FLAGS = {"SECCOMP_FILTER_FLAG_TSYNC": 1, "SECCOMP_FILTER_FLAG_LOG": 2,
         "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 4, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV": 32 | 8}


@suite.test
def lists_the_seccomp_flags_that_this_kernel_takes(t):
    seccomp = features(t)["linux"]["seccomp"]
    report.equal(sorted(seccomp["knownFlags"]), sorted(FLAGS), "known flags")
    report.equal(sorted(seccomp["supportedFlags"]),
                 sorted(flag for flag, bits in FLAGS.items() if loads(bits)), "supported flags")
    for number, flag in enumerate(seccomp["supportedFlags"]):
        bundle = with_filter(new_bundle(t, f"bundle{number}"), "SCMP_ACT_ERRNO")
        bundle.set("/linux/seccomp/flags", [flag])
        t.runtime.run(t.container_id(str(number)), bundle.write()).must()


# What a bundle must say for each facility that is either built in or not.
FACILITIES = {
    "cgroup/rdma": {"/linux/resources/rdma": {"nosuchdevice": {"hcaHandles": 1}}},
    "apparmor/enabled": {"/process/apparmorProfile": "nosuchprofile"},
    "selinux/enabled": {"/process/selinuxLabel": "system_u:system_r:container_t:s0"},
    "intelRdt/enabled": {"/linux/intelRdt": {"closID": "nosuchgroup"}},
    "intelRdt/schemata": {"/linux/intelRdt": {"closID": "g", "schemata": ["L3:0=f"]}},
    "intelRdt/monitoring": {"/linux/intelRdt": {"closID": "g", "enableMonitoring": True}},
    "netDevices/enabled": {"/linux/netDevices": {"nosuchdevice": {}}},
    "mountExtensions/idmap/enabled": {
        "/mounts/-": {"destination": "/m", "type": "none", "source": "/tmp", "options": ["bind"],
                      "uidMappings": MAPPING, "gidMappings": MAPPING}},
}


@suite.test
def a_facility_that_is_not_built_in_is_listed_as_such(t):
    document = features(t)["linux"]
    for name, changes in FACILITIES.items():
        enabled = document
        for part in name.split("/"):
            enabled = enabled[part]
        bundle = new_bundle(t, name.replace("/", "-"))
        for pointer, value in changes.items():
            bundle.set(pointer, value)
        result = t.runtime.run(t.container_id(), bundle.write())
        refused = NOT_BUILT_IN in result.stderr
        report.equal(enabled, not refused, f"{name}, and what create says: {result.stderr!r}")


@suite.test
def a_cgroup_manager_that_is_not_built_in_is_listed_as_such(t):
    cgroup = features(t)["linux"]["cgroup"]
    report.equal((cgroup["v1"], cgroup["v2"]), (True, True), "both layouts")
    bundle = new_bundle(t).write()
    t.runtime.global_arguments = ["--systemd-cgroup"]
    result = t.runtime.run(t.container_id(), bundle)
    report.equal(cgroup["systemd"], NOT_BUILT_IN not in result.stderr, repr(result.stderr))


@suite.test
def names_its_versions_in_annotations(t):
    document = features(t)
    version = t.runtime.call("--version").must().stdout.split()
    annotations = document["annotations"]
    report.equal(annotations["io.nucleus.version"], version[2], "version")
    report.equal(annotations["io.nucleus.commit"], version[4], "commit")
    report.equal(document["potentiallyUnsafeConfigAnnotations"], ["org.systemd.property."],
                 "annotations that change what is done")


# Every property that features.md and features-linux.md define.
PROPERTIES = {
    "": "ociVersionMin ociVersionMax hooks mountOptions linux annotations "
        "potentiallyUnsafeConfigAnnotations",
    "linux": "namespaces capabilities cgroup seccomp apparmor selinux intelRdt memoryPolicy "
             "mountExtensions netDevices",
    "linux/cgroup": "v1 v2 systemd systemdUser rdma",
    "linux/seccomp": "enabled actions operators archs knownFlags supportedFlags",
    "linux/intelRdt": "enabled schemata monitoring", "linux/memoryPolicy": "modes flags",
    "linux/mountExtensions": "idmap", "linux/mountExtensions/idmap": "enabled",
    "linux/apparmor": "enabled", "linux/selinux": "enabled", "linux/netDevices": "enabled",
}


def objects_in(document, place=""):
    yield place, document
    for name, value in document.items():
        if isinstance(value, dict) and name != "annotations":
            yield from objects_in(value, f"{place}/{name}".strip("/"))


@suite.test
def the_features_document_holds_only_properties_of_the_specification(t):
    for place, value in objects_in(features(t)):
        unknown = set(value) - set(PROPERTIES[place].split())
        report.equal(unknown, set(), f"unknown properties of /{place}")
        report.check(None not in value.values(), f"nothing that is known is null in /{place}")
    annotations = features(t)["annotations"]
    report.check(annotations and all(name and isinstance(text, str)
                                     for name, text in annotations.items()), repr(annotations))


@suite.test
def the_features_document_is_the_same_on_a_host_that_lacks_everything(t):
    """Without /sys and /proc: nothing but seccomp(2) is asked, and where nucleus-systemd is. A build tree
    has that beside the program, whose own place only /proc tells."""
    bare = ["unshare", "-m", "--propagation", "private", "sh", "-c",
            'mount -t tmpfs none /sys && mount -t tmpfs none /proc && exec "$@"', "sh"]
    done = subprocess.run([*bare, t.runtime_path, "features"], capture_output=True, check=False,
                          text=True, timeout=20)
    report.equal((done.returncode, done.stderr), (0, ""), "status and stderr")
    documents = [json.loads(done.stdout), features(t)]
    for document in documents:
        for name in ("systemd", "systemdUser"):
            report.equal(type(document["linux"]["cgroup"].pop(name)), bool, name)
    report.equal(*documents, "the document")


@suite.test
def takes_every_memory_policy_word_that_it_lists(t):
    policies = features(t)["linux"].get("memoryPolicy")
    if policies is None:
        refused = new_bundle(t).set("/linux/memoryPolicy", {"mode": "MPOL_LOCAL"}).write()
        result = t.runtime.run(t.container_id(), refused)
        report.contains(result.stderr, NOT_BUILT_IN, "what is not listed is not built in")
        return
    report.check(policies["modes"] and policies["flags"], repr(policies))
    for number, (mode, flag) in enumerate(
            [(mode, None) for mode in policies["modes"]] +
            [("MPOL_BIND", flag) for flag in policies["flags"]]):
        bundle = new_bundle(t, f"bundle{number}").args("true")
        nodes = "" if mode in ("MPOL_DEFAULT", "MPOL_LOCAL") else "0"
        bundle.set("/linux/memoryPolicy", {"mode": mode, "nodes": nodes,
                                           "flags": [flag] if flag else []})
        result = t.runtime.run(t.container_id(str(number)), bundle.write())
        # A kernel may lack one; nucleus then names the kernel's answer, never an unknown word.
        report.check("unknown" not in result.stderr and "config.json" not in result.stderr,
                     f"{mode} {flag}: {result.stderr!r}")
