"""Which tests of the large machine a runtime is known to fail, and why.

A failure of a peer that is not listed means that the test does not judge well, and fails the run.
A listed failure of nucleus is counted as skipped, with its cause, and as failed where
NUCLEUS_MUST_RUN=1; a listed test of nucleus that passes fails the run: it has to go from the list.
"""

kNoDriver = "the cgroup manager systemd is not there yet"

kKnown = {
    "nucleus": {
        "podman_with_systemd_limits_a_container_execs_stops_and_removes_it": kNoDriver,
        "podman_with_systemd_pauses_updates_and_measures_a_container": kNoDriver,
        "podman_with_systemd_makes_a_pod_whose_containers_share_its_cgroup": kNoDriver,
        "podman_with_systemd_tells_of_a_container_that_ran_out_of_memory": kNoDriver,
        "podman_with_systemd_runs_a_privileged_container": kNoDriver,
        "podman_confines_a_container_by_the_default_apparmor_profile": kNoDriver,
        "podman_gives_a_container_its_bridge_network": kNoDriver,
        "podman_systemd_runs_inside_a_container_cgroup_namespace": kNoDriver,
        "podman_of_a_user_limits_execs_pauses_and_stops_a_container": kNoDriver,
    },
    "crun": {
        "a_cgroup_that_is_mounted_read_only_stays_the_hosts":
            "config-linux.md#cgroup-ownership: only where the cgroup is mounted read/write",
        "exec_lowers_the_oom_score_as_the_container_has_it":
            "crun 1.21 gives exec the caller's; config.md#linux-process says it of the process",
    },
    "runc": {
        "the_root_of_a_container_makes_cgroups_with_limits_in_its_own":
            "runc 1.1 gives a cgroup away with the systemd manager only",
        "exec_enters_a_container_that_has_given_its_controllers_on":
            "runc 1.1 gives a cgroup away with the systemd manager only",
    },
}
