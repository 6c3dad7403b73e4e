"""Capabilities, seccomp, no-new-privileges, --privileged."""

import json
import os

import observe
from podman_suite import operation, podman
from support.report import check, contains, equal


@operation("run --cap-drop, --cap-add")
def cap_drop_and_cap_add_decide_the_effective_set(t):
    for options, mask in ((["--cap-drop", "all"], 0),
                          (["--cap-drop", "all", "--cap-add", "net_admin"], 1 << 12),
                          (["--cap-add", "all"], observe.all_capabilities())):
        seen = observe.parse_status(podman().shell(options, "cat /proc/self/status"))
        own = int(observe.status("self")["CapBnd"], 16)
        for field in ("CapEff", "CapPrm", "CapBnd"):
            equal(int(seen[field], 16), mask & own, f"{field} with {options}")


@operation("run --user")
def another_user_has_no_effective_capability(t):
    seen = observe.parse_status(podman().shell(["-u", "1000"], "cat /proc/self/status"))
    equal(int(seen["CapEff"], 16), 0, "CapEff")


@operation("run --privileged")
def privileged_has_all_of_it(t):
    os.mknod("/dev/extra", 0o020666, os.makedev(1, 5))
    t.on_cleanup(os.unlink, "/dev/extra")
    text = podman().shell(["--privileged"], "head -c 3 /dev/extra | wc -c; "
                          "mknod /tmp/zero c 1 5; head -c 3 /tmp/zero | wc -c; "
                          "mkdir /new; mount -t tmpfs none /new; "
                          "cat /proc/self/mountinfo; cat /proc/self/status")
    equal(text.splitlines()[:2], ["3", "3"], "bytes of the host's device and of one it made")
    seen = observe.parse_status(text[text.index("Name:"):])
    equal(seen["CapEff"], observe.status("self")["CapBnd"], "CapEff")
    equal((seen["Seccomp"], seen["NoNewPrivs"]), ("0", "0"), "Seccomp, NoNewPrivs")
    contains(observe.mount_line(text, "/sys")[0], "rw", "options of /sys")
    check(" /proc/kcore " not in text, "/proc/kcore is masked")


@operation("run --security-opt")
def a_usual_container_runs_under_the_default_seccomp_filter(t):
    seen = observe.parse_status(podman().shell([], "cat /proc/self/status"))
    equal(seen["Seccomp"], "2", "Seccomp (2: filter)")
    seen = observe.parse_status(podman().shell(["--security-opt", "seccomp=unconfined"],
                                               "cat /proc/self/status"))
    equal(seen["Seccomp"], "0", "Seccomp when it is unconfined")


@operation("run --security-opt")
def a_seccomp_profile_of_the_user_is_in_force(t):
    profile = {"defaultAction": "SCMP_ACT_ALLOW",
               "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
                             "errnoRet": 18}]}
    with open(t.directory + "/profile.json", "w", encoding="utf-8") as file:
        json.dump(profile, file)
    answer = podman().run(["--security-opt", f"seccomp={t.directory}/profile.json"], "sh", "-c",
                          "mkdir /new; touch /file && echo touched")
    equal(answer.must().stdout, "touched\n", "stdout")
    contains(answer.stderr, "cross-device link", "the text of errno 18 (EXDEV)")


@operation("run --security-opt")
def no_new_privileges_is_set_on_request(t):
    seen = podman().shell(["--security-opt", "no-new-privileges"], "cat /proc/self/status")
    equal(observe.parse_status(seen)["NoNewPrivs"], "1", "NoNewPrivs")
    equal(observe.parse_status(podman().shell([], "cat /proc/self/status"))["NoNewPrivs"], "0",
          "NoNewPrivs of a usual container")


@operation("run --ulimit, --oom-score-adj")
def ulimits_and_oom_score_are_lowered_as_asked(t):
    for user in ("0", "1000"):
        text = podman().shell(["-u", user, "--ulimit", "nofile=123:456", "--ulimit",
                               "nproc=789:789", "--oom-score-adj", "500"],
                              "ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj")
        equal(text.split(), ["123", "456", "500"], f"limits of nofile, oom_score_adj of uid {user}")
