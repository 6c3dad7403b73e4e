"""The callers of conformance/CALLERS.md, and what is known of the peers under them."""

import collections

# command: below tests/callers, without --runtime. limit: seconds for one run with one runtime.
Caller = collections.namedtuple("Caller", "name command limit")

CALLERS = [
    Caller("podman", "podman.py --all", 900),
    Caller("podman-trixie", "podman.py --all --root trixie", 900),
    Caller("buildah", "buildah.py", 200),
    Caller("buildah-trixie", "buildah.py --root trixie", 200),
    Caller("containerd", "containerd.py", 400),
]

# Tests that a peer is known to fail, each with the reason: (caller, test, "runc" or "crun"). A
# failure that is not listed here fails the run, because a suite that misjudges a peer judges
# nothing; so does an entry whose test passes.
_NO_MANAGER = "runc has no --cgroup-manager, with which podman asks for no cgroup"
DIFFERENCES = {
    ("podman", "cgroups_disabled_makes_no_cgroup", "runc"): _NO_MANAGER,
    ("podman-trixie", "cgroups_disabled_makes_no_cgroup", "runc"): _NO_MANAGER,
}
