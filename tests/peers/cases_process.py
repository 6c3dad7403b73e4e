"""The process: limits, environment, directory, scheduling, signals, descriptors, kernel parameters."""

import os
import signal

from cases_identity import user
from table import case


@case("system", expects={"/system/hostname": "elsewhere.example"})
def a_hostname(side):
    side.bundle.set("/hostname", "elsewhere.example")


@case("rlimits", expects={"/rlimits/NOFILE": ["100", "200"], "/rlimits/CORE": ["0", "0"],
                          "/rlimits/STACK": ["4194304", "8388608"], "/rlimits/NPROC": ["50", "60"]})
def resource_limits(side):
    limits = {"NOFILE": (100, 200), "CORE": (0, 0), "STACK": (4194304, 8388608),
              "NPROC": (50, 60), "FSIZE": (1 << 30, 1 << 31), "AS": (1 << 32, 1 << 33),
              "CPU": (100, 200), "MEMLOCK": (4096, 8192), "SIGPENDING": (10, 20),
              "MSGQUEUE": (1000, 2000), "RSS": (1 << 30, 1 << 30), "LOCKS": (5, 6),
              "DATA": (1 << 30, 1 << 30), "RTTIME": (1000000, 1000000), "NICE": (0, 0),
              "RTPRIO": (0, 0)}
    side.bundle.set("/process/rlimits", [
        {"type": "RLIMIT_" + name, "soft": soft, "hard": hard}
        for name, (soft, hard) in limits.items()])


@case("rlimits", expects={"/rlimits/CPU": ["unlimited", "unlimited"]})
def an_unlimited_resource_limit(side):
    side.bundle.set("/process/rlimits",
                    [{"type": "RLIMIT_CPU", "soft": 2**64 - 1, "hard": 2**64 - 1}])


@case("process", expects={"/process/cwd": "/usr"})
def a_working_directory(side):
    side.bundle.set("/process/cwd", "/usr")


@case("process", "paths", expects={"/process/cwd": "/made/here", "/paths/~1made~1here/type": "d"})
def a_working_directory_that_is_missing(side):
    side.bundle.set("/process/cwd", "/made/here")
    side.probe("process", "paths", paths=["/made", "/made/here"])


@case("process", "paths", expects={"/process/cwd": "/made/here"})
def a_missing_working_directory_of_a_user(side):
    side.bundle.set("/process/cwd", "/made/here")
    user(side, 1000)
    side.probe("process", "paths", paths=["/made", "/made/here"])


@case("process", expects={"/process/environment":
                          lambda entries: "HOME=/home/user" in entries})
def home_from_the_containers_passwd(side):
    user(side, 1000)


@case("process", expects={"/process/environment": lambda entries: "HOME=/" in entries})
def home_of_a_user_without_an_entry(side):
    user(side, 4242)


@case("process", expects={"/process/environment":
                          lambda entries: entries.count("HOME=/elsewhere") == 1})
def home_that_is_given(side):
    side.bundle.set("/process/env", ["PATH=/bin", "HOME=/elsewhere", "EMPTY=", "A=b=c"])


# The probe writes bytes as code points: é is two of them in UTF-8, € three.
@case("process", expects={"/process/arguments": [
    "/probe", "process", "--path", "two words", "--path", "", "--path",
    "\u00c3\u00a9\u00e2\u0082\u00ac"]})
def arguments_with_spaces_and_empty_and_not_ascii(side):
    side.bundle.args("/probe", "process", "--path", "two words", "--path", "", "--path",
                     "\u00e9\u20ac")


@case("process", expects={"/process/exe": "/bin/probe-in-path"})
def a_program_found_by_the_containers_path(side):
    os.link(side.bundle.rootfs + "/probe", side.bundle.rootfs + "/bin/probe-in-path")
    side.bundle.args("probe-in-path", "process")


@case("scheduling", expects={"/scheduling/oom_score_adj": "500"})
def an_oom_score(side):
    side.bundle.set("/process/oomScoreAdj", 500)


@case("scheduling", expects={"/scheduling/oom_score_adj": "250"})
def an_oom_score_that_is_inherited(side):
    def raise_score():
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("250")
    side.create_options["before_exec"] = raise_score


@case("keyring", expects={"/keyring/session_keyring/new": True})
def a_new_session_keyring(side):
    pass


@case("keyring", expects={"/keyring/session_keyring/new": False})
def no_new_session_keyring(side):
    side.create_flags.append("--no-new-keyring")


@case("signals", expects={"/signals/blocked": [], "/signals/ignored": []})
def a_signal_mask_and_dispositions_that_are_reset(side):
    def block_and_ignore():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD})
        for number in (signal.SIGUSR2, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
    side.create_options["before_exec"] = block_and_ignore


@case("scheduling", expects={"/scheduling/affinity": lambda cpus: cpus == sorted(
    os.sched_getaffinity(0))})
def an_affinity_that_is_reset(side):
    side.create_options["before_exec"] = lambda: os.sched_setaffinity(0, {0})


@case("scheduling", expects={"/scheduling/nice": 5})
def a_nice_value_that_is_inherited(side):
    side.create_options["before_exec"] = lambda: os.nice(5)


@case("descriptors", expects={"/descriptors/3": "(absent)", "/descriptors/5": "(absent)"})
def descriptors_that_are_not_passed_on(side):
    opened = [os.open("/etc/hosts", os.O_RDONLY) for _ in range(3)]
    for descriptor in opened:
        side.test.on_cleanup(os.close, descriptor)

    def place():
        for number in (3, 4, 5):
            os.dup2(opened[0], number)
    side.create_options.update(pass_fds=(3, 4, 5), before_exec=place)


@case("descriptors", "process", expects={"/descriptors/3/type": "-", "/descriptors/4/type": "-",
                                         "/descriptors/5": "(absent)"})
def descriptors_that_are_preserved(side):
    path = os.path.join(side.directory, "kept")
    with open(path, "w", encoding="utf-8") as file:
        file.write("kept\n")
    kept = os.open(path, os.O_RDONLY)
    side.test.on_cleanup(os.close, kept)

    def place():
        for number in (3, 4, 5):
            os.dup2(kept, number)
    side.create_options.update(pass_fds=(3, 4, 5), before_exec=place)
    side.create_flags += ["--preserve-fds", "2"]


@case("syscalls", "system", expects={"/sysctls/net.ipv4.ip_forward": "1",
                                     "/sysctls/kernel.msgmax": "9000"})
def kernel_parameters_of_the_containers_namespaces(side):
    values = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "9000", "kernel.shm_rmid_forced": "1",
              "fs.mqueue.msg_max": "20", "net.ipv4.ping_group_range": "0 1000"}
    side.bundle.set("/linux/sysctl", values)
    side.probe("sysctls", "mounts", sysctls=sorted(values))


@case("system", "sysctls", expects={"/sysctls/kernel.domainname": "example.org"})
def a_domain_name_by_kernel_parameter(side):
    side.bundle.set("/linux/sysctl", {"kernel.domainname": "example.org"})
    side.probe("system", "sysctls", sysctls=["kernel.domainname", "kernel.hostname"])
