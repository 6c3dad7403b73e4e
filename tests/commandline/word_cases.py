"""The sentences that callers look for (contract, B4, B6 and B7), each in the state that it is about,
and in no other."""

import json
import os
import re

from common import Box, done, refused
from line import need_nucleus, suite
from support import report
from support.runtime import reap

# What podman takes for a missing program (libpod/oci_util.go), and dockerd, which looks at the message
# in lower case (daemon/errors.go).
MISSING = re.compile("executable file not found|no such file or directory|open executable|"
                     "not a directory|is a directory|failed to run runc create/exec call")
# The same for one that may not be executed.
REFUSED = re.compile("permission denied|operation not permitted", re.IGNORECASE)


@suite.test
def says_that_a_container_does_not_exist_to_every_command(t):
    box = Box(t)
    for command in (["state"], ["start"], ["kill"], ["delete"], ["pause"], ["resume"], ["ps"]):
        refused(t.runtime.call(*command, box.id), "does not exist")
    result = t.runtime.call("exec", box.id, "true")
    report.contains(result.stderr, "does not exist", "stderr of exec")
    done(t.runtime.call("delete", "--force", box.id))
    box.nothing_left()


@suite.test
def says_in_every_state_what_it_is_not_fit_for(t):
    box = Box(t)
    box.create()
    refused(t.runtime.create(box.id, box.bundle), "exist")
    box.start()
    refused(t.runtime.start(box.id), "cannot start an already running container")
    refused(t.runtime.delete(box.id), f"cannot delete container {box.id} that is not stopped: running")
    refused(t.runtime.call("resume", box.id), "container not paused")
    done(t.runtime.call("pause", box.id))
    refused(t.runtime.call("pause", box.id), "container not running")
    result = t.runtime.exec(box.id, "true")
    report.contains(result.stderr, "cannot exec in a paused container (use --ignore-paused to override)",
                    "stderr of exec")
    done(t.runtime.call("resume", box.id))
    box.stop()
    refused(t.runtime.start(box.id), "cannot start a container that has stopped")
    refused(t.runtime.call("pause", box.id), "container not running")
    refused(t.runtime.kill(box.id, "TERM"), "container not running")
    done(t.runtime.kill(box.id, "9", "--all"))
    result = t.runtime.exec(box.id, "true")
    report.contains(result.stderr, "cannot exec in a stopped container", "stderr of exec")
    box.delete()


@suite.test
def says_that_an_id_is_in_use(t):
    need_nucleus(t, "runc 1.1 has the words container with id exists")
    box = Box(t).create()
    refused(t.runtime.create(box.id, box.bundle), "container with given ID already exists")
    box.delete()


PROGRAMS = (  # argument 0, the sentence, what podman and dockerd make of it
    ("no-such-program", "executable file not found in $PATH", 127),
    ("/no/such/program", "no such file or directory", 127),
    ("/etc/passwd/program", "not a directory", 127),
    ("/etc", "is a directory", 126),
    ("/etc/passwd", "permission denied", 126),
)


@suite.test
def says_what_is_wrong_with_the_program_in_the_words_of_the_callers(t):
    need_nucleus(t, "runc says permission denied of a directory")
    running = Box(t, name="running").run_detached()
    for number, (program, words, status) in enumerate(PROGRAMS):
        box = Box(t, program, name=f"bundle{number}")
        box.id = t.container_id(f"p{number}")
        for result in (t.runtime.create(box.id, box.bundle), t.runtime.run(box.id, box.bundle),
                       t.runtime.exec(running.id, program)):
            report.check(result.status in (1, 255), f"{result!r}")
            report.contains(result.stderr, words, "stderr")
            report.contains(result.stderr, program, "stderr names the program")
            report.equal(bool(MISSING.search(result.stderr)) and words != "is a directory",
                         status == 127, f"taken for a missing program: {result.stderr}")
    running.stop()
    done(t.runtime.delete(running.id))


def failing(name, change=None, flags=(), command="create"):
    """A command that fails for something else than its program: nobody may take it for that."""
    def test(t):
        need_nucleus(t, "the peers' words for a missing file are those for a missing program")
        log = os.path.join(t.directory, "error.json")
        box = Box(t)
        if change:
            change(t, box)
            if os.path.isdir(box.bundle.path):
                box.bundle.write()
        t.runtime.global_arguments = ["--log", log, "--log-format", "json"]
        place = [flag.format(t.directory) for flag in flags]
        result = t.runtime.call(command, "--bundle", box.bundle.path, *place, box.id)
        report.check(result.status not in (0, None), f"{result!r}")
        with open(log, encoding="utf-8") as file:
            message = json.load(file)["msg"]
        for text in (result.stderr, message):
            report.check(not MISSING.search(text.lower()), f"words of a missing program: {text}")
            report.check(not REFUSED.search(text), f"words of one that may not be executed: {text}")
    suite.add(f"takes_{name}_for_no_missing_program", test)


def config(pointer, value):
    return lambda t, box: box.bundle.set(pointer, value)


def mounting(**mount):
    return lambda t, box: box.bundle.mount("/mnt", **mount)


def without_config(t, box):
    box.bundle.path = os.path.join(t.directory, "absent")


failing("a_missing_bundle", without_config)
failing("a_bundle_that_is_a_file", lambda t, box: setattr(box.bundle, "path", "/etc/passwd"))
failing("a_missing_config", flags=("--config", "absent.json"))
failing("a_missing_root", config("/root/path", "absent"))
failing("a_root_that_is_a_file", config("/root/path", "config.json"))
failing("a_missing_source_of_a_bind_mount", mounting(source="/no/such/source", options=["bind"]))
failing("a_source_below_a_file", mounting(source="/etc/passwd/below", options=["bind"]))
failing("an_unknown_file_system", mounting(kind="nosuchfs", source="x"))
failing("a_missing_namespace", config("/linux/namespaces/0/path", "/no/such/namespace"))
failing("an_unknown_kernel_parameter", config("/linux/sysctl", {"net.no.such": "1"}))
failing("a_missing_prestart_hook", lambda t, box: box.bundle.hook("prestart", "/no/such/hook"))
failing("a_missing_createContainer_hook",
        lambda t, box: box.bundle.hook("createContainer", "/no/such/hook"))
failing("a_missing_startContainer_hook",
        lambda t, box: box.bundle.hook("startContainer", "/no/such/hook"), command="run")
failing("a_createContainer_hook_that_is_no_program",
        lambda t, box: box.bundle.hook("createContainer", "/etc/passwd"))
failing("a_poststart_hook_that_is_no_program",
        lambda t, box: box.bundle.hook("poststart", "/etc/passwd"), command="run")
failing("a_working_directory_that_is_a_file", config("/process/cwd", "/etc/passwd"))
failing("a_missing_console_socket", config("/process/terminal", True),
        flags=("--console-socket", "{}/absent"))
failing("a_missing_pidfd_socket", flags=("--pidfd-socket", "{}/absent"))
failing("a_missing_place_of_the_pid_file", flags=("--pid-file", "{}/absent/pid"))
failing("a_pid_file_below_a_file", flags=("--pid-file", "/etc/passwd/pid"))
failing("a_pid_file_that_is_a_directory", flags=("--pid-file", "{}"))


@suite.test
def takes_a_missing_process_file_for_no_missing_program(t):
    need_nucleus(t, "the peers' words for a missing file are those for a missing program")
    box = Box(t).run_detached()
    result = refused(t.runtime.call("exec", "--process", "/no/such/file", box.id), "/no/such/file", 255)
    report.check(not MISSING.search(result.stderr), result.stderr)
    box.stop().delete()


@suite.test
def says_nothing_to_either_stream_where_callers_read_both_as_one(t):
    box = Box(t).create()
    pid = box.pid()
    for command in ("start", "pause", "resume"):
        report.equal(done(t.runtime.call(command, box.id)).stdout, "", f"stdout of {command}")
    report.equal(done(t.runtime.kill(box.id, "KILL")).stdout, "", "stdout of kill")
    reap(pid)
    report.equal(done(t.runtime.delete(box.id, "--force")).stdout, "", "stdout of delete")
    box.nothing_left()
