"""Capabilities, seccomp, no-new-privileges, devices, --privileged."""

import json
import os

import observe
from docker_suite import docker, operation
from support.report import check, equal


@operation("run --cap-drop, --cap-add", tier="long")
def cap_drop_and_cap_add_decide_the_sets(t):
    for options, mask in ((["--cap-drop", "all"], 0),
                          (["--cap-drop", "all", "--cap-add", "net_admin"], 1 << 12)):
        seen = observe.parse_status(docker().shell(options, "cat /proc/self/status"))
        for field in ("CapEff", "CapPrm", "CapBnd"):
            equal(int(seen[field], 16), mask, f"{field} with {options}")


@operation("run --privileged", tier="long")
def privileged_has_every_capability_of_the_caller_and_every_device(t):
    os.mknod("/dev/extra", 0o020666, os.makedev(1, 5))
    t.on_cleanup(os.unlink, "/dev/extra")
    text = docker().shell(["--privileged"], "head -c 3 /dev/extra | wc -c; "
                          "mkdir /new; mount -t tmpfs none /new; "
                          "cat /proc/self/mountinfo; cat /proc/self/status")
    equal(text.splitlines()[0], "3", "bytes of a device of the host")
    seen = observe.parse_status(text[text.index("Name:"):])
    equal(int(seen["CapEff"], 16), docker().capabilities(), "CapEff")
    equal((seen["Seccomp"], seen["NoNewPrivs"]), ("0", "0"), "Seccomp, NoNewPrivs")
    check("rw" in observe.mount_line(text, "/sys")[0], "/sys is not writable")
    check(" /proc/kcore " not in text, "/proc/kcore is masked")


@operation("run --security-opt seccomp")
def the_seccomp_profile_is_the_one_that_was_asked(t):
    for options, wanted in (([], "2"), (["--security-opt", "seccomp=unconfined"], "0")):
        seen = observe.parse_status(docker().shell(options, "cat /proc/self/status"))
        equal(seen["Seccomp"], wanted, f"Seccomp with {options}")
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
    with open(t.directory + "/profile.json", "w", encoding="utf-8") as file:
        json.dump(profile, file)
    answer = docker().run(["--security-opt", f"seccomp={t.directory}/profile.json"], "sh", "-c",
                          "mkdir /new; echo status $?; echo x > /file && cat /file")
    equal(answer.must().stdout, "status 1\nx\n", "what it could do")
    check("No space left on device" in answer.stderr, f"the profile's errno: {answer.stderr}")


@operation("run --security-opt no-new-privileges", tier="long")
def no_new_privileges_is_set_on_request_only(t):
    for options, wanted in (([], "0"), (["--security-opt", "no-new-privileges"], "1")):
        seen = observe.parse_status(docker().shell(options, "cat /proc/self/status"))
        equal(seen["NoNewPrivs"], wanted, f"NoNewPrivs with {options}")


@operation("run --security-opt systempaths", tier="long")
def system_paths_are_masked_and_read_only_unless_unconfined(t):
    script = ("cat /proc/keys | wc -c; if (echo x > /proc/sys/kernel/domainname) 2> /dev/null; "
              "then echo written; else echo refused; fi; cat /proc/self/mountinfo")
    text = docker().shell([], script)
    equal(text.splitlines()[:2], ["0", "refused"], "bytes of /proc/keys, write to /proc/sys")
    for point in ("/proc/sys", "/proc/irq", "/sys"):
        check("ro" in observe.mount_line(text, point)[0], point + " is writable")
    text = docker().shell(["--security-opt", "systempaths=unconfined"], "cat /proc/self/mountinfo")
    check(" /proc/keys " not in text and " /proc/sys " not in text, f"still masked: {text}")


@operation("run --device", tier="long")
def a_device_opens_only_if_it_was_given(t):
    os.mknod("/dev/given", 0o020666, os.makedev(1, 11))
    t.on_cleanup(os.unlink, "/dev/given")
    equal(docker().shell([], observe.OPEN_KMSG).strip(), "refused", "without --device")
    script = "stat -c '%t %T' /dev/there; " + observe.OPEN_KMSG
    lines = docker().shell(["--device", "/dev/given:/dev/there:rwm"], script).splitlines()
    equal(lines, ["1 b", "opened"], "the device, and opening one of its number")


@operation("run --device", tier="long")
def device_cgroup_rule_is_in_force(t):
    equal(docker().shell(["--device-cgroup-rule", "c 1:11 rwm"], observe.OPEN_KMSG).strip(),
          "opened", "with the rule")
