"""Attacks by a container's process on the runtime that enters it, and on what the runtime gives."""

import hashlib
import json
import os
import shutil

from common import Scene, attack, attacker, suite
from support import report


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _own_copy(scene):
    """The attack may succeed: it gets a copy of the runtime, never the machine's."""
    copy = scene.directory + "/runtime"
    shutil.copy(scene.runtime.path, copy)
    scene.runtime = scene.t.make_runtime(copy, os.path.basename(scene.directory) + "-copy")
    return copy


def _name_of_init(scene):
    return "runc:[" if scene.runtime.kind == "runc" else "nucleus"


def _watching(scene, seconds, name=None):
    """A container whose process attacks each process that the runtime brings in."""
    shutil.copy(attacker(), scene.path("/attacker"))
    scene.bundle.args("/attacker", "watch", name or _name_of_init(scene), str(seconds))
    scene.bundle.write()
    return scene.runtime.run(scene.id, scene.bundle, "--detach").must()


def _outcome(scene, container, attempts, *command):
    results = [scene.runtime.exec(scene.id, *command) for _ in range(attempts)]
    scene.runtime.wait_status(scene.id, "stopped", timeout=15)
    lines = container.stdout.splitlines()
    seen = len({line for line in lines if line.startswith("saw ")})
    report.check(seen > 0, "the attacker saw no process of the runtime: nothing was attacked; "
                           f"the last of them: {results[-1]!r}")
    return sorted({line.split()[0] for line in lines if not line.startswith("saw ")})


@attack("CVE_2019_5736_proc_self_exe_as_interpreter_and_proc_pid_exe_overwritten",
        shown_on_runc=True)
def overwritten_runtime(scene):
    copy = _own_copy(scene)
    before = _digest(copy)
    scene.bundle.write_file("/evil", "#!/proc/self/exe\n", 0o755)
    container = _watching(scene, 3)
    done = _outcome(scene, container, 15, "/evil")
    changed = "" if _digest(copy) == before else "the runtime's file was overwritten"
    opened = "" if "overwrote" not in done else "the program of a process was written to"
    return scene.damage(changed, opened)


@attack("CVE_2019_5736_no_process_of_the_runtimes_own_file_is_seen_by_the_container")
def runtime_is_never_inside(scene):
    """Asked from outside, of every process of the container's pid namespace, at each exec."""
    copy = _own_copy(scene)
    scene.bundle.write()
    scene.runtime.run(scene.id, scene.bundle, "--detach").must()
    pid = scene.runtime.state(scene.id)["pid"]
    wanted = os.readlink(f"/proc/{pid}/ns/pid")
    found = set()
    for _ in range(5):
        started = scene.runtime.spawn("exec", scene.id, "sleep", "0.05")
        while started.status is None:
            found |= _programs_in(wanted)
        started.must()
    report.check(any("busybox" in program for program in found), f"saw only {found}")
    return scene.damage("" if copy not in found else "the runtime's own file runs inside")


def _programs_in(namespace):
    found = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            if os.readlink(f"/proc/{name}/ns/pid") == namespace:
                found.add(os.readlink(f"/proc/{name}/exe"))
        except OSError:
            pass
    return found


@attack("CVE_2016_9962_a_process_that_joins_can_be_neither_traced_nor_read", shown_on_runc=True)
def joining_process(scene):
    container = _watching(scene, 3)
    done = _outcome(scene, container, 15, "true")
    return scene.damage("" if not done else "the container reached: " + ", ".join(done))


@suite.test
def the_attacker_reaches_a_process_that_nothing_protects(t):
    """Else the two tests above would see nothing whatever the runtime did."""
    scene = Scene(t, t.runtime_path, "a")
    os.mkdir(scene.path("/own"))
    shutil.copy(os.path.realpath(scene.path("/bin/busybox")), scene.path("/own/sleep"))
    container = _watching(scene, 3, "sleep")
    done = _outcome(scene, container, 1, "/own/sleep", "0.5")
    report.equal(done, ["descriptors", "memory", "overwrote", "program", "traced"],
                 "what the attacker reached")


def _escapes(result):
    """A directory outside of the root cannot be named by the kernel, or has the host's files."""
    return result.status == 0 and "ran outside" in result.stdout


CWD_SCRIPT = "test -e ./outside-marker && echo ran outside; pwd"


def _cwd(scene, set_cwd):
    """Each descriptor that the runtime could hold, and one of a host directory that it inherits."""
    with open(scene.outside + "/outside-marker", "w", encoding="utf-8") as file:
        file.write("x")
    leaked = os.open(scene.outside, os.O_RDONLY | os.O_DIRECTORY)
    try:
        report.equal(set_cwd("/home", leaked).must().stdout, "/home\n", "a directory of the image")
        for number in [*range(3, 13), leaked]:
            result = set_cwd(f"/proc/self/fd/{number}", leaked)
            # Whatever directory it is, it must be one that has a name below the root.
            if _escapes(result) or (result.status == 0 and "/" not in result.stdout):
                return f"/proc/self/fd/{number} is outside: {result.stdout!r}"
    finally:
        os.close(leaked)
    return ""


@attack("CVE_2024_21626_cwd_is_a_descriptor_of_the_host", shown_on_runc=True)
def cwd_is_descriptor(scene):
    def run(path, leaked):
        scene.bundle.set("/process/cwd", path).args("/bin/sh", "-c", CWD_SCRIPT).write()
        result = scene.runtime.run(scene.id, scene.bundle, pass_fds=(leaked,), timeout=10)
        scene.delete()
        return result
    return scene.damage(_cwd(scene, run))


@attack("CVE_2024_21626_cwd_is_a_link_to_a_descriptor_of_the_host", shown_on_runc=True)
def cwd_is_link(scene):
    def run(path, leaked):
        scene.link("/work", path)
        scene.bundle.set("/process/cwd", "/work").args("/bin/sh", "-c", CWD_SCRIPT).write()
        result = scene.runtime.run(scene.id, scene.bundle, pass_fds=(leaked,), timeout=10)
        scene.delete()
        return result
    return scene.damage(_cwd(scene, run))


@attack("CVE_2024_21626_cwd_of_exec_is_a_descriptor_of_the_host", shown_on_runc=True)
def exec_cwd_is_descriptor(scene):
    scene.run_detached()

    def run(path, leaked):
        return scene.runtime.exec(scene.id, "/bin/sh", "-c", CWD_SCRIPT, flags=["--cwd", path],
                                  pass_fds=(leaked,))
    return scene.damage(_cwd(scene, run))


def _open_descriptors(text):
    return sorted(int(name) for name in text.split())


@attack("CVE_2024_21626_descriptors_of_the_caller_do_not_reach_the_container", shown_on_runc=True)
def leaked_descriptors(scene):
    leaked = [os.open("/", os.O_RDONLY | os.O_DIRECTORY) for _ in range(3)]
    # The listing itself has one descriptor open: the first free one, so 3.
    script = "ls /proc/self/fd"
    try:
        scene.bundle.args("/bin/sh", "-c", script).write()
        first = scene.runtime.run(scene.id, scene.bundle, pass_fds=leaked).must()
        scene.delete()
        scene.bundle.args("sleep", "1000")
        scene.run_detached()
        second = scene.runtime.exec(scene.id, "/bin/sh", "-c", script, pass_fds=leaked).must()
    finally:
        for descriptor in leaked:
            os.close(descriptor)
    wrong = [f"{name} has {found}" for name, found in
             (("run", _open_descriptors(first.stdout)), ("exec", _open_descriptors(second.stdout)))
             if found != [0, 1, 2, 3]]
    return scene.damage(*wrong)


@attack("descriptors_of_the_runtime_are_never_passed_on_as_the_callers")
def preserved_descriptors(scene):
    # The caller says that it left nine descriptors open, and left none: the numbers are the runtime's own by then.
    scene.bundle.args("/bin/sh", "-c", "ls /proc/self/fd").write()
    result = scene.runtime.run(scene.id, scene.bundle, "--preserve-fds", "9")
    found = _open_descriptors(result.stdout)
    return scene.damage("" if found in ([], [0, 1, 2, 3]) else f"the container has {found}")


def _inheritable(text):
    values = [line.split()[1] for line in text.splitlines() if line.startswith("CapInh")]
    report.equal(len(values), 1, f"lines of CapInh in {text!r}")
    return int(values[0], 16)


@attack("CVE_2022_29162_exec_with_a_capability_does_not_make_it_inheritable", shown_on_runc=True)
def exec_capability(scene):
    scene.run_detached()
    result = scene.runtime.exec(scene.id, "cat", "/proc/self/status",
                                flags=["--cap", "CAP_NET_RAW"]).must()
    effective = [line.split()[1] for line in result.stdout.splitlines()
                 if line.startswith("CapEff")]
    report.check(int(effective[0], 16) & 1 << 13, f"exec --cap gave no CAP_NET_RAW: {effective}")
    inheritable = _inheritable(result.stdout)
    return scene.damage("" if inheritable == 0 else f"CapInh is {inheritable:x}")


@attack("CVE_2022_29162_the_generated_bundle_has_no_inheritable_capability", shown_on_runc=True)
def spec_capability(scene):
    scene.runtime.call("spec", cwd=scene.outside).must()
    with open(scene.outside + "/config.json", encoding="utf-8") as file:
        sets = json.load(file)["process"]["capabilities"]
    return scene.damage("" if not sets.get("inheritable") else f"it is {sets['inheritable']}")


@attack("CVE_2026_30892_exec_as_user_1_is_user_1", shown_on_runc=True)
def exec_user(scene):
    scene.run_detached()
    result = scene.runtime.exec(scene.id, "sh", "-c", "id -u; id -g", flags=["-u", "1"]).must()
    return scene.damage("" if result.stdout == "1\n0\n" else f"id says {result.stdout!r}")


@suite.test
def an_attack_that_succeeds_is_seen(t):
    """The checks themselves: files made outside, and mounts that landed there."""
    scene = Scene(t, t.runtime_path, "a")
    report.equal(scene.damage(scene.changed_outside()), "", "damage of nothing")
    with open(scene.outside + "/made", "w", encoding="utf-8") as file:
        file.write("x")
    report.contains(scene.damage(scene.changed_outside()), "made", "damage")
    scene.watch_mounts()
    scene.bundle.hook("createRuntime", "/bin/sh", ["sh", "-c", f"echo 1 2 3 / {scene.outside}/x "
                                                   f">>{scene.directory}/mounts-before-pivot"])
    scene.run_shell("true").must()
    report.contains(scene.damage(), f"a mount landed on {scene.outside}/x", "damage")
