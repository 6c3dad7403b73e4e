"""The table of commands and flags against the program, flag by flag; and flags without a suite of their
own."""

import json
import os
import re
import subprocess
import sys

import table
from common import Box, alive, done, refused
from line import REPOSITORY, need_nucleus, suite
from support import report
from support.runtime import reap

OPERANDS = {"list": [], "features": [], "spec": [], "validate": [], "exec": ["absent", "true"],
            "mounts": ["add", "absent", "/f"]}


def spellings(flag):
    """Every way in which callers and people write it (contract, A1: urfave/cli)."""
    names = [f"--{flag.name}", f"-{flag.name}"] + ([f"-{flag.letter}"] if flag.letter else [])
    for name in names:
        if flag.value is None:
            yield [name]
            yield [f"{name}=true"]
        else:
            yield [f"{name}={flag.value}"]
            yield [name, flag.value]


def taken(result):
    """It may fail for any reason but that the command line is not understood."""
    for words in ("unknown flag", "flag needs an argument", "invalid value", "unknown command"):
        report.check(words not in result.stderr, f"{words}: {result!r}")


@suite.test
def takes_every_flag_in_every_spelling(t):
    need_nucleus(t, "the table is nucleus's")
    for command, flags in table.COMMANDS.items():
        for flag in flags:
            for words in spellings(flag):
                taken(t.runtime.call(command, *words, *OPERANDS.get(command, ["absent"]),
                                     cwd=t.directory))
    for flag in table.GLOBALS:
        for words in spellings(flag):
            t.runtime.global_arguments = words
            taken(t.runtime.call("state", "absent"))


@suite.test
def takes_flags_repeatedly(t):
    # conmon-rs repeats globals, podman --leave-running (contract, B2, B5).
    need_nucleus(t, "urfave/cli of Debian's runc refuses two forms of one flag")
    for command, flags in table.COMMANDS.items():
        for flag in flags:
            once = next(spellings(flag))
            taken(t.runtime.call(command, *once, *once, *OPERANDS.get(command, ["absent"]),
                                 cwd=t.directory))


def listed(help_text):
    """The long names in a help text."""
    options = help_text[re.search(r"^(Global )?[Oo]ptions:$", help_text, re.M).end():]
    return set(re.findall(r"^ +(?:-\w \[ )?--([a-z0-9-]+)", options, re.M))


@suite.test
def has_no_flag_and_no_command_that_the_table_does_not_know(t):
    need_nucleus(t, "the table is nucleus's")
    text = done(t.runtime.call("--help")).stdout
    report.equal(listed(text), {flag.name for flag in table.GLOBALS} - table.HIDDEN, "global flags")
    commands = re.findall(r"^  ([a-z]+) ", text[:text.index("Global options:")], re.M)
    report.equal(sorted(commands), sorted(table.COMMANDS), "commands")
    for command, flags in table.COMMANDS.items():
        shown = listed(done(t.runtime.call(command, "--help")).stdout)
        report.equal(shown, {flag.name for flag in flags} - table.HIDDEN | {"help"}, f"flags of {command}")


@suite.test
def refuses_a_flag_that_is_not_in_the_table(t):
    for command in table.COMMANDS:
        result = t.runtime.call(command, "--no-such-flag", *OPERANDS.get(command, ["absent"]),
                                cwd=t.directory)
        report.check(result.status not in (0, None), f"{result!r}")


@suite.test
def asks_for_the_argument_of_every_flag_that_has_one(t):
    # podman looks for these words behind `restore --lsm-mount-context` (contract, B2).
    need_nucleus(t, "runc has its own words for some")
    for command, flags in table.COMMANDS.items():
        for flag in flags:
            if flag.value is not None:
                refused(t.runtime.call(command, f"--{flag.name}"),
                        f"flag needs an argument: --{flag.name}")


@suite.test
def names_for_every_flag_a_test_that_is_there(t):
    need_nucleus(t, "the table is nucleus's")
    names = {}
    flags = list(table.GLOBALS) + [flag for rows in table.COMMANDS.values() for flag in rows]
    with open(os.path.join(REPOSITORY, "man", "nucleus.8"), encoding="utf-8") as file:
        manual = file.read().replace("\\", "")
    for flag in flags:
        if flag.shown in (table.ACCEPTED, table.REFUSED):
            report.contains(manual, f"--{flag.name}", "the manual page")
            continue
        place, _, name = flag.shown.partition(": ")
        if place not in names:
            path = os.path.join(REPOSITORY, "tests", place, "run")
            names[place] = subprocess.run([sys.executable, path, "--list"], check=True, text=True,
                                          capture_output=True, timeout=20).stdout.split()
        report.check(name in names[place], f"--{flag.name}: {flag.shown} is there")


@suite.test
def refuses_what_it_does_not_have_in_words_that_name_it(t):
    need_nucleus(t, "runc has them")
    box = Box(t).run_detached()
    refused(t.runtime.call("checkpoint", "--image-path", "/i", "--work-path", "/w", box.id),
            f"checkpoint '{box.id}': checkpoint and restore are not supported by this version")
    refused(t.runtime.call("restore", "--bundle", box.bundle.path, "--detach", "-no-subreaper", "other"),
            "restore 'other': checkpoint and restore are not supported by this version")
    refused(t.runtime.call("mounts", "add", box.id, "/f"), "mounts of a running container")
    report.equal(t.runtime.status(box.id), "running", "status")
    box.stop().delete()


@suite.test
def answers_what_podman_asks_of_checkpoints(t):
    done(t.runtime.call("checkpoint", "--help"))
    result = t.runtime.call("restore", "--lsm-mount-context")
    said = result.stdout + result.stderr
    if t.runtime.kind == "nucleus" or result.status:
        report.check("flag needs an argument" in said or "requires an argument" in said, said)


@suite.test
def creates_from_a_config_of_another_name(t):
    need_nucleus(t, "runc has no --config")
    box = Box(t, "echo", "of another name")
    config = os.path.join(box.bundle.path, "config.json")
    os.rename(config, os.path.join(box.bundle.path, "other.json"))
    for name in ("other.json", os.path.join(box.bundle.path, "other.json")):
        for flag in ("--config", "-f"):
            result = done(t.runtime.run(box.id, box.bundle, flag, name))
            report.equal(result.stdout, "of another name\n", "what the program wrote")
    result = refused(t.runtime.run(box.id, box.bundle, "--config", "absent.json"), "absent.json")
    report.check("no such file or directory" not in result.stderr, "no missing program's words")
    os.rename(os.path.join(box.bundle.path, "other.json"), config)
    box.nothing_left()


@suite.test
def writes_a_config_of_another_name(t):
    need_nucleus(t, "runc has no --file")
    done(t.runtime.call("spec", "-f", "other.json", cwd=t.directory))
    with open(os.path.join(t.directory, "other.json"), encoding="utf-8") as file:
        report.equal(json.load(file)["ociVersion"], "1.3.0", "ociVersion")
    report.check(not os.path.exists(os.path.join(t.directory, "config.json")), "no config.json")
    refused(t.runtime.call("spec", "--file", "other.json", cwd=t.directory), "exists")


def own_cgroups(pid):
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        return file.read()


@suite.test
def makes_no_cgroup_with_a_disabled_manager(t):
    # podman --cgroups=disabled (contract, A1, B2): only create is told, later commands remember.
    need_nucleus(t, "runc has no --cgroup-manager")
    box = Box(t, change=lambda bundle: bundle.remove("/linux/resources"))
    t.runtime.global_arguments = ["--cgroup-manager", "disabled"]
    box.create()
    t.runtime.global_arguments = []
    report.equal(own_cgroups(box.pid()), own_cgroups("self"), "cgroups of the container")
    box.start()
    result = done(t.runtime.exec(box.id, "sh", "-c", "echo in; exit 0"))
    report.equal(result.stdout, "in\n", "what exec wrote")
    box.stop().delete()


@suite.test
def makes_a_cgroup_with_the_manager_cgroupfs(t):
    need_nucleus(t, "runc has no --cgroup-manager")
    t.runtime.global_arguments = ["--cgroup-manager=cgroupfs"]
    box = Box(t).create()
    report.contains(own_cgroups(box.pid()), box.id, "cgroups of the container")
    box.delete()


def orphan_of(t, *flags):
    """The parent of a process that the container left, seen while run waits for the container."""
    box = Box(t, "sh", "-c", "(sleep 1001 & echo $! >/orphan); sleep 1002",
              name="bundle" + "".join(flags), change=lambda bundle: bundle.without_namespace("pid"))
    running = t.runtime.spawn("run", "--bundle", box.bundle.path, *flags, box.id)
    path = os.path.join(box.bundle.rootfs, "orphan")
    report.eventually(lambda: os.path.exists(path) and open(path, encoding="ascii").read(), "the orphan")
    with open(path, encoding="ascii") as file:
        orphan = int(file.read())

    def parent():
        with open(f"/proc/{orphan}/status", encoding="ascii") as file:
            return int(re.search(r"PPid:\t(\d+)", file.read())[1])
    first = box.pid()
    report.eventually(lambda: parent() not in (first, 1) and alive(parent())
                      and parent() in (running.process.pid, os.getpid()), "another parent")
    found = parent()
    done(t.runtime.call("kill", "--all", box.id, "KILL"))
    running.wait()
    if found == os.getpid():
        reap(orphan)
    box.nothing_left()
    return "runtime" if found == running.process.pid else "caller"


@suite.test
def adopts_orphans_of_a_container_without_a_pid_namespace(t):
    report.equal(orphan_of(t), "runtime", "who adopts the orphan")


@suite.test
def leaves_orphans_to_the_caller_if_told(t):
    for flag in ("--no-subreaper", "-no-subreaper"):
        report.equal(orphan_of(t, flag), "caller", f"who adopts the orphan with {flag}")


@suite.test
def ends_the_options_with_two_dashes(t):
    box = Box(t).run_detached()
    done(t.runtime.call("state", "--", box.id))
    result = done(t.runtime.call("exec", "--", box.id, "echo", "--", "-d"))
    report.equal(result.stdout, "-- -d\n", "what echo printed")
    box.stop().delete()
