"""Which tests of the large machine a runtime is known to fail, and why.

A failure of a peer that is not listed means that the test does not judge well, and fails the run.
A listed failure of nucleus is counted as skipped, with its cause, and as failed where
NUCLEUS_MUST_RUN=1; a listed test of nucleus that passes fails the run: it has to go from the list.
"""

kNoMove = "writes cgroup.procs itself, for which the user has no right, and does not ask systemd"
kNoSys = "runc 1.1 does not mount this bundle's /sys, a recursive bind, for an ordinary user"

kKnown = {
    "nucleus": {},
    "crun": {
        "a_cgroup_that_is_mounted_read_only_stays_the_hosts":
            "config-linux.md#cgroup-ownership: only where the cgroup is mounted read/write",
        "exec_from_outside_his_systemds_tree_is_moved_by_it": kNoMove,
        "exec_lowers_the_oom_score_as_the_container_has_it":
            "crun 1.21 gives exec the caller's; config.md#linux-process says it of the process",
    },
    "runc": {
        "the_root_of_a_container_makes_cgroups_with_limits_in_its_own":
            "runc 1.1 gives a cgroup away with the systemd manager only",
        "exec_enters_a_container_that_has_given_its_controllers_on":
            "runc 1.1 gives a cgroup away with the systemd manager only",
        "podman_with_systemd_tells_of_a_container_that_ran_out_of_memory":
            "OOMKilled was false in one run on 2026-11-24; the cause was not looked for",
        "a_unit_of_that_name_is_not_taken_over": "runc 1.1 stops it when its own create fails",
        "an_ordinary_users_container_is_a_scope_of_his_own_systemd": kNoSys,
        "exec_from_outside_his_systemds_tree_is_moved_by_it": kNoSys,
    },
}
