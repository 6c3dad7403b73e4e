"""The callers of conformance/CALLERS.md, and what is known of the peers under them."""

import collections

# command: below tests/callers, without --runtime. limit: seconds for one run with one runtime.
Caller = collections.namedtuple("Caller", "name command limit")

CALLERS = [
    Caller("podman", "podman.py --all", 900),
    Caller("podman-trixie", "podman.py --all --root trixie", 900),
    Caller("buildah", "buildah.py", 200),
    Caller("buildah-trixie", "buildah.py --root trixie", 200),
    Caller("containerd", "containerd.py --all", 400),
    Caller("containerd-forky", "containerd.py --all --root forky", 400),
    Caller("docker", "docker.py --all", 400),
    Caller("docker-forky", "docker.py --all --root forky", 400),
]

# Tests that a peer is known to fail, each with the reason: (caller, test, "runc" or "crun"). A
# failure that is not listed here fails the run, because a suite that misjudges a peer judges
# nothing; so does an entry whose test passes.
_NO_MANAGER = "runc has no --cgroup-manager, with which podman asks for no cgroup"
_CALLS_IT_NOT_PERMITTED = "crun says 'operation not permitted' for a file that is no program"
_WORDS = "dockerd does not know crun's words for it"
_FLAT_CAPS = "it asks for capabilities that this machine's root has not got"
DIFFERENCES = {
    ("podman", "cgroups_disabled_makes_no_cgroup", "runc"): _NO_MANAGER,
    ("podman-trixie", "cgroups_disabled_makes_no_cgroup", "runc"): _NO_MANAGER,
    ("docker", "exec_has_the_capabilities_of_the_container_or_all", "runc"): _FLAT_CAPS,
    ("docker", "exec_has_the_capabilities_of_the_container_or_all", "crun"): _FLAT_CAPS,
    ("docker", "privileged_has_every_capability_of_the_caller_and_every_device", "runc"):
        _FLAT_CAPS,
    ("docker", "privileged_has_every_capability_of_the_caller_and_every_device", "crun"):
        _FLAT_CAPS,
    **{(caller, test, "crun"): _WORDS for caller in ("docker", "docker-forky") for test in (
        "run_of_a_missing_command_exits_127_and_names_it",
        "run_of_a_file_that_is_no_program_exits_126_and_tells_why",
        "a_failing_exec_has_its_exit_code_and_cause_and_spares_the_container")},
    ("containerd-forky", "run_of_a_file_that_is_no_program_tells_the_cause_and_leaves_nothing",
     "crun"): _CALLS_IT_NOT_PERMITTED,
    ("containerd-forky", "a_failing_exec_tells_its_cause_and_spares_the_container", "crun"):
        _CALLS_IT_NOT_PERMITTED,
    ("containerd-forky", "nothing_is_left_of_all_these_containers", "crun"):
        "crun keeps compiled seccomp profiles below its state directory",
}
