#!/usr/bin/env python3
"""AppArmor profiles of create and exec, on Debian's kernel with Debian's own profiles loaded.

Debian confines crun itself (flags=unconfined), and what it starts is then stacked: crun//&PROFILE.
"""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from common.confined import Confined  # noqa: E402
from support import report  # noqa: E402

PROFILE = "nucleus-test"  # small/policies: everything is allowed but to read /etc/passwd
POLICY = str(pathlib.Path(__file__).resolve().parents[2] / "small/policies/nucleus-test.apparmor")
CURRENT = "/proc/self/attr/apparmor/current"
SECONDS = 90  # for one test: everything is emulated

suite = report.Suite("apparmor")


def load():
    subprocess.run(["apparmor_parser", "--replace", "--skip-cache", POLICY], check=True,
                   stdin=subprocess.DEVNULL)


def confinement(text):
    """(whether our profile is among those that confine, the mode)"""
    return PROFILE in text.split(" ")[0].split("//&"), text.partition(" ")[2].strip("()\n")


@suite.test(timeout=SECONDS)
def a_profile_is_enforced_on_the_program(t):
    load()
    box = Confined(t, f"cat {CURRENT}; cat /etc/passwd; cat /etc/group; echo end; sleep 1000")
    box.bundle.set("/process/apparmorProfile", PROFILE)
    box.start()
    box.wait_for("end")
    found, mode = confinement(box.said().splitlines()[0])
    report.check(found and mode in ("enforce", "mixed"), box.said())
    report.contains(box.said(), "Permission denied", "what reading /etc/passwd gave")
    report.contains(box.said(), "root:x:0:\n", "/etc/group")
    report.check("root:x:0:0" not in box.said(), "/etc/passwd could be read")
    box.delete()


@suite.test(timeout=SECONDS)
def without_a_profile_the_denied_file_can_be_read(t):
    """What the tests above and below are held against."""
    load()
    box = Confined(t, f"cat {CURRENT}; cat /etc/passwd; echo end; sleep 1000").start()
    box.wait_for("end")
    report.contains(box.said(), "root:x:0:0", "/etc/passwd")
    box.delete()


@suite.test(timeout=SECONDS)
def exec_is_under_the_profile_of_the_container(t):
    load()
    box = Confined(t, "sleep 1000")
    box.bundle.set("/process/apparmorProfile", PROFILE)
    box.start()
    done = t.runtime.exec(box.id, "cat", "/etc/passwd")
    report.check(done.status != 0, "/etc/passwd could be read")
    report.contains(done.stdout + done.stderr, "Permission denied", "what exec said")
    box.delete()


@suite.test(timeout=SECONDS)
def exec_apparmor_puts_the_process_under_a_profile(t):
    load()
    box = Confined(t, "sleep 1000").start()
    done = t.runtime.exec(box.id, "sh", "-c", f"cat {CURRENT} /etc/passwd",
                          flags=("--apparmor", PROFILE))
    found, mode = confinement(done.stdout.splitlines()[0] if done.stdout else "")
    report.check(found and mode in ("enforce", "mixed"), repr(done))
    report.contains(done.stderr, "Permission denied", "what reading /etc/passwd gave")
    t.runtime.exec(box.id, "cat", "/etc/passwd").must()
    box.delete()


@suite.test(timeout=SECONDS)
def a_profile_in_complain_mode_only_tells(t):
    load()
    subprocess.run(["apparmor_parser", "--replace", "--skip-cache", "--Complain", POLICY],
                   check=True, stdin=subprocess.DEVNULL)
    box = Confined(t, f"cat {CURRENT}; cat /etc/passwd; echo end; sleep 1000")
    box.bundle.set("/process/apparmorProfile", PROFILE)
    box.start()
    box.wait_for("end")
    found, mode = confinement(box.said().splitlines()[0])
    report.check(found and mode in ("complain", "mixed"), box.said())
    box.delete()
    load()


@suite.test(timeout=SECONDS)
def a_profile_that_is_not_loaded_is_refused(t):
    box = Confined(t, "sleep 1000")
    box.bundle.set("/process/apparmorProfile", "nt-no-such-profile")
    refused = t.runtime.run(box.id, box.bundle.write())
    report.check(refused.status not in (0, None), repr(refused))
    report.equal(t.runtime.status(box.id), None, "status")
    if t.runtime.kind == "nucleus":
        report.contains(refused.stderr, "nt-no-such-profile", "the error")


suite.main()
