"""Everything else: hooks, --init, descriptors, the JSON log, podman info."""

import json
import os

import observe
from podman_caller import IMAGE
from podman_suite import operation, podman, suite
from support import report
from support.report import check, contains, equal, eventually


@operation("run --init")
def init_puts_catatonit_before_the_command(t):
    if not os.path.exists("/usr/libexec/podman/catatonit"):
        report.skip("catatonit is not installed")
    container = podman().start(t, ["--init"], "sleep", "1000")
    contains(container.exec("cat", "/proc/1/cmdline").stdout, "init\x00--\x00sleep", "process 1")
    text = container.exec("ps").stdout
    contains(text, "sleep 1000", "the processes")


@operation("run --preserve-fds")
def preserved_descriptors_reach_the_command(t):
    path = t.directory + "/passed"
    with open(path, "w", encoding="utf-8") as file:
        file.write("through descriptor 3\n")
    with open(path, encoding="utf-8") as file:
        target = 3
        saved = os.dup(target) if os.path.exists(f"/proc/self/fd/{target}") else None
        os.dup2(file.fileno(), target)
        try:
            answer = podman().run(["--preserve-fds", "1"], "sh", "-ec",
                                  "cat <&3; ls /proc/self/fd", pass_fds=[target])
        finally:
            if saved is None:
                os.close(target)
            else:
                os.dup2(saved, target)
                os.close(saved)
    lines = answer.must().stdout.splitlines()
    equal(lines[0], "through descriptor 3", "the contents")
    equal(lines[1:5], ["0", "1", "2", "3"], "open descriptors")


@operation("hooks")
def hooks_run_with_the_state_on_their_stdin(t):
    script = t.directory + "/hook"
    with open(script, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\ncat > {t.directory}/$1.json\n")
    os.chmod(script, 0o755)
    hooks = t.directory + "/hooks.d"
    os.mkdir(hooks)
    for stage in ("createRuntime", "poststart", "poststop"):
        with open(f"{hooks}/{stage}.json", "w", encoding="utf-8") as file:
            json.dump({"version": "1.0.0", "hook": {"path": script, "args": ["hook", stage]},
                       "when": {"always": True}, "stages": [stage]}, file)
    answer = podman()("--hooks-dir", hooks, "run", "--rm", *podman().options(), IMAGE, "sh", "-c",
                      "cat /proc/self/cgroup").must()
    identity = answer.stdout.split()[0].rpartition("libpod-")[2]
    eventually(lambda: os.path.exists(t.directory + "/poststop.json"), "poststop ran")
    # runtime.md#lifecycle has "running" at poststart; runc 1.1.5 says "created".
    for stage, status in (("createRuntime", ("creating", "created")),
                          ("poststart", ("created", "running")), ("poststop", ("stopped",))):
        path = f"{t.directory}/{stage}.json"
        eventually(lambda: os.path.exists(path) and os.path.getsize(path), f"{stage} ran")
        with open(path, encoding="utf-8") as file:
            state = json.load(file)
        equal(state["id"], identity, f"id in the state that {stage} read")
        check(state["status"] in status, f"status in the state that {stage} read: {state}")
        if stage == "createRuntime":
            check(int(state["pid"]) > 1, f"pid in the state that {stage} read: {state}")


@operation("info")
def info_shows_the_version_that_the_runtime_prints(t):
    answer = podman()("info", "--format", "{{.Host.OCIRuntime.Path}}\n{{.Host.OCIRuntime.Version}}")
    lines = answer.must().stdout.splitlines()
    equal(lines[0], suite.options.runtime, "path")
    contains(lines[1], "version", "the version")


@operation("--runtime by name", tier="long")
def a_runtime_of_the_configuration_is_chosen_by_name(t):
    answer = podman()("info", "--format", "{{.Host.OCIRuntime.Path}}", runtime="under-test")
    equal(answer.must().line, suite.options.runtime, "path")
    name = t.container_id()
    t.on_cleanup(podman().remove, name)
    podman()("run", "-d", "--name", name, *podman().options(), IMAGE, "sleep", "1000",
             runtime="under-test").must()
    container = podman().container(name)
    equal(observe.command_line(container.pid), ["sleep", "1000"], "command line")
    equal(container.inspect("{{.OCIRuntime}}"), "under-test", "the runtime that podman remembers")
    equal(container.exec("echo", "inside").line, "inside", "exec, by another command")
    podman().remove(name)
    observe.check_gone(container.identity)
